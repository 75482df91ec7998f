// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/http.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"
#include "support/fake_http.h"

using namespace jcb;
using oci::HttpHeaders;
using oci::HttpRequest;
using oci::TextSink;
using test::FakeAnswer;
using test::FakeHttp;
using End = oci::HttpOutcome::End;

namespace {

HttpRequest get(const std::string& url, HttpHeaders headers = {}) { return {"GET", url, std::move(headers), std::nullopt, 1000}; }

FakeAnswer go_to(const std::string& location, int status = 302) { return {status, {{"Location", location}}, "elsewhere", End::complete}; }

std::string error_of(oci::HttpClient& client, const HttpRequest& request) {
  TextSink sink;
  try {
    client.send(request, sink);
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

}  // namespace

TEST_CASE("credentials of a URL become a header and leave the URL [B13]") {
  FakeHttp http([](const HttpRequest&, std::size_t) { return FakeAnswer{200, {}, "x"}; });
  TextSink sink;
  const auto response = http.send(get("http://u:p@h/x"), sink);
  CHECK(http.requests[0].url == "http://h/x");
  CHECK(http.requests[0].headers.find("authorization") == "Basic dTpw");
  CHECK(response.url == "http://h/x");
  CHECK(sink.text() == "x");
}

TEST_CASE("Authorization follows a redirect within an origin and never to another [J8]") {
  for (const auto& [target, kept] : {std::pair{"/y", true},
                                     {"https://h/y", true},
                                     {"https://h:444/y", false},
                                     {"https://other/y", false},
                                     {"//other/y", false},
                                     {"https://x:y@other/y", false}}) {
    INFO(target);
    FakeHttp http([target = target](const HttpRequest&, std::size_t number) {
      return number == 0 ? go_to(target) : FakeAnswer{200, {}, "x"};
    });
    TextSink sink;
    http.send(get("https://h/x", {{"Authorization", "Bearer t"}, {"Cookie", "c"}, {"Accept", "a"}}), sink);
    REQUIRE(http.requests.size() == 2);
    CHECK(http.requests[1].headers.find("Authorization").has_value() == kept);
    CHECK(http.requests[1].headers.find("Cookie").has_value() == kept);
    CHECK(http.requests[1].headers.find("Accept") == "a");
    CHECK(sink.text() == "x");
  }
}

TEST_CASE("a redirect leads to no other protocol and from https never to http [B20] [J8]") {
  for (const char* target : {"file:///etc/passwd", "gopher://h/", "ftp://h/x", "http://h/y", "dict://h:11211/"}) {
    INFO(target);
    FakeHttp http([&](const HttpRequest&, std::size_t) { return go_to(target); });
    CHECK_FALSE(error_of(http, get("https://h/x")).empty());
    CHECK(http.requests.size() == 1);
  }
}

TEST_CASE("five redirects are followed, a sixth is not") {
  const auto chain = [](std::size_t length) {
    return [length](const HttpRequest&, std::size_t number) { return number < length ? go_to("/next") : FakeAnswer{200, {}, "end"}; };
  };
  FakeHttp five(chain(5)), six(chain(6));
  TextSink sink;
  five.send(get("http://h/x"), sink);
  CHECK(sink.text() == "end");
  CHECK(error_of(six, get("http://h/x")) == "http://h/x redirects more than 5 times");
  CHECK(six.requests.size() == 6);
}

TEST_CASE("a redirected POST becomes GET but for 307 and 308") {
  for (const auto& [status, method] : {std::pair{301, "GET"}, {302, "GET"}, {303, "GET"}, {307, "POST"}, {308, "POST"}}) {
    FakeHttp http(
        [status = status](const HttpRequest&, std::size_t number) { return number == 0 ? go_to("/y", status) : FakeAnswer{200}; });
    TextSink sink;
    HttpRequest request{"POST", "http://h/x", {{"Content-Type", "t"}}, oci::HttpBody{0, nullptr}, 10};
    http.send(request, sink);
    CHECK(http.requests[1].method == method);
    CHECK(http.requests[1].body.has_value() == (status > 303));
    CHECK(http.requests[1].headers.find("Content-Type").has_value() == (status > 303));
  }
}

TEST_CASE("what may be over is retried six times at a growing pace") {
  FakeHttp http([](const HttpRequest&, std::size_t) { return FakeAnswer{503, {}, "busy"}; });
  TextSink sink;
  const auto response = http.send(get("http://h/x"), sink);
  CHECK(response.status == 503);
  CHECK(response.error_body == "busy");
  CHECK(sink.text().empty());
  CHECK(http.requests.size() == 7);
  for (std::size_t i = 0; i < http.pauses.size(); ++i) {
    CHECK(http.pauses[i].count() >= 250 << i);
    CHECK(http.pauses[i].count() <= 500 << i);
  }
  CHECK_THROWS_AS(oci::require_success(get("http://h/x"), response), Error);
}

TEST_CASE("what will not change is not retried") {
  for (const int status : {200, 304, 400, 401, 403, 404, 501}) {
    FakeHttp http([status](const HttpRequest&, std::size_t) { return FakeAnswer{status}; });
    TextSink sink;
    CHECK(http.send(get("http://h/x"), sink).status == status);
    CHECK(http.requests.size() == 1);
  }
}

TEST_CASE("Retry-After is honoured up to two minutes, nonsense in it is not") {
  const auto first_pause = [](const std::string& value) {
    FakeHttp http([&](const HttpRequest&, std::size_t number) {
      return number == 0 ? FakeAnswer{429, {{"Retry-After", value}}} : FakeAnswer{200};
    });
    TextSink sink;
    http.send(get("http://h/x"), sink);
    return http.pauses.at(0).count();
  };
  CHECK(first_pause("7") == 7000);
  CHECK(first_pause("1000000000") == 120000);
  CHECK(first_pause("Fri, 31 Dec 2999 23:59:59 GMT") == 120000);
  CHECK(first_pause("Sun, 06 Nov 1994 08:49:37 GMT") == 0);
  for (const char* nonsense : {"-5", "soon", "99999999999999999999999", ""}) CHECK(first_pause(nonsense) <= 500);
}

TEST_CASE("nobody there is an error after three retries, without credentials in it [B13]") {
  FakeHttp http([](const HttpRequest&, std::size_t) { return FakeAnswer{0, {}, "", End::unreachable}; });
  CHECK(error_of(http, get("http://u:s3cret@h/x")) == "cannot get http://h/x: connection refused");
  CHECK(http.requests.size() == 4);
}

TEST_CASE("a cut body goes on where it stopped, on the same version only") {
  FakeHttp http([](const HttpRequest& request, std::size_t number) {
    if (number == 0) return FakeAnswer{200, {{"ETag", "\"v1\""}, {"Last-Modified", "d"}}, "hello ", End::cut};
    CHECK(request.headers.find("Range") == "bytes=6-");
    CHECK(request.headers.find("If-Range") == "\"v1\"");
    return FakeAnswer{206, {{"Content-Range", "bytes 6-10/11"}}, "world"};
  });
  TextSink sink;
  const auto response = http.send(get("http://h/x"), sink);
  CHECK(sink.text() == "hello world");
  CHECK(response.status == 200);
  CHECK(response.headers.find("ETag") == "\"v1\"");
}

TEST_CASE("a cut body starts again when it cannot be resumed") {
  struct Case {
    const char* name;
    HttpHeaders first;
    FakeAnswer second;
  };
  const Case cases[] = {{"no version", {}, {200, {}, "whole"}},
                        {"weak version", {{"ETag", "W/\"v1\""}}, {200, {}, "whole"}},
                        {"another version now", {{"ETag", "\"v1\""}}, {200, {{"ETag", "\"v2\""}}, "whole"}},
                        {"another part", {{"ETag", "\"v1\""}}, {206, {{"Content-Range", "bytes 2-4/5"}}, "whole"}},
                        {"no parts", {{"ETag", "\"v1\""}}, {416, {}, ""}}};
  for (const auto& test : cases) {
    INFO(test.name);
    FakeHttp http([&](const HttpRequest& request, std::size_t number) {
      if (number == 0) return FakeAnswer{200, test.first, "who", End::cut};
      if (number == 1) return test.second;
      CHECK_FALSE(request.headers.find("Range"));
      return FakeAnswer{200, {}, "whole"};
    });
    TextSink sink;
    http.send(get("http://h/x"), sink);
    CHECK(sink.text() == "whole");
  }
}

TEST_CASE("retries count anew while a body comes forward, and end when it does not") {
  const std::string piece(100000, 'x');
  FakeHttp forward([&](const HttpRequest& request, std::size_t number) {
    const std::string start = std::to_string(number * piece.size());
    if (number > 0) CHECK(request.headers.find("Range") == "bytes=" + start + "-");
    return FakeAnswer{number == 0 ? 200 : 206,
                      {{"ETag", "\"v\""}, {"Content-Range", "bytes " + start + "-/*"}},
                      piece,
                      number < 20 ? End::cut : End::complete};
  });
  TextSink sink;
  HttpRequest request = get("http://h/x");
  request.limit_bytes = 1 << 22;
  forward.send(request, sink);
  CHECK(sink.text().size() == 21 * piece.size());

  FakeHttp still([](const HttpRequest&, std::size_t) { return FakeAnswer{200, {}, "abc", End::cut}; });
  CHECK(error_of(still, get("http://h/x")) == "cannot get http://h/x: connection reset");
  CHECK(still.requests.size() == 7);
}

TEST_CASE("a POST is repeated only when nothing can have happened") {
  const auto tries = [](FakeAnswer answer) {
    FakeHttp http([&](const HttpRequest&, std::size_t) { return answer; });
    TextSink sink;
    try {
      http.send({"POST", "http://h/x", {}, oci::HttpBody{}, 10}, sink);
    } catch (const Error&) {
    }
    return http.requests.size();
  };
  CHECK(tries({503, {}, ""}) == 1);
  CHECK(tries({200, {}, "", End::cut}) == 1);
  CHECK(tries({429, {}, ""}) == 7);
  CHECK(tries({0, {}, "", End::unreachable}) == 4);
}

TEST_CASE("a body above the limit is an error, an endless error page is cut") {
  FakeHttp http([](const HttpRequest&, std::size_t) { return FakeAnswer{200, {}, std::string(1001, 'x')}; });
  CHECK(error_of(http, get("http://h/x")) == "http://h/x holds more than 1000 bytes");
  FakeHttp page([](const HttpRequest&, std::size_t) { return FakeAnswer{404, {}, std::string(1 << 20, 'x')}; });
  TextSink sink;
  CHECK(page.send(get("http://h/x"), sink).error_body.size() == 64 << 10);
}

TEST_CASE("no line break gets into a request") {
  FakeHttp http([](const HttpRequest&, std::size_t) { return FakeAnswer{}; });
  CHECK_FALSE(error_of(http, get("http://h/x", {{"A", "b\r\nC: d"}})).empty());
  CHECK_FALSE(error_of(http, get("http://h/x", {{"A: b\r\nC", "d"}})).empty());
  CHECK_FALSE(error_of(http, get("http://h/x\r\nC: d")).empty());
  CHECK(http.requests.empty());
}
