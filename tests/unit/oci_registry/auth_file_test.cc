// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/auth_file.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"
#include "oci/registry/base64.h"

using namespace jcb;
using oci::AuthFile;

namespace {

AuthFile parse(const std::string& text, AuthFile::Format format = AuthFile::Format::config) {
  return AuthFile::parse(text, "the file", format);
}

// "user" of the entry that is found, or "-".
std::string user_of(const std::string& text, const std::string& registry, const std::string& repository = "") {
  const auto found = parse(text).find(registry, repository);
  return found ? found->username : "-";
}

std::string auth(const std::string& user) { return R"({"auth":")" + oci::encode_base64(user + ":p") + "\"}"; }

std::string error_of(const std::string& text) {
  try {
    parse(text).find("h", "");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::invalid);
    return error.message();
  }
  return {};
}

oci::Credential credential_of(const std::string& user, const std::string& password) {
  oci::Credential credential;
  credential.username = user;
  credential.password = password;
  return credential;
}

}  // namespace

TEST_CASE("base64 is read as it is written, and nothing else is") {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    CHECK(oci::decode_base64(oci::encode_base64(text)) == text);
  CHECK(oci::decode_base64("Zm9vYg==") == "foob");
  for (const char* text : {"Z", "Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9v Yg=", "=", "====", "Zm==Zm9v", "Zm9_", "Zm9vYg==\n"}) {
    INFO(text);
    CHECK_FALSE(oci::decode_base64(text));
  }
}

TEST_CASE("keys have one form, whoever wrote them") {
  for (const char* key : {"docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/",
                          "https://index.docker.io/v1", "index.docker.io/v1/", "http://docker.io", "Docker.IO/"})
    CHECK(oci::make_auth_key(key) == "docker.io");
  CHECK(oci::make_auth_key("https://gcr.io/v2/") == "gcr.io");
  CHECK(oci::make_auth_key("https://localhost:5000/x") == "localhost:5000");
  CHECK(oci::make_auth_key("quay.io/Team") == "quay.io/Team");
  CHECK(oci::make_helper_server("docker.io") == "https://index.docker.io/v1/");
  CHECK(oci::make_helper_server("nvcr.io") == "nvcr.io");
}

TEST_CASE("a password is everything after the first colon") {
  const auto found = parse(R"({"auths":{"h":{"auth":")" + oci::encode_base64("alice:s3cr:et p\xc3\xa4") + "\"}}}").find("h", "a");
  REQUIRE(found);
  CHECK(found->username == "alice");
  CHECK(found->password == "s3cr:et p\xc3\xa4");
  CHECK(found->source == "the file");
  CHECK(parse(R"({"auths":{"nvcr.io":{"auth":")" + oci::encode_base64("$oauthtoken:k$ey") + "\"}}}").find("nvcr.io", "")->username ==
        "$oauthtoken");
}

TEST_CASE("the most specific key wins") {
  const std::string text = R"({"auths":{"h":)" + auth("host") + R"(,"h/a":)" + auth("a") + R"(,"h/a/b":)" + auth("ab") + "}}";
  CHECK(user_of(text, "h", "a/b/c") == "ab");
  CHECK(user_of(text, "h", "a/b") == "ab");
  CHECK(user_of(text, "h", "a/x") == "a");
  CHECK(user_of(text, "h", "ab") == "host");
  CHECK(user_of(text, "h") == "host");
  CHECK(user_of(text, "other", "a/b") == "-");
  CHECK(user_of(R"({"auths":{"docker.io/library":)" + auth("lib") + R"(,"https://index.docker.io/v1/":)" + auth("hub") + "}}", "docker.io",
                "library/ubuntu") == "lib");
}

