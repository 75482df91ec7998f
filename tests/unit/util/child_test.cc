// SPDX-License-Identifier: Apache-2.0
#include "util/child.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/scope_exit.h"

using namespace jcb;

TEST_CASE("B21: helpers are found in the system's directories, whatever comes first in PATH") {
  const util::TempDir hostile(std::filesystem::temp_directory_path());
  hostile.root().write_file("env", "#!/bin/sh\necho hijacked\n", 0755);
  const std::string before = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH");
  const util::ScopeExit restore([&] { ::setenv("PATH", before.c_str(), 1); });
  ::setenv("PATH", hostile.path().c_str(), 1);
  const auto found = util::find_trusted_program("env");
  REQUIRE(found);
  CHECK(found->is_absolute());
  CHECK(found->parent_path() != hostile.path());
  struct stat status {};
  REQUIRE(::stat(found->c_str(), &status) == 0);
  CHECK((status.st_mode & (S_IWGRP | S_IWOTH)) == 0);
  CHECK_FALSE(util::find_trusted_program("no-such-helper"));
  CHECK_FALSE(util::find_trusted_program("../../tmp/x"));
  CHECK_THROWS_WITH(util::require_trusted_program("no-such-helper", "apt install it"), Catch::Contains("no-such-helper"));
}
