// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/docker_archive.h"

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/layer/compress.h"
#include "oci/media_type.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/text.h"

#include <set>

namespace jcb::oci {
namespace {

using util::Json;

// Digests of compressed layers and of the tars in them that have been checked: images of one archive share layers.
using VerifiedLayers = std::set<std::pair<Digest, Digest>>;

Digest hash_uncompressed(const Layout& layout, const Descriptor& layer) {
  const util::Fd file = layout.open_blob(layer);
  const auto input = make_decompressor(file.get(), layer_compression(layer.media_type), {}, "layer " + layer.digest.text());
  std::string buffer(std::size_t{256} << 10, '\0');
  util::Sha256 hash;
  while (const std::size_t got = input->read(buffer.data(), buffer.size())) hash.update({buffer.data(), got});
  return Digest::from_sha256_hex(hash.hex());
}

// The digest of a tar that is stored as it is is its diff ID. A compressed one is read again, from the page cache.
Descriptor import_layer(ArchiveFiles& files, const std::string& path, const Digest& diff_id, VerifiedLayers& verified) {
  const auto blob = files.publish(path, std::nullopt);
  Descriptor layer{std::string(layer_media_type(blob.compression)), blob.digest, blob.size_bytes, {}, {}, {}, {}};
  if (verified.count({blob.digest, diff_id}) != 0) return layer;
  const auto actual = blob.compression == Compression::none ? blob.digest : hash_uncompressed(files.layout(), layer);
  if (actual != diff_id)
    reject(files.thing(),
           "layer '" + util::escape_text(path) + "' has the diff ID " + actual.text() + ", the config says " + diff_id.text());
  verified.emplace(blob.digest, diff_id);
  return layer;
}

Descriptor import_image(ArchiveFiles& files, const DockerImage& image, VerifiedLayers& verified) {
  const auto blob = files.publish(image.config, find_named_digest(image.config));
  const Descriptor config_descriptor{std::string(k_media_config), blob.digest, blob.size_bytes, {}, {}, {}, {}};
  const auto config = ImageConfig::parse(files.layout().read_blob(config_descriptor, k_max_config_bytes));
  if (config.diff_ids.size() != image.layers.size())
    reject(files.thing(), "an image has " + std::to_string(image.layers.size()) + " layers, its config " +
                              std::to_string(config.diff_ids.size()) + " diff_ids");
  Manifest manifest{std::string(k_media_manifest), {}, config_descriptor, {}, {}, {}};
  for (std::size_t i = 0; i < image.layers.size(); ++i)
    manifest.layers.push_back(import_layer(files, image.layers[i], config.diff_ids[i], verified));
  const auto bytes = manifest.serialize();
  return {manifest.media_type, files.layout().put_blob(bytes), bytes.size(), {}, config.platform, {}, {}};
}

}  // namespace

std::vector<DockerImage> parse_docker_manifest(std::string_view text, std::string_view thing) {
  const auto name = std::string(thing) + ", manifest.json";
  const Json list = util::parse_json(text, name);
  if (!list.is_array()) reject(name, "not a JSON array");
  if (list.size() > k_max_manifests) reject(name, "more than " + std::to_string(k_max_manifests) + " images");
  std::vector<DockerImage> images;
  for (const Json& entry : list) {
    images.push_back(
        {util::get_string(entry, "Config", name), util::get_strings(entry, "RepoTags", name), util::get_strings(entry, "Layers", name)});
    if (images.back().config.empty()) reject(name, "an image without \"Config\"");
    if (images.back().layers.size() > k_max_layers) reject(name, "an image with more than " + std::to_string(k_max_layers) + " layers");
  }
  return images;
}

std::optional<Digest> find_named_digest(std::string_view path) {
  auto name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".json")) name.remove_suffix(5);
  if (!is_sha256_hex(name)) return std::nullopt;
  return Digest::from_sha256_hex(std::string(name));
}

std::vector<ArchivedImage> import_docker_images(ArchiveFiles& files, const std::vector<DockerImage>& images) {
  VerifiedLayers verified;
  std::vector<ArchivedImage> imported;
  for (const DockerImage& image : images)
    imported.push_back({image.names, in_step("importing the image " + util::escape_text(image.config),
                                             [&] { return import_image(files, image, verified); })});
  return imported;
}

}  // namespace jcb::oci
