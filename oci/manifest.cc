// SPDX-License-Identifier: Apache-2.0
#include "oci/manifest.h"

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/media_type.h"
#include "util/text.h"

#include <array>

namespace jcb::oci {
namespace {

using util::Json;

util::JsonLimits manifest_limits() {
  util::JsonLimits limits;
  limits.bytes = k_max_manifest_bytes;
  return limits;
}

// One document must not read as a manifest here and as an index elsewhere (CVE-2021-41190), nor as docker's schema 1.
template <std::size_t count>
void refuse_fields(const Json& document, const std::array<const char*, count>& keys, std::string_view thing) {
  for (const char* key : keys) {
    if (document.contains(key)) reject(thing, "\"" + std::string(key) + "\" has no place in it");
  }
}

// An artifact's layers may be of any type, an image's are checked by load_image; but nobody's is a document.
void check_layer(const Descriptor& layer, std::string_view thing) {
  const auto& type = layer.media_type;
  if (is_manifest_type(type) || is_index_type(type) || is_config_type(type)) reject(thing, "a layer has the media type " + type);
}

void check_config(const Descriptor& config, std::string_view thing) {
  if (is_manifest_type(config.media_type) || is_index_type(config.media_type))
    reject(thing, "its config has the media type " + config.media_type);
}

Json document_head(const std::string& media_type, std::string_view fallback) {
  return {{"schemaVersion", 2}, {"mediaType", media_type.empty() ? std::string(fallback) : media_type}};
}

}  // namespace

Manifest Manifest::parse(std::string_view bytes, std::string_view expected_media_type) {
  constexpr std::string_view thing = "image manifest";
  const Json document = util::parse_json(bytes, thing, manifest_limits());
  auto media_type = check_document_type(document, expected_media_type, k_media_manifest, thing);
  if (!is_manifest_type(media_type)) reject(thing, util::escape_text(media_type) + " is not the media type of a manifest");
  refuse_fields(document, std::array{"manifests", "fsLayers"}, thing);
  auto config = Descriptor::from_json(require_field(document, "config", thing), "image manifest, config");
  check_config(config, thing);
  Manifest manifest{std::move(media_type), util::get_string(document, "artifactType", thing), std::move(config), {}, {}, {}};
  manifest.layers = get_descriptors(document, "layers", k_max_layers, thing);
  for (const Descriptor& layer : manifest.layers) check_layer(layer, thing);
  if (const Json* subject = find_field(document, "subject", thing))
    manifest.subject = Descriptor::from_json(*subject, "image manifest, subject");
  manifest.annotations = get_string_map(document, "annotations", thing);
  return manifest;
}

std::string Manifest::serialize() const {
  Json document = document_head(media_type, k_media_manifest);
  if (!artifact_type.empty()) document["artifactType"] = artifact_type;
  document["config"] = config.to_json();
  document["layers"] = to_json(layers);
  if (subject) document["subject"] = subject->to_json();
  if (!annotations.empty()) document["annotations"] = to_json(annotations);
  return util::to_text(document);
}

Index Index::parse(std::string_view bytes, std::string_view expected_media_type) {
  constexpr std::string_view thing = "image index";
  const Json document = util::parse_json(bytes, thing, manifest_limits());
  Index index;
  index.media_type = check_document_type(document, expected_media_type, k_media_index, thing);
  if (!is_index_type(index.media_type)) reject(thing, util::escape_text(index.media_type) + " is not the media type of an index");
  refuse_fields(document, std::array{"layers", "config", "fsLayers"}, thing);
  index.manifests = get_descriptors(document, "manifests", k_max_manifests, thing);
  index.annotations = get_string_map(document, "annotations", thing);
  return index;
}

std::string Index::serialize() const {
  Json document = document_head(media_type, k_media_index);
  document["manifests"] = to_json(manifests);
  if (!annotations.empty()) document["annotations"] = to_json(annotations);
  return util::to_text(document);
}

}  // namespace jcb::oci
