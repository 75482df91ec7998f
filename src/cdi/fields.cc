// SPDX-License-Identifier: Apache-2.0
#include "cdi/fields.h"

#include "util/text.h"

#include <algorithm>
#include <charconv>

namespace jcb::cdi {
namespace {

using util::Node;
using util::reject;

std::string quoted(std::string_view text) { return "'" + util::escape_text(text) + "'"; }

const char* digits_of(std::string_view text, int& base) {
  base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) return base = 16, text.data() + 2;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'o' || text[1] == 'O')) return base = 8, text.data() + 2;
  if (text.size() > 1 && text[0] == '0') return base = 8, text.data() + 1;
  return text.data();
}

}  // namespace

std::string read_text(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::scalar) reject(node.at, quoted(key) + " must be a text");
  if (node.text.find('\0') != std::string::npos) reject(node.at, quoted(key) + " holds a NUL byte");
  return node.text;
}

std::uint64_t read_number(const Node& node, std::string_view key, std::uint64_t limit) {
  const std::string& text = node.text;
  int base = 10;
  const char* begin = digits_of(text, base);
  const char* end = text.data() + text.size();
  std::uint64_t value = 0;
  const auto [stop, fault] = std::from_chars(begin, end, value, base);
  const bool good = node.kind == Node::Kind::scalar && !node.quoted && fault == std::errc() && stop == end && value <= limit;
  if (!good) reject(node.at, quoted(key) + " must be a whole number from 0 to " + std::to_string(limit));
  return value;
}

void require_clean_path(const std::string& path, std::string_view key, const util::SourcePosition& at) {
  if (!path.starts_with('/')) reject(at, quoted(key) + " is " + quoted(path) + ", which is no absolute path");
  const auto parts = util::split(path, '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end())
    reject(at, quoted(key) + " is " + quoted(path) + ": no path may hold '..'");
}

Fields::Fields(const Node& node, const std::vector<std::string>& known, std::string what) : m_node(node), m_what(std::move(what)) {
  if (!node.is_mapping()) reject(node.at, m_what + " must be a mapping");
  util::require_known_keys(node, known, m_what);
}

const util::SourcePosition& Fields::at(std::string_view key) const noexcept {
  const Node* node = m_node.find(key);
  return node == nullptr ? m_node.at : node->at;
}

const Node* Fields::find(std::string_view key) const noexcept {
  const Node* node = m_node.find(key);
  return node == nullptr || node->is_null() ? nullptr : node;
}

std::string Fields::text(std::string_view key) const {
  const Node* node = find(key);
  return node == nullptr ? std::string() : read_text(*node, key);
}

std::string Fields::required_text(std::string_view key) const {
  std::string value = text(key);
  if (value.empty()) reject(at(key), m_what + " needs " + quoted(key));
  return value;
}

std::vector<std::string> Fields::texts(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& item : list(key)) values.push_back(read_text(item, key));
  return values;
}

bool Fields::boolean(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr) return false;
  if (node->quoted) reject(node->at, quoted(key) + " must be true or false");
  return util::to_bool(*node, key);
}

std::optional<std::uint64_t> Fields::number(std::string_view key, std::uint64_t limit) const {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  return read_number(*node, key, limit);
}

const std::vector<Node>& Fields::list(std::string_view key) const {
  static const std::vector<Node> k_none;
  const Node* node = find(key);
  if (node == nullptr) return k_none;
  if (node->kind != Node::Kind::list) reject(node->at, quoted(key) + " must be a list");
  return node->items;
}

std::string Fields::path(std::string_view key) const {
  std::string value = required_text(key);
  require_clean_path(value, key, at(key));
  return value;
}

}  // namespace jcb::cdi
