// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/doctor.h"

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "api/parts.h"
#include "runtime/container.h"
#include "util/child.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb {
namespace {

constexpr std::uint64_t k_comfortable_bytes = std::uint64_t{5} << 30;

DoctorCheck check_kernel() {
  utsname names{};
  ::uname(&names);
  return {"kernel", true, true, std::string(names.sysname) + " " + names.release + " " + names.machine, ""};
}

// The ladder: one rung is enough, the first that is there is taken.
std::vector<DoctorCheck> check_isolation() {
  std::vector<DoctorCheck> checks;
  bool found = false;
  for (const auto& report : sandbox::probe_tiers()) {
    std::vector<std::string> causes, fixes;
    for (const auto& piece : report.missing) {
      causes.push_back(piece.what);
      if (!piece.fix.empty()) fixes.push_back(piece.fix);
    }
    const bool good = report.missing.empty();
    const std::string finding = good ? (found ? "works" : "works, and is used") : util::join(causes, "; ");
    checks.push_back({"isolation " + std::string(sandbox::tier_name(report.tier)), good, false, finding, util::join(fixes, "; ")});
    found = found || good;
  }
  for (auto& check : checks) check.needed = !found;
  return checks;
}

std::vector<DoctorCheck> check_runtimes() {
  std::vector<DoctorCheck> checks;
  for (const auto& runtime : runtime::list_runtimes()) {
    std::string finding = runtime.name + " " + runtime.version;
    for (const auto& warning : runtime.warnings) finding += "; " + warning;
    checks.push_back({"runtime", true, true, std::move(finding), ""});
  }
  if (checks.empty()) checks.push_back({"runtime", false, true, "neither runc nor crun is installed", "apt install runc"});
  return checks;
}

DoctorCheck check_helper(const std::string& name, const std::string& purpose, const std::string& package) {
  const auto path = util::find_trusted_program(name);
  if (path) return {name, true, false, path->native(), ""};
  return {name, false, false, "not installed: " + purpose, "apt install " + package};
}

DoctorCheck check_disk(Session::Parts& parts) {
  struct statvfs status {};
  const auto path = parts.store().path();
  if (::statvfs(path.c_str(), &status) != 0) return {"disk", false, true, "cannot look at " + path.native(), "check the store's directory"};
  const std::uint64_t free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
  const bool good = free_bytes >= k_comfortable_bytes;
  return {"disk", good, true, util::format_bytes(free_bytes) + " free for " + path.native(),
          good ? "" : "jcbuild prune, or put the store elsewhere with JCBUILD_STORE"};
}

DoctorCheck check_target(Session::Parts& parts) { return {"target", true, true, parts.target({}).text(), ""}; }

}  // namespace

std::vector<DoctorCheck> examine_machine(Session& session) {
  auto& parts = session.parts();
  std::vector<DoctorCheck> checks{check_kernel(), check_target(parts)};
  for (auto& check : check_isolation()) checks.push_back(std::move(check));
  for (auto& check : check_runtimes()) checks.push_back(std::move(check));
  checks.push_back(check_helper("mmdebstrap", "bootstrap: bases cannot be made", "mmdebstrap"));
  checks.push_back(check_disk(parts));
  return checks;
}

std::string to_json(const std::vector<DoctorCheck>& checks) {
  util::Json list = util::Json::array();
  for (const auto& check : checks) {
    list.push_back({{"name", check.name},
                    {"good", check.good},
                    {"needed", check.needed},
                    {"finding", check.finding},
                    {"fix", check.fix.empty() ? util::Json(nullptr) : util::Json(check.fix)}});
  }
  return util::to_pretty_text({{"checks", list}});
}

std::string version() { return JCBUILD_VERSION; }

}  // namespace jcb
