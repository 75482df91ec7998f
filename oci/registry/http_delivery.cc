// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/http_delivery.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/http_url.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_error_body_bytes = 64 << 10;

bool is_success(int status) { return status >= 200 && status < 300; }

// What If-Range may hold (RFC 9110 section 13.1.5): a strong entity tag, else a date. Empty: this cannot be resumed.
std::string find_validator(const HttpHeaders& headers) {
  const auto tag = headers.find("ETag");
  if (tag && tag->starts_with('"')) return *tag;
  return headers.find("Last-Modified").value_or("");
}

}  // namespace

HttpRequest HttpDelivery::next_request() {
  HttpRequest request = m_request;
  m_asked_part = false;
  if (m_received == 0) return request;
  if (request.method != "GET" || m_bad_part || m_validator.empty() || request.headers.find("Range")) {
    start_over();
    return request;
  }
  request.headers.add("Range", "bytes=" + std::to_string(m_received) + "-");
  request.headers.add("If-Range", m_validator);
  m_asked_part = true;
  return request;
}

void HttpDelivery::start_over() {
  if (m_received > 0) m_sink.restart();
  m_received = 0;
  m_bad_part = false;
  m_first.reset();
}

// Whether a 206 holds exactly the bytes from where we stopped: "Content-Range: bytes 5-9/10".
bool HttpDelivery::take_part(const HttpResponse& response) {
  const std::string range = response.headers.find("Content-Range").value_or("");
  m_bad_part = !range.starts_with("bytes " + std::to_string(m_received) + "-");
  return !m_bad_part;
}

bool HttpDelivery::head(HttpResponse response) {
  m_last = std::move(response);
  m_last.error_body.clear();
  if (m_asked_part && m_last.status == 206) return take_part(m_last);
  if (m_asked_part && m_last.status == 416) {
    m_bad_part = true;
    return false;
  }
  if (!is_success(m_last.status)) return true;
  start_over();
  m_first = m_last;
  m_validator = find_validator(m_last.headers);
  return true;
}

bool HttpDelivery::body(std::string_view bytes) {
  if (!is_success(m_last.status)) {
    m_last.error_body.append(bytes.substr(0, k_max_error_body_bytes - m_last.error_body.size()));
    return m_last.error_body.size() < k_max_error_body_bytes;
  }
  if (bytes.size() > m_request.limit_bytes - m_received)
    throw Error(ErrorKind::invalid, m_last.url + " holds more than " + std::to_string(m_request.limit_bytes) + " bytes");
  m_sink.write(bytes);
  m_received += bytes.size();
  m_furthest = std::max(m_furthest, m_received);
  return true;
}

HttpResponse HttpDelivery::result() const { return m_first && is_success(m_last.status) ? *m_first : m_last; }

}  // namespace jcb::oci
