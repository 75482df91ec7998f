// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/run_options.h"

#include "dockerfile/csv.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <array>
#include <filesystem>
#include <limits>
#include <map>
#include <utility>

namespace jcb::dockerfile {
namespace {

constexpr std::array<const char*, 5> k_type_names{"bind", "cache", "tmpfs", "secret", "ssh"};
constexpr std::uint32_t k_max_id = 0x7fffffff;

[[noreturn]] void fail(const std::string& message, const std::string& hint = {}) { throw Error(ErrorKind::invalid, message, hint); }

[[noreturn]] void fail_unknown(const std::string& what, const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = util::did_you_mean(util::nearest_names(name, known));
  fail("unknown " + what + " '" + util::escape_text(name) + "'", nearest.empty() ? "it is one of " + util::join(known, ", ") : nearest);
}

// Go's strconv.ParseBool.
bool parse_bool(const std::string& key, const std::string& value) {
  for (const char* text : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == text) return true;
  }
  for (const char* text : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == text) return false;
  }
  fail("the key '" + key + "' takes true or false, not '" + util::escape_text(value) + "'");
}

std::uint32_t parse_mode(const std::string& value) {
  std::uint32_t mode = 0;
  for (const char c : value) {
    if (c < '0' || c > '7' || mode > 07777) fail("mode '" + util::escape_text(value) + "' is not an octal number of at most 7777");
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  if (value.empty() || mode > 07777) fail("mode '" + util::escape_text(value) + "' is not an octal number of at most 7777");
  return mode;
}

std::uint32_t parse_id(const std::string& key, const std::string& value) {
  const std::uint64_t id = util::parse_unsigned(value, key);
  if (id > k_max_id) fail(key + " " + value + " is above 2147483647");
  return static_cast<std::uint32_t>(id);
}

MountType parse_type(const std::string& value) {
  const std::string lower = util::to_lower(value);
  for (std::size_t i = 0; i < k_type_names.size(); ++i) {
    if (lower == k_type_names[i]) return static_cast<MountType>(i);
  }
  fail_unknown("mount type", value, {k_type_names.begin(), k_type_names.end()});
}

CacheSharing parse_sharing(const std::string& value) {
  const std::string lower = util::to_lower(value);
  if (lower == "shared") return CacheSharing::shared;
  if (lower == "private") return CacheSharing::private_;
  if (lower == "locked") return CacheSharing::locked;
  fail_unknown("sharing", value, {"shared", "private", "locked"});
}

// The one name of every key.
const std::map<std::string, std::string>& key_names() {
  static const std::map<std::string, std::string> k_names{
      {"type", "type"},     {"target", "target"},     {"dst", "target"},       {"destination", "target"},
      {"source", "source"}, {"src", "source"},        {"from", "from"},        {"id", "id"},
      {"ro", "readonly"},   {"readonly", "readonly"}, {"rw", "readwrite"},     {"readwrite", "readwrite"},
      {"mode", "mode"},     {"uid", "uid"},           {"gid", "gid"},          {"size", "size"},
      {"env", "env"},       {"sharing", "sharing"},   {"required", "required"}};
  return k_names;
}

std::string find_key(const std::string& written) {
  const auto& names = key_names();
  if (const auto found = names.find(util::to_lower(written)); found != names.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [name, key] : names) known.push_back(name);
  fail_unknown("key", written, known);
}

// A stage must be known before anything is expanded.
bool has_variable(const std::string& text) {
  const auto dollar = text.find('$');
  return dollar != std::string::npos && dollar + 1 < text.size();
}

// The keys of one record, each once (the last wins, as in BuildKit), with expanded values.
class Record {
 public:
  Record(std::string_view value, const Expander& expand) {
    for (const auto& field : parse_csv_record(value)) {
      const auto equals = field.find('=');
      const std::string key = find_key(field.substr(0, equals));
      const bool flag = key == "readonly" || key == "readwrite" || key == "required";
      if (equals == std::string::npos && !flag) fail("the key '" + key + "' needs a value");
      std::string text = equals == std::string::npos ? "true" : field.substr(equals + 1);
      if (key == "from" && has_variable(text))
        fail("'from' takes no variables: '" + util::escape_text(text) + "'", "give the image a name: FROM " + text + " AS name");
      // Both say the same thing: the one written last counts.
      if (key == "readonly") m_values.erase("readwrite");
      if (key == "readwrite") m_values.erase("readonly");
      m_values[key] = expand && equals != std::string::npos ? expand(text) : std::move(text);
    }
  }

  const std::string* find(const std::string& key) const {
    const auto found = m_values.find(key);
    return found == m_values.end() ? nullptr : &found->second;
  }
  std::string text(const std::string& key) const { return find(key) != nullptr ? *find(key) : std::string(); }

  // Refuses keys that only other types have.
  void allow_only_for(const char* key, MountType type, std::initializer_list<MountType> types) const {
    for (const auto allowed : types) {
      if (allowed == type) return;
    }
    if (find(key) != nullptr) fail(std::string("a mount of type ") + mount_type_name(type) + " has no key '" + key + "'");
  }

 private:
  std::map<std::string, std::string> m_values;
};

void check_keys(const Record& record, MountType type) {
  using T = MountType;
  for (const char* key : {"mode", "uid", "gid"}) record.allow_only_for(key, type, {T::cache, T::secret, T::ssh});
  record.allow_only_for("required", type, {T::secret, T::ssh});
  record.allow_only_for("size", type, {T::tmpfs});
  record.allow_only_for("sharing", type, {T::cache});
  record.allow_only_for("env", type, {T::secret});
  if (type == T::secret) record.allow_only_for("from", type, {});
  if (type == T::ssh) record.allow_only_for("source", type, {});
}

void read_numbers(const Record& record, RunMount& mount) {
  if (const auto* mode = record.find("mode")) mount.mode = parse_mode(*mode);
  if (const auto* uid = record.find("uid")) mount.uid = parse_id("uid", *uid);
  if (const auto* gid = record.find("gid")) mount.gid = parse_id("gid", *gid);
  if (const auto* size = record.find("size")) mount.size_bytes = parse_size(*size, "size");
}

bool is_read_only(const Record& record, MountType type) {
  if (const auto* value = record.find("readonly")) return parse_bool("readonly", *value);
  if (const auto* value = record.find("readwrite")) return !parse_bool("readwrite", *value);
  return type != MountType::cache && type != MountType::tmpfs;
}

void check_variable(const std::string& name) {
  if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos)
    fail("'" + util::escape_text(name) + "' cannot be the name of a variable");
}

