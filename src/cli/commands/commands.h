// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.h"

namespace jcb::cli {

// Each declares its command or commands on the program; the callback does the work when the command was given.
void add_compose(CLI::App& app, Context& context);
void add_build(CLI::App& app, Context& context);
void add_packages(CLI::App& app, Context& context);
void add_images(CLI::App& app, Context& context);
void add_inspect(CLI::App& app, Context& context);
void add_registry(CLI::App& app, Context& context);
void add_transfer(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_serve(CLI::App& app, Context& context);
void add_store(CLI::App& app, Context& context);
void add_debug(CLI::App& app, Context& context);
void add_cdi(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);

}  // namespace jcb::cli
