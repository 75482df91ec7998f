// SPDX-License-Identifier: Apache-2.0
#include "util/node.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::util {
namespace {

std::string quoted(std::string_view text) { return "'" + escape_text(text) + "'"; }

}  // namespace

void reject(const SourcePosition& at, const std::string& cause) {
  std::string place = at.file ? *at.file : std::string("config");
  if (at.line > 0) place += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  throw Error(ErrorKind::invalid, place + ": " + cause);
}

const Node* Node::find(std::string_view key) const noexcept {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const NodeEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

std::string to_text(const Node& node, std::string_view key) {
  if (node.kind == Node::Kind::list || node.is_mapping()) reject(node.at, quoted(key) + " must be one value");
  return node.text;
}

std::vector<std::string> to_texts(const Node& node, std::string_view key) {
  if (node.is_null()) return {};
  if (node.kind == Node::Kind::scalar) return {node.text};
  if (node.is_mapping()) reject(node.at, quoted(key) + " must be a list of strings");
  std::vector<std::string> texts;
  for (const Node& item : node.items) {
    if (item.kind != Node::Kind::scalar) reject(item.at, "an entry of " + quoted(key) + " is not a string");
    texts.push_back(item.text);
  }
  return texts;
}

bool to_bool(const Node& node, std::string_view key) {
  const std::string word = to_lower(node.text);
  if (node.kind == Node::Kind::scalar && (word == "true" || word == "yes" || word == "on")) return true;
  if (node.kind == Node::Kind::scalar && (word == "false" || word == "no" || word == "off")) return false;
  reject(node.at, quoted(key) + " must be true or false");
}

void require_known_keys(const Node& mapping, const std::vector<std::string>& known, std::string_view what) {
  for (const NodeEntry& entry : mapping.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    const std::string nearest = did_you_mean(nearest_names(entry.key, known, 1));
    reject(entry.at, "unknown key " + quoted(entry.key) + " in " + std::string(what) + (nearest.empty() ? "" : ", " + nearest));
  }
}

}  // namespace jcb::util
