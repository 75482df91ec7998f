// SPDX-License-Identifier: Apache-2.0
#include "runtime/spec_process.h"

#include "jcbuild/error.h"
#include "runtime/host.h"
#include "runtime/mount_points.h"
#include "sandbox/users.h"
#include "util/json.h"

#include <algorithm>

namespace jcb::runtime {
namespace {

using util::Json;
using Strings = std::vector<std::string>;

constexpr const char* k_default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Strings make_command(const oci::ExecutionConfig& image, const ContainerOptions& options) {
  if (!options.arguments.empty()) return options.arguments;
  return options.entrypoint ? Strings{} : image.cmd.value_or(Strings{});
}

std::pair<std::string, std::string> split_variable(const std::string& entry) {
  const auto equals = entry.find('=');
  // An entry without a value must never be filled from our own environment.
  if (equals == std::string::npos || equals == 0) throw Error(ErrorKind::invalid, "environment entry '" + entry + "' is not NAME=VALUE");
  return {entry.substr(0, equals), entry.substr(equals + 1)};
}

void check_no_nul(const Strings& texts, std::string_view thing) {
  for (const auto& text : texts) {
    if (text.find('\0') != std::string::npos) throw Error(ErrorKind::invalid, std::string(thing) + " holds a NUL byte");
  }
}

void check_mapped(const sandbox::Identity& identity) {
  bool mapped = is_uid_mapped(identity.uid) && is_gid_mapped(identity.gid);
  for (const auto group : identity.groups) mapped = mapped && is_gid_mapped(group);
  if (mapped) return;
  throw Error(
      ErrorKind::unsupported,
      "user " + std::to_string(identity.uid) + ":" + std::to_string(identity.gid) + " is outside of the ids that this account may use",
      "give the account a larger range in /etc/subuid and /etc/subgid, or run as root");
}

// Inheritable and ambient stay empty: non-empty inheritable sets gave programs capabilities (CVE-2022-24769).
Json make_capabilities() {
  Json capabilities;
  for (const char* set : {"bounding", "effective", "permitted"}) capabilities[set] = default_capabilities();
  for (const char* set : {"inheritable", "ambient"}) capabilities[set] = Json::array();
  return capabilities;
}

// The primary group is listed again among the others: a set-group-id program could otherwise drop it, and with it what
// files deny to that group (CVE-2022-36109).
Json make_user(const sandbox::Identity& identity) {
  std::vector<std::uint32_t> groups{identity.gid};
  for (const auto group : identity.groups) {
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  Json user;
  user["uid"] = identity.uid;
  user["gid"] = identity.gid;
  user["additionalGids"] = groups;
  return user;
}

std::string choose_working_directory(const oci::ExecutionConfig& image, const ContainerOptions& options) {
  if (!options.working_directory.empty()) return options.working_directory;
  if (image.working_dir.empty()) return "/";
  // Old images hold relative ones, meant from the root.
  return image.working_dir.starts_with('/') ? image.working_dir : "/" + image.working_dir;
}

}  // namespace

const Strings& default_capabilities() {
  static const Strings k_capabilities{
      "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FSETID",  "CAP_FOWNER",           "CAP_MKNOD",      "CAP_NET_RAW", "CAP_SETGID",
      "CAP_SETUID", "CAP_SETFCAP",      "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",    "CAP_AUDIT_WRITE"};
  return k_capabilities;
}

Strings make_arguments(const oci::ExecutionConfig& image, const ContainerOptions& options) {
  Strings arguments = options.entrypoint.value_or(image.entrypoint.value_or(Strings{}));
  // `--entrypoint ""` means none at all.
  if (options.entrypoint == Strings{""}) arguments.clear();
  for (const auto& word : make_command(image, options)) arguments.push_back(word);
  if (arguments.empty() || arguments.front().empty())
    throw Error(ErrorKind::invalid, "no command: the image has no CMD or ENTRYPOINT", "name the command to run after the image");
  check_no_nul(arguments, "the command");
  return arguments;
}

Strings make_environment(const oci::ExecutionConfig& image, const ContainerOptions& options, const std::string& hostname,
                         const std::string& home) {
  oci::ExecutionConfig result;
  result.set_env("PATH", k_default_path);
  result.set_env("HOSTNAME", hostname);
  if (options.terminal) result.set_env("TERM", "xterm");
  result.set_env("HOME", home);
  for (const auto* source : {&image.env, &options.environment}) {
    for (const auto& entry : *source) {
      const auto [name, value] = split_variable(entry);
      result.set_env(name, value);
    }
  }
  check_no_nul(result.env, "the environment");
  return result.env;
}

Json make_process(const oci::ExecutionConfig& image, const ContainerOptions& options, const util::Root& root, const std::string& hostname) {
  const auto user = sandbox::find_user(root, options.user.empty() ? image.user : options.user);
  check_mapped(user.identity);
  Json process;
  process["terminal"] = options.terminal;
  process["user"] = make_user(user.identity);
  process["args"] = make_arguments(image, options);
  process["env"] = make_environment(image, options, hostname, user.home);
  process["cwd"] = make_working_directory(root, choose_working_directory(image, options), user.identity);
  process["capabilities"] = make_capabilities();
  // docker's default; sudo and ping in images depend on it.
  process["noNewPrivileges"] = false;
  return process;
}

}  // namespace jcb::runtime
