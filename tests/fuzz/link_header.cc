// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"

#include "oci/registry/content_range.h"
#include "oci/registry/header_fields.h"

namespace jcb::fuzz {

void link_header(std::string_view input) {
  if (const auto target = oci::find_link(input, "next")) {
    require(target->find('>') == std::string::npos, "a target ends at its bracket");
    require(input.find('<' + *target + '>') != std::string_view::npos, "a target stands in the header");
    require(oci::find_link('<' + *target + ">; rel=\"next\"", "next") == target, "a target is found again");
  }
  if (const auto size = oci::parse_received_range(input)) {
    require(*size > 0, "a range is not empty");
    require(oci::parse_received_range("0-" + std::to_string(*size - 1)) == size, "a range is read as it is written");
  }
  if (const auto range = oci::parse_content_range(input)) {
    require(range->first <= range->last, "a part is not empty");
    require(!range->total || range->last < *range->total, "a part lies in its body");
  }
  std::size_t warned = 0;
  for (const std::string& text : oci::parse_warnings(input)) {
    require(text.size() <= 4096, "a warning has an end");
    warned += text.size();
  }
  require(warned <= input.size(), "warnings come from the header alone");
  oci::parse_rate_limit(input);
  require(oci::bare_media_type(input).find(';') == std::string::npos, "a media type has no parameters");
}

}  // namespace jcb::fuzz
