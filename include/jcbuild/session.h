// SPDX-License-Identifier: Apache-2.0
// Everything begins with a Session: which store, which package trees, whom to tell. The other headers are functions on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jcbuild/error.h"
#include "jcbuild/progress.h"

namespace jcb {

/// How registries are reached (docs/cli.md, "Registry flags"). What is empty comes from the user's configuration files.
struct RegistryAccess {
  std::optional<bool> verify_tls;          ///< false: certificates are not verified, and plain http will do
  std::filesystem::path certificates;      ///< a directory of *.crt, *.cert and *.key, for every registry
  std::filesystem::path authfile;          ///< credentials, as docker and podman keep them
  std::filesystem::path registries_conf;   ///< containers-registries.conf(5)
  std::optional<std::string> credentials;  ///< "USER:PASSWORD", for every registry; secret
  std::optional<unsigned> retries;         ///< of one request; none: 6
  unsigned connections = 8;                ///< at once; 1 to 64
};

struct SessionOptions {
  /// The state directory; empty: $JCBUILD_STORE, else /var/lib/jcbuild for root and $XDG_DATA_HOME/jcbuild for others.
  std::filesystem::path store;
  /// Package trees; empty: $JCBUILD_PACKAGES, else the installed tree.
  std::vector<std::filesystem::path> packages;
  /// How build steps are isolated: "auto", "root", "userns", "single-uid" or "chroot"; empty: $JCBUILD_ISOLATION, else auto.
  std::string isolation;
  /// For registries that are read, and for those that are written where `copy` is told other things for its target.
  RegistryAccess registry;
  std::optional<RegistryAccess> target_registry;
  /// Receives the story; borrowed, must outlive the session. nullptr: nobody listens.
  Progress* progress = nullptr;
  /// The environment that variables are read from; a copy, so that tests can set it.
  std::map<std::string, std::string> environment;
};

/// An open session. Cheap to make: the store is opened when it is first needed.
class Session {
 public:
  explicit Session(SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The parts behind the session; defined inside the library.
  struct Parts;
  Parts& parts() noexcept { return *m_parts; }

 private:
  std::unique_ptr<Parts> m_parts;
};

/// Makes SIGINT, SIGTERM and SIGHUP end operations in order (they throw Interrupted) and ignores SIGPIPE. Call first in main.
void install_signal_handlers();

/// What is built for, where it is not what the machine is: L4T "36.4.3", CUDA "12.8", Python "3.12", distribution
/// "ubuntu:24.04", architecture "tegra-aarch64", "aarch64" or "x86_64". Empty fields are detected.
struct TargetOptions {
  std::string l4t, cuda, python, distro, arch;
};

}  // namespace jcb
