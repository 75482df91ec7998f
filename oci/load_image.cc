// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "oci/choose_image.h"
#include "oci/fields.h"
#include "oci/layout.h"
#include "oci/media_type.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

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

}  // namespace

LoadedImage load_image(const Layout& layout, const Descriptor& descriptor, const Platform& platform) {
  auto found = find_manifest(layout, descriptor, platform);
  return in_step("reading image " + found.digest.text(), [&] {
    auto manifest = Manifest::parse(layout.read_blob(found, k_max_manifest_bytes), found.media_type);
    check_is_image(manifest);
    auto config = ImageConfig::parse(layout.read_blob(manifest.config, k_max_config_bytes));
    check_layer_count(manifest, config);
    return LoadedImage{std::move(found), std::move(manifest), std::move(config)};
  });
}

}  // namespace jcb::oci