TEST_CASE("all ways to write an entry are read") {
  const auto file = parse(R"({"auths":{"a":{"username":"u","password":"p"},"b":{"auth":")" + oci::encode_base64("<token>:") +
                          R"(","identitytoken":"rt"},"c":{"registrytoken":"bt"},"d":{},"e":null}})");
  CHECK(file.find("a", "")->password == "p");
  CHECK(file.find("b", "")->identity_token == "rt");
  CHECK(file.find("c", "")->registry_token == "bt");
  CHECK_FALSE(file.find("d", ""));
  CHECK_FALSE(file.find("e", ""));
  CHECK(file.registries(false) == std::vector<std::string>{"a", "b", "c"});
  CHECK(file.registries(true).size() == 5);
  CHECK(parse(R"({"https://h/v1/":)" + auth("old") + "}", AuthFile::Format::dockercfg).find("h", "x")->username == "old");
}

TEST_CASE("credHelpers come before credsStore") {
  const auto file = parse(R"({"credsStore":"pass","credHelpers":{"https://1.dkr.ecr.eu.amazonaws.com":"ecr-login"}})");
  CHECK(file.find_helper("1.dkr.ecr.eu.amazonaws.com") == "ecr-login");
  CHECK(file.find_helper("h") == "pass");
  CHECK(file.helpers() == std::vector<std::string>{"ecr-login", "pass"});
  CHECK(parse("{}").find_helper("h").empty());
}

TEST_CASE("a broken auth file is named and not quoted [J15]") {
  for (const std::string text :
       {"{", "[]", "s3cret", R"({"auths":[]})", R"({"auths":{"h":"s3cret"}})", R"({"auths":{"h":{"auth":"s3cret!"}}})",
        R"({"auths":{"h":{"auth":"czNjcmV0"}}})", R"({"auths":{"h":{"auth":1}}})", R"({"auths":{"h":{"password":["s3cret"]}}})",
        R"({"auths":{"h":{"registrytoken":"s3cret\r\nX: y"}}})", R"({"auths":{"h":{},"h":{}}})", R"({"credHelpers":1})"}) {
    INFO(text);
    CHECK(error_of(text).find("the file") == 0);
    CHECK(error_of(text).find("s3cret") == std::string::npos);
    CHECK(error_of(text).find("czNj") == std::string::npos);
  }
  CHECK(error_of("").empty());
  CHECK(error_of(" \n").empty());
}

TEST_CASE("setting and erasing keep everything else as it was") {
  const std::string text =
      R"({"zeta":1.5,"auths":{"other":{"auth":"bzpw","email":"x"},"https://index.docker.io/v1/":{"auth":"b2xkOnA=","email":"me@h"}},)"
      R"("HttpHeaders":{"User-Agent":"d"},"detachKeys":"ctrl-x"})";
  auto file = parse(text);
  file.set("docker.io", "docker.io", credential_of("new", "p:w"));
  const auto again = parse(file.text());
  CHECK(again.find("docker.io", "")->username == "new");
  CHECK(again.find("docker.io", "")->password == "p:w");
  CHECK(again.find("other", "")->username == "o");
  const auto json = util::parse_json(file.text(), "the text");
  CHECK(json["auths"]["https://index.docker.io/v1/"]["email"] == "me@h");
  CHECK(json["auths"]["other"]["email"] == "x");
  CHECK(json["zeta"] == 1.5);
  CHECK(json["HttpHeaders"]["User-Agent"] == "d");
  CHECK(json.begin().key() == "zeta");
  CHECK(file.erase("index.docker.io"));
  CHECK_FALSE(file.erase("index.docker.io"));
  CHECK(parse(file.text()).registries(true) == std::vector<std::string>{"other"});
}

TEST_CASE("a new entry is found again, and one registry has one entry") {
  auto file = parse("");
  file.set("h:5000", "h:5000", credential_of("u", "p"));
  oci::Credential identity;
  identity.identity_token = "rt";
  file.set("h:5000", "h:5000", identity);
  const auto found = parse(file.text()).find("h:5000", "a");
  CHECK(found->identity_token == "rt");
  CHECK(found->password.empty());
  auto twice = parse(R"({"auths":{"docker.io":)" + auth("a") + R"(,"https://index.docker.io/v1/":)" + auth("b") + "}}");
  twice.set("docker.io", "docker.io", credential_of("c", "p"));
  CHECK(parse(twice.text()).find("docker.io", "")->username == "c");
  CHECK(util::parse_json(twice.text(), "x")["auths"].size() == 1);
}

TEST_CASE("a secret that goes is overwritten [Token/password in core]") {
  alignas(oci::Credential) unsigned char memory[sizeof(oci::Credential)];
  auto* credential = new (memory) oci::Credential;
  credential->password = "s3cret!";  // short enough to lie in the object itself
  credential->~Credential();
  const std::string_view left(reinterpret_cast<const char*>(memory), sizeof memory);
  CHECK(left.find("s3cret!") == std::string_view::npos);
}
