// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "cli/command_line.h"
#include "cli/help.h"

using namespace jcb::cli;

namespace {

using Words = std::vector<std::string>;

// A program with the shapes that matter: a command with options and positionals, and a group of commands.
struct Program {
  CLI::App app{"description", "jcbuild"};
  std::string store, image;
  Words environment;
  bool interactive = false, verify = false;

  Program() {
    set_help_form(app);
    app.require_subcommand(1);
    app.add_option("--store", store)->option_text("DIR");
    auto* run = app.add_subcommand("run", "run it")->fallthrough();
    run->add_flag("-i,--interactive", interactive);
    run->add_option("-e,--env", environment)->take_all()->expected(1);
    run->add_option("--verify", verify)->expected(0, 1)->default_str("true");
    run->add_option("IMAGE", image)->required();
    auto* packages = app.add_subcommand("packages", "look")->fallthrough();
    packages->require_subcommand(1);
    packages->add_subcommand("list", "list them")->fallthrough();
  }

  std::string mistake(Words words) {
    try {
      app.parse(Words(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
      return explain_parse_error(app, error, words);
    }
    return "no mistake";
  }
};

}  // namespace

TEST_CASE("an option whose value may be left out does not take the next word") {
  const Program program;
  const auto ours = [&](Words words) { return split_command_line(program.app, std::move(words)).ours; };
  CHECK(ours({"run", "--verify", "image", "--verify"}) == Words{"run", "--verify=true", "image"});
  CHECK(ours({"run", "--verify=false", "-i", "image"}) == Words{"run", "--verify=false", "-i", "image"});
}

TEST_CASE("everything behind the image belongs to the container") {
  const Program program;
  const auto behind = [&](Words words) { return split_command_line(program.app, std::move(words)).container; };
  CHECK(behind({"run", "image"}).empty());
  CHECK(behind({"run", "image", "ls", "--help"}) == Words{"ls", "--help"});
  CHECK(behind({"run", "image", "sh", "--store", "x"}) == Words{"sh", "--store", "x"});
  CHECK(behind({"run", "image", "--", "-h"}) == Words{"--", "-h"});
  CHECK(behind({"run", "image", "", "[a]"}) == Words{"", "[a]"});
}

TEST_CASE("an option's value is not taken for the image") {
  const Program program;
  const auto behind = [&](Words words) { return split_command_line(program.app, std::move(words)).container; };
  CHECK(behind({"run", "-e", "A", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"run", "-eA", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"run", "-ie", "A", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"run", "-i", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"run", "--env", "A", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"run", "--env=A", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"run", "--store", "dir", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"--store", "dir", "run", "image", "ls"}) == Words{"ls"});
  CHECK(behind({"--store", "run", "packages", "list"}).empty());
  CHECK(behind({"run", "--", "image", "ls"}) == Words{"ls"});
}

TEST_CASE("the words of ours and of the container are all words") {
  const Program program;
  const auto line = split_command_line(program.app, {"--store", "d", "run", "-i", "image", "a", "b"});
  CHECK(line.ours == Words{"--store", "d", "run", "-i", "image"});
  CHECK(line.container == Words{"a", "b"});
  CHECK(split_command_line(program.app, {}).ours.empty());
  CHECK(split_command_line(program.app, {"run", "-e"}).ours == Words{"run", "-e"});
}

TEST_CASE("help COMMAND is COMMAND --help") {
  const Program program;
  CHECK(split_command_line(program.app, {"help"}).ours == Words{"--help"});
  CHECK(split_command_line(program.app, {"help", "packages", "list"}).ours == Words{"packages", "list", "--help"});
}

TEST_CASE("a mistake is named, with what comes near it") {
  CHECK(Program().mistake({}) == "jcbuild needs a command\nhint: jcbuild --help lists them\n");
  CHECK(Program().mistake({"rnu"}) == "there is no command rnu\nhint: did you mean run?\n");
  CHECK(Program().mistake({"--stroe", "x"}) == "there is no option --stroe\nhint: did you mean --store?\n");
  CHECK(Program().mistake({"run"}) == "run needs IMAGE\nhint: jcbuild run --help shows how it is used\n");
  CHECK(Program().mistake({"run", "--evn=A", "image"}) == "run has no option --evn\nhint: did you mean --env?\n");
  CHECK(Program().mistake({"run", "-e"}) == "--env needs a value\nhint: jcbuild run --help shows how it is used\n");
  CHECK(Program().mistake({"packages", "lst"}) == "packages has no command lst\nhint: did you mean list?\n");
  CHECK(Program().mistake({"packages", "list", "x"}) ==
        "list takes no argument 'x'\nhint: jcbuild packages list --help shows how it is used\n");
  CHECK(Program().mistake({"a\x1b[31m"}) == "there is no command a\\x1b[31m\nhint: jcbuild --help lists them\n");
}

TEST_CASE("the last of two values of one option counts, and lists take all") {
  Program program;
  CHECK(program.mistake({"run", "--store", "a", "-e", "A", "--store", "b", "-e", "B", "image"}) == "no mistake");
  CHECK(program.store == "b");
  CHECK(program.environment == Words{"A", "B"});
}

TEST_CASE("a usage line names the arguments of the command, not their types") {
  Program program;
  const std::string help = program.app.get_subcommand("run")->help();
  CHECK(help.find("Usage: run [OPTIONS] IMAGE\n") != std::string::npos);
  CHECK(help.find("TEXT") == std::string::npos);
  CHECK(help.find("\n\n\n") == std::string::npos);
}
