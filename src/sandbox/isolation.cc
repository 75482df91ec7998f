// SPDX-License-Identifier: Apache-2.0
// user_namespaces(7): whoever writes uid_map must have CAP_SETUID in the parent namespace, which is what the setuid
// programs newuidmap and newgidmap (or their file capabilities) are for. They must be started from outside, on us;
// therefore a helper is forked before we go in. Re-executing ourselves inside (as rootlesskit does) was not taken: it
// costs a second start and makes the caller handle two lives of one command.
//
// A map of the caller's own id alone needs no helper; setgroups(2) must be given up first, since groups can also forbid.
#include "sandbox/isolation.h"

#include "jcbuild/error.h"
#include "sandbox/chroot_tier.h"
#include "sandbox/id_map.h"
#include "sandbox/requirements.h"
#include "util/child.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <optional>

namespace jcb::sandbox {
namespace {

// Entered once, for the whole process: namespaces are a property of the process, so this state is too.
std::optional<Isolation>& current() {
  static std::optional<Isolation> isolation;
  return isolation;
}

std::vector<IdRange> read_map(const char* path) { return parse_id_map(util::read_file(path, 1 << 16)); }

// Why it did not work, and the fix where one is known.
Missing explain(Tier tier, const std::string& cause) {
  const auto missing = find_missing_pieces(tier);
  return missing.empty() ? Missing{cause, ""} : missing.front();
}

[[noreturn]] void throw_unsupported(const Missing& missing) {
  throw Error(ErrorKind::unsupported, "cannot isolate build steps: " + missing.what, missing.fix);
}

[[noreturn]] void throw_unshare_error(Tier tier) { throw_unsupported(explain(tier, "unshare: " + std::string(strerrordesc_np(errno)))); }

void make_mounts_private() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw_errno("make private", "the mounts");
}

// What the helper is to run.
struct MapCommands {
  util::Command uids;
  util::Command gids;
};

util::Command make_map_command(const char* program, pid_t target, const std::vector<IdRange>& map) {
  util::Command command{util::require_trusted_program(program, "apt install uidmap"), {std::to_string(target)}, {}, "/"};
  for (const auto& range : map) {
    for (const auto number : {range.inside, range.outside, range.count}) command.arguments.push_back(std::to_string(number));
  }
  return command;
}

MapCommands make_map_commands() {
  const auto ranges = find_own_ranges();
  if (ranges.uids.empty() || ranges.gids.empty()) throw_unsupported(explain(Tier::userns, "no subordinate ids"));
  return {make_map_command("newuidmap", ::getpid(), make_id_map(::getuid(), ranges.uids)),
          make_map_command("newgidmap", ::getpid(), make_id_map(::getgid(), ranges.gids))};
}

// In the helper: both programs at once. Returns "\n" when both were content, else two lines: the cause (looked for here,
// outside, where the user still has a name) and the fix.
std::string run_map_commands(const MapCommands& commands) {
  util::Pipe complaints = util::make_pipe();
  util::Child uids = util::Child::start(commands.uids, {-1, -1, complaints.write_end.get()});
  util::Child gids = util::Child::start(commands.gids, {-1, -1, complaints.write_end.get()});
  complaints.write_end.reset();
  const std::string text = util::read_to_end(complaints.read_end.get(), 1 << 16, "newuidmap");
  const bool good = uids.wait().success() & gids.wait().success();
  if (good) return "\n";
  const Missing missing = explain(Tier::userns, util::escape_text(util::trim(text)));
  return missing.what + "\n" + missing.fix;
}

[[noreturn]] void run_helper(const MapCommands& commands, int go, int answer) {
  try {
    char byte = 0;
    // Nothing to read: our parent gave up before it was in.
    if (util::read_full(go, &byte, 1, "the helper's pipe") == 1) util::write_all(answer, run_map_commands(commands), "the helper's pipe");
  } catch (const std::exception& error) {
    const std::string text = std::string(error.what()) + "\n";
    [[maybe_unused]] const ssize_t written = ::write(answer, text.data(), text.size());
  }
  ::_exit(0);
}

// The helper process; reaped when the object goes.
class Helper {
 public:
  explicit Helper(const MapCommands& commands) : m_go(util::make_pipe()), m_answer(util::make_pipe()) {
    m_pid = ::fork();
    if (m_pid < 0) throw_errno("start", "a helper process");
    if (m_pid == 0) {
      m_go.write_end.reset();
      run_helper(commands, m_go.read_end.get(), m_answer.write_end.get());
    }
    m_answer.write_end.reset();
  }
  ~Helper() {
    m_go.write_end.reset();
    while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  // Has the maps of this process written. Throws Error(unsupported).
  void write_maps() {
    util::write_all(m_go.write_end.get(), "g", "the helper's pipe");
    const std::string answer = util::read_to_end(m_answer.read_end.get(), 1 << 17, "the helper's pipe");
    const auto lines = util::split(answer, '\n');
    if (lines[0].empty() && lines.size() == 2) return;
    throw_unsupported({lines[0].empty() ? "the helper died" : lines[0], lines.size() == 2 ? lines[1] : ""});
  }

 private:
  util::Pipe m_go;
  util::Pipe m_answer;
  pid_t m_pid = -1;
};

Isolation enter_as_root() {
  if (!can_administer()) throw_unsupported(explain(Tier::root, "this process is not root"));
  if (::unshare(CLONE_NEWNS) != 0) throw_unshare_error(Tier::root);
  return {Tier::root, read_map("/proc/self/uid_map"), read_map("/proc/self/gid_map"), ::getuid(), ::getgid()};
}

Isolation enter_as_user() {
  Isolation isolation{Tier::userns, {}, {}, ::getuid(), ::getgid()};
  Helper helper(make_map_commands());
  // /proc/self of an undumpable process belongs to root, and newuidmap then refuses to write there.
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) throw_unshare_error(Tier::userns);
  helper.write_maps();
  // Our uid is 0 already: the map says so. Saved and file system ids follow it.
  if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) throw_errno("become", "uid 0 of the user namespace");
  isolation.uids = read_map("/proc/self/uid_map");
  isolation.gids = read_map("/proc/self/gid_map");
  return isolation;
}

