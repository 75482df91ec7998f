// SPDX-License-Identifier: Apache-2.0
// verify and prune.
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "jcbuild/images.h"

namespace jcb::cli {
namespace {

void run_verify(Context& context, const std::string& format) {
  const auto result = verify_store(context.session());
  context.close();
  if (!result.problems.empty()) context.exit_code = 1;
  if (format == "json") return print_result(result.json + "\n");
  std::string text;
  for (const auto& problem : result.problems) text += escape(problem.what) + ": " + escape(problem.cause) + "\n";
  print_result(text);
  print_story(std::to_string(result.blobs) + " blobs, " + std::to_string(result.tags) + " tags, " + std::to_string(result.layers) +
              " layers, " + std::to_string(result.records) + " records; " + std::to_string(result.problems.size()) + " problems\n");
}

}  // namespace

void add_store(CLI::App& app, Context& context) {
  auto* verify = app.add_subcommand("verify", "check every blob, layer and record of the store");
  auto format = std::make_shared<std::string>("text");
  verify->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}))->option_text("FORM");
  set_examples(*verify, "  jcbuild verify\n  jcbuild verify --format json");
  verify->callback([&context, format] { run_verify(context, *format); });

  auto* prune = app.add_subcommand("prune", "free what neither an image nor a stored result needs");
  auto all = std::make_shared<bool>(false);
  prune->add_flag("-a,--all", *all, "also stored results, cache mounts and logs");
  auto keep = std::make_shared<std::string>();
  prune->add_option("--keep", *keep, "remove stored results until the store occupies no more than this")->option_text("SIZE");
  set_examples(*prune, "  jcbuild prune\n  jcbuild prune --keep 20g");
  prune->callback([&context, all, keep] {
    const auto limit = keep->empty() ? std::nullopt : std::optional(parse_size(*keep, "--keep"));
    const auto freed = prune_store(context.session(), *all, limit);
    context.close();
    print_result("freed " + human_bytes(freed) + "\n");
  });
}

}  // namespace jcb::cli
