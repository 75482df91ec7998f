// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/media_type.h"
#include "oci/registry/manifest_answer.h"
#include "oci/registry/referrers.h"
#include "oci/registry/repository.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr int k_most_puts = 5;

// A tag or a digest: nothing else may become part of a path.
std::optional<Digest> check_reference(const std::string& reference) {
  if (reference.find(':') != std::string::npos) return Digest::parse(reference);
  const bool good = !reference.empty() && reference.size() <= 128 && reference.front() != '.' && reference.front() != '-' &&
                    std::all_of(reference.begin(), reference.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
                    });
  if (!good) throw Error(ErrorKind::invalid, "'" + util::escape_text(reference.substr(0, 140)) + "' is neither a tag nor a digest");
  return std::nullopt;
}

HttpRequest make_manifest_request(const Repository& repository, const std::string& method, const std::string& reference) {
  HttpRequest request = repository.make_request(method, "manifests/" + reference, k_max_manifest_bytes);
  request.headers.add("Accept", accepted_manifest_types());
  return request;
}

// Whether a response to HEAD says too little: GET has a body, which explains.
bool wants_body(const HttpResponse& response) {
  if (response.status == 404) return is_web_page(response);
  return response.status != 429;
}

void check_stored(const Repository& repository, const HttpResponse& response, const Descriptor& descriptor, const Purpose& purpose) {
  const auto digest = response.headers.find("Docker-Content-Digest");
  if (!digest || !digest->starts_with("sha256:") || *digest == descriptor.digest.text()) return;
  repository.fail(purpose, Error(ErrorKind::invalid, "the registry says that it stored " + clean_text(*digest, 80) + " instead"));
}

bool can_be_repeated(const HttpResponse& response) { return response.status == 408 || response.status >= 500; }

}  // namespace

std::optional<Descriptor> RegistryClient::find_descriptor(const std::string& reference) {
  const Repository& repository = m_state->repository;
  const Purpose purpose{"read", repository.name_of(reference)};
  const auto asked = check_reference(reference);
  TextSink sink;
  const HttpResponse response = repository.send(make_manifest_request(repository, "HEAD", reference), purpose, sink);
  if (is_success(response)) {
    try {
      if (auto descriptor = read_manifest_headers(response, asked)) return descriptor;
    } catch (const Error& error) {
      repository.fail(purpose, error);
    }
  } else if (!wants_body(response)) {
    if (response.status == 404) return std::nullopt;
    repository.refuse(purpose, response);
  }
  const auto manifest = find_manifest(reference);
  return manifest ? std::optional(manifest->descriptor) : std::nullopt;
}

std::optional<RemoteManifest> RegistryClient::find_manifest(const std::string& reference) {
  const Repository& repository = m_state->repository;
  const Purpose purpose{"read", repository.name_of(reference)};
  const auto asked = check_reference(reference);
  TextSink sink;
  HttpRequest request = make_manifest_request(repository, "GET", reference);
  request.immutable = asked.has_value();
  const HttpResponse response = repository.send(request, purpose, sink);
  if ((is_success(response) || response.status == 404) && is_web_page(response)) throw make_web_page_error(endpoint(), purpose);
  if (response.status == 404) return std::nullopt;
  if (!is_success(response)) repository.refuse(purpose, response);
  try {
    return read_manifest(response, sink.text(), asked);
  } catch (const Error& error) {
    repository.fail(purpose, error);
  }
}

void RegistryClient::put_manifest(const std::string& reference, const Descriptor& descriptor, const std::string& bytes) {
  const Repository& repository = m_state->repository;
  const Purpose purpose{"push", repository.name_of(reference), true};
  check_reference(reference);
  HttpRequest request = repository.make_request("PUT", "manifests/" + reference);
  request.headers.add("Content-Type", descriptor.media_type);
  request.body = make_body(bytes);
  request.retry_body = false;
  for (int tries = 0;; ++tries) {
    const auto [response, cut] = repository.try_send({request, repository.scopes(), true}, purpose);
    if (!cut && is_success(response)) {
      check_stored(repository, response, descriptor, purpose);
      return list_as_referrer(*this, response, descriptor, bytes);
    }
    if (!cut && !can_be_repeated(response)) repository.refuse(purpose, response);
    // It may have been stored all the same.
    const auto there = find_descriptor(reference);
    if (there && there->digest == descriptor.digest) return list_as_referrer(*this, {}, descriptor, bytes);
    if (tries + 1 == k_most_puts && cut) repository.fail(purpose, *cut);
    if (tries + 1 == k_most_puts) repository.refuse(purpose, response);
    repository.connection().http().wait_to_retry(tries, response);
  }
}

void RegistryClient::delete_manifest(const Digest& digest) {
  const Repository& repository = m_state->repository;
  const Purpose purpose{"delete", repository.name_of(digest)};
  const HttpRequest request = repository.make_request("DELETE", "manifests/" + digest.text());
  const auto [response, cut] = repository.try_send({request, {repository.scope("delete")}, true}, purpose);
  if (cut) repository.fail(purpose, *cut);
  if (is_success(response)) return;
  const ServerError error = read_server_error(response);
  if (response.status == 405 || error.code == "UNSUPPORTED")
    throw Error(ErrorKind::unsupported, "cannot delete " + purpose.thing + ": " + endpoint().host + " does not allow deletion",
                "docker's registry allows it with storage.delete.enabled");
  repository.refuse(purpose, response);
}

}  // namespace jcb::oci
