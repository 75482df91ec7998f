// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/repository.h"

#include <algorithm>
#include <cstring>

#include "oci/registry/header_fields.h"
#include "util/text.h"

namespace jcb::oci {

HttpRequest Repository::make_request(const std::string& method, const std::string& tail, std::uint64_t limit_bytes) const {
  HttpRequest request;
  request.method = method;
  request.url = "/v2/" + m_endpoint.repository + "/" + tail;
  request.limit_bytes = limit_bytes;
  request.keep_public = true;
  return request;
}

Scopes Repository::scopes() const { return {scope(m_access == Access::push ? "pull,push" : "pull")}; }

HttpResponse Repository::send(const HttpRequest& request, const Purpose& purpose, HttpSink& sink, const Scopes& more) const {
  RegistryRequest whole{request, scopes(), true};
  whole.scopes.insert(whole.scopes.end(), more.begin(), more.end());
  try {
    return m_connection->send(whole, sink);
  } catch (const Error& error) {
    fail(purpose, error);
  }
}

Repository::Attempt Repository::try_send(const RegistryRequest& request, const Purpose& purpose) const {
  try {
    TextSink sink;
    return {m_connection->send(request, sink), std::nullopt};
  } catch (const HttpFailure& failure) {
    if (failure.reason() != HttpFailure::Reason::cut && failure.reason() != HttpFailure::Reason::unreachable) fail(purpose, failure);
    return {{}, failure};
  } catch (const Error& error) {
    fail(purpose, error);
  }
}

std::optional<HttpUrl> Repository::find_next_page(const HttpResponse& response, const Purpose& purpose) const {
  for (const auto& [name, value] : response.headers.fields()) {
    if (util::to_lower(name) != "link") continue;
    const auto target = find_link(value, "next");
    if (!target) continue;
    const HttpUrl next = in_step("reading the Link header of " + m_endpoint.host, [&] { return m_connection->resolve(response, *target); });
    if (!m_connection->is_own(next)) fail(purpose, Error(ErrorKind::refused, "its next page lies on another server, " + next.origin()));
    return next;
  }
  return std::nullopt;
}

bool Repository::has_blob(const Digest& digest, const Purpose& purpose) const {
  TextSink sink;
  const HttpResponse response = send(make_request("HEAD", "blobs/" + digest.text()), purpose, sink);
  if (is_success(response)) return true;
  if (response.status == 404 || response.status == 410) return false;
  // A registry leads elsewhere only to what it has; signed addresses are often good for GET alone.
  if (!m_connection->is_own(HttpUrl::parse(response.url)) && (response.status == 403 || response.status == 405)) return true;
  refuse(purpose, response);
}

void Repository::refuse(const Purpose& purpose, const HttpResponse& response) const {
  throw make_refusal(m_endpoint, purpose, response, m_connection->has_credential());
}

std::string Repository::name_of(const std::string& reference) const {
  return m_endpoint.name() + (reference.find(':') == std::string::npos ? ":" : "@") + reference;
}

std::string encode_query(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '/';
    static constexpr char digits[] = "0123456789ABCDEF";
    if (plain) {
      encoded += c;
    } else {
      encoded += {'%', digits[static_cast<unsigned char>(c) >> 4], digits[static_cast<unsigned char>(c) & 15]};
    }
  }
  return encoded;
}

HttpBody make_body(const std::string& text) {
  return {text.size(), [&text](std::uint64_t offset, char* buffer, std::size_t size) {
            const std::size_t count = std::min<std::size_t>(size, text.size() - static_cast<std::size_t>(offset));
            std::memcpy(buffer, text.data() + offset, count);
            return count;
          }};
}

}  // namespace jcb::oci
