// SPDX-License-Identifier: Apache-2.0
// What jcbuild understands, for people who compare and for tests: debug ast, debug expand.
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "jcbuild/build.h"

namespace jcb::cli {
namespace {

struct ExpandOptions {
  std::string word;
  std::vector<std::string> environment;
  bool words = false;
};

}  // namespace

void add_debug(CLI::App& app, Context&) {
  auto* command = app.add_subcommand("debug", "show how a Dockerfile is understood");
  command->require_subcommand(1);
  set_examples(*command, "  jcbuild debug ast Dockerfile\n  jcbuild debug expand --env A=1 '${A:-2}'");

  auto* ast = command->add_subcommand("ast", "the parsed file in BuildKit's notation, one instruction a line");
  auto file = std::make_shared<std::string>();
  ast->add_option("FILE", *file, "Dockerfile")->required();
  set_examples(*ast, "  jcbuild debug ast Dockerfile\n  jcbuild debug ast /dev/stdin < Dockerfile");
  ast->callback([file] { print_result(show_ast(*file)); });

  auto* expand = command->add_subcommand("expand", "the expansion of one word");
  auto options = std::make_shared<ExpandOptions>();
  expand->add_option("WORD", options->word, "word as in a Dockerfile")->required();
  expand->add_option("--env", options->environment, "variable, repeatable")->option_text("NAME=VALUE")->take_all()->expected(1);
  expand->add_flag("--words", options->words, "the words that it becomes, as a JSON array");
  set_examples(*expand, "  jcbuild debug expand --env A=1 '${A:-2}'\n  jcbuild debug expand --words '80 $PORT' --env PORT=443");
  expand->callback(
      [options] { print_result(show_expansion(options->word, parse_pairs(options->environment, "--env"), options->words) + "\n"); });
}

}  // namespace jcb::cli
