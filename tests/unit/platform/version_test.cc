// SPDX-License-Identifier: Apache-2.0
#include "platform/version.h"

#include "jcbuild/error.h"
#include "platform/distribution.h"

#include <catch2/catch.hpp>

using jcb::Error;
using namespace jcb::platform;

namespace {

Version v(const char* text) { return Version::parse(text); }

}  // namespace

TEST_CASE("versions compare number by number") {
  CHECK(v("36.4") == v("36.4.0"));
  CHECK(v("36.10") > v("36.9"));
  CHECK(v("36.4.3") > v("36.4"));
  CHECK(v("r35.4.1") == v("35.4.1"));
  CHECK(v("v12.6").text() == "12.6");
  CHECK(v("36.4.0").text() == "36.4.0");
  CHECK(v("12.6").major() == 12);
  CHECK(v("12.6").minor() == 6);
  CHECK(v("12.6").part(2) == 0);
  CHECK(Version().empty());
  CHECK(Version().text().empty());
}

TEST_CASE("text that is no version is refused") {
  for (const char* text : {"", "r", ".", "1.", ".1", "1..2", "1.a", "-1", "1.-2", "+1", "1 ", "99999999999", "1.2.3.4.5.6.7.8.9"}) {
    INFO(text);
    CHECK_FALSE(Version::find(text));
    CHECK_THROWS_AS(Version::parse(text), Error);
  }
}

TEST_CASE("specifiers hold or do not") {
  struct Case {
    const char *version, *specifiers;
    bool holds;
  };
  for (const Case& expected : {Case{"36.4.3", ">=36", true},     Case{"35.4.1", ">=36", false},     Case{"36.4.3", "==36.*", true},
                               Case{"35.4.1", "==36.*", false},  Case{"36", "==36.0.*", true},      Case{"36.4", "==36", false},
                               Case{"36.0", "==36", true},       Case{"36.4.3", "!=36.*", false},   Case{"35.1", "!=36.*", true},
                               Case{"12.6", ">=12.4,<13", true}, Case{"13.0", ">=12.4,<13", false}, Case{"12.6", " >= 12.4 , < 13 ", true},
                               Case{"12.6", "~=12.4", true},     Case{"13.0", "~=12.4", false},     Case{"12.3", "~=12.4", false},
                               Case{"12.4.9", "~=12.4.1", true}, Case{"12.5.0", "~=12.4.1", false}, Case{"12.10", ">12.9", true},
                               Case{"12.9", ">12.9", false},     Case{"12.9", "<=12.9.0", true},    Case{"36.4.3", ">36.4", true},
                               Case{"12.9", "!=12.8", true},     Case{"12.8.0", "!=12.8", false},   Case{"12.8", "", true},
                               Case{"12.8", ">=12,", true},      Case{"36.4.3", ">=r36", true},     Case{"36.40", "==36.4.*", false}}) {
    INFO(expected.version << " " << expected.specifiers);
    CHECK(satisfies(v(expected.version), expected.specifiers) == expected.holds);
  }
}

TEST_CASE("what does not exist satisfies nothing but the empty set") {
  CHECK_FALSE(satisfies(Version(), "<36"));
  CHECK_FALSE(satisfies(Version(), "!=36"));
  CHECK(satisfies(Version(), ""));
}

TEST_CASE("bad specifiers are refused whatever the version") {
  for (const char* specifiers :
       {"36", "=36", "=>36", ">=", ">=36.*", "~=36", "~=36.*", "==*", "===36", ">=36b1", ">=36 <38", "<13,>=x", ">>36"}) {
    INFO(specifiers);
    CHECK_THROWS_AS(satisfies(v("1.0"), specifiers), Error);
    CHECK_THROWS_AS(satisfies(Version(), specifiers), Error);
  }
}

TEST_CASE("distributions are found by version and by codename") {
  const Distribution noble{"ubuntu", "24.04", "noble"};
  for (const char* name : {"ubuntu:24.04", "ubuntu:noble", "Ubuntu:Noble", "24.04", "noble"}) {
    INFO(name);
    CHECK(find_distribution(name) == noble);
  }
  CHECK(find_distribution("debian:12") == Distribution{"debian", "12", "bookworm"});
  for (const char* name : {"", ":", ":noble", "ubuntu", "ubuntu:", "debian:noble", "ubuntu:12", "noble:24.04"}) {
    INFO(name);
    CHECK_FALSE(find_distribution(name));
  }
}

TEST_CASE("every distribution has its Python") {
  const auto python = [](const char* name) { return default_python(find_distribution(name).value()).text(); };
  CHECK(python("debian:11") == "3.9");
  CHECK(python("debian:12") == "3.11");
  CHECK(python("debian:13") == "3.13");
  CHECK(python("ubuntu:18.04") == "3.6");
  CHECK(python("ubuntu:20.04") == "3.8");
  CHECK(python("ubuntu:22.04") == "3.10");
  CHECK(python("ubuntu:24.04") == "3.12");
  CHECK(python("ubuntu:26.04") == "3.14");
  CHECK(default_python({"ubuntu", "28.04", "x"}).text() == "3.14");
  CHECK(default_python({"fedora", "40", ""}).empty());
  for (const std::string& name : known_distributions()) CHECK(find_distribution(name));
}
