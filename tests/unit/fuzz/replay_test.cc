// SPDX-License-Identifier: Apache-2.0
// Every input that the fuzzers have found worth keeping, through the same targets, without a fuzzer.
#include "fuzz/targets.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// Where the source tree was when this was built, or where the environment says that it is now.
std::filesystem::path corpus() {
  const char* moved = std::getenv("JCBUILD_FUZZ_CORPUS");
  return moved != nullptr ? moved : JCBUILD_FUZZ_CORPUS;
}

void replay(const std::string& name, void (*target)(std::string_view)) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus() / name)) {
    INFO(entry.path().filename().string());
    CHECK_NOTHROW(target(read(entry.path())));
    ++count;
  }
  CHECK(count >= 10);
}

}  // namespace

TEST_CASE("the corpus of dockerfile holds") { replay("dockerfile", jcb::fuzz::dockerfile); }
TEST_CASE("the corpus of expand holds") { replay("expand", jcb::fuzz::expand); }
TEST_CASE("the corpus of pattern holds") { replay("pattern", jcb::fuzz::pattern); }
TEST_CASE("the corpus of ignore holds") { replay("ignore", jcb::fuzz::ignore); }
TEST_CASE("the corpus of run_mount holds") { replay("run_mount", jcb::fuzz::run_mount); }
TEST_CASE("the corpus of reference holds") { replay("reference", jcb::fuzz::reference); }
TEST_CASE("the corpus of image_json holds") { replay("image_json", jcb::fuzz::image_json); }
TEST_CASE("the corpus of challenge holds") { replay("challenge", jcb::fuzz::challenge); }
TEST_CASE("the corpus of link_header holds") { replay("link_header", jcb::fuzz::link_header); }
TEST_CASE("the corpus of auth_file holds") { replay("auth_file", jcb::fuzz::auth_file); }
TEST_CASE("the corpus of cdi_spec holds") { replay("cdi_spec", jcb::fuzz::cdi_spec); }
