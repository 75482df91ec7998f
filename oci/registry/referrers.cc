// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/referrers.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/media_type.h"
#include "oci/registry/header_fields.h"
#include "oci/registry/repository.h"
#include "util/json.h"

namespace jcb::oci {
namespace {

constexpr int k_most_pages = 8;
constexpr std::string_view k_thing = "manifest";

// The entry of an index for a manifest that has a subject: with type and annotations, by which people look for it.
Descriptor describe_referrer(const util::Json& document, const Descriptor& stored) {
  Descriptor entry{stored.media_type, stored.digest, stored.size_bytes, {}, {}, {}, {}};
  entry.annotations = get_string_map(document, "annotations", k_thing);
  entry.artifact_type = util::get_string(document, "artifactType", k_thing);
  const util::Json* config = find_field(document, "config", k_thing);
  if (entry.artifact_type.empty() && config != nullptr) entry.artifact_type = util::get_string(*config, "mediaType", k_thing);
  return entry;
}

void keep_type(std::vector<Descriptor>& entries, const std::string& artifact_type) {
  if (artifact_type.empty()) return;
  std::erase_if(entries, [&](const Descriptor& entry) { return entry.artifact_type != artifact_type; });
}

bool filters_applied(const HttpResponse& response) {
  return response.headers.find("OCI-Filters-Applied").value_or("").find("artifactType") != std::string::npos;
}

// Registries without the API answer in several ways, some with a page.
bool lacks_api(const HttpResponse& response) {
  static constexpr int statuses[] = {400, 404, 405, 406, 501};
  if (is_success(response)) return bare_media_type(response.headers.find("Content-Type").value_or("")) != k_media_index;
  return std::find(std::begin(statuses), std::end(statuses), response.status) != std::end(statuses);
}

// Entries that several pages name count once; the order is the server's.
void add_entries(std::vector<Descriptor>& entries, std::vector<Descriptor> more) {
  for (Descriptor& entry : more) {
    const bool known = std::any_of(entries.begin(), entries.end(), [&](const Descriptor& other) { return other.digest == entry.digest; });
    if (!known && entries.size() < k_max_manifests) entries.push_back(std::move(entry));
  }
}

}  // namespace

std::string referrers_tag(const Digest& subject) { return "sha256-" + subject.hex(); }

std::vector<Descriptor> read_referrers_tag(RegistryClient& client, const Digest& subject) {
  const auto found = client.find_manifest(referrers_tag(subject));
  if (!found || !is_index_type(found->descriptor.media_type)) return {};
  return Index::parse(found->bytes, found->descriptor.media_type).manifests;
}

void list_as_referrer(RegistryClient& client, const HttpResponse& response, const Descriptor& stored, const std::string& bytes) {
  if (response.headers.find("OCI-Subject")) return;
  const util::Json document = util::parse_json(bytes, k_thing);
  const util::Json* subject = find_field(document, "subject", k_thing);
  if (subject == nullptr) return;
  const Digest digest = Descriptor::from_json(*subject, "subject").digest;
  Index index{std::string(k_media_index), read_referrers_tag(client, digest), {}};
  const std::size_t before = index.manifests.size();
  add_entries(index.manifests, {describe_referrer(document, stored)});
  if (index.manifests.size() == before) return;
  const std::string text = index.serialize();
  client.put_manifest(referrers_tag(digest), {std::string(k_media_index), Digest::of(text), text.size(), {}, {}, {}, {}}, text);
}

std::vector<Descriptor> RegistryClient::list_referrers(const Digest& subject, const std::string& artifact_type) {
  const Repository& repository = m_state->repository;
  const Purpose purpose{"list what refers to", repository.name_of(subject)};
  HttpRequest request = repository.make_request(
      "GET", "referrers/" + subject.text() + (artifact_type.empty() ? "" : "?artifactType=" + encode_query(artifact_type)),
      k_max_manifest_bytes);
  request.headers.add("Accept", std::string(k_media_index));
  std::vector<Descriptor> entries;
  for (int page = 0; page < k_most_pages; ++page) {
    TextSink sink;
    const HttpResponse response = repository.send(request, purpose, sink);
    if (page == 0 && lacks_api(response)) {
      entries = read_referrers_tag(*this, subject);
      keep_type(entries, artifact_type);
      break;
    }
    if (!is_success(response)) repository.refuse(purpose, response);
    auto more = in_step("listing what refers to " + purpose.thing, [&] { return Index::parse(sink.text()).manifests; });
    if (!filters_applied(response)) keep_type(more, artifact_type);
    add_entries(entries, std::move(more));
    const auto next = repository.find_next_page(response, purpose);
    if (!next) break;
    request.url = next->text();
  }
  return entries;
}

}  // namespace jcb::oci
