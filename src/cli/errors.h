// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "jcbuild/error.h"

namespace jcb::cli {

/// An error as docs/errors.md shows it: cause first, then where it happened, details, and what to do.
std::string format_error(const Error& error, bool color);
/// The exit code of an error: 2 for usage, 1 for the rest.
int exit_code_of(const Error& error) noexcept;

}  // namespace jcb::cli
