// SPDX-License-Identifier: Apache-2.0
// Small valid documents, and a layout with an image in it.
#pragma once

#include "jcbuild/error.h"
#include "oci/layout.h"
#include "oci/media_type.h"
#include "util/file.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace samples {

inline std::string hex(char digit) { return std::string(64, digit); }

inline std::string descriptor(std::string_view media_type, char digit = 'a', const std::string& more = {}) {
  return R"({"mediaType":")" + std::string(media_type) + R"(","digest":"sha256:)" + hex(digit) + R"(","size":7)" + more + "}";
}

/// The text with its first `from` replaced, which has to be there.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The message of the Error that `body` throws; fails the test when it throws none of that kind.
template <typename Body>
std::string error_of(jcb::ErrorKind kind, Body&& body) {
  try {
    body();
  } catch (const jcb::Error& error) {
    CHECK(static_cast<int>(error.kind()) == static_cast<int>(kind));
    return error.message();
  }
  FAIL("no error");
  return {};
}

/// An empty layout in a directory of its own.
struct TestLayout {
  jcb::util::TempDir directory{std::filesystem::temp_directory_path()};
  jcb::oci::Layout layout = jcb::oci::Layout::create(directory.root(), "the layout");
  std::string path() const { return directory.path().native(); }
};

/// Stores bytes and describes them.
inline jcb::oci::Descriptor put(const jcb::oci::Layout& layout, std::string_view media_type, const std::string& bytes) {
  return {std::string(media_type), layout.put_blob(bytes), bytes.size(), {}, {}, {}, {}};
}

/// Stores an image with one layer that nobody unpacks; returns the descriptor of its manifest.
inline jcb::oci::Descriptor put_image(const jcb::oci::Layout& layout, const std::string& architecture = "arm64",
                                      const std::string& layer = "layer") {
  using namespace jcb::oci;
  ImageConfig config;
  config.platform.architecture = architecture;
  config.config.env = {"PATH=/bin"};
  config.diff_ids = {Digest::of(layer)};
  Manifest manifest{std::string(k_media_manifest),       {}, put(layout, k_media_config, config.serialize()),
                    {put(layout, k_media_layer, layer)}, {}, {}};
  return put(layout, k_media_manifest, manifest.serialize());
}

}  // namespace samples
