// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/images.h"

#include "cli/commands/commands.h"
#include "cli/commands/registry_options.h"
#include "jcbuild/registry.h"

namespace jcb::cli {
namespace {

void run_images(Context& context, const std::string& format, bool quiet) {
  const auto images = list_images(context.session());
  if (format == "json") return print_result(to_json(images) + "\n");
  std::vector<std::vector<std::string>> rows;
  if (!quiet) rows.push_back({"NAME", "DIGEST", "LAYERS", "SIZE", "PLATFORM", "CREATED"});
  for (const auto& image : images) {
    const std::string digest = image.digest.substr(image.digest.find(':') + 1);
    if (quiet) {
      rows.push_back({image.digest});
    } else {
      rows.push_back({escape(image.name), digest.substr(0, 12), std::to_string(image.layers), human_bytes(image.size_bytes),
                      escape(image.platform), escape(image.created)});
    }
  }
  print_result(format_table(rows));
}

void add_list(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("images", "list the images of the store");
  auto format = std::make_shared<std::string>("text");
  auto quiet = std::make_shared<bool>(false);
  command->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}))->option_text("FORM");
  command->add_flag("-q,--quiet", *quiet, "digests only");
  set_examples(*command, "  jcbuild images\n  jcbuild images --format json");
  command->callback([&context, format, quiet] { run_images(context, *format, *quiet); });
}

void add_tag(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("tag", "give an image a further name");
  auto names = std::make_shared<std::pair<std::string, std::string>>();
  command->add_option("IMAGE", names->first, "image of the store")->required();
  command->add_option("NAME", names->second, "the new name")->required();
  set_examples(*command, "  jcbuild tag pytorch:bookworm-x86_64 my/torch\n  jcbuild tag 3f2a81c0 my/torch:1");
  command->callback([&context, names] { tag_image(context.session(), names->first, names->second); });
}

// Those of the store first: all or none of them.
void remove(Context& context, const std::vector<std::string>& names) {
  std::vector<std::string> local, remote;
  for (const auto& name : names) (name.starts_with("docker://") ? remote : local).push_back(name);
  if (!local.empty()) remove_images(context.session(), local);
  std::string deleted;
  for (const auto& name : remote) deleted += delete_remote_image(context.session(), name) + "\n";
  context.close();
  print_result(deleted);
}

void add_remove(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("rmi", "remove names of images; prune frees the space");
  auto names = std::make_shared<std::vector<std::string>>();
  command->add_option("IMAGE", *names, "images of the store; docker://HOST/REPO:TAG deletes from the registry, with all its tags")
      ->required();
  add_registry_options(*command, context);
  set_examples(*command, "  jcbuild rmi my/torch:1 my/torch:2\n  jcbuild rmi docker://localhost:5000/my/torch:old");
  command->callback([&context, names] { remove(context, *names); });
}

}  // namespace

void add_images(CLI::App& app, Context& context) {
  add_list(app, context);
  add_tag(app, context);
  add_remove(app, context);
}

}  // namespace jcb::cli
