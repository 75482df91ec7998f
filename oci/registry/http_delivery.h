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
  /// Whether the last answer to a part was unusable, so that the body has to be asked for from its start.
  bool has_bad_part() const noexcept { return m_bad_part; }
  /// The furthest point that the body has reached; more of it is progress.
  std::uint64_t furthest() const noexcept { return m_furthest; }

 private:
  bool take_part(const HttpResponse& response);
  void start_over();

  const HttpRequest& m_request;
  HttpSink& m_sink;
  HttpResponse m_last;
  std::optional<HttpResponse> m_first;  ///< the 200 whose body is being received
  std::string m_validator;
  std::uint64_t m_received = 0, m_furthest = 0;
  bool m_asked_part = false, m_bad_part = false;
};

}  // namespace jcb::oci
