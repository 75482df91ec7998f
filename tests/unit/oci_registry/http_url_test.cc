// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/http_url.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb;
using oci::HttpUrl;

TEST_CASE("a URL is taken apart and put together without its secrets") {
  const HttpUrl url = HttpUrl::parse("HTTPS://user:pa%40ss@Example.ORG:8443/a/b%20c?x=1&y=2#part");
  CHECK(url.scheme == "https");
  CHECK(url.user_info == "user:pa%40ss");
  CHECK(url.host == "example.org");
  CHECK(url.port == 8443);
  CHECK(url.path == "/a/b%20c");
  CHECK(url.query == "x=1&y=2");
  CHECK(url.text() == "https://example.org:8443/a/b%20c?x=1&y=2");
  CHECK(url.origin() == "https://example.org:8443");
  CHECK(HttpUrl::parse("http://h").text() == "http://h/");
  CHECK(HttpUrl::parse("http://h:80?q").text() == "http://h/?q");
  CHECK(HttpUrl::parse("http://[::1]:81/x").origin() == "http://[::1]:81");
}

TEST_CASE("what is no http URL is refused [B20]") {
  for (const char* text : {"file:///etc/passwd", "gopher://h/x", "ftp://h/", "h/x", "", "javascript:x", "//h/x"}) {
    INFO(text);
    CHECK_THROWS_AS(HttpUrl::parse(text), Error);
  }
  for (const char* text : {"http://", "http:///x", "http://h:0/", "http://h:65536/", "http://h:12x/", "http://h/a b", "http://h/\r\nX: y",
                           "http://-h/", "http://a%2fb/", "http://[::1/", "http:/h/x", "http://h\\@evil/"}) {
    INFO(text);
    CHECK_THROWS_AS(HttpUrl::parse(text), Error);
  }
}

TEST_CASE("a message about a URL never shows its password [B13]") {
  try {
    HttpUrl::parse("http://user:s3cret@h:99999/");
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.message().find("s3cret") == std::string::npos);
  }
}

TEST_CASE("references are resolved as RFC 3986 section 5.4 says") {
  const HttpUrl base = HttpUrl::parse("http://a/b/c/d;p?q");
  const std::pair<const char*, const char*> cases[] = {{"g", "http://a/b/c/g"},
                                                       {"./g", "http://a/b/c/g"},
                                                       {"g/", "http://a/b/c/g/"},
                                                       {"/g", "http://a/g"},
                                                       {"//g", "http://g/"},
                                                       {"?y", "http://a/b/c/d;p?y"},
                                                       {"g?y", "http://a/b/c/g?y"},
                                                       {"#s", "http://a/b/c/d;p?q"},
                                                       {"", "http://a/b/c/d;p?q"},
                                                       {".", "http://a/b/c/"},
                                                       {"..", "http://a/b/"},
                                                       {"../g", "http://a/b/g"},
                                                       {"../../g", "http://a/g"},
                                                       {"../../../g", "http://a/g"},
                                                       {"g;x=1/../y", "http://a/b/c/y"},
                                                       {"g?y/../x", "http://a/b/c/g?y/../x"},
                                                       {"https://z/x", "https://z/x"}};
  for (const auto& [reference, expected] : cases) {
    INFO(reference);
    CHECK(base.resolve(reference).text() == expected);
  }
  CHECK_THROWS_AS(base.resolve("file:///etc/passwd"), Error);
}

TEST_CASE("Basic credentials are decoded from a URL and encoded again") {
  CHECK(oci::make_basic_authorization("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(oci::make_basic_authorization("u:p") == "Basic dTpw");
  CHECK(oci::make_basic_authorization("us%40er:p%3aw") == oci::make_basic_authorization("us@er", "p:w"));
  CHECK(oci::make_basic_authorization("token") == "Basic dG9rZW46");
  CHECK_THROWS_AS(oci::make_basic_authorization("a%4"), Error);
}

TEST_CASE("HTTP dates are read in every locale") {
  CHECK(oci::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
  CHECK(oci::parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  for (const char* text :
       {"", "yesterday", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 anF 1994 08:49:37 GMT"})
    CHECK_THROWS_AS(oci::parse_http_date(text), Error);
}
