// SPDX-License-Identifier: Apache-2.0
// Typed access to the keys of a mapping, as Go's strict decoding of the reference has it: an unknown key and a value of
// another type are errors, null is as good as absent, and a scalar that stands for a text may look like a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/node.h"

namespace jcb::cdi {

class Fields {
 public:
  /// `what` names the mapping in messages: "a device". Borrows the node. Throws Error(invalid) for another kind of value
  /// and for a key that is not in `known`.
  Fields(const util::Node& node, const std::vector<std::string>& known, std::string what);

  const util::SourcePosition& at() const noexcept { return m_node.at; }
  const std::string& what() const noexcept { return m_what; }
  /// Where a key's value stands, or the mapping when it is absent.
  const util::SourcePosition& at(std::string_view key) const noexcept;

  /// The value of a key; nullptr when it is absent or null.
  const util::Node* find(std::string_view key) const noexcept;
  std::string text(std::string_view key) const;
  /// A text that may not be missing or empty.
  std::string required_text(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  bool boolean(std::string_view key) const;
  /// A whole number of at least 0 and at most `limit`: decimal, 0x… or, as YAML 1.1 has it, octal with a leading 0.
  std::optional<std::uint64_t> number(std::string_view key, std::uint64_t limit) const;
  /// The items of a list; none when the key is absent.
  const std::vector<util::Node>& list(std::string_view key) const;
  /// An absolute path without `..`.
  std::string path(std::string_view key) const;

 private:
  const util::Node& m_node;
  std::string m_what;
};

/// A scalar that stands for a text. Throws Error(invalid) for anything else and for a NUL in it.
std::string read_text(const util::Node& node, std::string_view key);
/// A whole number, as Fields::number.
std::uint64_t read_number(const util::Node& node, std::string_view key, std::uint64_t limit);
/// Throws Error(invalid) for a path that is not absolute or holds `..`.
void require_clean_path(const std::string& path, std::string_view key, const util::SourcePosition& at);

}  // namespace jcb::cdi
