// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.h"

namespace jcb::cli {

/// --tls-verify, --creds and what else docs/cli.md calls the registry flags.
void add_registry_options(CLI::App& command, Context& context);
/// --src-creds, --dest-creds, --src-tls-verify and --dest-tls-verify of `copy`.
void add_two_sided_options(CLI::App& command, Context& context);

}  // namespace jcb::cli
