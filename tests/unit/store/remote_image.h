// SPDX-License-Identifier: Apache-2.0
// Images behind a fake registry, for tests of what takes them from there.
#pragma once

#include <unistd.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "oci/layer/layer.h"
#include "oci/registry/registry_client.h"
#include "support/fake_blobs.h"

namespace jcb::test {

inline std::string noise(std::size_t size, unsigned seed = 1) {
  std::string text(size, '\0');
  std::mt19937 random(seed);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

/// A tar of regular files.
inline std::string make_tar(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string bytes;
  oci::TarWriter writer([&](std::string_view part) { bytes += part; });
  for (const auto& [name, content] : files) {
    oci::TarEntry entry;
    entry.name = name;
    entry.mode = 0644;
    entry.uid = ::geteuid();
    entry.gid = ::getegid();
    entry.size_bytes = content.size();
    writer.entry(entry);
    if (!content.empty()) writer.content(content);
  }
  writer.finish();
  return bytes;
}

inline std::string compress(const std::string& text, oci::Compression method = oci::Compression::gzip) {
  std::string bytes;
  const auto compressor = oci::make_compressor({method, 1}, [&](std::string_view part) { bytes += part; });
  compressor->write(text);
  compressor->finish();
  return bytes;
}

/// A registry with one image, made of layers as they are added.
struct RemoteSample {
  FakeBlobs remote;
  std::vector<oci::Descriptor> layers;
  std::vector<oci::Digest> diff_ids;

  RemoteSample& add(const std::string& tar, oci::Compression method = oci::Compression::gzip) {
    layers.push_back(remote.add(compress(tar, method), oci::layer_media_type(method)));
    diff_ids.push_back(oci::Digest::of(tar));
    return *this;
  }

  oci::RemoteImage image() const {
    std::string config = R"({"architecture":"arm64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[)";
    for (std::size_t i = 0; i < diff_ids.size(); ++i) config += (i > 0 ? ",\"" : "\"") + diff_ids[i].text() + "\"";
    config += "]}}";
    const oci::Descriptor config_blob{std::string(oci::k_media_config), oci::Digest::of(config), config.size(), {}, {}, {}, {}};
    oci::Manifest manifest{std::string(oci::k_media_manifest), {}, config_blob, layers, {}, {}};
    const std::string text = manifest.serialize();
    const oci::Descriptor descriptor{std::string(oci::k_media_manifest), oci::Digest::of(text), text.size(), {}, {}, {}, {}};
    return {{descriptor, manifest, oci::ImageConfig::parse(config)}, text, config, {}};
  }
};

}  // namespace jcb::test
