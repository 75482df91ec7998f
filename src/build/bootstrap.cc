// SPDX-License-Identifier: Apache-2.0
#include "build/bootstrap.h"

#include "build/apt_sources.h"
#include "jcbuild/error.h"
#include "sandbox/emulation.h"
#include "sandbox/isolation.h"
#include "sandbox/overlay.h"
#include "util/child.h"
#include "util/file.h"
#include "util/text.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

namespace jcb::build {
namespace {

constexpr std::size_t k_kept_lines = 20;
constexpr const char* k_target = "/mnt";  // there on every host (FHS), and outside what mmdebstrap itself uses

void check_word(std::string_view word, const char* what) {
  const auto is_good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '+'; };
  if (word.empty() || word.front() == '-' || !std::all_of(word.begin(), word.end(), is_good))
    throw Error(ErrorKind::invalid, std::string(what) + " '" + util::escape_text(word) + "' is not a name");
}

void check_request(const BootstrapRequest& request) {
  check_word(request.distribution, "distribution");
  check_word(request.suite, "suite");
  check_word(request.architecture, "architecture");
  for (const auto& package : request.include) check_word(package, "package");
}

// The end of what mmdebstrap printed, for the error.
class LastLines {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) {
      if (c != '\n' && c != '\r') {
        if (m_line.size() < 1000) m_line += c;
      } else if (!m_line.empty()) {
        m_lines.push_back(util::escape_text(std::exchange(m_line, {})));
        if (m_lines.size() > k_kept_lines) m_lines.pop_front();
      }
    }
  }
  std::vector<std::string> get() const { return {m_lines.begin(), m_lines.end()}; }

 private:
  std::string m_line;
  std::deque<std::string> m_lines;
};

// What mmdebstrap and the packages leave that depends on when, where and by whom they were run: the host's resolver and
// name, logs, caches, backup copies, and device nodes, which only a real root gets (a container's /dev is mounted).
constexpr const char* k_removed[] = {"etc/resolv.conf",
                                     "etc/hostname",
                                     "etc/.pwd.lock",
                                     "etc/passwd-",
                                     "etc/group-",
                                     "etc/shadow-",
                                     "etc/gshadow-",
                                     "etc/subuid-",
                                     "etc/subgid-",
                                     "var/cache/debconf/config.dat-old",
                                     "var/cache/debconf/templates.dat-old",
                                     "var/cache/ldconfig/aux-cache",
                                     "var/lib/dpkg/status-old",
                                     "var/lib/dpkg/diversions-old",
                                     "var/lib/dpkg/statoverride-old"};
constexpr const char* k_emptied[] = {"dev", "run", "tmp", "var/cache/apt", "var/lib/apt/lists", "var/log"};

void clean_tree(const util::Root& root, const std::string& sources) {
  for (const char* path : k_removed) root.remove_tree(path);
  for (const char* path : k_emptied) {
    if (root.find_stat(path)) util::remove_children(root.open_at(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).get(), path);
  }
  root.write_file("etc/machine-id", "", 0444);
  if (sources.empty()) return;  // mmdebstrap has written the public archives
  // It copies a sources file under a name of its own.
  util::remove_children(root.open_at("etc/apt/sources.list.d", O_RDONLY | O_DIRECTORY | O_NOFOLLOW).get(), "etc/apt/sources.list.d");
  root.write_file("etc/apt/sources.list", sources);
}

std::vector<std::string> make_arguments(const BootstrapRequest& request, bool with_sources) {
  std::vector<std::string> arguments{"mmdebstrap",
                                     "--mode=root",
                                     "--variant=minbase",
                                     "--format=directory",
                                     "--architectures=" + request.architecture,
                                     "--skip=output/dev,chroot/mount/sys"};
  // We have looked ourselves (require_emulation); mmdebstrap would want a program that tries.
  if (!sandbox::is_native(request.architecture)) arguments.emplace_back("--skip=check/qemu");
  auto packages = request.include;
  std::sort(packages.begin(), packages.end());
  if (!packages.empty()) arguments.push_back("--include=" + util::join(packages, ","));
  if (!with_sources && request.distribution == "ubuntu") arguments.push_back("--components=main,restricted,universe,multiverse");
  arguments.insert(arguments.end(), {request.suite, k_target});
  if (with_sources) arguments.push_back("/tmp/sources.list");
  return arguments;
}

