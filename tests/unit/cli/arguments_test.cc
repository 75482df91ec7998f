// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "cli/arguments.h"
#include "jcbuild/error.h"
#include "util/file.h"

using namespace jcb;
using namespace jcb::cli;

namespace {

// The kind of the Error that `body` throws.
template <typename Body>
ErrorKind kind_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("nothing was thrown");
  return ErrorKind::system;
}

}  // namespace

TEST_CASE("a volume is SOURCE:TARGET with an optional mode") {
  const auto volume = parse_volume("/data:/mnt/data");
  CHECK(volume.source == "/data");
  CHECK(volume.target == "/mnt/data");
  CHECK_FALSE(volume.read_only);
  CHECK(parse_volume("/data:/mnt:ro").read_only);
  CHECK_FALSE(parse_volume("/data:/mnt:rw").read_only);
}

TEST_CASE("a relative volume source is below the working directory") {
  CHECK(parse_volume("./data:/mnt").source == std::filesystem::current_path() / "./data");
}

TEST_CASE("a malformed volume is a usage error, an unknown kind of volume an unsupported one") {
  for (const char* text : {"", "/data", ":/mnt", "/data:", "/data:mnt", "/a:/b:ro:x"}) {
    CAPTURE(text);
    CHECK(kind_of([&] { parse_volume(text); }) == ErrorKind::usage);
  }
  for (const char* text : {"name:/mnt", "/data:/mnt:z", "/data:/mnt:ro,z", "/data:/mnt:"}) {
    CAPTURE(text);
    CHECK(kind_of([&] { parse_volume(text); }) == ErrorKind::unsupported);
  }
}

TEST_CASE("sizes count in powers of 1024, in either case") {
  CHECK(parse_size("0", "-m") == 0);
  CHECK(parse_size("65536", "-m") == 65536);
  CHECK(parse_size("10b", "-m") == 10);
  CHECK(parse_size("64k", "-m") == 65536);
  CHECK(parse_size("512M", "-m") == std::uint64_t{512} << 20);
  CHECK(parse_size("8gb", "-m") == std::uint64_t{8} << 30);
  CHECK(parse_size("16777215t", "-m") == std::uint64_t{16777215} << 40);
}

TEST_CASE("what is no size, or does not fit 64 bits, is a usage error") {
  for (const char* text : {"", "m", "-1", "1.5g", "8x", "8 g", "16777216t", "99999999999999999999", "9999999999999999999999g"}) {
    CAPTURE(text);
    CHECK(kind_of([&] { parse_size(text, "-m"); }) == ErrorKind::usage);
  }
}

TEST_CASE("pairs keep what follows the first equals sign; a bare name takes our value or is left out") {
  REQUIRE(::setenv("JCBUILD_TEST_SET", "from us", 1) == 0);
  REQUIRE(::unsetenv("JCBUILD_TEST_UNSET") == 0);
  const auto pairs = parse_pairs({"A=1=2", "B=", "A=3", "JCBUILD_TEST_SET", "JCBUILD_TEST_UNSET"}, "-e");
  CHECK(pairs == std::map<std::string, std::string>{{"A", "3"}, {"B", ""}, {"JCBUILD_TEST_SET", "from us"}});
  CHECK(kind_of([] { parse_pairs({"=x"}, "-e"); }) == ErrorKind::usage);
  CHECK(kind_of([] { parse_pairs({""}, "-e"); }) == ErrorKind::usage);
}

TEST_CASE("a container's environment keeps its order") {
  CHECK(parse_environment({"Z=1", "A=2"}) == std::vector<std::string>{"Z=1", "A=2"});
}

TEST_CASE("an environment file may have comments and blank lines, but must be a file") {
  const util::TempDir directory(std::filesystem::temp_directory_path());
  const std::string path = directory.path() / "file";
  std::ofstream(path) << "# comment\n\n  A=1 # kept\nB=two words\n";
  CHECK(read_environment_file(path) == std::vector<std::string>{"A=1 # kept", "B=two words"});
  CHECK(kind_of([&] { read_environment_file(path + ".missing"); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { read_environment_file(directory.path()); }) == ErrorKind::invalid);
}

TEST_CASE("upstream's colon pairs split at the first colon") {
  CHECK(parse_colon_pairs("a:1,b:x:y") == std::map<std::string, std::string>{{"a", "1"}, {"b", "x:y"}});
  CHECK(kind_of([] { parse_colon_pairs("a:1,b"); }) == ErrorKind::usage);
  CHECK(kind_of([] { parse_colon_pairs(":1"); }) == ErrorKind::usage);
}

TEST_CASE("a path is told from a package by its look") {
  for (const char* path : {".", "..", "-", "./x", "/x", "src/", "https://host/x.git"}) CHECK(is_path_like(path));
  for (const char* package : {"pytorch", "ros:noetic", "no-such-directory"}) CHECK_FALSE(is_path_like(package));
}

TEST_CASE("the nearest name is offered only when it is near") {
  const std::vector<std::string> names{"images", "inspect", "tag", "run", "rmi"};
  CHECK(nearest("imges", names) == "images");
  CHECK(nearest("insp", names) == "inspect");
  CHECK(nearest("tga", names) == "tag");
  CHECK(nearest("nothing-like-it", names).empty());
  CHECK(nearest("x", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("images", {}).empty());
}
