// SPDX-License-Identifier: Apache-2.0
// Which runtime: crun starts twice as fast, but 1.8 (Debian 12) refuses hosts where cgroup v1 and v2 are both mounted.
// The choice is made by what exists; asking a program for its version costs as much as starting a container, so that is
// left to list_runtimes.
#include "jcbuild/error.h"
#include "runtime/advisories.h"
#include "runtime/container.h"
#include "runtime/host.h"
#include "util/child.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace jcb::runtime {
namespace {

constexpr const char* k_hint = "apt install runc";

// On v2 a device rule is an eBPF program, for which crun 1.8 raises the limit of locked memory. Without the capability,
// as for root in most containers, it ends there.
bool can_raise_limits() { return ::geteuid() != 0 || is_in_user_namespace() || ::prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1; }

std::vector<std::string> preferred_names() {
  const CgroupLayout layout = find_cgroup_layout();
  if (layout == CgroupLayout::hybrid) return {"runc"};
  if (layout == CgroupLayout::unified && can_raise_limits()) return {"crun", "runc"};
  return {"runc", "crun"};
}

Runtime choose_by_path(const std::filesystem::path& program) {
  if (::access(program.c_str(), X_OK) != 0) throw_errno("execute", program.native());
  const std::string file_name = program.filename().native();
  // Their command lines differ in one option only; anything unknown is taken for the reference one.
  return {file_name.find("crun") != std::string::npos ? "crun" : "runc", program, {}, {}};
}

Runtime choose_by_name(const std::string& name) {
  if (name != "runc" && name != "crun")
    throw Error(ErrorKind::usage, "unknown runtime '" + name + "'", "use runc, crun or an absolute path");
  return {name, util::require_trusted_program(name, "apt install " + name), {}, {}};
}

void fill_version(Runtime& runtime) {
  const auto captured = util::run_captured({runtime.program, {"--version"}, {}, "/"}, {}, 1 << 16);
  runtime.version = parse_runtime_version(captured.out);
  runtime.warnings = find_advisories(runtime.name, captured.out);
}

}  // namespace

Runtime choose_runtime(const std::string& wanted) {
  if (wanted.starts_with('/')) return choose_by_path(wanted);
  if (!wanted.empty()) return choose_by_name(wanted);
  const auto names = preferred_names();
  for (const auto& name : names) {
    if (auto program = util::find_trusted_program(name)) return {name, std::move(*program), {}, {}};
  }
  if (names.size() == 1 && util::find_trusted_program("crun"))
    throw Error(ErrorKind::unsupported, "crun does not work where cgroup v1 and v2 are both mounted, and runc is not installed", k_hint);
  throw Error(ErrorKind::unsupported, "neither runc nor crun is installed", k_hint);
}

std::vector<Runtime> list_runtimes() {
  std::vector<Runtime> runtimes;
  for (const char* name : {"crun", "runc"}) {
    auto program = util::find_trusted_program(name);
    if (!program) continue;
    runtimes.push_back({name, std::move(*program), {}, {}});
    fill_version(runtimes.back());
  }
  return runtimes;
}

}  // namespace jcb::runtime