// The programs are those of fixed system directories, in the host's read-only tree. Their owner is not checked: in a user
// namespace the host's root has no number.
// The proxy that apt of this host uses; apt in the target reads it from the environment, so that it is not in the image.
void add_proxy(const util::Command& apt_config, const char* setting, const std::string& variable, std::vector<std::string>& environment) {
  util::Command command = apt_config;
  command.arguments = {"shell", "value", setting};
  std::string value(util::trim(util::run_captured(command).out));  // value='http://...'
  value = value.starts_with("value='") ? value.substr(7, value.size() - 8) : "";
  if (const char* own = std::getenv(variable.c_str()); value.empty() && own != nullptr) value = own;
  if (!value.empty()) environment.push_back(variable + "=" + value);
}

std::vector<std::string> make_environment(const BootstrapRequest& request) {
  std::vector<std::string> environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                       "LC_ALL=C.UTF-8",
                                       "TZ=UTC",
                                       "HOME=/tmp",
                                       "TMPDIR=/tmp",
                                       "DEBIAN_FRONTEND=noninteractive",
                                       "SOURCE_DATE_EPOCH=" + std::to_string(request.source_date_epoch)};
  const util::Command apt_config{"/usr/bin/apt-config", {}, {"PATH=/usr/bin:/bin"}, "/"};
  add_proxy(apt_config, "Acquire::http::Proxy", "http_proxy", environment);
  add_proxy(apt_config, "Acquire::https::Proxy", "https_proxy", environment);
  return environment;
}

// What mmdebstrap sees of the host: its tree, read-only, without anybody's files and without the sockets of /run.
sandbox::Job make_job(const std::vector<std::string>& arguments, const BootstrapRequest& request, const std::filesystem::path& target,
                      const std::filesystem::path& scratch) {
  sandbox::Job job;
  job.argv = arguments;
  job.environment = make_environment(request);
  job.working_directory = "/tmp";
  job.binds = {{scratch / "tmp", "/tmp", false}, {scratch / "run", "/run", false}, {target, k_target, false}};
  for (const char* private_directory : {"/root", "/home"}) {
    if (std::filesystem::is_directory(private_directory)) job.binds.push_back({scratch / "empty", private_directory, true});
  }
  job.privileged = true;
  return job;
}

// mmdebstrap mounts a devpts whose nodes belong to uid 5, which a namespace of one id does not have.
constexpr const char* k_mount_wrapper =
    "#!/bin/sh\n"
    "if [ \"$1 $2\" = '-t devpts' ]; then set -- -t devpts none \"$4\" -o noexec,nosuid,mode=620,ptmxmode=666; fi\n"
    "exec /usr/bin/mount \"$@\"\n";

void prepare_for_one_id(const util::Root& scratch, sandbox::Job& job) {
  scratch.make_dirs("tmp/bin");
  scratch.write_file("tmp/bin/mount", k_mount_wrapper, 0755);
  for (auto& entry : job.environment) {
    if (entry.starts_with("PATH=")) entry.insert(5, "/tmp/bin:");
  }
}

}  // namespace

std::string bootstrap_inputs(const BootstrapRequest& request) {
  check_request(request);
  return make_apt_sources(request.distribution, request.suite, request.architecture);
}

void bootstrap_rootfs(const BootstrapRequest& request, const std::filesystem::path& target_directory, const sandbox::OutputSink& output,
                      util::OwnerRecords* owners) {
  check_request(request);
  if (!sandbox::is_native(request.architecture)) sandbox::require_emulation(request.architecture);
  const util::TempDir scratch(target_directory.parent_path(), "bootstrap-");
  for (const char* name : {"root", "tmp", "run", "empty"}) scratch.root().make_dirs(name);
  const std::string sources = make_apt_sources(request.distribution, request.suite, request.architecture);
  scratch.root().write_file("tmp/sources.list", sources);
  sandbox::Job job = make_job(make_arguments(request, !sources.empty()), request, target_directory, scratch.path());
  const util::Root host = util::Root::open("/");
  const sandbox::OverlayMount root({&host}, {}, {}, scratch.path() / "root");
  job.root = root.path();
  job.owners = owners;
  if (sandbox::enter_isolation().tier == sandbox::Tier::single_uid) prepare_for_one_id(scratch.root(), job);
  LastLines last;
  const auto status = sandbox::run_job(job, [&](std::string_view bytes) {
    last.add(bytes);
    output(bytes);
  });
  if (status.success()) return clean_tree(util::Root::open(target_directory), sources);
  if (status.code == 127) throw Error(ErrorKind::unsupported, "mmdebstrap is not installed", "apt install mmdebstrap");
  Error error(ErrorKind::failed, "mmdebstrap failed for " + request.distribution + " " + request.suite + " " + request.architecture);
  error.add_details(last.get());
  throw error;
}

}  // namespace jcb::build
