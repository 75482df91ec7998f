// SPDX-License-Identifier: Apache-2.0
#include "support/docker_registry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "jcbuild/error.h"

namespace jcb::test {
namespace {

struct sockaddr_in loopback(int port) {
  struct sockaddr_in address {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int find_free_port() {
  const util::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.get(), reinterpret_cast<struct sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<struct sockaddr*>(&address), &size) != 0)
    throw_errno("find", "a free port");
  return ntohs(address.sin_port);
}

}  // namespace

std::unique_ptr<DockerRegistry> DockerRegistry::start(const Options& options) {
  const auto program = util::find_trusted_program("docker-registry");
  if (program) return std::unique_ptr<DockerRegistry>(new DockerRegistry(*program, options));
  WARN("skip: docker-registry is not installed");
  return nullptr;
}

DockerRegistry::DockerRegistry(const std::string& program, const Options& options)
    : m_directory(std::filesystem::temp_directory_path()),
      m_port(find_free_port()),
      m_child(util::Child::start({program, {"serve", write_config(options)}, {}, "/"}, {-1, -1, -1})) {
  wait_until_ready();
}

std::string DockerRegistry::write_config(const Options& options) const {
  const std::string directory = m_directory.path().native(), file = directory + "/config.yml";
  std::ofstream config(file);
  config << "version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: " << directory
         << "/data}\n  delete: {enabled: " << (options.can_delete ? "true" : "false") << "}\nhttp: {addr: \"" << host()
         << "\", secret: testsecret, relativeurls: " << (options.relative_urls ? "true" : "false") << "}\n";
  if (!options.proxy_for.empty()) config << "proxy: {remoteurl: \"" << options.proxy_for << "\"}\n";
  if (options.htpasswd.empty()) return file;
  std::ofstream(directory + "/htpasswd") << options.htpasswd;
  config << "auth: {htpasswd: {realm: test, path: " << directory << "/htpasswd}}\n";
  return file;
}

void DockerRegistry::wait_until_ready() {
  const auto address = loopback(m_port);
  for (int tries = 0; tries < 500; ++tries) {
    const util::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof address) == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw Error(ErrorKind::failed, "docker-registry does not come up");
}

}  // namespace jcb::test
