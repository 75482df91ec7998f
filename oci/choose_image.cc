// SPDX-License-Identifier: Apache-2.0
#include "oci/choose_image.h"

#include "jcbuild/error.h"
#include "oci/media_type.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::oci {
namespace {

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

// "v7" is 7; anything else has no order.
int arm_level(const Platform& platform) {
  if (platform.variant.empty()) return 7;
  return platform.variant.size() == 2 && platform.variant[0] == 'v' ? platform.variant[1] - '0' : 0;
}

// How well an image for `image` does where `asked` is asked for; 0: not at all. 32-bit ARM processors run what was made for
// older ones.
int fitness(const Platform& asked, const Platform& image) {
  if (asked == image) return 100;
  if (asked.accepts(image)) return 99;
  if (asked.os != image.os || asked.architecture != "arm" || image.architecture != "arm") return 0;
  const int level = arm_level(image);
  return level >= 5 && level < arm_level(asked) ? level : 0;
}

}  // namespace

Descriptor choose_entry(const Index& index, const Platform& platform, std::string_view thing) {
  const Descriptor* best = nullptr;
  const Descriptor* unnamed = nullptr;
  int best_fitness = 0;
  std::size_t unnamed_count = 0;
  for (const Descriptor& entry : index.manifests) {
    if (!leads_to_image(entry)) continue;
    if (!entry.platform) {
      unnamed = &entry;
      ++unnamed_count;
    } else if (const int fits = fitness(platform, *entry.platform); fits > best_fitness) {
      best = &entry;
      best_fitness = fits;
    }
  }
  if (best != nullptr) return *best;
  if (unnamed_count == 1) return *unnamed;
  throw Error(ErrorKind::not_found, std::string(thing) + " has no image for " + platform.text(), list_platforms(index));
}

void check_is_image(const Manifest& manifest) {
  if (!is_config_type(manifest.config.media_type))
    throw Error(ErrorKind::unsupported,
                "an artifact with the config type " + util::escape_text(manifest.config.media_type) + ", not a container image");
  for (const Descriptor& layer : manifest.layers) layer_compression(layer.media_type);
}

void check_layer_count(const Manifest& manifest, const ImageConfig& config) {
  if (config.diff_ids.size() == manifest.layers.size()) return;
  throw Error(ErrorKind::invalid, "the manifest has " + std::to_string(manifest.layers.size()) + " layers, the config " +
                                      std::to_string(config.diff_ids.size()) + " diff_ids");
}

}  // namespace jcb::oci
