// SPDX-License-Identifier: Apache-2.0
// One container in the foreground: bundle, runtime, terminal, clean-up.
#pragma once

#include "oci/image_config.h"
#include "util/json_fwd.h"
#include "util/root.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace jcb::runtime {

/// A `-v SOURCE:TARGET[:ro]` bind.
struct Volume {
  std::filesystem::path source;
  std::string target;
  bool read_only = false;
};

/// What the user asked for, docker's words.
struct ContainerOptions {
  std::string id;                      ///< runtime-spec container id
  std::string hostname;                ///< empty: the host's (host network)
  std::vector<std::string> arguments;  ///< replaces CMD when not empty
  std::optional<std::vector<std::string>> entrypoint;
  std::vector<std::string> environment;  ///< "K=V", last wins
  std::vector<Volume> volumes;
  std::string working_directory;  ///< empty: the image's
  std::string user;               ///< empty: the image's
  bool terminal = false;          ///< -t
  bool interactive = false;       ///< -i
  bool read_only = false;
  bool no_network = false;  ///< --network none
  std::uint64_t shm_bytes = std::uint64_t{64} << 20;
};

/// The runtime-spec configuration (config.json) for an image config and options, over a root file system mounted at
/// `rootfs`, an entry of the bundle directory, into which hosts, hostname and resolv.conf are written. Prepares the root
/// as it goes: mount points that are links or files are replaced by real directories, the working directory is made, all
/// inside the root (CVE rows R1-R8 of docs/security.md). `in_user_namespace`: /sys is
/// bound instead of mounted, no device rules. Needs enter_isolation. Throws Error(invalid, not_found, refused, unsupported).
util::Json make_spec(const oci::ImageConfig& image, const ContainerOptions& options, const std::filesystem::path& rootfs,
                     bool in_user_namespace);

/// A runtime that works here.
struct Runtime {
  std::string name;  ///< "runc" or "crun"
  std::filesystem::path program;
  std::string version;
  std::vector<std::string> warnings;  ///< known holes of this version
};

/// Chooses runc or crun (or the one asked for: a name or an absolute path) by what this host's cgroup layout allows
/// (crun 1.8 fails on hybrid hosts). Starts no program: version and warnings stay empty.
/// Throws Error(unsupported) naming what to install.
Runtime choose_runtime(const std::string& wanted);
/// All that are installed, with their versions; for doctor.
std::vector<Runtime> list_runtimes();

/// Runs the bundle (a directory with config.json) to its end and returns the exit code in docker's convention:
/// the process's, 128+n, 125 when the runtime failed, 126 not executable, 127 not found. With a terminal: pty through
/// --console-socket, raw mode, resize, restored at any end. Signals that reach us are forwarded to the container; the
/// container never outlives this call or this process; a third SIGINT or SIGTERM kills it. Needs enter_isolation.
/// `failure`, where given, receives the runtime's reason when the code is 125, 126 or 127 because nothing was started;
/// without a terminal the runtime has also written it to standard error, which it shares with the container.
/// Throws Error(unsupported, system) when the container cannot even be tried, Interrupted for an interrupt before it.
int run_bundle(const Runtime& runtime, const std::filesystem::path& bundle, const ContainerOptions& options,
               std::string* failure = nullptr);

}  // namespace jcb::runtime
