// SPDX-License-Identifier: Apache-2.0
#include "util/owner_table.h"

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/text.h"

#include <charconv>

namespace jcb::util {
namespace {

constexpr std::string_view k_header = "jcbuild-owners 1\n";
constexpr std::string_view k_check = "sha256 ";
constexpr std::size_t k_check_bytes = k_check.size() + 64 + 1;

std::string device_text(const std::optional<DeviceNode>& device) {
  if (!device) return "-";
  return (device->block ? "b" : "c") + std::to_string(device->major) + ":" + std::to_string(device->minor);
}

// Takes a table file apart from the front.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view thing) : m_text(text), m_thing(thing) {}

  bool at_end() const noexcept { return m_text.empty(); }
  [[noreturn]] void fail() const { throw Error(ErrorKind::invalid, std::string(m_thing) + " is damaged: it is no table of owners"); }

  std::string_view until(char end) {
    const auto size = m_text.find(end);
    if (size == std::string_view::npos) fail();
    const auto field = m_text.substr(0, size);
    m_text.remove_prefix(size + 1);
    return field;
  }

  std::uint32_t number(std::string_view field) const {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    const bool canonical = error == std::errc{} && end == field.data() + field.size() && std::to_string(value) == field;
    if (!canonical || value == UINT32_MAX) fail();
    return value;
  }

  std::optional<DeviceNode> device(std::string_view field) const {
    if (field == "-") return std::nullopt;
    const auto colon = field.find(':');
    if (colon == std::string_view::npos || (field[0] != 'b' && field[0] != 'c')) fail();
    return DeviceNode{field[0] == 'b', number(field.substr(1, colon - 1)), number(field.substr(colon + 1))};
  }

 private:
  std::string_view m_text;
  std::string_view m_thing;
};

}  // namespace

OwnerEntry OwnerTable::find(const std::string& path) const {
  const auto found = m_entries.find(path);
  return found == m_entries.end() ? OwnerEntry{} : found->second;
}

void OwnerTable::set(const std::string& path, const OwnerEntry& entry) {
  if (entry.is_plain()) {
    m_entries.erase(path);
  } else {
    m_entries[path] = entry;
  }
}

void OwnerTable::keep_existing(const Root& tree) {
  std::erase_if(m_entries, [&](const auto& entry) { return !tree.find_stat(entry.first); });
}

std::string OwnerTable::serialize() const {
  std::string text(k_header);
  for (const auto& [path, entry] : m_entries) {
    text += std::to_string(entry.owner.uid) + " " + std::to_string(entry.owner.gid) + " " + device_text(entry.device) + " " + path;
    text += '\0';
  }
  const std::string check = sha256_hex(text);
  return text + std::string(k_check) + check + "\n";
}

OwnerTable OwnerTable::parse(std::string_view text, std::string_view thing) {
  if (text.size() < k_header.size() + k_check_bytes || !text.starts_with(k_header)) Scanner({}, thing).fail();
  const auto body = text.substr(0, text.size() - k_check_bytes);
  if (text.substr(body.size()) != std::string(k_check) + sha256_hex(body) + "\n") Scanner({}, thing).fail();
  Scanner scanner(body.substr(k_header.size()), thing);
  OwnerTable table;
  std::string last;
  while (!scanner.at_end()) {
    OwnerEntry entry;
    entry.owner.uid = scanner.number(scanner.until(' '));
    entry.owner.gid = scanner.number(scanner.until(' '));
    entry.device = scanner.device(scanner.until(' '));
    std::string path(scanner.until('\0'));
    if (path <= last || path.front() == '/' || entry.is_plain()) scanner.fail();
    table.m_entries.emplace_hint(table.m_entries.end(), path, entry);
    last = std::move(path);
  }
  return table;
}

}  // namespace jcb::util
