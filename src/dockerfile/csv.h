// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// The fields of one CSV record (RFC 4180), as docker's option values are written: `a=1,"b=x,y"`. Blanks count; a quote
/// inside a quoted field is doubled, elsewhere it is an error. Throws Error(invalid) naming the value; also for an empty
/// one and for one with a line end outside quotes.
std::vector<std::string> parse_csv_record(std::string_view text);

/// The same fields as one text again, quoted where needed.
std::string make_csv_record(const std::vector<std::string>& fields);

}  // namespace jcb::dockerfile
