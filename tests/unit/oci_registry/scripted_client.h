// SPDX-License-Identifier: Apache-2.0
// A RegistryClient whose registry is a list of requests and answers.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "jcbuild/error.h"
#include "oci/registry/http_url.h"
#include "oci/registry/registry_client.h"
#include "support/fake_http.h"

namespace scripted {

using jcb::Error;
using jcb::ErrorKind;
using jcb::oci::HttpHeaders;
using jcb::oci::HttpRequest;
using jcb::test::FakeAnswer;
using End = jcb::oci::HttpOutcome::End;

/// A request as the script has it, "GET /v2/team/app/tags/list", with its origin where that is not the registry's, and
/// what is answered.
struct Step {
  std::string request;
  FakeAnswer answer;
};

inline FakeAnswer answer(int status, HttpHeaders headers = {}, std::string body = {}) {
  return {status, std::move(headers), std::move(body)};
}
inline FakeAnswer cut() { return {200, {}, "", End::cut}; }
inline FakeAnswer error(int status, const std::string& code, const std::string& message = "said so") {
  return {status, {{"Content-Type", "application/json"}}, R"({"errors":[{"code":")" + code + R"(","message":")" + message + R"("}]})"};
}

inline jcb::oci::Endpoint endpoint() {
  jcb::oci::Endpoint place;
  place.host = place.registry = "registry.test";
  place.repository = "team/app";
  return place;
}

inline std::string read_all(const jcb::oci::HttpBody& body) {
  std::string bytes(static_cast<std::size_t>(body.size_bytes), '\0');
  for (std::size_t at = 0; at < bytes.size();) at += body.read(at, bytes.data() + at, std::min<std::size_t>(bytes.size() - at, 7777));
  return bytes;
}

inline jcb::oci::HttpBody body_of(const std::string& bytes) {
  return {bytes.size(), [&bytes](std::uint64_t offset, char* buffer, std::size_t size) {
            return bytes.copy(buffer, size, static_cast<std::size_t>(offset));
          }};
}

inline jcb::oci::Descriptor describe(const std::string& bytes, std::string_view type = "application/octet-stream") {
  return {std::string(type), jcb::oci::Digest::of(bytes), bytes.size(), {}, {}, {}, {}};
}

/// Answers by the script, in order; a request that is not the next one fails the test and gets 418.
class Server {
 public:
  explicit Server(std::vector<Step> steps, jcb::oci::Endpoint place = endpoint(), jcb::oci::Access access = jcb::oci::Access::push)
      : m_steps(std::move(steps)),
        m_origin("https://" + place.host),
        http(std::make_shared<jcb::test::FakeHttp>(
            [this](const HttpRequest& request, std::size_t number) { return next(request, number); })),
        client(jcb::oci::ClientContext{[this](const jcb::oci::Endpoint&) { return http; }, nullptr,
                                       [this](const std::string& text) { notes.push_back(text); }, nullptr},
               std::move(place), access) {}
  /// Whether all steps were asked for.
  bool is_done() const { return http->requests.size() == m_steps.size(); }

 private:
  FakeAnswer next(const HttpRequest& request, std::size_t number) {
    bodies.push_back(request.body ? read_all(*request.body) : "");
    std::string line = request.method + " " + (request.url.starts_with(m_origin + "/") ? request.url.substr(m_origin.size()) : request.url);
    if (number >= m_steps.size()) {
      FAIL_CHECK("not in the script: " << line);
      return {418, {}, ""};
    }
    CHECK(line == m_steps[number].request);
    return line == m_steps[number].request ? m_steps[number].answer : FakeAnswer{418, {}, ""};
  }

  std::vector<Step> m_steps;
  std::string m_origin;

 public:
  std::vector<std::string> bodies;  ///< of the requests
  std::vector<std::string> notes;
  std::shared_ptr<jcb::test::FakeHttp> http;
  jcb::oci::RegistryClient client;
};

/// The Error that `body` throws, of `kind`; fails the test when there is none.
template <typename Body>
Error error_of(ErrorKind kind, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(static_cast<int>(error.kind()) == static_cast<int>(kind));
    return error;
  }
  FAIL_CHECK("no error");
  return {ErrorKind::failed, ""};
}

}  // namespace scripted
