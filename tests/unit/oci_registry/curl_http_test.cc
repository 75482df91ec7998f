// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/curl_http.h"

#include <netdb.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <thread>

#include "jcbuild/error.h"
#include "oci/registry/address.h"
#include "support/fault_server.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/json.h"

using namespace jcb;
using namespace std::chrono_literals;
using oci::HttpRequest;
using oci::TextSink;

namespace {

oci::CurlOptions quick() {
  oci::CurlOptions options;
  options.rules.first_pause = 2ms;
  options.rules.stall_timeout = 2s;
  return options;
}

HttpRequest get(const std::string& url) { return {"GET", url, {}, std::nullopt, 4 << 20}; }

struct Fixture {
  test::FaultServer server;
  oci::CurlHttp http{quick()};

  std::string fetch(const std::string& path) {
    TextSink sink;
    const auto request = get(server.url(path));
    oci::require_success(request, http.send(request, sink));
    return sink.text();
  }
  std::string error_of(const std::string& url) {
    TextSink sink;
    try {
      const auto request = get(url);
      oci::require_success(request, http.send(request, sink));
    } catch (const Error& error) {
      return error.message();
    }
    return {};
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a host that cannot be looked up is tried again and named") {
  CHECK_THAT(error_of("http://nowhere.invalid/x"), Catch::Contains("resolve") && Catch::Contains("nowhere.invalid"));
}

TEST_CASE_METHOD(Fixture, "a file arrives whole through cuts, closed connections and busy answers") {
  const std::string whole = fetch("/ok/300000/f");
  REQUIRE(whole.size() == 300000);
  for (const char* path : {"/cut/70000/300000/f", "/cut-once/1000/300000/f", "/bad-part/1000/300000/f", "/no-part/1000/300000/f",
                           "/fail/503/3/300000/f", "/close/2/300000/f", "/hops/5"}) {
    INFO(path);
    CHECK(fetch(path) == (std::string(path) == "/hops/5" ? whole.substr(0, 100) : whole));
  }
  const std::string changed = fetch("/changed/1000/300000/f");
  CHECK(changed.size() == whole.size());
  CHECK(changed.substr(0, 1000) != whole.substr(0, 1000));
}

TEST_CASE_METHOD(Fixture, "lies about lengths, endless bodies and loops end with an error") {
  CHECK(error_of(server.url("/short/10/f")).find("cannot get") == 0);
  CHECK(fetch("/long/10/f").size() == 10);
  CHECK(error_of(server.url("/endless/f")) == server.url("/endless/f") + " holds more than 4194304 bytes");
  CHECK(error_of(server.url("/loop")).find("redirects more than 5 times") != std::string::npos);
  CHECK(error_of(server.url("/headers/100000")).find("exceed 65536 bytes") != std::string::npos);
  CHECK(fetch("/headers/30000") == "x");
  CHECK(error_of(server.url("/status/404")).find("the server answered 404") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "redirects to files, other protocols and metadata are refused [B20]") {
  for (const char* target : {"file:///etc/passwd", "gopher://127.0.0.1/", "dict://127.0.0.1/", "http://169.254.169.254/latest/meta-data/",
                             "http://[fe80::1]/", "http://2852039166/"}) {
    INFO(target);
    CHECK_FALSE(error_of(server.url(std::string("/to/302?") + target)).empty());
  }
  CHECK(error_of("http://169.254.169.254/").find("link-local or metadata") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "credentials reach their server and not the one that it redirects to [J8]") {
  CHECK(fetch("/ok/10/f") == [&] {
    TextSink sink;
    http.send(get("http://u:p@" + server.authority() + "/private/10/f"), sink);
    return sink.text();
  }());
  const test::FaultServer other;
  TextSink sink;
  http.send(get("http://u:p@" + server.authority() + "/to/307?" + other.url("/echo")), sink);
  const auto echo = util::parse_json(sink.text(), "the echo");
  CHECK_FALSE(echo["headers"].contains("authorization"));
}

TEST_CASE_METHOD(Fixture, "what is sent arrives: method, headers and a body in pieces") {
  const std::string body(100000, 'b');
  HttpRequest request{
      "PUT",
      server.url("/echo"),
      {{"X-Test", "one"}, {"X-Empty", ""}},
      oci::HttpBody{body.size(), [&](auto offset, char* buffer,
                                     std::size_t size) { return body.copy(buffer, std::min<std::size_t>(size, 1000), offset); }},
      4 << 20};
  TextSink sink;
  http.send(request, sink);
  const auto echo = util::parse_json(sink.text(), "the echo");
  CHECK(echo["method"] == "PUT");
  CHECK(echo["headers"]["x-test"] == "one");
  CHECK(echo["headers"]["x-empty"] == "");
  CHECK(echo["headers"]["user-agent"].get<std::string>().find("jcbuild/") == 0);
  CHECK_FALSE(echo["headers"].contains("expect"));
  CHECK(echo["body"] == body);
  for (const char* method : {"POST", "PATCH", "DELETE"}) {
    TextSink answer;
    http.send({method, server.url("/echo"), {}, std::nullopt, 1000}, answer);
    CHECK(util::parse_json(answer.text(), "the echo")["method"] == method);
  }
  TextSink nothing;
  CHECK(http.send({"HEAD", server.url("/ok/10/f"), {}, std::nullopt, 10}, nothing).headers.find("Content-Length") == "10");
  CHECK(nothing.text().empty());
}

TEST_CASE_METHOD(Fixture, "a part arrives whole through cuts") {
  const std::string whole = fetch("/ok/300000/f");
  for (const char* path : {"/ok/300000/f", "/cut/20000/300000/f", "/close/2/300000/f"}) {
    INFO(path);
    HttpRequest request = get(server.url(path));
    request.range = oci::HttpRange{1000, 100000};
    request.immutable = true;
    TextSink sink;
    CHECK(http.send(request, sink).status == 206);
    CHECK((sink.text() == whole.substr(1000, 100000)));
  }
  HttpRequest request = get(server.url("/plain/300000/f"));
  request.range = oci::HttpRange{1000, 100000};
  TextSink sink;
  CHECK(http.send(request, sink).status == 200);
  CHECK(sink.text().empty());
}

TEST_CASE_METHOD(Fixture, "an answer that comes before all is sent is heard at once [413]") {
  for (const int status : {401, 413}) {
    std::uint64_t sent = 0;
    HttpRequest request{"PUT", server.url("/early/" + std::to_string(status)), {}, std::nullopt, 1000};
    request.body = oci::HttpBody{std::uint64_t{1} << 32, [&](auto offset, char* buffer, std::size_t size) {
                                   std::fill(buffer, buffer + size, 'x');
                                   sent = offset + size;
                                   return size;
                                 }};
    request.retry_body = false;
    TextSink sink;
    const auto start = std::chrono::steady_clock::now();
    CHECK(http.send(request, sink).status == status);
    CHECK(std::chrono::steady_clock::now() - start < 1s);
    CHECK(sent < std::uint64_t{64} << 20);
  }
}

TEST_CASE_METHOD(Fixture, "Content-Encoding added on the way changes no byte: digests are over the wire [encoding]") {
  CHECK(fetch("/encoded/1000/f") == fetch("/ok/1000/f"));
  CHECK(util::parse_json(fetch("/echo"), "the echo")["headers"]["accept-encoding"] == "identity");
}

TEST_CASE_METHOD(Fixture, "a request that must stay public reaches no private address, by whatever name, with a connection open or not") {
  fetch("/ok/10/f");
  const std::string port = server.authority().substr(10);
  for (const char* host : {"127.0.0.1", "localhost", "ip6-localhost.localhost", "[::1]", "0x7f.1"}) {
    INFO(host);
    HttpRequest request = get("http://" + std::string(host) + ":" + port + "/ok/10/f");
    request.only_public = true;
    TextSink sink;
    try {
      http.send(request, sink);
      FAIL("it was sent");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::refused);
    }
  }
}

TEST_CASE_METHOD(Fixture, "what a name leads to is judged when it is connected to [ggcr#2440]") {
  char name[256] = {};
  REQUIRE(::gethostname(name, sizeof name - 1) == 0);
  struct addrinfo* found = nullptr;
  bool is_private = ::getaddrinfo(name, nullptr, nullptr, &found) == 0;
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next)
    is_private = is_private && oci::is_private_address(entry->ai_addr);
  if (found != nullptr) ::freeaddrinfo(found);
  if (!is_private) {
    WARN("skip: this machine's own name does not lead to a private address");
    return;
  }
  HttpRequest request = get("http://" + std::string(name) + ":" + server.authority().substr(10) + "/ok/10/f");
  request.only_public = true;
  TextSink sink;
  try {
    http.send(request, sink);
    FAIL("it was sent");
  } catch (const Error& error) {
    CHECK(error.message().find("from a public network into a private one") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "connections are kept: one for one thread, no more than one for each of several") {
  const auto ports = [&] {
    std::set<int> all;
    const auto log = util::parse_json(fetch("/log"), "the log");
    for (const auto& request : log) all.insert(request["port"].get<int>());
    return all.size();
  };
  for (int i = 0; i < 10; ++i) fetch("/ok/1000/f");
  CHECK(ports() == 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 10; ++k) fetch("/ok/1000/f");
    });
  for (auto& thread : threads) thread.join();
  CHECK(ports() <= 4);
}

TEST_CASE_METHOD(Fixture, "the peer of a registry on a private network is known") {
  TextSink sink;
  HttpRequest request = get(server.url("/to/307?/ok/10/f"));
  request.keep_public = true;
  CHECK(http.send(request, sink).peer == oci::HttpResponse::Peer::private_network);
  CHECK(sink.text().size() == 10);
}

TEST_CASE_METHOD(Fixture, "https to a server that speaks http is told apart from a bad certificate and from nobody") {
  const auto reason_of = [&](const std::string& url) {
    oci::CurlOptions options = quick();
    options.rules.retries = options.rules.connection_retries = 0;
    oci::CurlHttp client(options);
    TextSink sink;
    try {
      client.send(get(url), sink);
    } catch (const oci::HttpFailure& failure) {
      return failure.reason();
    }
    throw Error(ErrorKind::failed, "it answered");
  };
  CHECK(reason_of("https://" + server.authority() + "/ok/10/f") == oci::HttpFailure::Reason::no_tls);
  CHECK(reason_of("https://127.0.0.1:1/") == oci::HttpFailure::Reason::unreachable);
  CHECK(reason_of(server.url("/cut/5/10/f")) == oci::HttpFailure::Reason::cut);
}

TEST_CASE_METHOD(Fixture, "a body that stalls is given up") {
  oci::CurlOptions options = quick();
  options.rules.retries = 0;
  oci::CurlHttp impatient(options);
  TextSink sink;
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(impatient.send(get(server.url("/stall/100/f")), sink), Error);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE_METHOD(Fixture, "an interrupt ends a request at once") {
  const pid_t child = ::fork();
  if (child == 0) {
    util::install_interrupt_handlers();
    try {
      TextSink sink;
      oci::CurlHttp().send(get(server.url("/stall/100/f")), sink);
    } catch (const Interrupted&) {
      ::_exit(42);
    } catch (...) {
    }
    ::_exit(1);
  }
  std::this_thread::sleep_for(1s);
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(::kill(child, SIGINT) == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
  CHECK(std::chrono::steady_clock::now() - start < 500ms);
}

TEST_CASE_METHOD(Fixture, "one client serves several threads") {
  std::vector<std::string> results(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < results.size(); ++i)
    threads.emplace_back([&, i] {
      TextSink sink;
      http.send(get(server.url("/cut/70000/200000/f" + std::to_string(i))), sink);
      results[i] = sink.text();
    });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == results[0]);
  CHECK(results[0].size() == 200000);
}

TEST_CASE_METHOD(Fixture, "the proxy is the one that is given, whatever the environment says") {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  CHECK(fetch("/ok/10/f").size() == 10);
  ::unsetenv("http_proxy");
  oci::CurlOptions options = quick();
  options.proxies.http = server.url("");
  oci::CurlHttp proxied(options);
  TextSink echo, sink;
  proxied.send(get("http://nowhere.invalid/echo"), echo);
  CHECK(util::parse_json(echo.text(), "the echo")["path"] == "http://nowhere.invalid/echo");
  options.proxies.none = "127.0.0.1";
  options.proxies.http = "http://127.0.0.1:1";
  oci::CurlHttp direct(options);
  direct.send(get(server.url("/ok/10/f")), sink);
  CHECK(sink.text().size() == 10);
}

TEST_CASE("certificates are verified unless the user says not to, and https never becomes http") {
  const util::TempDir top(std::filesystem::temp_directory_path());
  const std::string pem = (top.path() / "pem").native();
  const auto made = util::run_captured({util::require_trusted_program("openssl", "install openssl"),
                                        {"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext",
                                         "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", pem, "-out", pem + ".crt"},
                                        {"PATH=/usr/bin:/bin"}});
  REQUIRE(made.status.success());
  std::ofstream(pem, std::ios::app) << util::read_file(pem + ".crt", 1 << 20);
  const test::FaultServer server({"--tls", pem}), plain;
  const auto fetch = [&](const oci::HttpTls& tls, const std::string& url) -> std::string {
    oci::CurlOptions options = quick();
    options.tls = tls;
    options.host = "127.0.0.1";
    oci::CurlHttp http(options);
    TextSink sink;
    try {
      http.send(get(url), sink);
      return "got " + std::to_string(sink.text().size());
    } catch (const Error& error) {
      return error.message();
    }
  };
  const std::string url = "https://" + server.authority() + "/ok/10/f";
  oci::HttpTls trusting, insecure;
  trusting.authorities = {pem + ".crt"};
  insecure.insecure = true;
  CHECK(fetch({}, url).find("cannot get " + url + ": ") == 0);
  CHECK(fetch(trusting, url) == "got 10");
  CHECK(fetch(insecure, url) == "got 10");
  // The exception and the client's certificate are for the registry's own host; its authority is for all.
  const std::string elsewhere = "https://localhost:" + server.authority().substr(10) + "/ok/10/f";
  CHECK(fetch(insecure, elsewhere).find("cannot get") == 0);
  insecure.insecure_everywhere = true;
  CHECK(fetch(insecure, elsewhere) == "got 10");
  trusting.authorities = {"/etc/ssl/certs/ca-certificates.crt", pem + ".crt"};
  CHECK(fetch(trusting, "https://localhost:" + server.authority().substr(10) + "/ok/10/f").find("cannot get") == 0);
  const std::string down = "https://" + server.authority() + "/to/302?" + plain.url("/ok/10/f");
  CHECK(fetch(trusting, down).find("redirects from https to http://") != std::string::npos);
}

TEST_CASE("the proxies of an environment") {
  const auto proxies = oci::read_proxies({"http_proxy=a", "HTTP_PROXY=evil", "HTTPS_PROXY=b", "NO_PROXY=c", "http_proxy_x=d"});
  CHECK(proxies.http == "a");
  CHECK(proxies.https == "b");
  CHECK(proxies.none == "c");
  CHECK(oci::read_proxies({"HTTP_PROXY=evil", "all_proxy=p"}).http == "p");
}

TEST_CASE("nobody there is an error that names no credentials [B13]") {
  oci::CurlHttp http(quick());
  TextSink sink;
  try {
    http.send(get("http://u:s3cret@127.0.0.1:1/x"), sink);
    FAIL("somebody was there");
  } catch (const Error& error) {
    CHECK(error.message().find("cannot get http://127.0.0.1:1/x: ") == 0);
    CHECK(error.message().find("s3cret") == std::string::npos);
  }
}
