// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "cli/errors.h"

using namespace jcb;
using namespace jcb::cli;

TEST_CASE("an error is shown cause first, then steps from the outside in, details and hint") {
  Error error(ErrorKind::failed, "the command exited with 7", "look at the log");
  error.add_details({"line 1", "line 2"});
  error.add_step("running step 2");
  error.add_step("building package x");
  CHECK(format_error(error, false) ==
        "jcbuild: the command exited with 7\n  while building package x\n  while running step 2\n"
        "  | line 1\n  | line 2\nhint: look at the log\n");
}

TEST_CASE("what an error quotes cannot drive the terminal or forge a line") {
  Error error(ErrorKind::invalid, "bad name \x1b]0;x\a\nhint: rm -rf");
  error.add_details({"\x1b[2J"});
  CHECK(format_error(error, false) == "jcbuild: bad name \\x1b]0;x\\x07\\x0ahint: rm -rf\n  | \\x1b[2J\n");
}

TEST_CASE("colour changes no text") {
  const Error error(ErrorKind::invalid, "bad", "worse");
  CHECK(format_error(error, true) == "\x1b[1;31mjcbuild:\x1b[0m bad\n\x1b[1mhint:\x1b[0m worse\n");
}

TEST_CASE("only usage errors exit with 2") {
  CHECK(exit_code_of(Error(ErrorKind::usage, "x")) == 2);
  for (const auto kind :
       {ErrorKind::not_found, ErrorKind::invalid, ErrorKind::refused, ErrorKind::unsupported, ErrorKind::failed, ErrorKind::system})
    CHECK(exit_code_of(Error(kind, "x")) == 1);
}
