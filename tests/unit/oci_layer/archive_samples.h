// SPDX-License-Identifier: Apache-2.0
// Tars made in memory, and images with real layers.
#pragma once

#include "oci/layer/archive.h"
#include "oci/layer/compress.h"
#include "oci/layer/tar.h"
#include "unit/oci/samples.h"

#include <fcntl.h>

#include <string>
#include <utility>
#include <vector>

namespace samples {

/// A tar built entry by entry.
class TestTar {
 public:
  TestTar& file(const std::string& name, const std::string& content) {
    jcb::oci::TarEntry entry;
    entry.name = name;
    entry.mode = 0644;
    entry.size_bytes = content.size();
    m_writer.entry(entry);
    m_writer.content(content);
    return *this;
  }
  TestTar& link(const std::string& name, const std::string& target, jcb::oci::EntryType type) {
    jcb::oci::TarEntry entry;
    entry.name = name;
    entry.link_name = target;
    entry.type = type;
    m_writer.entry(entry);
    return *this;
  }
  std::string bytes() {
    m_writer.finish();
    return m_bytes;
  }

 private:
  std::string m_bytes;
  jcb::oci::TarWriter m_writer{[this](std::string_view more) { m_bytes += more; }};
};

inline std::string compressed(const std::string& bytes, jcb::oci::Compression method) {
  std::string result;
  const auto compressor = jcb::oci::make_compressor({method, 0}, [&](std::string_view more) { result += more; });
  compressor->write(bytes);
  compressor->finish();
  return result;
}

/// A layer: a tar with one file whose content does not compress away, so that the blob is a large one.
inline std::string layer_tar(unsigned seed, std::size_t size = 200000) {
  std::string content;
  for (std::size_t i = 0; i < size; ++i) content += static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return TestTar().file("file", content).bytes();
}

/// Config and layers of an image to be put into archives: one plain and one compressed layer.
struct TestImage {
  std::string plain = layer_tar(1);
  std::string packed_tar = layer_tar(2);
  jcb::oci::Compression method = jcb::oci::Compression::gzip;
  std::string packed = compressed(packed_tar, method);
  jcb::oci::ImageConfig config = make_config();

  jcb::oci::ImageConfig make_config() const {
    jcb::oci::ImageConfig made;
    made.platform.architecture = "arm64";
    made.config.cmd = std::vector<std::string>{"/bin/sh"};
    made.diff_ids = {jcb::oci::Digest::of(plain), jcb::oci::Digest::of(packed_tar)};
    return made;
  }
  /// Not the bytes that serialize() gives: they have to survive as they are.
  std::string config_text() const { return config.serialize() + "\n"; }
  std::string config_path() const { return jcb::oci::Digest::of(config_text()).hex() + ".json"; }
  std::string docker_manifest(const std::string& first = "1/layer.tar", const std::string& second = "2/layer.tar") const {
    return R"([{"Config":")" + config_path() + R"(","RepoTags":["a.b/c:d"],"Layers":[")" + first + R"(",")" + second + R"("]}])";
  }
  jcb::oci::LoadedImage put(const jcb::oci::Layout& layout) const {
    using namespace jcb::oci;
    Manifest manifest{std::string(k_media_manifest), {}, samples::put(layout, k_media_config, config_text()), {}, {}, {}};
    manifest.layers = {samples::put(layout, k_media_layer, plain), samples::put(layout, layer_media_type(method), packed)};
    return load_image(layout, samples::put(layout, k_media_manifest, manifest.serialize()), Platform::parse("linux/arm64"));
  }
};

/// Reads an archive given as bytes.
inline std::vector<jcb::oci::ArchivedImage> read_bytes(const std::string& bytes, const jcb::oci::Layout& layout) {
  const jcb::util::TempDir directory(std::filesystem::temp_directory_path());
  directory.root().write_file("archive", bytes);
  return jcb::oci::read_archive(directory.root().open_regular("archive").get(), layout, "the archive");
}

/// What `write(fd)` writes.
template <typename Write>
std::string written(Write&& write) {
  const jcb::util::TempDir directory(std::filesystem::temp_directory_path());
  write(directory.root().open_at("archive", O_WRONLY | O_CREAT, 0600).get());
  return directory.root().read_file("archive", std::uint64_t{1} << 30);
}

}  // namespace samples
