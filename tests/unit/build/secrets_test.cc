// SPDX-License-Identifier: Apache-2.0
#include "build/secrets.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "jcbuild/error.h"
#include "util/file.h"

using namespace jcb;
using namespace jcb::build;

namespace {

const VariableLookup k_no_variables = [](const std::string&) { return std::nullopt; };

std::optional<std::string> find_variable(const std::string& name) {
  if (name == "TOKEN") return "from TOKEN\n";
  if (name == "BIG") return std::string(600 << 10, 'x');
  return std::nullopt;
}

template <typename Body>
std::string fault(Body&& body) {
  try {
    body();
    return "nothing thrown";
  } catch (const Error& error) {
    return error.message();
  }
}

std::string secret_fault(const std::string& text) {
  return fault([&] { parse_secret_option(text, find_variable); });
}

struct Files {
  util::TempDir top{"/tmp"};
  std::string file = top.path() / "with,comma";
  std::string socket = top.path() / "agent";
  Files() {
    top.root().write_file("with,comma", "from a file");
    top.root().write_file("big", std::string(600 << 10, 'x'));
    sockaddr_un address{AF_UNIX, {}};
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    const util::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
};

}  // namespace

TEST_CASE("a secret comes from a file or a variable") {
  const Files files;
  for (const std::string key : {"src", "source", "SRC"}) {
    const auto option = parse_secret_option("id=token,\"" + key + "=" + files.file + "\"", k_no_variables);
    CHECK(option.id == "token");
    CHECK(option.secret.content == "from a file");
  }
  CHECK(parse_secret_option("id=x,env=TOKEN", find_variable).secret.content == "from TOKEN\n");
  CHECK(parse_secret_option("type=env,id=x,src=TOKEN", find_variable).secret.content == "from TOKEN\n");
  CHECK(parse_secret_option("type=file,id=x,\"src=" + files.file + "\"", find_variable).secret.content == "from a file");
  CHECK(parse_secret_option("id=TOKEN", find_variable).secret.content == "from TOKEN\n");
  CHECK(parse_secret_option("\"id=" + files.file + "\"", find_variable).secret.content == "from a file");
}

TEST_CASE("what is wrong with a secret is said, without its content") {
  const Files files;
  CHECK(secret_fault("src=x") == "--secret needs an id");
  CHECK(secret_fault("id=x,scr=y") == "--secret has no key 'scr'");
  CHECK(secret_fault("id=x,src") == "the key 'src' of --secret needs a value");
  CHECK(secret_fault("id=x,id=y") == "the key 'id' of --secret is given twice");
  CHECK(secret_fault("id=x,src=y,env=z") == "--secret takes 'src' or 'env', not both");
  CHECK(secret_fault("id=x,type=http") == "--secret has the types file and env, not 'http'");
  CHECK(secret_fault("id=x,src=/no/such") == "the file /no/such does not exist");
  CHECK(secret_fault("id=x,env=NOPE") == "the variable NOPE of the secret x is not set");
  CHECK(secret_fault("id=x,env=BIG") == "the variable BIG of the secret x is larger than 500 KiB");
  CHECK_THROWS_AS(parse_secret_option("id=x,src=" + (files.top.path() / "big").native(), k_no_variables), Error);
  CHECK_THROWS_AS(parse_secret_option("id=x,src=" + files.top.path().native(), k_no_variables), Error);
}

TEST_CASE("an ssh agent is a socket that exists") {
  const Files files;
  const auto agent = [&](const std::string& name) { return name == "SSH_AUTH_SOCK" ? std::optional(files.socket) : std::nullopt; };
  const auto ssh_fault = [&](const std::string& text, const VariableLookup& variables) {
    return fault([&] { parse_ssh_option(text, variables); });
  };
  CHECK(parse_ssh_option("default", agent).socket == files.socket);
  CHECK(parse_ssh_option("work=" + files.socket, k_no_variables).id == "work");
  CHECK(parse_ssh_option("work=" + files.socket, k_no_variables).socket == files.socket);
  CHECK(ssh_fault("default", k_no_variables) == "--ssh default needs an agent, and SSH_AUTH_SOCK is not set");
  CHECK(ssh_fault("work=/no/such", agent) == "the agent socket /no/such does not exist");
  CHECK(ssh_fault("work=/etc/passwd", agent) == "/etc/passwd is not the socket of an agent");
  CHECK(ssh_fault("work=/a,/b", agent) == "--ssh takes one socket for each id");
  CHECK(ssh_fault("=/a", agent) == "--ssh needs an id");
  CHECK(ssh_fault("work=", agent) == "--ssh takes one socket for each id");
}
