// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/challenge.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_bytes = 64 << 10;
constexpr std::size_t k_max_challenges = 100, k_max_parameters = 100;

[[noreturn]] void fail(const std::string& cause) {
  throw Error(ErrorKind::invalid, "the server's WWW-Authenticate header is malformed: " + cause);
}

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_token(char c) { return is_alphanumeric(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos); }
bool is_token68(char c) { return is_alphanumeric(c) || (c != '\0' && std::string_view("-._~+/").find(c) != std::string_view::npos); }
bool is_space(char c) { return c == ' ' || c == '\t'; }

void check_characters(std::string_view field) {
  if (field.size() > k_max_bytes) fail("longer than 64 KiB");
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f'; };
  if (std::any_of(field.begin(), field.end(), is_control)) fail("it holds a control character");
}

class Parser {
 public:
  explicit Parser(std::string_view text) : m_text(text) {}

  std::vector<Challenge> parse() {
    for (skip_separators(); m_at < m_text.size(); end_element()) take_element();
    return std::move(m_challenges);
  }

 private:
  char peek() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }
  void skip_spaces() {
    while (is_space(peek())) ++m_at;
  }
  void skip_separators() {
    while (is_space(peek()) || peek() == ',') ++m_at;
  }
  std::string_view take_while(bool (*test)(char)) {
    const std::size_t start = m_at;
    while (m_at < m_text.size() && test(m_text[m_at])) ++m_at;
    return m_text.substr(start, m_at - start);
  }

  // After an element comes a comma or the end, but for a scheme, which its first parameter follows.
  void end_element() {
    skip_spaces();
    if (!m_after_scheme && m_at < m_text.size() && peek() != ',') fail("no comma between its parts");
    skip_separators();
  }

  void take_element() {
    const std::string_view name = take_while(is_token);
    if (name.empty()) fail("a name is missing");
    const std::size_t end = m_at;
    skip_spaces();
    if (peek() == '=') {
      ++m_at;
      skip_spaces();
      return add_parameter(util::to_lower(name));
    }
    m_at = end;
    add_challenge(util::to_lower(name));
  }

  void add_challenge(std::string scheme) {
    if (m_after_scheme) fail("no comma between its parts");
    if (m_challenges.size() == k_max_challenges) fail("more than 100 challenges");
    m_challenges.push_back({std::move(scheme), {}, {}});
    m_after_scheme = is_space(peek());
    skip_spaces();
    if (m_after_scheme && peek() != ',') take_token68();
    if (peek() == ',' || !m_challenges.back().token68.empty()) m_after_scheme = false;
  }

  // A token68 is one only when nothing else follows before the comma: "Scheme abc==" but not "Scheme abc = x".
  void take_token68() {
    const std::size_t start = m_at;
    std::string value(take_while(is_token68));
    while (!value.empty() && peek() == '=') {
      value += '=';
      ++m_at;
    }
    const std::size_t end = m_at;
    skip_spaces();
    const bool whole = !value.empty() && (m_at == m_text.size() || peek() == ',');
    m_at = whole ? end : start;
    if (whole) m_challenges.back().token68 = std::move(value);
  }

  void add_parameter(std::string name) {
    m_after_scheme = false;
    if (m_challenges.empty()) fail("a parameter without a scheme");
    Challenge& challenge = m_challenges.back();
    if (!challenge.token68.empty()) fail("a parameter after a token");
    if (challenge.find(name)) fail("it says " + util::escape_text(name) + " twice");
    if (challenge.parameters.size() == k_max_parameters) fail("more than 100 parameters");
    std::string value = peek() == '"' ? take_quoted() : std::string(take_while(is_token));
    challenge.parameters.emplace_back(std::move(name), std::move(value));
  }

  std::string take_quoted() {
    std::string value;
    for (++m_at; m_at < m_text.size() && m_text[m_at] != '"'; ++m_at) {
      if (m_text[m_at] == '\\' && ++m_at == m_text.size()) break;
      value += m_text[m_at];
    }
    if (m_at >= m_text.size()) fail("a quote is not closed");
    ++m_at;
    return value;
  }

  std::string_view m_text;
  std::size_t m_at = 0;
  bool m_after_scheme = false;
  std::vector<Challenge> m_challenges;
};

}  // namespace

std::optional<std::string> Challenge::find(std::string_view name) const {
  for (const auto& [candidate, value] : parameters) {
    if (candidate == name) return value;
  }
  return std::nullopt;
}

std::vector<Challenge> parse_challenges(std::string_view field) {
  check_characters(field);
  return Parser(field).parse();
}

std::vector<Challenge> parse_challenges(const HttpHeaders& headers) {
  std::vector<Challenge> all;
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers.fields()) {
    if (util::to_lower(name) != "www-authenticate") continue;
    if (bytes += value.size(); bytes > k_max_bytes) fail("longer than 64 KiB");
    const auto some = parse_challenges(value);
    all.insert(all.end(), some.begin(), some.end());
    if (all.size() > k_max_challenges) fail("more than 100 challenges");
  }
  return all;
}

}  // namespace jcb::oci
