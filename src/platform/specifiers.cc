// SPDX-License-Identifier: Apache-2.0
// Version specifiers (PEP 440, "Version specifiers") over plain dotted numbers: our versions have no epochs, pre-,
// post- or local releases, so that `<` and `>` need none of the special cases of the full rule.
//   set       = [ specifier *("," specifier) ]        all of them must hold
//   specifier = operator version [".*"]               ".*" with == and != only
//   operator  = "==" "!=" ">=" "<=" "<" ">" "~="      ~=12.4.1 means >=12.4.1, ==12.4.*
#include "platform/version.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <array>

namespace jcb::platform {
namespace {

constexpr std::array<std::string_view, 7> k_operators{"==", "!=", ">=", "<=", "~=", "<", ">"};

[[noreturn]] void reject(std::string_view specifier, const std::string& cause) {
  throw Error(ErrorKind::invalid, "version specifier '" + util::escape_text(specifier) + "': " + cause);
}

std::string_view take_operator(std::string_view& text, std::string_view specifier) {
  for (const std::string_view symbol : k_operators) {
    if (!text.starts_with(symbol)) continue;
    text = util::trim(text.substr(symbol.size()));
    return symbol;
  }
  reject(specifier, "expected one of == != >= <= < > ~= before the version");
}

bool has_prefix(const Version& version, const Version& prefix) {
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (version.part(i) != prefix.part(i)) return false;
  }
  return true;
}

bool compare(const Version& version, std::string_view symbol, const Version& bound) {
  if (symbol == "==") return version == bound;
  if (symbol == "!=") return version != bound;
  if (symbol == ">=") return version >= bound;
  if (symbol == "<=") return version <= bound;
  if (symbol == "~=") return version >= bound && has_prefix(version, bound.prefix(bound.size() - 1));
  return symbol == "<" ? version < bound : version > bound;
}

bool satisfies_one(const Version& version, std::string_view specifier) {
  std::string_view text = specifier;
  const std::string_view symbol = take_operator(text, specifier);
  const bool wildcard = text.ends_with(".*");
  if (wildcard && symbol != "==" && symbol != "!=") reject(specifier, "'.*' goes with == and != only");
  const auto bound = Version::find(wildcard ? text.substr(0, text.size() - 2) : text);
  if (!bound) reject(specifier, "'" + util::escape_text(text) + "' is not a version");
  if (symbol == "~=" && bound->size() < 2) reject(specifier, "~= needs a version of at least two numbers");
  if (version.empty()) return false;
  return wildcard ? has_prefix(version, *bound) == (symbol == "==") : compare(version, symbol, *bound);
}

}  // namespace

bool satisfies(const Version& version, std::string_view specifiers) {
  bool all = true;
  // Every specifier is looked at, so that a malformed one is reported whatever the version.
  for (const std::string& part : util::split(specifiers, ',')) {
    const std::string_view specifier = util::trim(part);
    if (!specifier.empty() && !satisfies_one(version, specifier)) all = false;
  }
  return all;
}

}  // namespace jcb::platform
