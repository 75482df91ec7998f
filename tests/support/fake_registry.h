// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "oci/digest.h"
#include "oci/registry/http.h"
#include "oci/registry/http_url.h"
#include "oci/registry/registry_client.h"

namespace jcb::test {

/// A registry in memory, as much of it as a client of blobs and manifests needs; all requests are recorded. Thread-safe.
class FakeRegistry final : public oci::HttpClient {
 public:
  FakeRegistry() : HttpClient({}) {}

  /// Of each repository: blobs by "sha256:<hex>", manifests by tag and by digest.
  std::map<std::string, std::map<std::string, std::string>> blobs, manifests;
  /// "METHOD /v2/PATH", in the order of arrival.
  std::vector<std::string> requests;
  /// Answers instead of the registry, unless it gives nothing. Called with the lock held.
  std::function<std::optional<int>(const std::string& request)> fault;

  std::size_t count(const std::string& part) const {
    std::size_t found = 0;
    for (const auto& request : requests) found += request.find(part) != std::string::npos ? 1 : 0;
    return found;
  }

  /// A client of `repository` in the registry that is called `host`.
  static std::shared_ptr<oci::RegistryClient> client(const std::shared_ptr<FakeRegistry>& registry, const std::string& host,
                                                     const std::string& repository) {
    oci::ClientContext context;
    context.make_http = [registry](const oci::Endpoint&) { return registry; };
    oci::Endpoint endpoint;
    endpoint.host = endpoint.registry = host;
    endpoint.repository = repository;
    return std::make_shared<oci::RegistryClient>(context, endpoint, oci::Access::push);
  }

 private:
  struct Answer {
    int status = 404;
    oci::HttpHeaders headers;
    std::string body;
  };

  static std::string read_body(const oci::HttpRequest& request) {
    std::string text(request.body ? request.body->size_bytes : 0, '\0');
    for (std::size_t at = 0; at < text.size();)
      at += request.body->read(at, text.data() + at, std::min<std::size_t>(text.size() - at, 65536));
    return text;
  }

  // "/v2/NAME/KIND/REST" taken apart.
  struct Target {
    std::string repository, kind, rest;
    explicit Target(const std::string& path) {
      for (const std::string candidate : {"/manifests/", "/blobs/uploads/", "/blobs/"}) {
        const auto at = path.find(candidate);
        if (at == std::string::npos) continue;
        repository = path.substr(4, at - 4);
        kind = candidate;
        rest = path.substr(at + candidate.size());
        return;
      }
    }
  };

  static std::string query_value(const std::string& query, const std::string& key) {
    const auto at = query.find(key + "=");
    if (at == std::string::npos) return {};
    return oci::decode_percent(query.substr(at + key.size() + 1, query.find('&', at) - at - key.size() - 1));
  }

  oci::HttpOutcome exchange(const oci::HttpRequest& request, oci::HttpReceiver& receiver) override {
    const auto url = oci::HttpUrl::parse(request.url);
    const std::string line = request.method + " " + url.path + (url.query.empty() ? "" : "?" + url.query);
    const std::optional<int> status = record(line);
    // Not under the lock: a body may take its time, and others are to go on.
    const std::string body = status ? "" : read_body(request);
    const Answer answer = status ? Answer{*status, {}, {}} : reply(request, url, body);
    if (!receiver.head({answer.status, answer.headers, request.url, {}})) return {oci::HttpOutcome::End::stopped, ""};
    if (request.method != "HEAD" && !answer.body.empty()) receiver.body(answer.body);
    return {oci::HttpOutcome::End::complete, ""};
  }
  void pause(std::chrono::milliseconds, oci::HttpSink&) override {}

  std::optional<int> record(const std::string& line) {
    const std::lock_guard guard(m_mutex);
    requests.push_back(line);
    return fault ? fault(line) : std::nullopt;
  }

  Answer reply(const oci::HttpRequest& request, const oci::HttpUrl& url, const std::string& body) {
    const std::lock_guard guard(m_mutex);
    const Target target(url.path);
    if (request.method == "POST") return open_upload(target, url.query);
    if (target.kind == "/blobs/uploads/") return close_upload(request, target, url.query, body);
    if (request.method == "PUT") return put_manifest(request, target, body);
    return target.kind == "/manifests/" ? get(request, manifests[target.repository], target.rest)
                                        : get(request, blobs[target.repository], target.rest);
  }

  Answer get(const oci::HttpRequest& request, const std::map<std::string, std::string>& documents, const std::string& name) {
    const auto found = documents.find(name);
    if (found == documents.end()) return {};
    const std::string& content = found->second;
    Answer answer{200, {{"Docker-Content-Digest", oci::Digest::of(content).text()}, {"Content-Type", m_types[content]}}, content};
    const auto range = request.headers.find("Range");
    if (range && request.range) {
      const auto [first, size] = *request.range;
      answer.status = 206;
      answer.body = content.substr(first, size);
      answer.headers.add("Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(first + answer.body.size() - 1) + "/" +
                                              std::to_string(content.size()));
    }
    answer.headers.add("Content-Length", std::to_string(answer.body.size()));
    return answer;
  }

  Answer open_upload(const Target& target, const std::string& query) {
    const std::string digest = query_value(query, "mount"), from = query_value(query, "from");
    if (!digest.empty() && blobs[from].contains(digest)) {
      blobs[target.repository][digest] = blobs[from][digest];
      return {201, {{"Location", "/v2/" + target.repository + "/blobs/" + digest}}, {}};
    }
    return {202, {{"Location", "/v2/" + target.repository + "/blobs/uploads/" + std::to_string(++m_sessions)}}, {}};
  }

  Answer close_upload(const oci::HttpRequest& request, const Target& target, const std::string& query, const std::string& body) {
    if (request.method == "DELETE") return {204, {}, {}};
    const std::string digest = query_value(query, "digest");
    if (request.method != "PUT" || oci::Digest::of(body).text() != digest)
      return {400, {}, R"({"errors":[{"code":"DIGEST_INVALID","message":"no"}]})"};
    blobs[target.repository][digest] = body;
    return {201, {}, {}};
  }

  Answer put_manifest(const oci::HttpRequest& request, const Target& target, const std::string& body) {
    m_types[body] = request.headers.find("Content-Type").value_or("");
    const std::string digest = oci::Digest::of(body).text();
    manifests[target.repository][target.rest] = manifests[target.repository][digest] = body;
    return {201, {{"Docker-Content-Digest", digest}}, {}};
  }

  std::mutex m_mutex;
  std::map<std::string, std::string> m_types;
  int m_sessions = 0;
};

}  // namespace jcb::test
