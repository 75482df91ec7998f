// SPDX-License-Identifier: Apache-2.0
#include "build/context.h"

#include "build/archive_source.h"
#include "copy_fixture.h"
#include "jcbuild/error.h"
#include "oci/layer/tar.h"

using namespace jcb;
using namespace jcb::test;

namespace {

std::string tar_of(const std::vector<std::string>& names) {
  std::string bytes;
  oci::TarWriter writer([&](std::string_view part) { bytes += part; });
  for (const auto& name : names) {
    oci::TarEntry entry;
    entry.name = name;
    entry.mode = 0640;
    entry.uid = 1234;
    if (name.ends_with('/')) {
      entry.type = oci::EntryType::directory;
      entry.mode = 0700;
    }
    entry.size_bytes = name.ends_with('/') ? 0 : 4;
    writer.entry(entry);
    if (entry.size_bytes > 0) writer.content("text");
  }
  writer.finish();
  return bytes;
}

util::Fd pipe_with(const std::string& bytes) {
  auto pipe = util::make_pipe();
  REQUIRE(bytes.size() < 60000);
  util::write_all(pipe.write_end.get(), bytes, "pipe");
  return std::move(pipe.read_end);
}

// What hides "x", and in which file: "FILE RULE".
std::string hiding(const util::Root& context, const std::filesystem::path& dockerfile) {
  const auto rules = build::find_ignore_rules(context, dockerfile);
  if (!rules) return "no rules";
  const auto* rule = rules->find_hiding_rule("x");
  return rules->name() + " " + (rule != nullptr ? rule->text : "nothing");
}

}  // namespace

TEST_CASE("links are followed inside the root to where they lead") {
  const CopyFixture fixture;
  make_tree(fixture.source, {"a/b/f", "abs -> /a/b", "a/up -> ../../../a/./b", "chain -> abs", "loop -> loop", "lost -> /nowhere/x"});
  const auto resolve = [&](const char* path) { return build::resolve_in_root(fixture.source, path); };
  CHECK(resolve("") == "");
  CHECK(resolve("/a//b/./f") == "a/b/f");
  CHECK(resolve("chain/f") == "a/b/f");
  CHECK(resolve("a/up") == "a/b");
  CHECK(resolve("../../abs/../x") == "a/x");
  CHECK(resolve("lost/y") == "nowhere/x/y");
  CHECK_THROWS_WITH(resolve("loop"), Catch::Contains("too many links"));
}

TEST_CASE("the ignore file of the Dockerfile goes before the context's") {
  const CopyFixture fixture;
  const auto context = fixture.top.path() / "source";
  CHECK(hiding(fixture.source, context / "Dockerfile") == "no rules");
  fixture.source.write_file(".dockerignore", "x*");
  CHECK(hiding(fixture.source, context / "docker/x") == ".dockerignore x*");
  CHECK(hiding(fixture.source, {}) == ".dockerignore x*");
  make_tree(fixture.source, {"docker/"});
  fixture.source.write_file("docker/x.dockerignore", "x");
  CHECK(hiding(fixture.source, context / "docker/x") == "x.dockerignore x");
  CHECK(hiding(fixture.source, context / "docker/../docker/x") == "x.dockerignore x");
  CHECK(hiding(fixture.source, context / "docker/y") == ".dockerignore x*");
  fixture.source.write_file(".dockerignore", "ok\n[\n");
  CHECK_THROWS_AS(hiding(fixture.source, context / "Dockerfile"), Error);
}

TEST_CASE("B16: an ignore file that is a link to outside the context is not read") {
  const CopyFixture fixture;
  fixture.top.root().write_file("outside", "x");
  fixture.top.root().write_file("Other.dockerignore", "?");
  make_tree(fixture.source, {"Dockerfile.dockerignore -> ../outside", ".dockerignore -> ../outside"});
  CHECK(hiding(fixture.source, fixture.top.path() / "source/Dockerfile") == "no rules");
  // A Dockerfile outside is the user's own word.
  CHECK(hiding(fixture.source, fixture.top.path() / "Other") == (fixture.top.path() / "Other.dockerignore").native() + " ?");
}

TEST_CASE("git's modes are all that a normalised context keeps") {
  CopyFixture fixture;
  make_tree(fixture.source, {"f"});
  const auto content = [&](mode_t mode) {
    REQUIRE(::fchmodat(fixture.source.fd(), "f", mode, 0) == 0);
    return fixture.content("f");
  };
  CHECK(content(0644) != content(0664));
  fixture.options.modes = build::ModePolicy::normalised;
  CHECK(content(0644) == content(0660));
  CHECK(content(0744) != content(0644));
}

TEST_CASE("a tar becomes a context that belongs to us, whoever owned it") {
  const CopyFixture fixture;
  util::Fd input = pipe_with(tar_of({"./", "d/", "d/f", "g"}));
  build::unpack_context(input.get(), fixture.target);
  CHECK(tree_lines(fixture.target) == Lines{"d/", "d/f = text", "g = text"});
  CHECK(fixture.target.find_stat("g")->st_uid == ::geteuid());
  CHECK(fixture.mode("g") == 0640);
}

TEST_CASE("the standard input is a tar or a Dockerfile") {
  const CopyFixture fixture;
  SECTION("a tar through a pipe") {
    util::Fd input = pipe_with(tar_of({"f"}));
    CHECK(build::read_standard_input(input.get(), fixture.target).is_archive);
    CHECK(tree_lines(fixture.target) == Lines{"f = text"});
  }
  SECTION("a tar in a file") {
    fixture.source.write_file("tar", tar_of({"f"}));
    const util::Fd input = fixture.source.open_regular("tar");
    CHECK(build::read_standard_input(input.get(), fixture.target).is_archive);
    CHECK(tree_lines(fixture.target) == Lines{"f = text"});
  }
  SECTION("text through a pipe") {
    util::Fd input = pipe_with("FROM scratch\n");
    const auto read = build::read_standard_input(input.get(), fixture.target);
    CHECK_FALSE(read.is_archive);
    CHECK(read.dockerfile == "FROM scratch\n");
    CHECK(tree_lines(fixture.target).empty());
  }
  SECTION("nothing") {
    util::Fd input = pipe_with("");
    CHECK(build::read_standard_input(input.get(), fixture.target).dockerfile.empty());
  }
  SECTION("neither") {
    util::Fd input = pipe_with(std::string("FROM\0x", 6));
    CHECK_THROWS_WITH(build::read_standard_input(input.get(), fixture.target), Catch::Contains("neither a tar nor a Dockerfile"));
  }
  SECTION("a tar that is cut off is an error, not a Dockerfile") {
    util::Fd input = pipe_with(tar_of({"f", "g"}).substr(0, 1300));
    CHECK_THROWS_AS(build::read_standard_input(input.get(), fixture.target), Error);
  }
}

TEST_CASE("an archive is told by content, not by name") {
  const CopyFixture fixture;
  fixture.source.write_file("tar", tar_of({"f"}));
  fixture.source.write_file("text.tar", "FROM scratch");
  fixture.source.write_file("zeros", std::string(4096, '\0'));
  fixture.source.write_file("empty", "");
  CHECK(build::is_archive(fixture.source, "tar"));
  for (const char* other : {"text.tar", "zeros", "empty"}) CHECK_FALSE(build::is_archive(fixture.source, other));
}
