// SPDX-License-Identifier: Apache-2.0
#include "sandbox/emulation.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"
#include "util/file.h"

using namespace jcb;

namespace {

// As /proc/sys/fs/binfmt_misc shows what Debian's qemu-user-static registers.
constexpr const char* k_aarch64 =
    "enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: POCF\noffset 0\n"
    "magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n";
constexpr const char* k_arm =
    "enabled\ninterpreter /usr/bin/qemu-arm-static\nflags: OC\noffset 0\n"
    "magic 7f454c4601010100000000000000000002002800\nmask ffffffffffffff00fffffffffffffffffeffffff\n";

struct Handlers {
  util::TempDir directory{std::filesystem::temp_directory_path()};
  Handlers() {
    directory.root().write_file("status", "enabled\n");
    directory.root().write_file("python3.11", "enabled\ninterpreter /usr/bin/python3.11\nflags: \noffset 0\nmagic a70d0d0a\n");
    directory.root().write_file("qemu-aarch64", k_aarch64);
    directory.root().write_file("qemu-arm", k_arm);
  }
};

}  // namespace

TEST_CASE("the handler of an architecture is found by its ELF header") {
  const Handlers handlers;
  const auto arm64 = sandbox::find_emulation(handlers.directory.root(), "arm64");
  REQUIRE(arm64);
  CHECK(arm64->interpreter == "/usr/libexec/qemu-binfmt/aarch64-binfmt-P");
  CHECK(arm64->held_open);
  const auto arm = sandbox::find_emulation(handlers.directory.root(), "arm");
  REQUIRE(arm);
  CHECK(arm->interpreter == "/usr/bin/qemu-arm-static");
  CHECK_FALSE(arm->held_open);
  CHECK_FALSE(sandbox::find_emulation(handlers.directory.root(), "s390x"));
  CHECK_THROWS_WITH(sandbox::find_emulation(handlers.directory.root(), "vax"), Catch::Contains("vax"));
}

TEST_CASE("a handler that is switched off runs nothing") {
  const Handlers handlers;
  handlers.directory.root().write_file("qemu-aarch64", "disabled" + std::string(k_aarch64).substr(7));
  CHECK_FALSE(sandbox::find_emulation(handlers.directory.root(), "arm64"));
}

TEST_CASE("this machine runs its own programs") {
  CHECK(sandbox::is_native("amd64") + sandbox::is_native("arm64") == 1);
  CHECK_FALSE(sandbox::is_native("s390x"));
}
