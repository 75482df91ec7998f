// SPDX-License-Identifier: Apache-2.0
#include "packages/header.h"
#include "tree_fixture.h"

#include <catch2/catch.hpp>

using namespace jcb::packages;
using namespace jcb::packages::test;

using Texts = std::vector<std::string>;

TEST_CASE("a Dockerfile without a header is a package named like its directory") {
  const Catalog catalog = Tree().add("tools/cmake/Dockerfile", "FROM x\n").add("tools/cmake/test.sh", "").load();
  REQUIRE(names_of(catalog) == Texts{"cmake"});
  const Package& package = catalog.packages()[0];
  CHECK(package.relative_path == "packages/tools/cmake");
  CHECK(package.dockerfile == "Dockerfile");
  CHECK(package.tests == Texts{"test.sh"});
  CHECK(package.requires_ == Texts{">=32.6"});
}

TEST_CASE("header blocks are joined and end with the comments at the top") {
  const auto header = find_header("D", "#---\n# name: a\n#---\n# not yaml: [\n#---\n# group: b\n#---\n\n#---\n# name: late\n#---\n");
  REQUIRE(header);
  CHECK(header->text == " name: a\n group: b\n");
  CHECK(header->lines == std::vector<int>{2, 6});
  CHECK_FALSE(find_header("D", "FROM x\n#---\n# name: a\n#---\n"));
  CHECK_THROWS_WITH(find_header("D", "# hello\n#---\n# name: a\nFROM x\n"), "D:2:1: the header that starts here has no closing #---");
}

TEST_CASE("every key of a header is read, strings become lists and numbers stay as written") {
  const Catalog catalog = Tree()
                              .add_package("x",
                                           "name: pytorch:2.8\nalias: torch\ngroup: ml\nnotes: a note\ndocs: docs.md\n"
                                           "depends: [cuda, python]\nrequires: '>=34'\nbuild_args: {PYTHON: 3.10, OLD: no}\n"
                                           "test: [test.py, test.sh torch]\nprefix: p\npostfix: q\nbuildkit_device: true")
                              .add("x/test.py", "")
                              .load();
  CHECK(catalog.load_errors().empty());
  REQUIRE(names_of(catalog) == Texts{"pytorch:2.8"});
  const Package& package = catalog.packages()[0];
  CHECK(package.aliases == Texts{"torch"});
  CHECK(package.depends == Texts{"cuda", "python"});
  CHECK(package.requires_ == Texts{">=34"});
  CHECK(package.build_args == std::map<std::string, std::string>{{"PYTHON", "3.10"}, {"OLD", "no"}});
  CHECK(package.tests == Texts{"test.py", "test.sh torch"});
  CHECK((package.group + package.notes + package.docs + package.prefix + package.postfix) == "mla notedocs.mdpq");
}

TEST_CASE("a config file of a package's keys replaces what the header says") {
  const Catalog catalog =
      Tree().add_package("x", "depends: [a]\ngroup: ml").add("x/config.yaml", "depends: [b, c]\nnotes: from the config\n").load();
  REQUIRE(names_of(catalog) == Texts{"x"});
  CHECK(catalog.packages()[0].depends == Texts{"b", "c"});
  CHECK(catalog.packages()[0].group == "ml");
  CHECK(catalog.packages()[0].config == Texts{"config.yaml"});
}

TEST_CASE("the header of a Dockerfile that a config file names is laid over it") {
  const Catalog catalog = Tree()
                              .add("x/Dockerfile.two", "#---\n# notes: header\n#---\n")
                              .add("x/config.yaml", "dockerfile: Dockerfile.two\nnotes: config\ngroup: g\n")
                              .load();
  REQUIRE(names_of(catalog) == Texts{"x"});
  CHECK(catalog.packages()[0].notes == "header");
  CHECK(catalog.packages()[0].group == "g");
}

TEST_CASE("a config file with one nested entry renames the package") {
  const Catalog catalog = Tree().add("x/l4t-ml.json", R"({"l4t-ml": {"depends": ["pytorch"], "group": "ml"}})").load();
  REQUIRE(names_of(catalog) == Texts{"l4t-ml"});
  CHECK_FALSE(catalog.packages()[0].dockerfile);
  CHECK(catalog.packages()[0].depends == Texts{"pytorch"});
}

