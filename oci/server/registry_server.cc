// SPDX-License-Identifier: Apache-2.0
#include "oci/server/registry_server.h"

#include <sys/stat.h>

#include "jcbuild/error.h"
#include "oci/media_type.h"
#include "oci/server/answers.h"
#include "oci/server/condition.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_json = "application/json";
constexpr const char* k_not_kept =
    "the layer is not kept here, only its files are: pull the image again with --keep-blobs on the machine that serves it";

std::string entity_tag(const Digest& digest) { return "\"" + digest.text() + "\""; }

std::optional<Digest> find_digest(const std::string& text) {
  try {
    return Digest::parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

const Descriptor* find_in(const std::map<Digest, Descriptor>& descriptors, const Digest& digest) {
  const auto found = descriptors.find(digest);
  return found == descriptors.end() ? nullptr : &found->second;
}

void describe(ServerAnswer& answer, const Digest& digest) {
  answer.headers.emplace_back("Docker-Content-Digest", digest.text());
  answer.headers.emplace_back("ETag", entity_tag(digest));
}

// The length is that of the content which is not sent (RFC 9110 section 8.6).
ServerAnswer make_unchanged(const Descriptor& content) {
  ServerAnswer answer;
  answer.status = 304;
  describe(answer, content.digest);
  answer.blob.emplace(BlobPart{{}, 0, content.size_bytes});
  return answer;
}

ServerAnswer refuse_digest(const std::string& text) {
  return make_refusal(400, "DIGEST_INVALID", "'" + util::escape_text(text.substr(0, 100)) + "' is not a digest of sha256");
}

ServerAnswer answer_tags(const Route& route, const Repository& repository) {
  Listing listing{"tags", route.name, "/v2/" + route.name + "/tags/list", {}};
  for (const auto& [tag, descriptor] : repository.tags) listing.elements.push_back(tag);
  return make_page(std::move(listing), route.query);
}

ServerAnswer answer_referrers(const Route& route, const Repository& repository, const Digest& subject) {
  const auto wanted = route.query.find("artifactType");
  Index index{std::string(k_media_index), {}, {}};
  if (const auto found = repository.referrers.find(subject); found != repository.referrers.end()) {
    for (const Descriptor& descriptor : found->second) {
      if (wanted == route.query.end() || descriptor.artifact_type == wanted->second) index.manifests.push_back(descriptor);
    }
  }
  ServerAnswer answer = make_document(k_media_index, index.serialize());
  if (wanted != route.query.end()) answer.headers.emplace_back("OCI-Filters-Applied", "artifactType");
  return answer;
}

// What is encoded in no way that there is names nothing.
Route read_route(const std::string& target) {
  try {
    return parse_route(target);
  } catch (const Error&) {
    return {};
  }
}

const Descriptor* find_manifest(const Repository& repository, const std::string& reference) {
  if (const auto digest = find_digest(reference)) return find_in(repository.manifests, *digest);
  const auto tag = repository.tags.find(reference);
  return tag == repository.tags.end() ? nullptr : &tag->second;
}

ServerAnswer make_blob_head(const Descriptor& blob, const RangeChoice& range) {
  ServerAnswer answer;
  answer.headers.emplace_back("Content-Type", "application/octet-stream");
  answer.headers.emplace_back("Accept-Ranges", "bytes");
  describe(answer, blob.digest);
  if (range.kind != RangeKind::part) return answer;
  answer.status = 206;
  answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                   std::to_string(range.first + range.size_bytes - 1) + "/" +
                                                   std::to_string(blob.size_bytes));
  return answer;
}

ServerAnswer refuse_range(const Descriptor& blob) {
  ServerAnswer answer = make_refusal(416, "UNSUPPORTED", "the blob has no such bytes");
  answer.headers.emplace_back("Content-Range", "bytes */" + std::to_string(blob.size_bytes));
  return answer;
}

ServerAnswer refuse_method() {
  ServerAnswer answer = make_refusal(405, "UNSUPPORTED", "this registry is read-only");
  answer.headers.emplace_back("Allow", "GET, HEAD");
  return answer;
}

// What came from elsewhere is what the manifest promised, or nothing of it is sent.
void check_size(const util::Fd& file, const Descriptor& blob) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("stat", "blob " + blob.digest.text());
  if (static_cast<std::uint64_t>(status.st_size) != blob.size_bytes)
    throw Error(ErrorKind::invalid, "blob " + blob.digest.text() + " has another size than its manifest says");
}

}  // namespace

RegistryServer::RegistryServer(const Layout& layout, RegistryServerOptions options)
    : m_layout(layout), m_options(std::move(options)), m_repositories(layout), m_missing(m_options.find_missing) {}

