// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/http_delivery.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/content_range.h"
#include "oci/registry/http_url.h"
#include "util/text.h"

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

// The size of the body that `response` belongs to; a part says it in Content-Range.
std::optional<std::uint64_t> find_total(const HttpResponse& response) {
  if (response.status == 206) {
    const auto range = parse_content_range(response.headers.find("Content-Range").value_or(""));
    return range ? range->total : std::nullopt;
  }
  try {
    const auto length = response.headers.find("Content-Length");
    return length ? std::optional(util::parse_unsigned(*length, "Content-Length")) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

bool HttpDelivery::can_resume() const {
  return m_request.method == "GET" && !m_bad_part && (m_request.immutable || !m_validator.empty()) && !m_request.headers.find("Range");
}

std::string HttpDelivery::wanted_part() const {
  const std::uint64_t first = (m_request.range ? m_request.range->first : 0) + m_received;
  const std::string last = m_request.range ? std::to_string(m_request.range->first + m_request.range->size_bytes - 1) : "";
  return "bytes=" + std::to_string(first) + "-" + last;
}

HttpRequest HttpDelivery::next_request() {
  HttpRequest request = m_request;
  m_peer.reset();
  if (m_received > 0 && !can_resume()) start_over();
  m_bad_part = false;
  m_asked_part = m_received > 0 || m_request.range;
  if (!m_asked_part) return request;
  request.headers.add("Range", wanted_part());
  if (m_received > 0 && !m_request.immutable) request.headers.add("If-Range", m_validator);
  return request;
}

void HttpDelivery::begin() {
  m_first = m_last;
  m_validator = find_validator(m_last.headers);
  m_total = find_total(m_last);
}

void HttpDelivery::start_over() {
  if (m_received > 0) m_sink.restart();
  m_received = 0;
  m_bad_part = false;
  m_first.reset();
  m_total.reset();
}

// Whether a 206 holds the bytes from where we stopped, none beyond what was asked for, and of the body that we know.
bool HttpDelivery::is_wanted_part() const {
  const auto part = parse_content_range(m_last.headers.find("Content-Range").value_or(""));
  const std::uint64_t first = (m_request.range ? m_request.range->first : 0) + m_received;
  if (!part || part->first != first || (m_total && part->total && *m_total != *part->total)) return false;
  if (!m_request.range) return true;
  const std::uint64_t last = m_request.range->first + m_request.range->size_bytes - 1;
  if (part->total && *part->total <= last)
    throw Error(ErrorKind::invalid,
                HttpUrl::parse(m_last.url).shown() + " has " + std::to_string(*part->total) + " bytes, fewer than expected");
  return part->last <= last;
}

// The head of an answer to a request for a range that was asked for by the caller. Whatever is not the part ends it: such
// a server is read whole, which is the caller's to do.
bool HttpDelivery::take_head_of_range() {
  const bool unsatisfied = m_last.status == 416 && m_received > 0;
  if (!is_success(m_last.status) && !unsatisfied) return true;
  if (m_last.status == 206 && is_wanted_part()) {
    if (m_received == 0) begin();
    return true;
  }
  start_over();
  m_last.status = 200;
  return false;
}

bool HttpDelivery::head(HttpResponse response) {
  if (!m_peer) m_peer = response.peer;
  m_last = std::move(response);
  m_last.peer = *m_peer;
  m_last.error_body.clear();
  if (m_request.range) return take_head_of_range();
  if (m_asked_part && (m_last.status == 206 || m_last.status == 416)) {
    m_bad_part = m_last.status == 416 || !is_wanted_part();
    return !m_bad_part;
  }
  if (!is_success(m_last.status)) return true;
  start_over();
  begin();
  return true;
}

bool HttpDelivery::body(std::string_view bytes) {
  if (!is_success(m_last.status)) {
    m_last.error_body.append(bytes.substr(0, k_max_error_body_bytes - m_last.error_body.size()));
    return m_last.error_body.size() < k_max_error_body_bytes;
  }
  const std::uint64_t left = m_request.range ? m_request.range->size_bytes - m_received : bytes.size();
  const std::string_view wanted = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
  if (wanted.size() > m_request.limit_bytes - m_received)
    throw Error(ErrorKind::invalid,
                HttpUrl::parse(m_last.url).shown() + " holds more than " + std::to_string(m_request.limit_bytes) + " bytes");
  m_sink.write(wanted);
  m_received += wanted.size();
  m_furthest = std::max(m_furthest, m_received);
  return wanted.size() == bytes.size();
}

std::string HttpDelivery::find_fault() const {
  if (m_bad_part) return "the server sent another part than the one asked for";
  return m_request.range && m_last.status == 206 ? "the server sent less than the part asked for" : "";
}

HttpResponse HttpDelivery::result() const { return m_first && is_success(m_last.status) ? *m_first : m_last; }

}  // namespace jcb::oci
