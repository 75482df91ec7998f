// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

namespace jcb::cli {

/// Lets the program and the commands declared on it from now on show their help in docker's form.
void set_help_form(CLI::App& app);
/// Puts the commands of the program under headings. Call when all are declared.
void group_commands(CLI::App& app);

}  // namespace jcb::cli
