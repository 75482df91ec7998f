// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/layout.h"
#include "oci/media_type.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::oci {
namespace {

constexpr int k_max_index_depth = 2;

bool leads_to_image(const Descriptor& entry) { return is_manifest_type(entry.media_type) || is_index_type(entry.media_type); }

std::string list_platforms(const Index& index) {
  std::vector<std::string> platforms;
  for (const Descriptor& entry : index.manifests) {
    if (entry.platform && entry.platform->os != "unknown") platforms.push_back(util::escape_text(entry.platform->text()));
  }
  std::sort(platforms.begin(), platforms.end());
  platforms.erase(std::unique(platforms.begin(), platforms.end()), platforms.end());
  constexpr std::size_t most = 20;
  if (platforms.size() > most) platforms.resize(most);
  return platforms.empty() ? std::string() : "there is: " + util::join(platforms, ", ");
}

// The entry for the platform; else the only one that names none (layouts and archives often leave it out).
Descriptor choose_entry(const Index& index, const Platform& platform, std::string_view thing) {
  const Descriptor* unnamed = nullptr;
  std::size_t unnamed_count = 0;
  for (const Descriptor& entry : index.manifests) {
    if (!leads_to_image(entry)) continue;
    if (entry.platform && platform.accepts(*entry.platform)) return entry;
    if (entry.platform) continue;
    unnamed = &entry;
    ++unnamed_count;
  }
  if (unnamed_count == 1) return *unnamed;
  throw Error(ErrorKind::not_found, std::string(thing) + " has no image for " + platform.text(), list_platforms(index));
}

Descriptor find_manifest(const Layout& layout, Descriptor descriptor, const Platform& platform) {
  for (int depth = 0; is_index_type(descriptor.media_type); ++depth) {
    const auto thing = "image index " + descriptor.digest.text();
    if (depth == k_max_index_depth) reject(thing, "indexes nested deeper than " + std::to_string(k_max_index_depth));
    descriptor = in_step("reading " + thing, [&] {
      return choose_entry(Index::parse(layout.read_blob(descriptor, k_max_manifest_bytes), descriptor.media_type), platform, thing);
    });
  }
  if (!is_manifest_type(descriptor.media_type))
    throw Error(ErrorKind::unsupported, descriptor.digest.text() + " is no image but " + util::escape_text(descriptor.media_type));
  return descriptor;
}

// An artifact (signature, SBOM, attestation) is a manifest, too, but nothing that could be unpacked or run.
void check_is_image(const Manifest& manifest) {
  if (!is_config_type(manifest.config.media_type))
    throw Error(ErrorKind::unsupported,
                "an artifact with the config type " + util::escape_text(manifest.config.media_type) + ", not a container image");
  for (const Descriptor& layer : manifest.layers) layer_compression(layer.media_type);
}

}  // namespace

LoadedImage load_image(const Layout& layout, const Descriptor& descriptor, const Platform& platform) {
  auto found = find_manifest(layout, descriptor, platform);
  return in_step("reading image " + found.digest.text(), [&] {
    auto manifest = Manifest::parse(layout.read_blob(found, k_max_manifest_bytes), found.media_type);
    check_is_image(manifest);
    auto config = ImageConfig::parse(layout.read_blob(manifest.config, k_max_config_bytes));
    if (config.diff_ids.size() != manifest.layers.size())
      throw Error(ErrorKind::invalid, "the manifest has " + std::to_string(manifest.layers.size()) + " layers, the config " +
                                          std::to_string(config.diff_ids.size()) + " diff_ids");
    return LoadedImage{std::move(found), std::move(manifest), std::move(config)};
  });
}

}  // namespace jcb::oci
