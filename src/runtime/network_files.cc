// SPDX-License-Identifier: Apache-2.0
#include "runtime/network_files.h"

#include "jcbuild/error.h"
#include "util/file.h"

#include <sys/stat.h>

namespace jcb::runtime {
namespace {

constexpr std::uint64_t k_limit_bytes = std::uint64_t{4} << 20;

void write_readable(const util::Root& bundle, const std::string& name, const std::string& content) {
  bundle.write_file(name, content);
  // Not left to our umask: any user of the container has to resolve names.
  if (::fchmodat(bundle.fd(), name.c_str(), 0644, 0) != 0) throw_errno("set the mode of", name);
}

std::string make_hosts(const ContainerOptions& options, const std::string& hostname) {
  const std::string loopback = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
  if (options.no_network) return loopback + "127.0.1.1\t" + hostname + "\n";
  std::string hosts = util::find_file("/etc/hosts", k_limit_bytes).value_or(loopback);
  if (!hosts.empty() && hosts.back() != '\n') hosts += '\n';
  // The host's own name is the host's business; one that the user chose would not resolve.
  return options.hostname.empty() ? hosts : hosts + "127.0.1.1\t" + hostname + "\n";
}

std::string make_resolv_conf(const ContainerOptions& options) {
  // A stub resolver on 127.0.0.53 is reachable: with a network, it is the host's.
  return options.no_network ? std::string{} : util::find_file("/etc/resolv.conf", k_limit_bytes).value_or("");
}

}  // namespace

std::vector<NetworkFile> write_network_files(const util::Root& bundle, const ContainerOptions& options, const std::string& hostname) {
  write_readable(bundle, "resolv.conf", make_resolv_conf(options));
  write_readable(bundle, "hostname", hostname + "\n");
  write_readable(bundle, "hosts", make_hosts(options, hostname));
  return {{"resolv.conf", "/etc/resolv.conf"}, {"hostname", "/etc/hostname"}, {"hosts", "/etc/hosts"}};
}

}  // namespace jcb::runtime
