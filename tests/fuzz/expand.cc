// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/expand.h"
#include "fuzz/targets.h"
#include "jcbuild/error.h"

#include <algorithm>
#include <array>

namespace jcb::fuzz {
namespace {

// Some names are unset; `salt` moves the others' values around.
std::optional<std::string> value_of(std::string_view name, unsigned salt) {
  static const std::array<std::string, 6> k_values{"", "a", "  a  b ", "x/y.z*/\\}", "$a${b}'\"", "\xce\xb1\xff\n<<"};
  unsigned sum = salt;
  for (const char c : name) sum = sum * 31 + static_cast<unsigned char>(c);
  if (sum % 7 == 6) return std::nullopt;
  return k_values.at(sum % 7);
}

constexpr std::size_t k_longest_result = std::size_t{1} << 20;

}  // namespace

void expand(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input[0]);
  const std::string_view word = input.substr(1);
  const char escape = (choice & 1) != 0 ? '`' : '\\';
  std::set<std::string> asked;
  const dockerfile::Lookup lookup = [&](std::string_view name) {
    asked.emplace(name);
    return value_of(name, choice);
  };
  bool is_valid = true;
  std::string text;
  try {
    text = dockerfile::expand_word(word, lookup, escape);
    require(text.size() <= k_longest_result, "results have a limit");
  } catch (const Error&) {
    is_valid = false;
  }
  try {
    const std::set<std::string> names = dockerfile::referenced_variables(word, escape);
    require(std::includes(names.begin(), names.end(), asked.begin(), asked.end()) || !is_valid, "every name that is asked for is foreseen");
  } catch (const Error&) {
    require(!is_valid, "what can be expanded can be looked through");
  }
  try {
    std::size_t size = 0;
    for (const std::string& part : dockerfile::expand_words(word, lookup, escape)) size += part.size();
    require(is_valid && size <= text.size(), "the words are parts of the text");
  } catch (const Error&) {
    require(!is_valid, "words and text are valid together");
  }
  try {
    dockerfile::variables_in_heredoc(word, escape);
    require(dockerfile::expand_heredoc(word, lookup, escape).size() <= k_longest_result, "heredocs have a limit");
  } catch (const Error&) {
  }
}

}  // namespace jcb::fuzz
