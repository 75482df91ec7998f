// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/ast.h"

#include <catch2/catch.hpp>

using namespace jcb::dockerfile;

namespace {

std::string ast(const std::string& text) { return to_ast(parse_instructions(text, "f")); }

}  // namespace

TEST_CASE("one instruction is one line of words and flags") {
  CHECK(ast("FROM a AS b\nCOPY --user=me foo /tmp/\nRUN  echo  a\nCMD []\nCMD [\"\"]") ==
        "(from \"a\" \"AS\" \"b\")\n(copy [\"--user=me\"] \"foo\" \"/tmp/\")\n(run \"echo  a\")\n(cmd)\n(cmd \"\")\n");
}

TEST_CASE("pairs show how they were written") {
  CHECK(ast("ENV a=b c=\"d\"\nENV a b\nLABEL x=y\nARG p q=r") ==
        "(env \"a\" \"b\" \"=\" \"c\" \"\\\"d\\\"\" \"=\")\n(env \"a\" \"b\" \"\")\n(label \"x\" \"y\" \"=\")\n(arg \"p\" \"q=r\")\n");
}

TEST_CASE("ONBUILD nests and HEALTHCHECK does not") {
  CHECK(ast("ONBUILD RUN [\"a\"]\nONBUILD COPY <<A /b\nx\nA\nHEALTHCHECK --retries=3 CMD a b\nHEALTHCHECK") ==
        "(onbuild (run \"a\"))\n(onbuild (copy \"<<A\" \"/b\"))\n(healthcheck [\"--retries=3\"] \"CMD\" \"a b\")\n(healthcheck)\n");
}

TEST_CASE("strings are quoted as Go quotes them") {
  CHECK(ast("RUN [\"\\u0000\\u0007\\n\\t\\\"\\\\\\u007f\", \"\xe2\x99\xa5\", \"\xc2\xa0\", \"\xf0\x9f\x9a\x80\", \"\\ufeff\"]") ==
        "(run \"\\x00\\a\\n\\t\\\"\\\\\\x7f\" \"\xe2\x99\xa5\" \"\\u00a0\" \"\xf0\x9f\x9a\x80\" \"\\ufeff\")\n");
  CHECK(ast("RUN a\xff\xc3(b") == "(run \"a\\xff\\xc3(b\")\n");
}