TEST_CASE("a config file with several entries makes packages that inherit, and their Dockerfile's header wins") {
  const Catalog catalog =
      Tree()
          .add("x/Dockerfile", "#---\n# name: dropped\n# group: g\n#---\n")
          .add("x/Dockerfile.b", "#---\n# notes: header\n#---\n")
          .add("x/config.json", R"({"a": {"notes": "json"}, "b": {"dockerfile": "Dockerfile.b", "notes": "json", "group": "own"}})")
          .load();
  REQUIRE(names_of(catalog) == Texts{"a", "b"});
  CHECK(catalog.find("a")->notes == "json");
  CHECK(catalog.find("a")->group == "g");
  CHECK(catalog.find("b")->notes == "header");
  CHECK(catalog.find("b")->group == "own");
}

TEST_CASE("files of other programs are no configuration") {
  const Catalog catalog = Tree()
                              .add("x/compose.yml", "services: {web: {image: x}}\n")
                              .add("x/broken.yaml", "a: [\n")
                              .add("x/list.json", "[1, 2]")
                              .add("x/empty.json", "{}")
                              .add("y/config.json", R"({"model_type": "llama"})")
                              .load();
  CHECK(catalog.packages().empty());
  CHECK(catalog.load_errors().empty());
}

TEST_CASE("B29: config.py is told as what it is: not evaluated") {
  const Catalog catalog =
      Tree().add_package("x", "group: g").add("x/config.py", "package['name'] = 'y'\n").add_package("z", "group: g").load();
  CHECK(names_of(catalog) == Texts{"z"});
  CHECK(catalog.load_errors() == std::map<std::string, std::string>{{"packages/x", "packages/x: config.py is not evaluated yet"}});
}

TEST_CASE("a header that names other configs does not need config.py") {
  const Catalog catalog =
      Tree().add_package("x", "config: more.yaml").add("x/config.py", "raise 1").add("x/more.yaml", "notes: hello\n").load();
  REQUIRE(names_of(catalog) == Texts{"x"});
  CHECK(catalog.packages()[0].notes == "hello");
}

TEST_CASE("a directory that cannot be read loses only itself, and says where") {
  SECTION("an unknown key") {
    const Catalog catalog =
        Tree().add("x/Dockerfile", "# about\n#---\n# name: x\n# depnds: [a]\n#---\n").add_package("x/y", "group: g").load();
    CHECK(only_error(catalog) == "packages/x/Dockerfile:4:3: unknown key 'depnds' in a package, did you mean depends?");
    CHECK(names_of(catalog) == Texts{"y"});
  }
  SECTION("an unknown key in a config file") {
    CHECK(only_error(Tree().add("x/config.yaml", "name: x\ngruop: g\n").load()) ==
          "packages/x/config.yaml:2:1: unknown key 'gruop' in a package, did you mean group?");
  }
  SECTION("a syntax error, on its line of the file") {
    CHECK(only_error(Tree().add("x/Dockerfile", "# one\n# two\n#---\n# name: [a\n#---\nFROM x\n").load())
              .starts_with("packages/x/Dockerfile:5:"));
  }
  SECTION("a mapping among the dependencies") {
    CHECK(only_error(Tree().add_package("x", "depends: [a, {b: c}]").load()) ==
          "packages/x/Dockerfile:2:16: an entry of 'depends' is not a string");
  }
  SECTION("a dockerfile elsewhere") {
    CHECK(only_error(Tree().add_package("x", "dockerfile: ../y/Dockerfile").load()) ==
          "packages/x/Dockerfile:2:15: dockerfile '../y/Dockerfile' is not a file below the package's directory");
  }
  SECTION("a name that is none") {
    CHECK(only_error(Tree().add_package("x", "name: 'a b'").load()).starts_with("packages/x/Dockerfile:2:9: 'a b' under 'name' is not"));
  }
  SECTION("a bad specifier") {
    CHECK(only_error(Tree().add_package("x", "requires: '>>36'").load()).starts_with("packages/x/Dockerfile:2:13: "));
  }
  SECTION("a name that another directory has") {
    CHECK(only_error(Tree().add_package("x", "name: n").add_package("y", "name: n").load()) ==
          "packages/y: the name 'n' is taken by packages/x");
  }
}

TEST_CASE("directories that start with a dot or __ are not looked at, nor are links to directories") {
  Tree tree;
  tree.add_package(".git/a", "name: a").add_package("__old/b", "name: b").add_package("c", "name: c");
  std::filesystem::create_directory_symlink("..", tree.path() / "packages" / "c" / "loop");
  CHECK(names_of(tree.load()) == Texts{"c"});
}
