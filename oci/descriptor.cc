// SPDX-License-Identifier: Apache-2.0
#include "oci/descriptor.h"

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::oci {
namespace {

using util::Json;

// RFC 6838, 4.2: TYPE/SUBTYPE of at most 127 characters each. Only visible ASCII may reach a header or a terminal.
bool is_media_type(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < text.size() && text.size() <= 255 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string read_media_type(const Json& json, std::string_view thing) {
  auto media_type = util::get_string(json, "mediaType", thing);
  if (media_type.empty()) reject(thing, "\"mediaType\" is missing");
  if (!is_media_type(media_type)) reject(thing, "\"mediaType\" is not a media type");
  return media_type;
}

Digest read_digest(const Json& json, std::string_view thing) {
  const auto text = util::get_string(json, "digest", thing);
  if (text.empty()) reject(thing, "\"digest\" is missing");
  return in_step("reading " + std::string(thing), [&] { return Digest::parse(text); });
}

std::uint64_t read_size(const Json& json, std::string_view thing) {
  require_field(json, "size", thing);
  const auto size = util::get_integer(json, "size", thing);
  if (size < 0) reject(thing, "\"size\" is negative");
  return static_cast<std::uint64_t>(size);
}

std::optional<Platform> read_platform(const Json& json, std::string_view thing) {
  const Json* field = find_field(json, "platform", thing);
  if (field == nullptr) return std::nullopt;
  return Platform{util::get_string(*field, "os", thing), util::get_string(*field, "architecture", thing),
                  util::get_string(*field, "variant", thing)};
}

Json platform_to_json(const Platform& platform) {
  Json json{{"architecture", platform.architecture}, {"os", platform.os}};
  if (!platform.variant.empty()) json["variant"] = platform.variant;
  return json;
}

}  // namespace

Descriptor Descriptor::from_json(const Json& json, std::string_view thing) {
  Descriptor descriptor{read_media_type(json, thing), read_digest(json, thing), read_size(json, thing), {}, {}, {}, {}};
  descriptor.annotations = get_string_map(json, "annotations", thing);
  descriptor.platform = read_platform(json, thing);
  descriptor.artifact_type = util::get_string(json, "artifactType", thing);
  descriptor.urls = util::get_strings(json, "urls", thing);
  return descriptor;
}

// The order of the keys is that of the image-spec's Go types, which most writers share.
Json Descriptor::to_json() const {
  Json json{{"mediaType", media_type}, {"digest", digest.text()}, {"size", size_bytes}};
  if (!urls.empty()) json["urls"] = urls;
  if (!annotations.empty()) json["annotations"] = oci::to_json(annotations);
  if (platform) json["platform"] = platform_to_json(*platform);
  if (!artifact_type.empty()) json["artifactType"] = artifact_type;
  return json;
}

}  // namespace jcb::oci
