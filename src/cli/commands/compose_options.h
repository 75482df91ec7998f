// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.h"
#include "jcbuild/compose.h"

namespace jcb::cli {

/// The options of compose, shared with `build` of packages.
struct ComposeOptions {
  ComposeRequest request;
  std::vector<std::string> build_args;
  std::string upstream_build_args;
  std::string strategy = "auto", resolver = "strict", format = "text";
  std::string iidfile, metadata_file;
  bool dry_run = false;
  std::optional<std::string> push;  ///< --push: empty or where to
};

/// -t, --base, --build-arg and what else compose and build have in common.
void add_common_build_options(CLI::App& command, ComposeOptions& options, Context& context);
/// What only compositions have.
void add_compose_options(CLI::App& command, ComposeOptions& options, Context& context);
/// --l4t and the other target flags.
void add_target_options(CLI::App& command, TargetOptions& target);
/// Carries out a composition and prints its result.
void run_compose(Context& context, ComposeOptions& options);
/// What --push asks for, when it was given: `name` is an image of the store.
void push_result(Context& context, const ComposeOptions& options, const std::string& name);
/// Writes `content` to a file that the user named. Throws Error(system).
void write_user_file(const std::string& path, const std::string& content);

}  // namespace jcb::cli
