// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/node.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::util {

/// What a text may be at most; together they bound time and memory.
struct NodeLimits {
  std::size_t bytes = std::size_t{256} << 10;
  std::size_t depth = 32;
  std::size_t values = 10'000;
  std::size_t keys = 10'000;  ///< of one mapping: they are searched one after the other
};

/// A text that was cut out of a file: which file, which of its lines, and how many columns were cut off on the left.
struct SourceText {
  std::string file;
  std::string text;
  std::vector<int> lines;  ///< line of the file for each line of `text`; empty: they are the same
  int cut_columns = 0;
};

/// Parses one YAML document: no anchors, aliases or tags, no duplicate keys, no second document, no control
/// characters. Throws Error(invalid) "FILE:LINE:COLUMN: cause". An empty text is null.
Node parse_yaml(const SourceText& source, const NodeLimits& limits = {});

/// Parses one JSON text into the same form. Throws Error(invalid) "FILE: cause at byte N".
Node parse_json_node(const std::string& file, std::string_view text, const NodeLimits& limits = {});

}  // namespace jcb::util
