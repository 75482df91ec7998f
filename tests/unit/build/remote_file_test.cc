// SPDX-License-Identifier: Apache-2.0
#include "build/remote_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "jcbuild/error.h"
#include "oci/registry/curl_http.h"
#include "store/prune.h"
#include "support/fake_http.h"
#include "support/fault_server.h"
#include "util/hash.h"

using namespace jcb;
using test::FakeAnswer;
using test::FakeHttp;
using End = oci::HttpOutcome::End;

namespace {

struct Fixture {
  util::TempDir top{std::filesystem::temp_directory_path()};
  store::Store store = store::Store::open(top.path() / "store");
  std::string content = "version 1", tag = "\"1\"";
  FakeHttp http{[this](const oci::HttpRequest& request, std::size_t) {
    if (request.headers.find("If-None-Match") == tag) return FakeAnswer{304, {}, ""};
    return FakeAnswer{200, {{"ETag", tag}, {"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"}}, content};
  }};
  int directories = 0;

  std::filesystem::path make_directory() {
    const auto path = top.path() / std::to_string(directories++);
    std::filesystem::create_directory(path);
    return path;
  }
  bool has_downloads() const {
    return !util::Root::open(store.downloads()).list("files").empty() || !util::Root::open(store.downloads()).list("urls").empty();
  }
};

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

std::string sha256(const std::string& text) { return "sha256:" + util::sha256_hex(text); }

std::string sha512(const std::string& text) {
  util::Hasher hasher("sha512");
  hasher.update(text);
  return "sha512:" + hasher.hex();
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a URL becomes a file with its name, its time and mode 0600") {
  const auto directory = make_directory();
  const auto file = build::download(http, store, "http://u:p@h/dir/my%20file.txt?x=1", directory);
  CHECK(file == build::RemoteFile{"http://h/dir/my%20file.txt?x=1", "my file.txt", sha256("version 1"), 784111777});
  struct stat status {};
  REQUIRE(::stat((directory / "my file.txt").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(status.st_mtime == 784111777);
  CHECK(util::read_file(directory / "my file.txt", 100) == "version 1");
}

TEST_CASE_METHOD(Fixture, "names come from the path of the URL alone") {
  for (const auto& [url, name] : {std::pair{"http://h/a/b", "b"},
                                  {"http://h/a/b/", "b"},
                                  {"http://h/", "__unnamed__"},
                                  {"http://h", "__unnamed__"},
                                  {"http://h/a/..%2f..%2fetc", "etc"},
                                  {"http://h/%2e%2e", "__unnamed__"}}) {
    INFO(url);
    CHECK(build::fetch_remote_file(http, store, url).name == name);
  }
  CHECK_FALSE(error_of([&] { build::fetch_remote_file(http, store, "http://h/a%00b"); }).empty());
  CHECK_FALSE(error_of([&] { build::fetch_remote_file(http, store, "http://h/" + std::string(256, 'x')); }).empty());
}

TEST_CASE_METHOD(Fixture, "an unchanged URL costs a conditional request, a changed one brings the new content") {
  build::download(http, store, "http://h/f", make_directory());
  const auto directory = make_directory();
  CHECK(build::download(http, store, "http://h/f", directory).digest == sha256("version 1"));
  CHECK(http.requests.at(1).headers.find("If-None-Match") == "\"1\"");
  CHECK(util::read_file(directory / "f", 100) == "version 1");
  content = "version 2", tag = "\"2\"";
  CHECK(build::download(http, store, "http://h/f", make_directory()).digest == sha256("version 2"));
  CHECK(http.requests.size() == 3);
}

TEST_CASE_METHOD(Fixture, "a URL without an ETag is asked for by its date") {
  FakeHttp dated([](const oci::HttpRequest& request, std::size_t number) {
    const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
    if (number == 0) return FakeAnswer{200, {{"Last-Modified", date}}, "x"};
    CHECK(request.headers.find("If-Modified-Since") == date);
    return FakeAnswer{304};
  });
  const auto first = build::fetch_remote_file(dated, store, "http://h/f");
  CHECK(build::fetch_remote_file(dated, store, "http://h/f") == first);
}

TEST_CASE_METHOD(Fixture, "a checksum whose content is here needs no request") {
  for (const auto& checksum : {sha256(content), sha512(content)}) {
    const auto first = build::fetch_remote_file(http, store, "http://h/f", {checksum});
    const auto requests = http.requests.size();
    CHECK(build::fetch_remote_file(http, store, "http://h/f", {checksum}) == first);
    CHECK(http.requests.size() == requests);
  }
  const auto requests = http.requests.size();
  CHECK(build::fetch_remote_file(http, store, "http://mirror/f", {sha256(content)}).modified == 784111777);
  CHECK(http.requests.size() == requests);
}

TEST_CASE_METHOD(Fixture, "another checksum is an error with both, and nothing is left [B20]") {
  for (const auto& expected : {sha256("other"), sha512("other")}) {
    const auto directory = make_directory();
    const auto message = error_of([&] { build::download(http, store, "http://u:p@h/f", directory, {expected}); });
    CHECK(message == "http://h/f has the checksum " + (expected[3] == '2' ? sha256(content) : sha512(content)) + ", not " + expected);
    CHECK(std::filesystem::is_empty(directory));
    CHECK_FALSE(has_downloads());
  }
  // Also when the server says that nothing has changed.
  build::fetch_remote_file(http, store, "http://h/f");
  CHECK(error_of([&] { build::fetch_remote_file(http, store, "http://h/f", {sha512("other")}); }).find(sha512(content)) !=
        std::string::npos);
  for (const char* bad : {"sha256:12", "md5:0123", "sha256:", "x", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"})
    CHECK(error_of([&] { build::fetch_remote_file(http, store, "http://h/f", {bad}); }).find("malformed checksum") == 0);
}

TEST_CASE_METHOD(Fixture, "content that was damaged in the cache is found out and fetched anew") {
  const auto file = build::fetch_remote_file(http, store, "http://h/f");
  std::ofstream(store.downloads() / "files" / file.digest.substr(7), std::ios::app) << "x";
  const auto directory = make_directory();
  CHECK(error_of([&] { build::place_remote_file(store, file, directory); }) == "the stored copy of http://h/f is damaged");
  CHECK(std::filesystem::is_empty(directory));
  CHECK(build::download(http, store, "http://h/f", directory) == file);
}

TEST_CASE_METHOD(Fixture, "a torn record is no record") {
  build::fetch_remote_file(http, store, "http://h/f");
  const util::Root urls = util::Root::open(store.downloads() / "urls");
  const std::string name = urls.list().at(0).name;
  urls.write_file(name, urls.read_file(name, 10000).substr(0, 40));
  build::fetch_remote_file(http, store, "http://h/f");
  CHECK_FALSE(http.requests.at(1).headers.find("If-None-Match"));
}

TEST_CASE_METHOD(Fixture, "what fails leaves nothing, and pruning the build cache takes downloads too") {
  FakeHttp failing([](const oci::HttpRequest&, std::size_t) { return FakeAnswer{404, {}, "<html>"}; });
  CHECK(error_of([&] { build::fetch_remote_file(failing, store, "http://u:p@h/f"); }) == "cannot get http://h/f: the server answered 404");
  CHECK_FALSE(has_downloads());
  build::fetch_remote_file(http, store, "http://h/f");
  CHECK(has_downloads());
  store::prune(store, store::PruneScope::build_cache);
  CHECK_FALSE(std::filesystem::exists(store.downloads() / "files"));
  CHECK(build::download(http, store, "http://h/f", make_directory()).digest == sha256(content));
}

TEST_CASE_METHOD(Fixture, "secrets for HTTP are found by the host's name and are in no key [B13] [B14]") {
  const std::map<std::string, std::string> secrets{{"HTTP_AUTH_TOKEN_h", "t0ken\n"}, {"HTTP_AUTH_HEADER_i", "Basic x"}};
  const auto find_secret = [&](const std::string& name) {
    const auto found = secrets.find(name);
    return found == secrets.end() ? std::nullopt : std::optional(found->second);
  };
  CHECK(build::find_http_authorization("https://h/x", find_secret) == "Bearer t0ken");
  CHECK(build::find_http_authorization("https://i:8443/x", find_secret) == "Basic x");
  CHECK(build::find_http_authorization("https://other/x", find_secret).empty());
  const auto file = build::fetch_remote_file(http, store, "http://u:s3cret@h/f", {"", "Bearer t0ken"});
  CHECK(http.requests.at(0).headers.find("Authorization") == "Bearer t0ken");
  for (const auto& field : build::remote_key_fields(file)) CHECK(field.find("s3cret") == std::string::npos);
  const util::Root urls = util::Root::open(store.downloads() / "urls");
  CHECK(urls.read_file(urls.list().at(0).name, 10000).find("s3cret") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a real server's file survives cuts and is asked for again by its ETag") {
  const test::FaultServer server;
  oci::CurlOptions options;
  options.rules.first_pause = std::chrono::milliseconds(2);
  oci::CurlHttp real(options);
  const auto plain = build::download(real, store, server.url("/ok/300000/f"), make_directory());
  std::uint64_t received = 0;
  build::DownloadOptions options_with_progress;
  options_with_progress.checksum = plain.digest.substr(0, 7) + std::string(64, '0');
  options_with_progress.on_progress = [&](std::uint64_t bytes) { received = bytes; };
  CHECK_THROWS_AS(build::download(real, store, server.url("/cut/70000/300000/f"), make_directory(), options_with_progress), Error);
  CHECK(received == 300000);
  options_with_progress.checksum = plain.digest;
  const auto cut = build::download(real, store, server.url("/cut/70000/300000/f"), make_directory(), options_with_progress);
  CHECK(cut.digest == plain.digest);
  CHECK(plain.modified == 1000000000);
  CHECK(build::fetch_remote_file(real, store, server.url("/ok/300000/f")) == plain);
  const auto first = build::fetch_remote_file(real, store, server.url("/etag-swap/s"));
  oci::TextSink sink;
  real.send({"GET", server.url("/bump/s"), {}, std::nullopt, 100}, sink);
  CHECK(build::fetch_remote_file(real, store, server.url("/etag-swap/s")).digest != first.digest);
}
