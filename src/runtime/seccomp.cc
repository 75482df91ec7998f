// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp.h"

#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

#include <sys/utsname.h>

#include <algorithm>
#include <tuple>

namespace jcb::runtime {
namespace {

using util::Json;

constexpr std::string_view k_thing = "the seccomp profile";

struct KernelVersion {
  unsigned major = 0;
  unsigned minor = 0;
};

// "6.1.0-13-arm64" and "4.8" alike: the digits up to the second dot.
KernelVersion parse_kernel_version(std::string_view text) {
  const auto digits = [](std::string_view part) { return part.substr(0, part.find_first_not_of("0123456789")); };
  const auto parts = util::split(text, '.');
  if (parts.size() < 2) throw Error(ErrorKind::invalid, "kernel version '" + std::string(text) + "' is not MAJOR.MINOR");
  return {static_cast<unsigned>(util::parse_unsigned(digits(parts[0]), "a kernel version")),
          static_cast<unsigned>(util::parse_unsigned(digits(parts[1]), "a kernel version"))};
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool holds(const std::string& condition, const Json& when, const SeccompSubject& subject) {
  const char* key = condition.c_str();
  if (condition == "capability") return contains(subject.capabilities, util::get_string(when, key, k_thing));
  if (condition == "without_capability") return !contains(subject.capabilities, util::get_string(when, key, k_thing));
  if (condition == "machines") return contains(util::get_strings(when, key, k_thing), subject.machine);
  if (condition == "minimum_kernel") {
    const KernelVersion least = parse_kernel_version(util::get_string(when, key, k_thing));
    return std::tie(subject.kernel_major, subject.kernel_minor) >= std::tie(least.major, least.minor);
  }
  // An unknown condition that was skipped would allow what it was meant to forbid.
  throw Error(ErrorKind::invalid, std::string(k_thing) + " has an unknown condition '" + condition + "'");
}

bool applies(const Json& group, const SeccompSubject& subject) {
  const auto when = group.find("when");
  if (when == group.end()) return true;
  const auto& conditions = when->items();
  return std::all_of(conditions.begin(), conditions.end(), [&](const auto& item) { return holds(item.key(), *when, subject); });
}

Json make_rule(const Json& group) {
  Json rule;
  rule["names"] = group.at("names");
  rule["action"] = util::get_string(group, "action", k_thing, "SCMP_ACT_ALLOW");
  for (const char* key : {"errnoRet", "args"}) {
    if (group.contains(key)) rule[key] = group.at(key);
  }
  return rule;
}

}  // namespace

SeccompSubject make_seccomp_subject(std::vector<std::string> capabilities) {
  struct utsname name {};
  if (::uname(&name) != 0) throw_errno("read", "the kernel version");
  const KernelVersion kernel = parse_kernel_version(name.release);
  return {std::move(capabilities), name.machine, kernel.major, kernel.minor};
}

Json resolve_seccomp(std::string_view profile, const SeccompSubject& subject) {
  const Json source = util::parse_json(profile, k_thing);
  const auto architectures = source.at("architectures").find(subject.machine);
  if (architectures == source.at("architectures").end())
    throw Error(ErrorKind::unsupported, std::string(k_thing) + " does not cover machine type " + subject.machine);
  Json result;
  result["defaultAction"] = source.at("defaultAction");
  result["defaultErrnoRet"] = source.at("defaultErrnoRet");
  result["architectures"] = *architectures;
  result["syscalls"] = Json::array();
  for (const Json& group : source.at("groups")) {
    if (applies(group, subject)) result["syscalls"].push_back(make_rule(group));
  }
  return result;
}

}  // namespace jcb::runtime
