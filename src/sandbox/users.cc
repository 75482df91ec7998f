// SPDX-License-Identifier: Apache-2.0
// passwd(5) and group(5) of an image: text from strangers. Lines that do not parse are passed over; of several entries
// with one name the first counts, as getpwnam does.
#include "sandbox/users.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <charconv>
#include <functional>

namespace jcb::sandbox {
namespace {

constexpr std::uint64_t k_max_file_bytes = std::uint64_t{1} << 20;
constexpr std::uint32_t k_max_id = 0x7fffffff;
constexpr std::size_t k_max_groups = 65536;  // NGROUPS_MAX

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint32_t> find_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (!is_number(text) || error != std::errc{} || end != text.data() + text.size() || id > k_max_id) return std::nullopt;
  return id;
}

std::uint32_t parse_id(std::string_view text, std::string_view what) {
  if (const auto id = find_id(text)) return *id;
  throw Error(ErrorKind::invalid, std::string(what) + " " + util::escape_text(text) + " is above 2147483647");
}

struct PasswdEntry {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
};

struct GroupEntry {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
};

std::optional<PasswdEntry> parse_passwd_line(const std::string& line) {
  const auto fields = util::split(line, ':');
  if (fields.size() < 6 || fields[0].empty()) return std::nullopt;
  const auto uid = find_id(fields[2]);
  const auto gid = find_id(fields[3]);
  if (!uid || !gid) return std::nullopt;
  return PasswdEntry{fields[0], *uid, *gid, fields[5]};
}

std::optional<GroupEntry> parse_group_line(const std::string& line) {
  const auto fields = util::split(line, ':');
  if (fields.size() < 3 || fields[0].empty()) return std::nullopt;
  const auto gid = find_id(fields[2]);
  if (!gid) return std::nullopt;
  return GroupEntry{fields[0], *gid, fields.size() > 3 ? util::split(fields[3], ',') : std::vector<std::string>{}};
}

template <typename Entry>
std::vector<Entry> read_entries(const util::Root& root, const char* path, std::optional<Entry> (*parse_line)(const std::string&)) {
  std::vector<Entry> entries;
  for (const auto& line : util::split(root.find_file(path, k_max_file_bytes).value_or(""), '\n')) {
    if (auto entry = parse_line(line)) entries.push_back(std::move(*entry));
  }
  return entries;
}

std::optional<PasswdEntry> find_passwd(const util::Root& root, const std::function<bool(const PasswdEntry&)>& matches) {
  const auto entries = read_entries<PasswdEntry>(root, "etc/passwd", parse_passwd_line);
  const auto found = std::find_if(entries.begin(), entries.end(), matches);
  return found == entries.end() ? std::nullopt : std::optional(*found);
}

UserEntry to_user(const PasswdEntry& entry) {
  UserEntry user;
  user.identity = {entry.uid, entry.gid, {}};
  user.name = entry.name;
  if (entry.home.starts_with('/')) user.home = entry.home;
  return user;
}

UserEntry find_number(const util::Root& root, std::uint32_t uid) {
  if (const auto entry = find_passwd(root, [uid](const PasswdEntry& e) { return e.uid == uid; })) return to_user(*entry);
  UserEntry user;
  user.identity.uid = uid;
  return user;
}

UserEntry find_name(const util::Root& root, std::string_view name) {
  if (const auto entry = find_passwd(root, [name](const PasswdEntry& e) { return e.name == name; })) return to_user(*entry);
  throw Error(ErrorKind::not_found, "user " + util::escape_text(name) + " is not in /etc/passwd of the image");
}

std::uint32_t find_group(const util::Root& root, std::string_view text) {
  if (is_number(text)) return parse_id(text, "group id");
  for (const auto& entry : read_entries<GroupEntry>(root, "etc/group", parse_group_line)) {
    if (entry.name == text) return entry.gid;
  }
  throw Error(ErrorKind::not_found, "group " + util::escape_text(text) + " is not in /etc/group of the image");
}

std::vector<std::uint32_t> find_memberships(const util::Root& root, const UserEntry& user) {
  std::vector<std::uint32_t> groups;
  if (user.name.empty()) return groups;
  for (const auto& entry : read_entries<GroupEntry>(root, "etc/group", parse_group_line)) {
    if (std::find(entry.members.begin(), entry.members.end(), user.name) != entry.members.end()) groups.push_back(entry.gid);
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  if (groups.size() > k_max_groups) throw Error(ErrorKind::invalid, "user " + util::escape_text(user.name) + " is in too many groups");
  return groups;
}

}  // namespace

UserEntry find_user(const util::Root& root, std::string_view text) {
  const auto parts = util::split(text, ':');
  if (parts.size() > 2) throw Error(ErrorKind::invalid, "user " + util::escape_text(text) + " has more than one colon");
  const std::string name = parts[0].empty() ? "0" : parts[0];
  UserEntry user = is_number(name) ? find_number(root, parse_id(name, "user id")) : find_name(root, name);
  if (parts.size() == 2 && !parts[1].empty())
    user.identity.gid = find_group(root, parts[1]);
  else
    user.identity.groups = find_memberships(root, user);
  return user;
}

}  // namespace jcb::sandbox
