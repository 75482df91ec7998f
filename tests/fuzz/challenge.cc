// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/challenge.h"

#include <algorithm>

#include "fuzz/targets.h"
#include "jcbuild/error.h"
#include "oci/registry/content_range.h"

namespace jcb::fuzz {
namespace {

// The challenges as one field, every value quoted.
std::string write(const std::vector<oci::Challenge>& challenges) {
  std::string text;
  for (const auto& challenge : challenges) {
    text += (text.empty() ? "" : ", ") + challenge.scheme + (challenge.token68.empty() ? "" : " " + challenge.token68);
    for (std::size_t i = 0; i < challenge.parameters.size(); ++i) {
      text += (i == 0 ? " " : ",") + challenge.parameters[i].first + "=\"";
      for (const char c : challenge.parameters[i].second) text += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
      text += '"';
    }
  }
  return text;
}

void check_challenge(const oci::Challenge& challenge) {
  require(!challenge.scheme.empty(), "a challenge has a scheme");
  require(challenge.token68.empty() || challenge.parameters.empty(), "a challenge has a token or parameters");
  for (const auto& [name, value] : challenge.parameters) {
    const auto count = std::count_if(challenge.parameters.begin(), challenge.parameters.end(),
                                     [&, &wanted = name](const auto& other) { return other.first == wanted; });
    require(count == 1, "a parameter occurs once");
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a value fits into a header");
  }
}

}  // namespace

void challenge(std::string_view input) {
  if (const auto range = oci::parse_content_range(input))
    require(range->first <= range->last && (!range->total || range->last < *range->total), "a part lies within its body");
  try {
    const auto challenges = oci::parse_challenges(input);
    for (const auto& one : challenges) check_challenge(one);
    const std::string text = write(challenges);
    require(text.size() > 60000 || oci::parse_challenges(text) == challenges, "what is written is read again");
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid, "a refused challenge is invalid input");
  }
}

}  // namespace jcb::fuzz
