// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "oci/registry/http.h"

namespace jcb::test {

/// One answer of the fake: a head, a body, and how it ends.
struct FakeAnswer {
  int status = 200;
  oci::HttpHeaders headers;
  std::string body;
  oci::HttpOutcome::End end = oci::HttpOutcome::End::complete;
  oci::HttpResponse::Peer peer = oci::HttpResponse::Peer::unknown;
};

/// An HttpClient without a network: answers come from a function, requests and pauses are recorded. One exchange at a
/// time, from any thread.
class FakeHttp final : public oci::HttpClient {
 public:
  using Script = std::function<FakeAnswer(const oci::HttpRequest&, std::size_t number)>;
  explicit FakeHttp(Script script, oci::HttpRules rules = {}) : HttpClient(rules), m_script(std::move(script)) {}

  std::vector<oci::HttpRequest> requests;
  std::vector<std::chrono::milliseconds> pauses;

 private:
  oci::HttpOutcome exchange(const oci::HttpRequest& request, oci::HttpReceiver& receiver) override {
    using End = oci::HttpOutcome::End;
    const std::lock_guard lock(m_mutex);
    requests.push_back(request);
    const FakeAnswer answer = m_script(request, requests.size() - 1);
    if (answer.end == End::unreachable || answer.end == End::no_tls) return {answer.end, "connection refused"};
    if (!receiver.head({answer.status, answer.headers, request.url, {}, answer.peer})) return {End::stopped, ""};
    if (!answer.body.empty() && !receiver.body(answer.body)) return {End::stopped, ""};
    return {answer.end, answer.end == End::cut ? "connection reset" : ""};
  }
  void pause(std::chrono::milliseconds duration, oci::HttpSink&) override { pauses.push_back(duration); }

  std::mutex m_mutex;
  Script m_script;
};

}  // namespace jcb::test