void write_setting(const char* path, const std::string& text) {
  const util::Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw_unsupported(explain(Tier::single_uid, std::string("cannot write ") + path + ": " + strerrordesc_np(errno)));
}

Isolation enter_with_one_id() {
  Isolation isolation{Tier::single_uid, {}, {}, ::getuid(), ::getgid()};
  // Looked for before, since nothing can be undone afterwards.
  if (const auto missing = find_missing_pieces(Tier::single_uid); !missing.empty()) throw_unsupported(missing.front());
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) throw_unshare_error(Tier::single_uid);
  write_setting("/proc/self/setgroups", "deny");
  write_setting("/proc/self/uid_map", "0 " + std::to_string(isolation.caller_uid) + " 1");
  write_setting("/proc/self/gid_map", "0 " + std::to_string(isolation.caller_gid) + " 1");
  if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) throw_errno("become", "uid 0 of the user namespace");
  isolation.uids = read_map("/proc/self/uid_map");
  isolation.gids = read_map("/proc/self/gid_map");
  return isolation;
}

Isolation enter(Tier tier) {
  if (tier == Tier::root) return enter_as_root();
  if (tier == Tier::chroot) return enter_chroot_tier();
  return tier == Tier::userns ? enter_as_user() : enter_with_one_id();
}

Tier to_tier(IsolationChoice choice) {
  switch (choice) {
    case IsolationChoice::root:
      return Tier::root;
    case IsolationChoice::userns:
      return Tier::userns;
    case IsolationChoice::single_uid:
      return Tier::single_uid;
    case IsolationChoice::chroot:
      return Tier::chroot;
    case IsolationChoice::automatic:
      break;
  }
  return choose_tier();
}

}  // namespace

bool is_isolated() noexcept { return current().has_value(); }

bool has_one_id() noexcept { return current() && current()->tier == Tier::single_uid; }

bool can_mount() noexcept { return is_isolated() && current()->tier != Tier::chroot; }

const Isolation& enter_isolation(IsolationChoice choice) {
  if (!current()) {
    Isolation isolation = enter(to_tier(choice));
    if (isolation.tier != Tier::chroot) make_mounts_private();
    current() = std::move(isolation);
  }
  return *current();
}

}  // namespace jcb::sandbox
