// SPDX-License-Identifier: Apache-2.0
// A word `[N]<<[-]DELIMITER` of RUN, COPY or ADD opens a heredoc; its lines follow the instruction up to one that is
// the delimiter alone. Quotes anywhere in the delimiter mean that variables in the body are not expanded. The line is
// read with `\` as the escape whatever the file's directive says, for it is shell text.
#include "dockerfile/heredoc.h"

#include "dockerfile/lexer.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

const Lookup k_nothing_set = [](std::string_view) -> std::optional<std::string> { return std::nullopt; };

std::string_view without_line_end(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view without_leading_tabs(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
  return line;
}

// The raw words of the line. A line that cannot be lexed (an open quote that the shell is to see) opens no heredoc.
std::vector<std::string> raw_words(const std::string& text) {
  try {
    return lex(text, k_nothing_set, {.keep_quotes = true, .keep_escapes = true, .keep_unset = true}).words;
  } catch (const Error&) {
    return {};
  }
}

auto count_quotes(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return c == '\'' || c == '"'; });
}

std::string read_body(const Heredoc& heredoc, LineReader& reader, const LogicalLine& opened_by) {
  std::string body;
  while (const auto line = reader.next_physical()) {
    const std::string_view text = heredoc.strip_tabs ? without_leading_tabs(*line) : *line;
    if (without_line_end(text) == heredoc.name) return body;
    body += text;
  }
  const auto word = opened_by.text().find("<<");
  opened_by.fail(word, "the heredoc '" + util::escape_text(heredoc.name) + "' does not end",
                 "it ends at a line that holds only " + util::escape_text(heredoc.name));
}

}  // namespace

std::optional<Heredoc> find_heredoc(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of("0123456789"), word.size()));
  if (!word.starts_with("<<")) return std::nullopt;
  word.remove_prefix(2);
  Heredoc heredoc;
  heredoc.strip_tabs = word.starts_with('-');
  if (heredoc.strip_tabs) word.remove_prefix(1);
  word = word.substr(std::min(word.find_first_not_of(" \t\r\n\v\f"), word.size()));
  if (word.empty() || word.find('<') != std::string_view::npos) return std::nullopt;
  try {
    const auto words = lex(word, k_nothing_set, {.keep_unset = true}).words;
    const auto raw = lex(word, k_nothing_set, {.keep_quotes = true, .keep_unset = true}).words;
    if (words.size() != 1 || raw.size() != 1) return std::nullopt;
    heredoc.name = words[0];
    heredoc.expand = count_quotes(words[0]) == count_quotes(raw[0]);
  } catch (const Error&) {
    return std::nullopt;
  }
  return heredoc;
}

std::vector<Heredoc> read_heredocs(const LogicalLine& line, LineReader& reader) {
  std::vector<Heredoc> heredocs;
  if (line.text().find("<<") == std::string::npos) return heredocs;
  for (const std::string& word : raw_words(line.text())) {
    auto heredoc = find_heredoc(word);
    if (!heredoc) continue;
    heredoc->content = read_body(*heredoc, reader, line);
    heredocs.push_back(std::move(*heredoc));
  }
  return heredocs;
}

std::string text_with_heredocs(std::string_view line, const std::vector<Heredoc>& heredocs) {
  std::string text(line);
  for (const Heredoc& heredoc : heredocs) text += "\n" + heredoc.content + heredoc.name;
  return text;
}

}  // namespace jcb::dockerfile
