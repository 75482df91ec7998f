// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/token.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb;
using oci::parse_token;
using std::chrono::seconds;

namespace {

const oci::TokenQuestion k_question{
    oci::HttpUrl::parse("https://a/token?x=1"), "the service", {"repository:l/x:pull", "repository:y:pull,push"}};

std::string body_of(const oci::HttpRequest& request) {
  std::string text(request.body->size_bytes, '\0');
  std::size_t got = 0;
  while (got < text.size()) got += request.body->read(got, text.data() + got, 7);
  return text;
}

seconds lifetime(const std::string& expires) { return parse_token(R"({"token":"t","expires_in":)" + expires + "}", "the token").lifetime; }

std::string error_of(const std::string& answer) {
  try {
    parse_token(answer, "the token");
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

}  // namespace

TEST_CASE("a token is asked for with GET, scope by scope, with Basic or with nothing") {
  oci::Credential credential;
  const auto anonymous = oci::make_token_request(k_question, credential);
  CHECK(anonymous.method == "GET");
  CHECK(anonymous.url == "https://a/token?x=1&service=the%20service&scope=repository%3Al%2Fx%3Apull&scope=repository%3Ay%3Apull%2Cpush");
  CHECK_FALSE(anonymous.headers.find("Authorization"));
  CHECK(anonymous.limit_bytes == 128 << 10);
  credential.username = "$oauthtoken";
  credential.password = "s3cr:et p\xc3\xa4";
  CHECK(oci::make_token_request(k_question, credential).headers.find("Authorization") ==
        oci::make_basic_authorization("$oauthtoken", "s3cr:et p\xc3\xa4"));
}

TEST_CASE("an identity token is posted as a form that has a length") {
  const auto request = oci::make_refresh_request(k_question, "rt&x=+/");
  CHECK(request.method == "POST");
  CHECK(request.url == "https://a/token?x=1");
  CHECK(body_of(request) ==
        "grant_type=refresh_token&service=the%20service&client_id=jcbuild&scope=repository%3Al%2Fx%3Apull%20repository%3Ay%3Apull%2Cpush"
        "&refresh_token=rt%26x%3D%2B%2F");
  CHECK(request.headers.find("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(request.secret_body);
}

TEST_CASE("a token is read from either name [fault 7]") {
  CHECK(parse_token(R"({"token":"a","access_token":"b","refresh_token":"r"})", "x").value == "a");
  CHECK(parse_token(R"({"access_token":"b"})", "x").value == "b");
  CHECK(parse_token(R"({"token":"","access_token":"b"})", "x").value == "b");
  CHECK(parse_token(R"({"token":"a","refresh_token":"r"})", "x").refresh_token == "r");
}

TEST_CASE("a token lives for a minute at least and a day at most, whatever is said [fault 7]") {
  CHECK(parse_token(R"({"token":"t"})", "x").lifetime == seconds(60));
  CHECK(lifetime("300") == seconds(300));
  CHECK(lifetime("300.9") == seconds(300));
  for (const char* text : {"0", "-1", "59", "null", "\"300\"", "[]", "-1e99"}) CHECK(lifetime(text) == seconds(60));
  for (const char* text : {"1e99", "86401", "18446744073709551615"}) CHECK(lifetime(text) == seconds(86400));
  CHECK(parse_token(R"({"token":"t","expires_in":300,"issued_at":"1970-01-01T00:00:00Z"})", "x").lifetime == seconds(300));
}

TEST_CASE("an answer without a usable token is an error that does not show it [fault 7]") {
  for (const char* answer : {"", "{}", "[]", "null", "<html>", R"({"token":1})", R"({"token":"s3cret\r\nX: y"})", R"({"token":"s3cret x"})",
                             R"({"token":"s3cret","token":"s3cret"})", R"({"token":"s3cret\u0000"})", R"({"token":"s3cret)"}) {
    INFO(answer);
    CHECK_FALSE(error_of(answer).empty());
    CHECK(error_of(answer).find("s3cret") == std::string::npos);
  }
  CHECK_FALSE(error_of(R"({"token":")" + std::string(128 << 10, 'x') + "\"}").empty());
  CHECK_FALSE(error_of(std::string(100000, '[')).empty());
}

TEST_CASE("what a refusal says becomes one clean line [fault 44]") {
  CHECK(oci::find_refusal_text(R"({"details":"incorrect username or password"})") == "incorrect username or password");
  CHECK(oci::find_refusal_text(R"({"errors":[{"code":"DENIED","message":"no \u001b[31maccess"}]})") == "no \\x1b[31maccess");
  CHECK(oci::find_refusal_text(R"({"error":"invalid_grant","error_description":"expired"})") == "expired");
  CHECK(oci::find_refusal_text("{\"details\":\"" + std::string(1000, 'x') + "\"}").size() == 200);
  for (const char* text : {"", "<html>denied</html>", "[]", "{}", "{\"errors\":[]}", "{\"errors\":[1]}"})
    CHECK(oci::find_refusal_text(text).empty());
}
