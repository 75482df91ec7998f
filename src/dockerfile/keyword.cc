// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/keyword.h"

#include <algorithm>
#include <array>

namespace jcb::dockerfile {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 18> k_names{
    "FROM", "ARG",        "ENV",   "RUN",    "COPY",   "ADD",        "WORKDIR",     "USER",    "SHELL",
    "CMD",  "ENTRYPOINT", "LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "ONBUILD", "MAINTAINER",
};
static_assert(k_names.size() == static_cast<std::size_t>(Keyword::maintainer) + 1);

}  // namespace

std::string_view keyword_name(Keyword keyword) noexcept { return k_names[static_cast<std::size_t>(keyword)]; }

std::string keyword_case(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

std::optional<Keyword> find_keyword(std::string_view name) {
  const auto found = std::find(k_names.begin(), k_names.end(), keyword_case(name));
  if (found == k_names.end()) return std::nullopt;
  return static_cast<Keyword>(found - k_names.begin());
}

std::vector<std::string> keyword_names() { return {k_names.begin(), k_names.end()}; }

}  // namespace jcb::dockerfile