std::string base_name(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

void complete_secret(const Record& record, RunMount& mount) {
  if (record.find("id") != nullptr && record.find("source") != nullptr) fail("a secret mount takes 'id' or 'source', not both");
  mount.id = record.find("source") != nullptr ? record.text("source") : record.text("id");
  if (mount.id.empty()) mount.id = base_name(mount.target);
  if (mount.id.empty()) fail("a secret mount needs an id or a target", "write --mount=type=secret,id=NAME");
  if (const auto* variable = record.find("env")) {
    check_variable(*variable);
    mount.environment = *variable;
  }
  if (mount.target.empty() && !mount.environment) mount.target = "/run/secrets/" + base_name(mount.id);
}

// What a type does not use stays empty, so that nobody waits for a stage in vain.
void complete(const Record& record, RunMount& mount) {
  if (mount.type == MountType::secret) return complete_secret(record, mount);
  if (mount.type == MountType::ssh) mount.id = record.text("id").empty() ? "default" : record.text("id");
  if (mount.type != MountType::bind && mount.type != MountType::cache) return;
  mount.source = record.text("source");
  mount.from = record.text("from");
  if (mount.type != MountType::cache) return;
  mount.id = record.text("id");
  if (mount.id.empty()) mount.id = std::filesystem::path(mount.target.empty() ? "." : mount.target).lexically_normal();
  if (mount.id.size() > 1 && mount.id.ends_with('/')) mount.id.pop_back();
}

std::string choose(const std::string& flag, const std::string& value, const std::vector<std::string>& known) {
  for (const auto& name : known) {
    if (name == value) return value;
  }
  fail_unknown("value for " + flag, value, known);
}

void read_flag(const std::string& name, const std::string& value, const Expander& expand, RunOptions& options) {
  const auto expanded = [&] { return expand ? expand(value) : value; };
  if (name == "--mount")
    options.mounts.push_back(in_step("reading --mount=" + util::escape_text(value), [&] { return parse_run_mount(value, expand); }));
  else if (name == "--network")
    options.network = choose(name, expanded(), {"default", "none", "host"});
  else if (name == "--security")
    options.security = choose(name, expanded(), {"sandbox", "insecure"});
  else if (name == "--device")
    options.devices.push_back(in_step("reading --device=" + util::escape_text(value), [&] { return parse_run_device(value, expand); }));
  else
    fail_unknown("flag of RUN", name, {"--mount", "--network", "--security", "--device"});
}

}  // namespace

