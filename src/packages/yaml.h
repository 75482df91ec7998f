// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packages/node.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::packages {

/// What a header or config file may be at most. Far above any real one; together they bound time and memory.
inline constexpr std::size_t k_config_limit_bytes = std::size_t{256} << 10;
inline constexpr std::size_t k_config_limit_depth = 32;
inline constexpr std::size_t k_config_limit_values = 10'000;

/// A text that was cut out of a file: which file, which of its lines, and how many columns were cut off on the left.
struct SourceText {
  std::string file;
  std::string text;
  std::vector<int> lines;  ///< line of the file for each line of `text`; empty: they are the same
  int cut_columns = 0;
};

/// Parses one YAML document: no anchors, aliases or tags, no duplicate keys, no second document, no control
/// characters. Throws Error(invalid) "FILE:LINE:COLUMN: cause". An empty text is null.
Node parse_yaml(const SourceText& source);

/// Parses one JSON text into the same form. Throws Error(invalid) "FILE: cause at byte N".
Node parse_json_config(const std::string& file, std::string_view text);

}  // namespace jcb::packages
