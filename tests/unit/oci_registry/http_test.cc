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
    return FakeAnswer{
        number == 0 ? 200 : 206,
        {{"ETag", "\"v\""}, {"Content-Range", "bytes " + start + "-" + std::to_string((number + 1) * piece.size() - 1) + "/*"}},
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

namespace {

HttpRequest part_of(const std::string& url, std::uint64_t first, std::uint64_t size) {
  HttpRequest request = get(url);
  request.range = oci::HttpRange{first, size};
  request.immutable = true;
  return request;
}

FakeAnswer part(const std::string& range, std::string body, End end = End::complete) {
  return {206, {{"Content-Range", "bytes " + range}}, std::move(body), end};
}

}  // namespace

TEST_CASE("a part is asked for, and goes on at its byte after a cut") {
  FakeHttp http([](const HttpRequest& request, std::size_t number) {
    CHECK(request.headers.find("Range") == (number == 0 ? "bytes=10-19" : "bytes=14-19"));
    CHECK_FALSE(request.headers.find("If-Range"));
    return number == 0 ? part("10-19/100", "abcd", End::cut) : part("14-19/100", "efghij");
  });
  TextSink sink;
  CHECK(http.send(part_of("http://h/x", 10, 10), sink).status == 206);
  CHECK(sink.text() == "abcdefghij");
  CHECK(http.requests.size() == 2);
}

TEST_CASE("a part of what may change is resumed with If-Range, and without a version from its start") {
  for (const bool versioned : {true, false}) {
    FakeHttp http([&](const HttpRequest& request, std::size_t number) {
      FakeAnswer answer = number == 0 ? part("10-14/100", "ab", End::cut)
                          : versioned ? part("12-14/100", "cde")
                                      : part("10-14/100", "abcde");
      if (versioned) answer.headers.add("ETag", "\"v\"");
      if (number == 1) CHECK(request.headers.find("If-Range").has_value() == versioned);
      return answer;
    });
    TextSink sink;
    HttpRequest request = part_of("http://h/x", 10, 5);
    request.immutable = false;
    http.send(request, sink);
    CHECK(sink.text() == "abcde");
  }
}

TEST_CASE("a server that knows no parts, or sends others, ends with 200 and no byte") {
  const FakeAnswer answers[] = {{200, {}, "whole"},     part("0-9/100", "0123456789"), part("10-20/100", "0123456789x"),
                                part("11-19/100", "0"), part("10-19", "0123456789"),   part("19-10/100", ""),
                                {206, {}, "0123456789"}};
  for (const auto& answer : answers) {
    FakeHttp http([&](const HttpRequest&, std::size_t) { return answer; });
    TextSink sink;
    CHECK(http.send(part_of("http://h/x", 10, 10), sink).status == 200);
    CHECK(sink.text().empty());
    CHECK(http.requests.size() == 1);
  }
  FakeHttp later([](const HttpRequest&, std::size_t number) {
    return number == 0 ? part("10-19/100", "01", End::cut) : FakeAnswer{200, {}, "w"};
  });
  TextSink sink;
  CHECK(later.send(part_of("http://h/x", 10, 10), sink).status == 200);
  CHECK(sink.text().empty());
}

TEST_CASE("the end of a part is its end, whatever else comes or breaks") {
  FakeHttp more([](const HttpRequest&, std::size_t) { return part("0-3/100", "abcdTOO MUCH"); });
  FakeHttp broken([](const HttpRequest&, std::size_t) { return part("0-3/100", "abcd", End::cut); });
  FakeHttp halves([](const HttpRequest&, std::size_t number) { return number == 0 ? part("0-1/100", "ab") : part("2-3/100", "cd"); });
  for (FakeHttp* http : {&more, &broken, &halves}) {
    TextSink sink;
    CHECK(http->send(part_of("http://h/x", 0, 4), sink).status == 206);
    CHECK(sink.text() == "abcd");
  }
  CHECK(broken.requests.size() == 1);
  CHECK(halves.requests.size() == 2);
}

TEST_CASE("416 is an answer, and a body that ends before the part is an error") {
  FakeHttp http([](const HttpRequest&, std::size_t) { return FakeAnswer{416, {}, "no"}; });
  TextSink sink;
  CHECK(http.send(part_of("http://h/x", 10, 10), sink).status == 416);
  FakeHttp shorter([](const HttpRequest&, std::size_t) { return part("10-14/15", "abcde"); });
  CHECK(error_of(shorter, part_of("http://h/x", 10, 10)) == "http://h/x has 15 bytes, fewer than expected");
}

TEST_CASE("what cannot change is resumed without a version, unless it has another size") {
  for (const char* total : {"11", "12"}) {
    FakeHttp http([&](const HttpRequest& request, std::size_t number) {
      if (number == 0) return FakeAnswer{200, {{"Content-Length", "11"}}, "hello ", End::cut};
      if (number == 1) CHECK(request.headers.find("Range") == "bytes=6-");
      CHECK_FALSE(request.headers.find("If-Range"));
      return number == 1 ? part("6-10/" + std::string(total), "world") : FakeAnswer{200, {}, "HELLO WORLD"};
    });
    TextSink sink;
    HttpRequest request = get("http://h/x");
    request.immutable = true;
    http.send(request, sink);
    CHECK(sink.text() == (std::string(total) == "11" ? "hello world" : "HELLO WORLD"));
  }
}

TEST_CASE("a redirect from a public network is marked so that it may lead only to a public one") {
  using Peer = oci::HttpResponse::Peer;
  for (const auto& [peer, marked] : {std::pair{Peer::public_network, true}, {Peer::unknown, true}, {Peer::private_network, false}}) {
    FakeHttp http([peer = peer](const HttpRequest&, std::size_t number) {
      FakeAnswer answer = number == 0 ? go_to("http://cdn/y") : FakeAnswer{200, {}, "x"};
      answer.peer = number == 0 ? peer : Peer::public_network;
      return answer;
    });
    TextSink sink;
    HttpRequest request = get("http://h/x");
    request.keep_public = true;
    CHECK(http.send(request, sink).peer == peer);
    CHECK_FALSE(http.requests[0].only_public);
    CHECK(http.requests[1].only_public == marked);
  }
}

TEST_CASE("a body that is not to be sent again is the caller's after a cut") {
  const auto end_of = [](FakeAnswer answer, std::size_t expected_tries) {
    FakeHttp http([&](const HttpRequest&, std::size_t) { return answer; });
    HttpRequest request{"PUT", "http://h/x", {}, oci::HttpBody{}, 10};
    request.retry_body = false;
    TextSink sink;
    std::string end;
    try {
      end = std::to_string(http.send(request, sink).status);
    } catch (const oci::HttpFailure& failure) {
      end = failure.reason() == oci::HttpFailure::Reason::cut ? "cut" : "unreachable";
    }
    CHECK(http.requests.size() == expected_tries);
    return end;
  };
  CHECK(end_of({200, {}, "", End::cut}, 1) == "cut");
  CHECK(end_of({503, {}, ""}, 1) == "503");
  CHECK(end_of({421, {}, ""}, 7) == "421");
  CHECK(end_of({0, {}, "", End::unreachable}, 4) == "unreachable");
}

TEST_CASE("a server that speaks no TLS is told apart, at once") {
  FakeHttp http([](const HttpRequest&, std::size_t) { return FakeAnswer{0, {}, "", End::no_tls}; });
  TextSink sink;
  try {
    http.send(get("https://h/x"), sink);
    FAIL("it answered");
  } catch (const oci::HttpFailure& failure) {
    CHECK(failure.reason() == oci::HttpFailure::Reason::no_tls);
  }
  CHECK(http.requests.size() == 1);
}

TEST_CASE("Retry-After is a number, a date or nonsense, and 120 seconds at most [fault 9]") {
  const auto pause_after = [](const std::string& value) {
    FakeHttp http([&](const HttpRequest&, std::size_t number) {
      return number == 0 ? FakeAnswer{429, {{"Retry-After", value}}, ""} : FakeAnswer{200, {}, "x"};
    });
    TextSink sink;
    http.send(get("http://h/x"), sink);
    return http.pauses.at(0);
  };
  using std::chrono::milliseconds;
  CHECK(pause_after("2") == milliseconds(2000));
  CHECK(pause_after("1000000000") == milliseconds(120000));
  CHECK(pause_after("Fri, 31 Dec 2999 23:59:59 GMT") == milliseconds(120000));
  CHECK(pause_after("Thu, 01 Jan 1970 00:00:00 GMT") == milliseconds(0));
  for (const char* nonsense : {"-5", "1e99", "", "soon", "99999999999999999999999"}) CHECK(pause_after(nonsense) <= milliseconds(500));
}
