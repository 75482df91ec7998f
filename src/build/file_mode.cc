// SPDX-License-Identifier: Apache-2.0
// Symbolic modes by POSIX chmod(1): CLAUSE[,CLAUSE...], CLAUSE = [ugoa...] then one or more of [+-=][rwxXstugo...].
#include "build/file_mode.h"

#include <sys/stat.h>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::uint32_t k_user = 04700, k_group = 02070, k_other = 00007, k_sticky = 01000;
constexpr std::uint32_t k_execute = 0111;

[[noreturn]] void reject(std::string_view text) {
  throw Error(ErrorKind::invalid, "--chmod=" + util::escape_text(text) + " is no mode", "use for example --chmod=0755 or --chmod=u+x,go-w");
}

// The three bits of one class, for all classes.
std::uint32_t spread(std::uint32_t mode, char from) {
  const std::uint32_t bits = (from == 'u' ? mode >> 6 : from == 'g' ? mode >> 3 : mode) & 7;
  return bits << 6 | bits << 3 | bits;
}

}  // namespace

class ModeChange::Parser {
 public:
  explicit Parser(std::string_view text) : m_text(text), m_rest(text) {}

  std::vector<Clause> parse() {
    std::vector<Clause> clauses;
    do {
      Clause who = take_who();
      do {
        clauses.push_back(take_action(who));
      } while (!m_rest.empty() && m_rest[0] != ',');
    } while (take_if(','));
    return clauses;
  }

 private:
  bool take_if(char c) {
    if (!m_rest.starts_with(c)) return false;
    m_rest.remove_prefix(1);
    return true;
  }

  Clause take_who() {
    Clause clause;
    for (;;) {
      if (take_if('u')) {
        clause.who |= k_user;
      } else if (take_if('g')) {
        clause.who |= k_group;
      } else if (take_if('o')) {
        clause.who |= k_other;
      } else if (take_if('a')) {
        clause.who |= k_user | k_group | k_other;
      } else {
        break;
      }
    }
    if (clause.who == 0) clause.who = k_user | k_group | k_other;
    return clause;
  }

  Clause take_action(Clause clause) {
    if (m_rest.empty() || std::string_view("+-=").find(m_rest[0]) == std::string_view::npos) reject(m_text);
    clause.operation = m_rest[0];
    m_rest.remove_prefix(1);
    while (!m_rest.empty() && take_permission(clause, m_rest[0])) m_rest.remove_prefix(1);
    return clause;
  }

  static bool take_permission(Clause& clause, char letter) {
    // "other" alone has neither set-id nor the sticky bit.
    const bool other_only = clause.who == k_other;
    switch (letter) {
      case 'r':
        clause.bits |= 0444;
        return true;
      case 'w':
        clause.bits |= 0222;
        return true;
      case 'x':
        clause.bits |= k_execute;
        return true;
      case 'X':
        clause.conditional_x = true;
        return true;
      case 's':
        if (!other_only) clause.bits |= 06000;
        return true;
      case 't':
        if (other_only) return true;
        clause.bits |= k_sticky;
        clause.who |= k_sticky;
        return true;
      case 'u':
      case 'g':
      case 'o':
        clause.copied_from.push_back(letter);
        return true;
      default:
        return false;
    }
  }

  std::string_view m_text, m_rest;
};

ModeChange ModeChange::parse(std::string_view text) {
  ModeChange change;
  if (text.empty()) reject(text);
  if (text[0] < '0' || text[0] > '9') {
    change.m_clauses = Parser(text).parse();
    return change;
  }
  std::uint32_t mode = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '7') reject(text);
    mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
    if (mode > 07777) reject(text);
  }
  change.m_absolute = mode;
  return change;
}

std::uint32_t ModeChange::apply_clause(const Clause& clause, std::uint32_t original, std::uint32_t mode) noexcept {
  std::uint32_t bits = clause.bits;
  for (const char from : clause.copied_from) bits |= spread(mode, from);
  // Taking X away is taking x away.
  const bool execute = clause.operation == '-' || S_ISDIR(original) || (original & k_execute) != 0;
  if (clause.conditional_x && execute) bits |= k_execute;
  bits &= clause.who;
  if (clause.operation == '+') return mode | bits;
  if (clause.operation == '-') return mode & ~bits;
  // "=" for all leaves the sticky bit alone unless it is named.
  return (mode & ~clause.who) | bits;
}

std::uint32_t ModeChange::apply(std::uint32_t mode) const noexcept {
  if (m_absolute) return *m_absolute;
  std::uint32_t result = mode & 07777U;
  for (const auto& clause : m_clauses) result = apply_clause(clause, mode, result);
  return result;
}

}  // namespace jcb::build
