// SPDX-License-Identifier: Apache-2.0
// Catch2 3 under Catch2 2's header name; only in the include path where Catch2 3 is installed. What version 2 calls
// Contains is ContainsSubstring there, and Contains something else: only a macro can give the old name back.
#pragma once

#include <catch2/catch_all.hpp>

#define Contains ContainsSubstring

namespace Catch {
using namespace Matchers;
}  // namespace Catch
