// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/serve.h"

#include "cli/commands/commands.h"

namespace jcb::cli {

void add_serve(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("serve", "let other machines pull the images of the store: a read-only registry");
  auto request = std::make_shared<ServeRequest>();
  command
      ->add_option("--listen", request->listen,
                   "numeric address and port [127.0.0.1:5000]; 0.0.0.0:5000 opens it to the network, where everyone can pull everything")
      ->option_text("ADDR:PORT");
  set_examples(*command,
               "  jcbuild serve --listen 0.0.0.0:5000\n  podman pull --tls-verify=false board:5000/my/torch:latest   (on another machine)");
  command->callback(
      [&context, request] { serve_store(context.session(), *request, [](const std::string& url) { print_result(url + "\n"); }); });
}

}  // namespace jcb::cli