RunMount parse_run_mount(std::string_view value, const Expander& expand) {
  const Record record(value, expand);
  RunMount mount;
  if (const auto* type = record.find("type")) mount.type = parse_type(*type);
  check_keys(record, mount.type);
  mount.target = record.text("target");
  mount.read_only = is_read_only(record, mount.type);
  if (const auto* required = record.find("required")) mount.required = parse_bool("required", *required);
  if (const auto* sharing = record.find("sharing")) mount.sharing = parse_sharing(*sharing);
  read_numbers(record, mount);
  complete(record, mount);
  return mount;
}

RunDevice parse_run_device(std::string_view value, const Expander& expand) {
  RunDevice device;
  bool named = false;
  for (const auto& field : parse_csv_record(value)) {
    const auto equals = field.find('=');
    const std::string key = util::to_lower(field.substr(0, equals));
    const std::string text = equals == std::string::npos ? std::string() : field.substr(equals + 1);
    if (key == "required") {
      device.required = equals == std::string::npos || parse_bool(key, expand ? expand(text) : text);
    } else if (key == "name" && equals != std::string::npos) {
      if (named) fail("a device has one name");
      device.name = expand ? expand(text) : text;
      named = true;
    } else if (!named) {
      device.name = expand ? expand(field) : field;
      named = true;
    } else {
      fail_unknown("key", field.substr(0, equals), {"name", "required"});
    }
  }
  if (device.name.empty()) fail("a device needs a name", "write --device=VENDOR/CLASS=NAME");
  return device;
}

RunOptions parse_run_options(const std::vector<std::string>& flags, const Expander& expand) {
  RunOptions options;
  for (const auto& flag : flags) {
    const auto equals = flag.find('=');
    if (equals == std::string::npos) fail("the flag '" + util::escape_text(flag) + "' needs a value");
    read_flag(flag.substr(0, equals), flag.substr(equals + 1), expand, options);
  }
  int agents = 0;
  for (auto& mount : options.mounts) {
    if (mount.type != MountType::ssh) continue;
    if (mount.target.empty()) mount.target = "/run/buildkit/ssh_agent." + std::to_string(agents);
    ++agents;
  }
  return options;
}

std::uint32_t default_mode(MountType type) noexcept {
  if (type == MountType::secret) return 0400;
  if (type == MountType::ssh) return 0600;
  return type == MountType::tmpfs ? 01777 : 0755;
}

const char* mount_type_name(MountType type) noexcept { return k_type_names[static_cast<std::size_t>(type)]; }

}  // namespace jcb::dockerfile
