// SPDX-License-Identifier: Apache-2.0
// pull, push, tags, login and logout.
#include "jcbuild/registry.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "cli/commands/commands.h"
#include "cli/commands/registry_options.h"

namespace jcb::cli {
namespace {

void add_pull(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("pull", "bring an image from a registry into the store");
  auto request = std::make_shared<PullRequest>();
  command->add_option("NAME", request->name, "HOST/REPO[:TAG][@DIGEST], with or without docker://")->required();
  command->add_option("--platform", request->platform, "of an image for several, such as linux/arm64")->option_text("OS/ARCH");
  command->add_flag("--keep-blobs", request->keep_blobs, "keep the compressed layers, too, to push or serve them from here");
  command->add_option("--isolation", context.isolation(), "auto, root, userns, single-uid or chroot")->option_text("MODE");
  add_registry_options(*command, context);
  set_examples(
      *command,
      "  jcbuild pull dustynv/l4t-pytorch:r36.2.0\n  jcbuild pull --platform linux/arm64 docker://nvcr.io/nvidia/l4t-base:r36.2.0");
  command->callback([&context, request] {
    const auto result = pull_image(context.session(), *request);
    context.close();
    print_result(result.digest + "\n");
  });
}

void add_push(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("push", "send an image to a registry");
  auto words = std::make_shared<std::pair<std::string, std::string>>();
  command->add_option("NAME", words->first, "image of the store, or of another transport")->required();
  command->add_option("DEST", words->second, "HOST/REPO:TAG, if not where NAME says");
  add_registry_options(*command, context);
  set_examples(*command, "  jcbuild push my/torch\n  jcbuild push my/torch ghcr.io/me/torch:1");
  command->callback([&context, words] {
    const auto digest = push_image(context.session(), words->first, words->second);
    context.close();
    print_result(digest + "\n");
  });
}

void add_tags(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("tags", "list the tags of a repository");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "HOST/REPO, with or without docker://")->required();
  add_registry_options(*command, context);
  set_examples(*command, "  jcbuild tags dustynv/l4t-pytorch\n  jcbuild tags docker://localhost:5000/my/torch");
  command->callback([&context, name] {
    const auto tags = list_remote_tags(context.session(), *name);
    context.close();
    std::string text;
    for (const auto& tag : tags) text += escape(tag) + "\n";
    print_result(text);
  });
}

// A line that the terminal does not show.
class HiddenInput {
 public:
  HiddenInput() {
    ::tcgetattr(STDIN_FILENO, &m_before);
    termios hidden = m_before;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~HiddenInput() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &m_before); }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

 private:
  termios m_before{};
};

std::string ask(const std::string& question) {
  print_story(question);
  std::string line;
  std::getline(std::cin, line);
  return line;
}

// All of standard input, less the line's end that echo and password managers add.
std::string read_password() {
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

struct LoginOptions {
  LoginRequest request;
  bool from_input = false;
};

void complete_login(LoginOptions& options) {
  auto& request = options.request;
  const bool terminal = is_terminal(STDIN_FILENO);
  if (options.from_input) {
    if (request.username.empty()) throw Error(ErrorKind::usage, "--password-stdin needs --username");
    request.password = read_password();
  } else if (request.password.empty() && !terminal) {
    throw Error(ErrorKind::usage, "there is no terminal to ask for the password", "pipe it in, with --password-stdin");
  }
  if (request.username.empty()) request.username = ask("Username: ");
  if (request.password.empty() && terminal) {
    const HiddenInput hidden;
    request.password = ask("Password: ");
    print_story("\n");
  }
  if (request.username.empty() || request.password.empty()) throw Error(ErrorKind::usage, "user name and password must not be empty");
}

void add_login(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("login", "keep a user name and password for a registry");
  auto options = std::make_shared<LoginOptions>();
  command->add_option("HOST", options->request.host, "registry; Docker Hub if none is named");
  command->add_option("-u,--username", options->request.username, "user name; asked for when missing")->option_text("NAME");
  command->add_option("-p,--password", options->request.password, "password; better piped in, others can see the command line")
      ->option_text("TEXT");
  command->add_flag("--password-stdin", options->from_input, "read the password from standard input");
  add_registry_options(*command, context);
  set_examples(*command,
               "  jcbuild login ghcr.io -u me --password-stdin < token\n  echo \"$NGC_API_KEY\" | jcbuild login nvcr.io -u '$oauthtoken' "
               "--password-stdin");
  command->callback([&context, options] {
    complete_login(*options);
    const auto place = log_in(context.session(), options->request);
    context.close();
    print_story("logged in; kept in " + escape(place) + "\n");
  });
}

void add_logout(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("logout", "forget the credential for a registry");
  auto host = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  command->add_option("HOST", *host, "registry; Docker Hub if none is named");
  command->add_flag("--all", *all, "forget all");
  add_registry_options(*command, context);
  set_examples(*command, "  jcbuild logout ghcr.io\n  jcbuild logout --all");
  command->callback([&context, host, all] {
    const auto gone = *all ? log_out_everywhere(context.session()) : log_out(context.session(), *host);
    context.close();
    for (const auto& place : gone) print_story((*all ? "logged out of " : "removed from ") + escape(place) + "\n");
  });
}

}  // namespace

void add_registry(CLI::App& app, Context& context) {
  add_pull(app, context);
  add_push(app, context);
  add_tags(app, context);
  add_login(app, context);
  add_logout(app, context);
}

}  // namespace jcb::cli
