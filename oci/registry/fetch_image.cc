// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "jcbuild/error.h"
#include "oci/choose_image.h"
#include "oci/fields.h"
#include "oci/media_type.h"
#include "oci/registry/registry_client.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

RemoteManifest require_manifest(RegistryClient& client, const std::string& reference) {
  auto manifest = client.find_manifest(reference);
  if (manifest) return std::move(*manifest);
  const char* separator = reference.find(':') == std::string::npos ? ":" : "@";
  throw Error(ErrorKind::not_found, client.name() + separator + reference + " is not there", "look at its tags and at who may see it");
}

// What an index promised has to be what there is: the type decides how a document is read (CVE-2021-41190).
RemoteManifest fetch_entry(RegistryClient& client, const Descriptor& entry) {
  auto manifest = require_manifest(client, entry.digest.text());
  const Descriptor& found = manifest.descriptor;
  if (found.media_type != entry.media_type || found.size_bytes != entry.size_bytes)
    reject(client.name() + "@" + entry.digest.text(), "its index says " + util::escape_text(entry.media_type) + " of " +
                                                          std::to_string(entry.size_bytes) + " bytes, it is " + found.media_type + " of " +
                                                          std::to_string(found.size_bytes));
  manifest.descriptor = entry;
  return manifest;
}

// Goes through indexes to the manifest for `platform`.
RemoteManifest find_image(RegistryClient& client, RemoteManifest manifest, const Platform& platform) {
  std::set<Digest> visited;
  for (int depth = 0; is_index_type(manifest.descriptor.media_type); ++depth) {
    const std::string thing = client.name() + "@" + manifest.descriptor.digest.text();
    if (depth == k_max_index_depth) reject(thing, "indexes nested deeper than " + std::to_string(k_max_index_depth));
    if (!visited.insert(manifest.descriptor.digest).second) reject(thing, "an index that holds itself");
    const Index index =
        in_step("reading image index " + thing, [&] { return Index::parse(manifest.bytes, manifest.descriptor.media_type); });
    manifest = fetch_entry(client, choose_entry(index, platform, thing));
  }
  return manifest;
}

void note_other_platform(RegistryClient& client, const RemoteImage& image, const Platform& platform) {
  const Platform& own = image.image.config.platform;
  if (own.architecture.empty() || platform.accepts(own)) return;
  client.note(client.name() + "@" + image.image.descriptor.digest.text() + " is for " + util::escape_text(own.text()) + ", not " +
              platform.text());
}

}  // namespace

RemoteImage fetch_image(RegistryClient& client, const std::string& reference, const Platform& platform) {
  auto start = require_manifest(client, reference);
  auto found = find_image(client, start, platform);
  const std::string thing = client.name() + "@" + found.descriptor.digest.text();
  return in_step("reading image " + thing, [&] {
    auto manifest = Manifest::parse(found.bytes, found.descriptor.media_type);
    check_is_image(manifest);
    std::string config_bytes = client.read_small_blob(manifest.config, k_max_config_bytes);
    auto config = ImageConfig::parse(config_bytes);
    check_layer_count(manifest, config);
    RemoteImage image{{found.descriptor, std::move(manifest), std::move(config)}, found.bytes, std::move(config_bytes), {}};
    if (is_index_type(start.descriptor.media_type)) image.index = std::move(start);
    note_other_platform(client, image, platform);
    return image;
  });
}

}  // namespace jcb::oci
