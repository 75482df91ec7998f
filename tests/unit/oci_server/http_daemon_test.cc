// SPDX-License-Identifier: Apache-2.0
// Over real sockets on the loopback interface: what only the wrapper can get wrong.
#include "oci/server/http_daemon.h"

#include "util/file.h"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

using namespace jcb::oci;
using jcb::util::Fd;

namespace {

// Answers with what it was asked, except for a few paths.
ServerAnswer echo(const ServerRequest& request) {
  ServerAnswer answer;
  if (request.target == "/throw") throw std::runtime_error("a bug");
  if (request.target == "/blob") {
    const jcb::util::TempDir directory(std::filesystem::temp_directory_path());
    jcb::util::write_file_atomically(directory.root(), "f", "0123456789");
    answer.blob.emplace(BlobPart{request.method == "HEAD" ? Fd() : directory.root().open_regular("f"), 2, 6});
    return answer;
  }
  if (request.target == "/unchanged") {
    answer.status = 304;
    answer.blob.emplace(BlobPart{{}, 0, 6});
    return answer;
  }
  const std::string* header = request.find_header("X-Test");
  answer.headers.emplace_back("X-Answer", "yes");
  answer.body = request.method + " " + request.target + " " + (header == nullptr ? "" : *header);
  return answer;
}

struct Server {
  Listener listener = open_listener("127.0.0.1:0");
  std::uint16_t port = static_cast<std::uint16_t>(std::stoul(listener.url.substr(listener.url.rfind(':') + 1)));
  HttpDaemon daemon{std::move(listener), &echo};

  Fd connect() const {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return socket;
  }

  // Sends bytes and reads until the server closes.
  std::string talk(const std::string& bytes) const {
    const Fd socket = connect();
    REQUIRE(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    std::string answer;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<std::size_t>(got));
    return answer;
  }
};

std::string request(const std::string& line, const std::string& more = {}) {
  return line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + more + "\r\n";
}

bool ends(const std::string& text, std::string_view end) { return text.ends_with(end); }

}  // namespace

TEST_CASE("the target arrives as it was sent") {
  const Server server;
  CHECK(ends(server.talk(request("GET /v2/a%00%2f..?n=%31&x", "X-Test: v\r\n")), "\r\n\r\nGET /v2/a%00%2f..?n=%31&x v"));
  CHECK(ends(server.talk(request("GET http://x/v2/")), "GET http://x/v2/ "));
}

TEST_CASE("a part of a file is sent, and HEAD has its length but no body") {
  const Server server;
  const std::string get = server.talk(request("GET /blob")), head = server.talk(request("HEAD /blob"));
  CHECK(ends(get, "\r\n\r\n234567"));
  CHECK(get.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(ends(head, "\r\n\r\n"));
  CHECK(head.find("Content-Length: 6\r\n") != std::string::npos);
}

TEST_CASE("304 has the length of what is not sent") {
  const Server server;
  const std::string answer = server.talk("GET /unchanged HTTP/1.1\r\nHost: x\r\n\r\n" + request("GET /next"));
  CHECK(answer.starts_with("HTTP/1.1 304 "));
  CHECK(answer.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(answer.find("\r\n\r\nHTTP/1.1 200 ") != std::string::npos);
  CHECK(ends(answer, "GET /next "));
}

TEST_CASE("requests may follow each other at once") {
  const Server server;
  const std::string answer = server.talk("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /blob HTTP/1.1\r\nHost: x\r\n\r\n" + request("GET /2"));
  CHECK(answer.find("GET /1 ") != std::string::npos);
  CHECK(ends(answer, "GET /2 "));
}

TEST_CASE("a body is not waited for") {
  const Server server;
  const std::string answer = server.talk("PUT /v2/a/manifests/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n");
  CHECK(answer.find("PUT /v2/a/manifests/x ") != std::string::npos);
}

TEST_CASE("garbage, headers without end and bugs cost one connection") {
  const Server server;
  CHECK(server.talk(std::string(200, '\x16') + "\r\n\r\n").find(" 200 ") == std::string::npos);
  CHECK(server.talk(request("GET /x", "A: " + std::string(60000, 'a') + "\r\n")).find(" 200 ") == std::string::npos);
  CHECK(server.talk(request("GET /throw")).empty());
  CHECK(ends(server.talk(request("GET /still")), "GET /still "));
}

TEST_CASE("a daemon ends while connections are open") {
  Fd open;
  {
    Server server;
    open = server.connect();
    server.daemon.drop_slow_clients();  // it has time left
    const std::string half = "GET /";
    REQUIRE(::send(open.get(), half.data(), half.size(), MSG_NOSIGNAL) == 5);
  }
  char byte = 0;
  CHECK(::recv(open.get(), &byte, 1, 0) <= 0);
}
