// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/manifest_answer.h"

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/media_type.h"
#include "oci/registry/header_fields.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

bool is_known_type(std::string_view type) { return is_manifest_type(type) || is_index_type(type); }

bool is_schema1_type(std::string_view type) {
  return type.starts_with("application/vnd.docker.distribution.manifest.v1+") || type == "application/vnd.docker.distribution.manifest.v1";
}

// Types that servers send when they do not know better.
bool is_vague_type(std::string_view type) {
  return type.empty() || type == "text/plain" || type == "application/json" || type == "application/octet-stream";
}

[[noreturn]] void refuse_schema1() {
  throw Error(ErrorKind::unsupported, "it is of docker's schema 1, which is not supported", "push the image again with a current tool");
}

// By shape, for documents that do not say what they are (mediaType is optional in OCI's).
std::string type_of_shape(const util::Json& document) {
  const bool index = document.contains("manifests"), manifest = document.contains("layers") || document.contains("config");
  if (index == manifest) throw Error(ErrorKind::invalid, "it is neither a manifest nor an index");
  return std::string(index ? k_media_index : k_media_manifest);
}

std::string find_type(const std::string& header_type, const std::string& bytes) {
  if (is_schema1_type(header_type)) refuse_schema1();
  const util::Json document = util::parse_json(bytes, "manifest");
  if (!document.is_object()) throw Error(ErrorKind::invalid, "it is not a JSON object");
  if (util::get_integer(document, "schemaVersion", "manifest") == 1) refuse_schema1();
  const std::string own = util::get_string(document, "mediaType", "manifest");
  const std::string type = !is_vague_type(header_type) ? header_type : !own.empty() ? own : type_of_shape(document);
  if (!own.empty() && own != type)
    throw Error(ErrorKind::invalid,
                "it says that it is " + util::escape_text(own) + ", the registry that it is " + util::escape_text(type));
  if (!is_known_type(type)) throw Error(ErrorKind::unsupported, "it is " + util::escape_text(type) + ", neither a manifest nor an index");
  return type;
}

void check_digest_header(const HttpResponse& response, const std::string& bytes, const Digest& digest) {
  const auto header = response.headers.find("Docker-Content-Digest");
  if (!header) return;
  std::string computed = digest.text();
  if (header->starts_with("sha512:")) {
    util::Hasher hasher("sha512");
    hasher.update(bytes);
    computed = "sha512:" + hasher.hex();
  }
  if (*header != computed)
    throw Error(ErrorKind::invalid,
                "the registry says that it sent " + util::escape_text(header->substr(0, 140)) + ", but sent " + digest.text());
}

}  // namespace

std::string accepted_manifest_types() {
  return util::join(
      {std::string(k_media_manifest), std::string(k_media_index), std::string(k_docker_manifest), std::string(k_docker_manifest_list)},
      ", ");
}

RemoteManifest read_manifest(const HttpResponse& response, std::string bytes, const std::optional<Digest>& asked) {
  const Digest digest = Digest::of(bytes);
  check_digest_header(response, bytes, digest);
  if (asked && *asked != digest) throw Error(ErrorKind::invalid, "the registry sent something else, " + digest.text());
  const std::string type = find_type(bare_media_type(response.headers.find("Content-Type").value_or("")), bytes);
  Descriptor descriptor{type, digest, bytes.size(), {}, {}, {}, {}};
  return {std::move(descriptor), std::move(bytes)};
}

std::optional<Descriptor> read_manifest_headers(const HttpResponse& response, const std::optional<Digest>& asked) {
  const auto digest_text = response.headers.find("Docker-Content-Digest"), size_text = response.headers.find("Content-Length");
  const std::string type = bare_media_type(response.headers.find("Content-Type").value_or(""));
  if (!digest_text || !digest_text->starts_with("sha256:") || !size_text || !is_known_type(type)) return std::nullopt;
  const Digest digest = Digest::parse(*digest_text);
  if (asked && *asked != digest) throw Error(ErrorKind::invalid, "the registry says that it has " + digest.text() + " there");
  const std::uint64_t size = util::parse_unsigned(*size_text, "Content-Length");
  if (size == 0) return std::nullopt;
  return Descriptor{type, digest, size, {}, {}, {}, {}};
}

}  // namespace jcb::oci
