// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/registry/http.h"

namespace jcb::oci {

/// What one HttpClient::send has received so far, over all its tries.
class HttpDelivery final : public HttpReceiver {
 public:
  /// Both are borrowed.
  HttpDelivery(const HttpRequest& request, HttpSink& sink) : m_request(request), m_sink(sink) {}

  /// The request of the next try: the rest of the body where that can be asked for, else all of it.
  HttpRequest next_request();
  bool head(HttpResponse response) override;
  bool body(std::string_view bytes) override;
  void check_wanted() override { m_sink.check_wanted(); }

  /// The response to the last exchange, whatever it was.
  const HttpResponse& last() const noexcept { return m_last; }
  /// The response for the caller: the first part's where a body came in several.
  HttpResponse result() const;
  /// What is wrong with an answer that was received whole, or "": it was another part than the one asked for (the body has
  /// to be asked for from its start), or only the beginning of it.
  std::string find_fault() const;
  /// Whether the last byte of the part that was asked for is there, however the exchange ended.
  bool is_whole() const noexcept { return m_request.range && m_received == m_request.range->size_bytes; }
  /// The furthest point that the body has reached; more of it is progress.
  std::uint64_t furthest() const noexcept { return m_furthest; }

 private:
  bool can_resume() const;
  std::string wanted_part() const;
  bool is_wanted_part() const;
  bool take_head_of_range();
  void begin();
  void start_over();

  const HttpRequest& m_request;
  HttpSink& m_sink;
  HttpResponse m_last;
  std::optional<HttpResponse::Peer> m_peer;  ///< of the first hop of this try
  std::optional<HttpResponse> m_first;       ///< the success whose body is being received
  std::string m_validator;
  std::optional<std::uint64_t> m_total;  ///< size of the whole body, as the first answer had it
  std::uint64_t m_received = 0, m_furthest = 0;
  bool m_asked_part = false, m_bad_part = false;
};

}  // namespace jcb::oci