ServerAnswer RegistryServer::answer(const ServerRequest& request) {
  ServerAnswer answer;
  try {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    answer = reads ? answer_route(request, read_route(request.target)) : refuse_method();
  } catch (const Error& error) {
    answer = fail(request, error);
  }
  answer.headers.emplace_back("Docker-Distribution-API-Version", "registry/2.0");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return answer;
}

ServerAnswer RegistryServer::answer_route(const ServerRequest& request, const Route& route) {
  switch (route.kind) {
    case RouteKind::base:
      return make_document(k_json, "{}");
    case RouteKind::catalog:
      return answer_catalog(route);
    case RouteKind::unknown:
      return make_refusal(404, "UNSUPPORTED", "there is no such path: this is a registry, see /v2/");
    default:
      return answer_repository(request, route);
  }
}

ServerAnswer RegistryServer::answer_catalog(const Route& route) {
  return make_page({"repositories", {}, "/v2/_catalog", m_repositories.names()}, route.query);
}

ServerAnswer RegistryServer::answer_repository(const ServerRequest& request, const Route& route) {
  if (!is_repository_name(route.name)) return make_refusal(400, "NAME_INVALID", "that is not the name of a repository");
  const bool needs_digest = route.kind == RouteKind::blob || route.kind == RouteKind::referrers;
  const auto digest = find_digest(route.reference);
  if (!digest && (needs_digest || (route.kind == RouteKind::manifest && route.reference.find(':') != std::string::npos)))
    return refuse_digest(route.reference);
  const auto repository = m_repositories.find(route.name);
  if (!repository) return make_refusal(404, "NAME_UNKNOWN", "there is no repository " + route.name);
  if (route.kind == RouteKind::tags) return answer_tags(route, *repository);
  if (route.kind == RouteKind::referrers) return answer_referrers(route, *repository, *digest);
  if (route.kind == RouteKind::blob) return answer_blob(request, *repository, *digest);
  return answer_manifest(request, *repository, route.reference);
}

ServerAnswer RegistryServer::answer_manifest(const ServerRequest& request, const Repository& repository, const std::string& reference) {
  const Descriptor* manifest = find_manifest(repository, reference);
  if (manifest == nullptr || !m_layout.has_blob(manifest->digest))
    return make_refusal(404, "MANIFEST_UNKNOWN", "there is no manifest " + util::escape_text(reference.substr(0, 128)));
  if (is_unchanged(request, entity_tag(manifest->digest))) return make_unchanged(*manifest);
  ServerAnswer answer = make_document(manifest->media_type, m_layout.read_blob(*manifest, k_max_manifest_bytes));
  describe(answer, manifest->digest);
  return answer;
}

ServerAnswer RegistryServer::answer_blob(const ServerRequest& request, const Repository& repository, const Digest& digest) {
  const Descriptor* blob = find_in(repository.blobs, digest);
  if (blob == nullptr) return make_refusal(404, "BLOB_UNKNOWN", "the repository has no blob " + digest.text());
  if (!m_missing.can_find() && !m_layout.has_blob(digest)) return make_refusal(404, "BLOB_UNKNOWN", k_not_kept);
  if (is_unchanged(request, entity_tag(digest))) return make_unchanged(*blob);
  return send_blob(request, *blob);
}

// HEAD fetches nothing: what can be had is there.
ServerAnswer RegistryServer::send_blob(const ServerRequest& request, const Descriptor& blob) {
  const RangeChoice range = choose_range(request, entity_tag(blob.digest), blob.size_bytes);
  if (range.kind == RangeKind::unsatisfiable) return refuse_range(blob);
  ServerAnswer answer = make_blob_head(blob, range);
  answer.blob.emplace(BlobPart{{}, range.first, range.size_bytes});
  if (request.method == "HEAD") return answer;
  auto file = find_blob(blob);
  if (!file) return make_refusal(404, "BLOB_UNKNOWN", k_not_kept);
  answer.blob->file = std::move(*file);
  return answer;
}

std::optional<util::Fd> RegistryServer::find_blob(const Descriptor& blob) {
  try {
    return m_layout.open_blob(blob);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
  try {
    auto file = m_missing.find(blob);
    if (file) check_size(*file, blob);
    return file;
  } catch (const Error& error) {
    throw Error(ErrorKind::failed, error.message(), error.hint());  // its kind speaks of another place
  }
}

// Clients learn nothing of our paths; the operator does. A manifest may have gone between two looks at it.
ServerAnswer RegistryServer::fail(const ServerRequest& request, const Error& error) {
  if (error.kind() == ErrorKind::not_found) return make_refusal(404, "MANIFEST_UNKNOWN", "it has just been removed");
  if (m_options.on_failure) m_options.on_failure(util::escape_text(request.target.substr(0, 400)) + ": " + error.message());
  if (error.kind() == ErrorKind::failed) return make_refusal(502, "UNKNOWN", "the layer is not kept here and cannot be had now");
  return make_refusal(500, "UNKNOWN", "the registry cannot read what it holds");
}

}  // namespace jcb::oci
