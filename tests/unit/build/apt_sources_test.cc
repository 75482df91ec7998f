// SPDX-License-Identifier: Apache-2.0
#include "build/apt_sources.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace jcb;
using namespace jcb::build;

TEST_CASE("one-line sources give their archives, options and nothing of comments or source packages") {
  const auto sources = parse_one_line_sources(
      "# deb http://off/ x main\n"
      "deb [arch=amd64 signed-by=/k.gpg trusted=yes] http://a/debian  bookworm main contrib # why\n"
      "deb-src http://a/debian bookworm main\n"
      "deb http://b/ flat/\n"
      "deb http://short\n"
      "debris http://c/ x main\n");
  REQUIRE(sources.size() == 2);
  CHECK(sources[0] == AptSource{"http://a/debian", {"bookworm"}, {"main", "contrib"}, "/k.gpg", true});
  CHECK(sources[1] == AptSource{"http://b/", {"flat/"}, {}, "", false});
}

TEST_CASE("deb822 stanzas give an archive for each address, disabled and source ones none") {
  const auto sources = parse_deb822_sources(
      "Types: deb deb-src\n# a comment\nURIs: http://a/debian\n http://b/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
      "Signed-By: /k.gpg\n\n"
      "Types: deb\nEnabled: no\nURIs: http://off/\nSuites: x\nComponents: main\n\n"
      "Types: deb-src\nURIs: http://src/\nSuites: x\nComponents: main\n\n\n"
      "types: deb\nuris: http://c/\nsuites: y\ncomponents: main\nsigned-by:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n");
  REQUIRE(sources.size() == 3);
  CHECK(sources[0] == AptSource{"http://a/debian", {"bookworm", "bookworm-updates"}, {"main"}, "/k.gpg", false});
  CHECK(sources[1].uri == "http://b/debian");
  CHECK(sources[2] == AptSource{"http://c/", {"y"}, {"main"}, "", false});
}

TEST_CASE("only the release with its updates and security is taken over, under the new name") {
  const std::vector<AptSource> host{{"http://a/", {"bookworm", "bookworm-updates", "bookworm-backports"}, {"main"}, ""},
                                    {"http://s/", {"bookworm-security"}, {"main"}, ""},
                                    {"http://third/", {"cloud-sdk-bookworm"}, {"main"}, ""},
                                    {"http://node/", {"nodistro"}, {"main"}, ""},
                                    {"cdrom:[Debian]/", {"bookworm"}, {"main"}, ""}};
  const auto selected = select_release(host, "bookworm", "trixie");
  REQUIRE(selected.size() == 2);
  CHECK(selected[0].suites == std::vector<std::string>{"trixie", "trixie-updates"});
  CHECK(selected[1].suites == std::vector<std::string>{"trixie-security"});
  CHECK(select_release(host, "bookworm", "sid").size() == 1);
  CHECK(select_release(host, "", "trixie").empty());
}

TEST_CASE("sources are written in one-line form, a line for each suite") {
  CHECK(to_sources_list({{"http://a/", {"x", "x-updates"}, {"main", "contrib"}, "/k", true}, {"http://b/", {"y"}, {"main"}, ""}}) ==
        "deb [signed-by=/k trusted=yes] http://a/ x main contrib\n"
        "deb [signed-by=/k trusted=yes] http://a/ x-updates main contrib\n"
        "deb http://b/ y main\n");
}

TEST_CASE("a mirror with a password is refused, as it would be in the image") {
  ::setenv("JCBUILD_MIRROR_DEBIAN", "https://user:secret@mirror.example/debian", 1);
  CHECK_THROWS_AS(make_apt_sources("debian", "bookworm", "arm64"), Error);
  ::setenv("JCBUILD_MIRROR_DEBIAN", "https://mirror.example/debian", 1);
  CHECK(make_apt_sources("debian", "bookworm", "arm64").find(" https://mirror.example/debian bookworm-updates main\n") !=
        std::string::npos);
  ::unsetenv("JCBUILD_MIRROR_DEBIAN");
  CHECK_THROWS_AS(make_apt_sources("plan9", "4", "arm64"), Error);
}
