// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/commands/registry_options.h"
#include "jcbuild/images.h"

namespace jcb::cli {
namespace {

struct InspectOptions {
  std::string name;
  bool config = false, manifest = false, raw = false;
  std::string format = "json";  ///< the only form there is: accepted as everywhere
};

void run_inspect(Context& context, const InspectOptions& options) {
  const auto document = options.config                    ? ImageDocument::config
                        : options.manifest || options.raw ? ImageDocument::manifest
                                                          : ImageDocument::summary;
  const std::string text = inspect_image(context.session(), options.name, document);
  // --raw is for programs that hash it: not even a newline is added.
  print_result(options.raw ? text : text + "\n");
}

void run_history(Context& context, const std::string& name, const std::string& format) {
  const auto history = image_history(context.session(), name);
  if (format == "json") return print_result(to_json(history) + "\n");
  std::vector<std::vector<std::string>> rows{{"CREATED", "SIZE", "CREATED BY"}};
  for (auto line = history.rbegin(); line != history.rend(); ++line)
    rows.push_back({escape(line->created), line->size_bytes ? human_bytes(*line->size_bytes) : "-", cut(escape(line->created_by), 120)});
  print_result(format_table(rows));
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
  auto* inspect = app.add_subcommand("inspect", "show what an image says about itself");
  auto options = std::make_shared<InspectOptions>();
  inspect->add_option("IMAGE", options->name, "image of the store, docker://, oci:, oci-archive: or docker-archive:")->required();
  inspect->add_flag("--config", options->config, "the image config, byte for byte");
  inspect->add_flag("--manifest", options->manifest, "the manifest, byte for byte");
  inspect->add_option("--format", options->format, "json")->check(CLI::IsMember({"json"}))->option_text("FORM");
  inspect->add_flag("--raw", options->raw, "without a newline at the end; with neither of the above: the manifest");
  add_registry_options(*inspect, context);
  set_examples(*inspect, "  jcbuild inspect my/torch\n  jcbuild inspect --config oci:layout:latest");
  inspect->callback([&context, options] { run_inspect(context, *options); });

  auto* history = app.add_subcommand("history", "show how an image came to be, newest first");
  auto name = std::make_shared<std::string>(), format = std::make_shared<std::string>("text");
  history->add_option("IMAGE", *name, "image of the store or another transport")->required();
  history->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}))->option_text("FORM");
  add_registry_options(*history, context);
  set_examples(*history, "  jcbuild history my/torch\n  jcbuild history --format json oci-archive:image.tar");
  history->callback([&context, name, format] { run_history(context, *name, *format); });
}

}  // namespace jcb::cli
