// SPDX-License-Identifier: Apache-2.0
#include "packages/header.h"

namespace jcb::packages {
namespace {

constexpr std::string_view k_fence = "#---";

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

}  // namespace

std::string normalize_text(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::string normal;
  normal.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    normal += text[i];
  }
  return normal;
}

std::optional<SourceText> find_header(const std::string& file, std::string_view dockerfile) {
  SourceText header{.file = file, .text = {}, .lines = {}, .cut_columns = 1};
  int number = 0, opened = 0;
  while (dockerfile.starts_with('#')) {
    const std::string_view line = take_line(dockerfile);
    ++number;
    if (line.starts_with(k_fence)) {
      opened = opened == 0 ? number : 0;
    } else if (opened != 0) {
      header.text += std::string(line.substr(1)) + "\n";
      header.lines.push_back(number);
    }
  }
  if (opened != 0) reject({std::make_shared<const std::string>(file), opened, 1}, "the header that starts here has no closing #---");
  if (header.text.empty()) return std::nullopt;
  return header;
}

}  // namespace jcb::packages
