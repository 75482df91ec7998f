// SPDX-License-Identifier: Apache-2.0
// A value of a configuration file, whatever it was written in, with the place where it was written: a wrong value
// is often found long after parsing (after merging, for one variant only) and must still be blamed on its line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::util {

/// Where a value was written; `line` and `column` count from 1, 0 where the format does not tell (JSON).
struct SourcePosition {
  std::shared_ptr<const std::string> file;  ///< for messages
  int line = 0;
  int column = 0;
};

/// Throws Error(invalid) "FILE:LINE:COLUMN: CAUSE".
[[noreturn]] void reject(const SourcePosition& at, const std::string& cause);

struct NodeEntry;

/// A scalar, a list or a mapping. Scalars stay text as written: "3.10" is not the number 3.1.
struct Node {
  enum class Kind { null, scalar, list, mapping };
  Kind kind = Kind::null;
  std::string text;                ///< of a scalar
  bool quoted = false;             ///< a scalar that was written as a text: "1" in quotes is no number
  std::vector<Node> items;         ///< of a list
  std::vector<NodeEntry> entries;  ///< of a mapping, in the order of the file; keys are unique
  SourcePosition at;

  bool is_mapping() const noexcept { return kind == Kind::mapping; }
  bool is_null() const noexcept { return kind == Kind::null; }
  /// The value of a key of a mapping, or nullptr.
  const Node* find(std::string_view key) const noexcept;
};

/// One key of a mapping with its value.
struct NodeEntry {
  std::string key;
  SourcePosition at;
  Node value;
};

/// A scalar's text; nothing (null) is "". Throws Error(invalid) naming `key` for a list or a mapping.
std::string to_text(const Node& node, std::string_view key);
/// A list of scalars, or one scalar as a list of one. Throws Error(invalid) naming `key`.
std::vector<std::string> to_texts(const Node& node, std::string_view key);
/// true/false, yes/no, on/off in any case, as YAML 1.1 has them. Throws Error(invalid) naming `key`.
bool to_bool(const Node& node, std::string_view key);
/// Throws Error(invalid) at the first key that is not in `known`, with the nearest known one; `what` names the mapping.
void require_known_keys(const Node& mapping, const std::vector<std::string>& known, std::string_view what);

}  // namespace jcb::util
