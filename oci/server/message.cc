// SPDX-License-Identifier: Apache-2.0
#include "oci/server/message.h"

#include <algorithm>

#include "util/text.h"

namespace jcb::oci {
namespace {

const std::string* find_value(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return header.first.size() == name.size() && util::to_lower(header.first) == util::to_lower(name);
  });
  return found == headers.end() ? nullptr : &found->second;
}

}  // namespace

const std::string* ServerRequest::find_header(std::string_view name) const { return find_value(headers, name); }

std::optional<std::string> ServerAnswer::find_header(std::string_view name) const {
  const std::string* value = find_value(headers, name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

}  // namespace jcb::oci
