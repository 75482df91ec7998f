// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp.h"

#include "jcbuild/error.h"
#include "runtime/spec_process.h"
#include "util/json.h"

#include <catch2/catch.hpp>

#include <seccomp.h>

#include <set>

using namespace jcb;
using namespace jcb::runtime;
using util::Json;

namespace {

SeccompSubject make_subject(std::vector<std::string> capabilities, const char* machine = "aarch64", unsigned minor = 10) {
  return {std::move(capabilities), machine, 5, minor};
}

// The rules that mention a system call, as "ACTION ERRNO ARGUMENTS".
std::vector<std::string> rules_for(const Json& profile, const std::string& name) {
  std::vector<std::string> rules;
  for (const Json& rule : profile.at("syscalls")) {
    for (const Json& candidate : rule.at("names")) {
      if (candidate != name) continue;
      rules.push_back(rule.at("action").get<std::string>() + (rule.contains("errnoRet") ? " " + rule.at("errnoRet").dump() : "") +
                      (rule.contains("args") ? " " + rule.at("args").dump() : ""));
    }
  }
  return rules;
}

Json default_for(const SeccompSubject& subject) { return resolve_seccomp(default_seccomp_profile(), subject); }

}  // namespace

TEST_CASE("the default profile gives ordinary calls and refuses what leads out") {
  for (const char* machine : {"x86_64", "aarch64"}) {
    const Json profile = default_for(make_subject(default_capabilities(), machine));
    CHECK(profile.at("defaultAction") == "SCMP_ACT_ERRNO");
    CHECK(profile.at("defaultErrnoRet") == 1);
    for (const char* name : {"read", "openat2", "execve", "futex", "statx", "chroot", "ptrace", "socketpair", "landlock_create_ruleset"})
      CHECK(rules_for(profile, name) == std::vector<std::string>{"SCMP_ACT_ALLOW"});
    for (const char* name : {"mount", "unshare", "setns", "bpf", "keyctl", "add_key", "kexec_load", "init_module", "io_uring_setup",
                             "open_by_handle_at", "pivot_root", "userfaultfd", "perf_event_open", "reboot", "swapon", "move_mount"})
      CHECK(rules_for(profile, name).empty());
  }
}

TEST_CASE("clone may not make namespaces and clone3 does not exist, unless CAP_SYS_ADMIN is held") {
  const Json plain = default_for(make_subject({}));
  CHECK(rules_for(plain, "clone") ==
        std::vector<std::string>{R"(SCMP_ACT_ALLOW [{"index":0,"value":2114060288,"op":"SCMP_CMP_MASKED_EQ","valueTwo":0}])"});
  CHECK(rules_for(plain, "clone3") == std::vector<std::string>{"SCMP_ACT_ERRNO 38"});
  const Json admin = default_for(make_subject({"CAP_SYS_ADMIN"}));
  for (const char* name : {"clone", "clone3", "mount", "unshare"})
    CHECK(rules_for(admin, name) == std::vector<std::string>{"SCMP_ACT_ALLOW"});
}

TEST_CASE("the profile depends on the machine and the kernel") {
  const Json arm = default_for(make_subject({}, "aarch64"));
  CHECK(arm.at("architectures") == Json({"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}));
  CHECK(rules_for(arm, "arch_prctl").empty());
  const Json intel = default_for(make_subject({}, "x86_64"));
  CHECK(intel.at("architectures") == Json({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}));
  CHECK(rules_for(intel, "arch_prctl").size() == 1);
  CHECK(rules_for(default_for({{}, "aarch64", 4, 7}), "ptrace").empty());
  CHECK(rules_for(default_for({{}, "aarch64", 4, 8}), "ptrace").size() == 1);
  CHECK_THROWS_AS(default_for(make_subject({}, "riscv64")), Error);
}

TEST_CASE("every name of the default profile is a system call of some machine") {
  // A misspelt name would be skipped in silence by the runtime.
  const std::set<std::string> arm_private{"breakpoint", "cacheflush", "set_tls", "sync_file_range2"};
  for (const char* machine : {"x86_64", "aarch64"}) {
    const Json profile = default_for(make_subject({"CAP_SYS_ADMIN", "CAP_SYS_TIME", "CAP_SYS_PTRACE", "CAP_SYS_NICE"}, machine));
    for (const Json& rule : profile.at("syscalls")) {
      for (const Json& name : rule.at("names")) {
        INFO(name);
        const bool known = ::seccomp_syscall_resolve_name(name.get<std::string>().c_str()) != __NR_SCMP_ERROR;
        CHECK((known || arm_private.count(name.get<std::string>()) == 1));
      }
    }
  }
}

TEST_CASE("a condition that the resolver does not know is an error, not a permission") {
  const char* profile = R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":{"aarch64":["SCMP_ARCH_AARCH64"]},
    "groups":[{"when":{"moon":"full"},"names":["mount"]}]})";
  CHECK_THROWS_WITH(resolve_seccomp(profile, make_subject({})), Catch::Contains("unknown condition 'moon'"));
}
