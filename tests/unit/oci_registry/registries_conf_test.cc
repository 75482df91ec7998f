// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/registries_conf.h"

#include "config_tree.h"

using namespace jcb;
using oci::parse_registries_conf;

namespace {

std::string refusal(const std::string& text) {
  return test::error_of(ErrorKind::invalid, [&] { parse_registries_conf(text, "the file"); });
}

}  // namespace

TEST_CASE("a registries.conf is read as its manual page has it") {
  const auto conf = parse_registries_conf(R"(
unqualified-search-registries = ["docker.io", "nvcr.io/nvidia"]
short-name-mode = "enforcing"
credential-helpers = ["containers-auth.json", "secretservice"]
additional-key-of-tomorrow = 7

[[registry]]
prefix = "Example.com/foo"
location = "internal:5000/bar"
insecure = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "mirror.local"

[[registry]]
location = "index.docker.io"
blocked = true
[[registry.mirror]]
location = "[::1]:5000/hub"
insecure = true
pull-from-mirror = "tag-only"

[[registry]]
prefix = "*.Example.net"

[aliases]
"l4t" = "nvcr.io/nvidia/l4t-base"
"gone" = ""
)",
                                          "the file");
  CHECK(conf.search == std::vector<std::string>{"docker.io", "nvcr.io/nvidia"});
  CHECK(conf.mode == oci::ShortNameMode::enforcing);
  CHECK(conf.credential_helpers == std::vector<std::string>{"containers-auth.json", "secretservice"});
  CHECK(conf.aliases == std::map<std::string, std::string>{{"l4t", "nvcr.io/nvidia/l4t-base"}, {"gone", ""}});
  REQUIRE(conf.registries.size() == 3);
  const auto& [first, second, third] = std::tie(conf.registries[0], conf.registries[1], conf.registries[2]);
  CHECK((first.prefix == "example.com/foo" && first.location == "internal:5000/bar" && first.insecure && !first.blocked));
  CHECK((first.mirrors.at(0).location == "mirror.local" && first.mirrors[0].digests_only && !first.mirrors[0].insecure));
  CHECK((second.prefix == "docker.io" && second.location.empty() && second.blocked && second.file == "the file"));
  CHECK((second.mirrors.at(0).location == "[::1]:5000/hub" && second.mirrors[0].tags_only && second.mirrors[0].insecure));
  CHECK((third.prefix == "*.example.net" && third.location.empty()));
}

TEST_CASE("an empty registries.conf says nothing") {
  const auto conf = parse_registries_conf("# all commented\n", "the file");
  CHECK((!conf.search && !conf.mode && !conf.credential_helpers && conf.registries.empty() && conf.aliases.empty()));
}

TEST_CASE("a malformed registries.conf is refused with file, line and cause") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"a = 1\nb = [", "the file: line 2: "},
      {"a = 1\na = 2", "the file: line 2: "},
      {"\n\nunqualified-search-registries = 'docker.io'", "line 3: 'unqualified-search-registries' is not an array of strings"},
      {"unqualified-search-registries = [1]", "not an array of strings"},
      {"unqualified-search-registries = ['a/../b.c']", "is not an image name"},
      {"unqualified-search-registries = ['../b.c']", "does not begin with the name of a registry"},
      {"unqualified-search-registries = ['single']", "no image name can begin with it"},
      {"short-name-mode = 'strict'", "'strict' is not a value"},
      {"credential-helpers = ['../x']", "cannot be the name of a credential helper"},
      {"[registry]\nlocation = 'a.b'", "'registry' is a single table"},
      {"[[registry]]\ninsecure = true", "neither 'prefix' nor 'location'"},
      {"[[registry]]\nprefix = 'a.b'\ninsecure = 'yes'", "line 3: 'insecure' is neither true nor false"},
      {"[[registry]]\nprefix = '*.a.b/c'", "does not begin with the name of a registry"},
      {"[[registry]]\nprefix = 'a.*.b'", "does not begin with the name of a registry"},
      {"[[registry]]\nprefix = 'a.b/C'", "lower case"},
      {"[[registry]]\nprefix = 'a.b'\nlocation = 'c.d/x:tag'", "holds a tag or a digest"},
      {"[[registry]]\nprefix = 'a.b'\nlocation = '../etc'", "does not begin with the name of a registry"},
      {"[[registry]]\nprefix = 'a.b'\n[[registry.mirror]]\ninsecure = true", "'location': it is missing"},
      {"[[registry]]\nprefix = 'a.b'\n[[registry.mirror]]\nlocation = 'c.d'\npull-from-mirror = 'never'", "line 5: 'never' is not a value"},
      {"[[registry]]\nprefix = 'a.b'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = 'c.d'\npull-from-mirror = 'all'",
       "exclude each other"},
      {"[aliases]\n'a.b/c' = 'd.e/f'", "is no short name"},
      {"[aliases]\n'c:1' = 'd.e/f'", "holds a tag or a digest"},
      {"[aliases]\nc = 'd/f'", "does not begin with a registry"},
      {"[aliases]\nc = 'd.e/f:1'", "holds a tag or a digest"},
      {"[registries.search]\nregistries = ['a.b']", "version 1 of the format"},
  };
  for (const auto& [text, part] : rows) {
    INFO(text);
    CHECK_THAT(refusal(text), Catch::Contains(part));
  }
}

TEST_CASE("a registries.conf cannot exhaust the stack") {
  std::string dots = "a";
  for (int i = 0; i < 300'000; ++i) dots += ".a";
  CHECK(test::mentions(refusal(dots + " = 1"), "more than 64 dots"));
  CHECK(test::mentions(refusal("a = " + std::string(100'000, '[')), "line 1"));
  CHECK(parse_registries_conf("a = '" + dots + "' # " + dots + "\n" + "# " + dots, "the file").registries.empty());
}
