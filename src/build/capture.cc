// SPDX-License-Identifier: Apache-2.0
#include "build/capture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::build {
namespace {

bool is_below(const std::string& path, const std::vector<std::string>& directories) {
  return std::any_of(directories.begin(), directories.end(), [&](const std::string& directory) {
    return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
  });
}

class Capture {
 public:
  Capture(const timespec& started, std::int64_t epoch, const CaptureRules& rules) : m_started(started), m_epoch(epoch), m_rules(rules) {}

  void walk(const util::Root& directory, const std::string& path) {
    for (const auto& entry : directory.list()) {
      const std::string child = path.empty() ? entry.name : path + "/" + entry.name;
      if (is_dropped(child, entry.type)) {
        directory.remove_tree(entry.name);
        continue;
      }
      if (entry.type == S_IFDIR) walk(directory.subroot(entry.name), child);
      clamp(directory.fd(), entry.name, child);
    }
  }

 private:
  bool is_dropped(const std::string& path, mode_t type) const {
    if (is_below(path, m_rules.emptied)) return true;
    if (type != S_IFDIR && is_below(path, m_rules.without_files)) return true;
    return std::any_of(m_rules.dropped.begin(), m_rules.dropped.end(),
                       [&](const std::string& glob) { return util::matches_glob(glob, path); });
  }

  void clamp(int directory, const std::string& name, const std::string& path) const {
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", path);
    // Whole seconds: an archive made by this very step, and extracted by it, has cut the clock's time down to them.
    if (status.st_mtim.tv_sec < m_started.tv_sec) return;
    const timespec times[2] = {{m_epoch, 0}, {m_epoch, 0}};
    if (::utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("set the time of", path);
  }

  const timespec& m_started;
  std::int64_t m_epoch;
  const CaptureRules& m_rules;
};

}  // namespace

const CaptureRules& plain_rules() {
  static const CaptureRules rules{"plain-1", {}, {}, {}};
  return rules;
}

const CaptureRules& package_rules() {
  static const CaptureRules rules{"package-1",
                                  {"tmp", "var/tmp", "var/cache/debconf/tmp.ci", "root/.cache"},
                                  {"var/log", "run", "var/lib/apt/lists", "var/cache/apt"},
                                  {"run/adduser",
                                   "etc/machine-id",
                                   "var/lib/dbus/machine-id",
                                   "var/lib/systemd/random-seed",
                                   "etc/ssh/ssh_host_*",
                                   "etc/.pwd.lock",
                                   "etc/passwd-",
                                   "etc/group-",
                                   "etc/shadow-",
                                   "etc/gshadow-",
                                   "etc/subuid-",
                                   "etc/subgid-",
                                   "etc/xml/*.old",
                                   "var/cache/ldconfig/aux-cache",
                                   "var/lib/dpkg/*-old",
                                   "var/lib/dpkg/lock*",
                                   "var/lib/dpkg/triggers/Lock",
                                   "var/lib/sgml-base/*.old",
                                   "var/cache/debconf/*-old",
                                   "var/cache/debconf/passwords.dat"}};
  return rules;
}

timespec step_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

void capture(const util::Root& upper, const timespec& started, std::int64_t epoch, const CaptureRules& rules) {
  Capture(started, epoch, rules).walk(upper, {});
}

std::string digest_tree(const util::Root& tree, oci::OverlayXattr overlay_xattr, const util::OwnerTable* owners) {
  if (tree.list().empty()) return {};
  util::Sha256 hash;
  const auto add = [&](std::string_view bytes) {
    util::check_interrupt();
    hash.update(bytes);
  };
  oci::write_layer_tar(tree, overlay_xattr, add, owners);
  return hash.hex();
}

}  // namespace jcb::build
