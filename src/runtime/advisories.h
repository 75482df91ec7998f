// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jcb::runtime {

/// One line for each known hole of a runtime's version, "CVE-...: what; fixed in ...". `version_output` is what
/// `runc --version` prints; distributions that repaired an old version are known by its "commit:" line.
std::vector<std::string> find_advisories(std::string_view runtime, std::string_view version_output);

/// The version in the first line of that output, "1.1.5+ds1"; empty when there is none.
std::string parse_runtime_version(std::string_view version_output);

}  // namespace jcb::runtime
