// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/forms.h"

#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

constexpr std::string_view k_blanks = " \t\r\n\v\f";

bool is_blank(char c) { return k_blanks.find(c) != std::string_view::npos; }

std::size_t skip_blanks(std::string_view text, std::size_t at) { return std::min(text.find_first_not_of(k_blanks, at), text.size()); }

// What a scanner does with quotes and escapes: flags lose them, name=value words keep them.
enum class Marks { drop, keep };

// One word from `at` (not blank) to the next unquoted blank. An escape character makes the next character ordinary,
// except inside single quotes of kept words, where it is ordinary itself; one at the very end is dropped.
struct WordScanner {
  std::string_view text;
  char escape;
  Marks marks;
  std::size_t at;
  std::string word;
  bool had_quotes = false;

  void run() {
    char quote = 0;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (quote == 0 && is_blank(c)) return;
      if (c == escape && !(quote == '\'' && marks == Marks::keep)) {
        take_escaped();
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
        had_quotes = true;
        take_mark(c);
      } else if (quote != 0 && c == quote) {
        quote = 0;
        take_mark(c);
      } else {
        word += c;
      }
    }
  }

 private:
  void take_mark(char c) {
    if (marks == Marks::keep) word += c;
  }
  void take_escaped() {
    if (at + 1 == text.size()) return;
    take_mark(escape);
    word += text[++at];
  }
};

}  // namespace

SplitLine split_line(const LogicalLine& line, char escape) {
  const std::string_view text = line.text();
  SplitLine split;
  std::size_t at = skip_blanks(text, 0);
  const std::size_t keyword_end = std::min(text.find_first_of(k_blanks, at), text.size());
  split.keyword = text.substr(at, keyword_end - at);
  at = skip_blanks(text, keyword_end);
  while (text.substr(at).starts_with("--")) {
    WordScanner scanner{text, escape, Marks::drop, at, {}};
    scanner.run();
    const bool end_of_flags = scanner.word == "--";
    if (!end_of_flags) split.flags.push_back({scanner.word, at});
    at = skip_blanks(text, scanner.at);
    if (end_of_flags) break;
  }
  split.arguments_offset = at;
  split.arguments = util::trim(text.substr(at));
  return split;
}

std::vector<std::string> plain_words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = skip_blanks(text, 0); at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(k_blanks, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = skip_blanks(text, end);
  }
  return words;
}

std::vector<Word> quoted_words(std::string_view text, char escape) {
  std::vector<Word> words;
  for (std::size_t at = skip_blanks(text, 0); at < text.size();) {
    WordScanner scanner{text, escape, Marks::keep, at, {}};
    scanner.run();
    if (scanner.had_quotes || !scanner.word.empty()) words.push_back({scanner.word, at});
    at = skip_blanks(text, scanner.at);
  }
  return words;
}

std::optional<std::vector<std::string>> find_json_words(const LogicalLine& text) {
  if (!text.text().starts_with('[')) return std::nullopt;
  util::Json json;
  try {
    json = util::parse_json(text.text(), "arguments");
  } catch (const Error&) {
    return std::nullopt;
  }
  std::vector<std::string> words;
  for (const util::Json& item : json) {
    if (!item.is_string()) text.fail(0, "the JSON array holds something that is not a string", "write every argument as a \"string\"");
    words.push_back(item.get<std::string>());
  }
  return words;
}

}  // namespace jcb::dockerfile
