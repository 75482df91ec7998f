// SPDX-License-Identifier: Apache-2.0
#include "build/url.h"

#include <algorithm>

#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::string_view k_authority_ends = "/?#\\ \t\r\n\"'`<>";

// Where the scheme before "://" at `at` begins.
std::size_t scheme_start(std::string_view text, std::size_t at) {
  while (at > 0 && (std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0 || text[at - 1] == '+' || text[at - 1] == '-')) --at;
  return at;
}

// What may stay of the user information of a URL: the user of ssh, which is no secret and without which it is another URL.
std::string_view keep_of(std::string_view scheme, std::string_view user_info) {
  return util::to_lower(scheme).ends_with("ssh") ? user_info.substr(0, user_info.find(':')) : std::string_view();
}

}  // namespace

std::string strip_userinfo(std::string_view text) {
  std::string stripped;
  std::size_t done = 0;
  for (auto at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const std::size_t start = at + 3, end = std::min(text.find_first_of(k_authority_ends, start), text.size());
    const auto sign = text.substr(start, end - start).rfind('@');
    if (sign == std::string_view::npos) continue;
    const auto scheme_at = scheme_start(text, at);
    const auto kept = keep_of(text.substr(scheme_at, at - scheme_at), text.substr(start, sign));
    stripped.append(text.substr(done, start - done)).append(kept).append(kept.empty() ? "" : "@");
    done = start + sign + 1;
  }
  return stripped.append(text.substr(done));
}

}  // namespace jcb::build
