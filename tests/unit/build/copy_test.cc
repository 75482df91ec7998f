// SPDX-License-Identifier: Apache-2.0
#include "build/copy.h"

#include <sys/xattr.h>

#include "build/file_mode.h"
#include "copy_fixture.h"
#include "jcbuild/error.h"
#include "oci/layer/compress.h"
#include "oci/layer/tar.h"

using namespace jcb;
using namespace jcb::test;

namespace {

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.message() + (error.hint().empty() ? "" : "; " + error.hint());
  }
  return "no error";
}

std::string tar_of(const std::vector<std::pair<std::string, std::string>>& files, std::uint32_t uid = 0) {
  std::string bytes;
  oci::TarWriter writer([&](std::string_view part) { bytes += part; });
  for (const auto& [name, content] : files) {
    oci::TarEntry entry;
    entry.name = name;
    entry.mode = 0600;
    entry.uid = uid;
    entry.size_bytes = content.size();
    entry.mtime_s = 1234;
    if (name.ends_with('/')) {
      entry.type = oci::EntryType::directory;
      entry.mode = 0700;
    }
    writer.entry(entry);
    if (!content.empty()) writer.content(content);
  }
  writer.finish();
  return bytes;
}

std::string compressed(oci::Compression method, const std::string& text) {
  std::string out;
  const auto compressor = oci::make_compressor({method, 0}, [&](std::string_view bytes) { out += bytes; });
  compressor->write(text);
  compressor->finish();
  return out;
}

void set_time(const util::Root& root, const char* path, time_t seconds) {
  const timespec times[2] = {{seconds, 0}, {seconds, 0}};
  REQUIRE(::utimensat(root.fd(), path, times, AT_SYMLINK_NOFOLLOW) == 0);
}

build::CopyRequest adding(const CopyFixture& fixture, const std::vector<std::string>& paths, const std::string& destination) {
  auto request = fixture.with(paths, destination);
  for (auto& argument : request.arguments) argument.unpack = true;
  return request;
}

Lines add(const CopyFixture& fixture, const std::vector<std::string>& paths, const std::string& destination) {
  const auto request = adding(fixture, paths, destination);
  build::copy_into(fixture.target, request, build::select_sources(request));
  return tree_lines(fixture.target);
}

}  // namespace

TEST_CASE("what COPY makes of sources and destinations") {
  if (!may_chown()) return;
  struct Case {
    std::vector<std::string> paths;
    const char* destination;
    Lines result;
  };
  const std::vector<Case> cases{
      {{"f"}, "/x", {"x = f"}},
      {{"f"}, "/x/", {"x/", "x/f = f"}},
      {{"f"}, "/", {"f = f"}},
      {{"f"}, "/a/b/c", {"a/", "a/b/", "a/b/c = f"}},
      {{"d"}, "/x", {"x/", "x/e/", "x/e/h = d/e/h", "x/g = d/g"}},
      {{"d"}, "/x/", {"x/", "x/e/", "x/e/h = d/e/h", "x/g = d/g"}},
      {{"d/"}, "/", {"e/", "e/h = d/e/h", "g = d/g"}},
      {{"f", "d/g"}, "/x/", {"x/", "x/f = f", "x/g = d/g"}},
      {{"f", "d"}, "/x/", {"x/", "x/e/", "x/e/h = d/e/h", "x/f = f", "x/g = d/g"}},
      {{"d/*"}, "/x/", {"x/", "x/g = d/g", "x/h = d/e/h"}},
      {{"?"}, "/x/", {"x/", "x/e/", "x/e/h = d/e/h", "x/f = f", "x/g = d/g"}},
      {{"d/[a-g]"}, "/x/", {"x/", "x/g = d/g", "x/h = d/e/h"}},
      {{"*/g"}, "/x/", {"x/", "x/g = d/g"}},
      {{"f", "nothing*"}, "/x/", {"x/", "x/f = f"}},
      {{"../../f"}, "/x", {"x = f"}},
      {{"/f"}, "/x", {"x = f"}},
      {{"to-f"}, "/x/", {"x/", "x/to-f = f"}},
      {{"to-d"}, "/x", {"x/", "x/e/", "x/e/h = d/e/h", "x/g = d/g"}},
      {{"to-d/e"}, "/x", {"x/", "x/h = d/e/h"}},
      {{"to-d/*"}, "/x/", {"x/", "x/g = d/g", "x/h = d/e/h"}},
      {{"empty"}, "/x", {"x/"}},
      {{"f"}, "/../../x", {"x = f"}},
  };
  for (const auto& test : cases) {
    INFO(test.paths[0] << " " << test.destination);
    const CopyFixture fixture;
    make_tree(fixture.source, {"f", "d/g", "d/e/h", "empty/", "to-f -> f", "to-d -> /d"});
    CHECK(fixture.copy(test.paths, test.destination) == test.result);
  }
}

TEST_CASE("links below a source stay links") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"d/f", "d/to-f -> f", "d/out -> /etc/passwd", "d/dir -> ."});
  CHECK(fixture.copy({"d"}, "/x") == Lines{"x/", "x/dir -> .", "x/f = d/f", "x/out -> /etc/passwd", "x/to-f -> f"});
}

TEST_CASE("what is there gives way to files and is merged with directories") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"d/f", "d/e/g", "d/l"});
  make_tree(fixture.target, {"x/f", "x/e/old", "x/l -> e/old"});
  fixture.target.write_file("x/f", "a longer text than before");
  CHECK(fixture.copy({"d"}, "/x") == Lines{"x/", "x/e/", "x/e/g = d/e/g", "x/e/old = x/e/old", "x/f = d/f", "x/l = d/l"});
}

TEST_CASE("links in the destination are followed inside the root, except where an entry goes") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"f", "d/bin/g"});
  make_tree(fixture.target, {"usr/bin/", "bin -> usr/bin", "abs -> /usr", "up -> ../../../usr", "file -> usr/new"});
  fixture.copy({"f"}, "/bin");
  fixture.copy({"f"}, "/abs/a");
  fixture.copy({"f"}, "/up/b");
  const auto lines = fixture.copy({"f"}, "/file");
  CHECK(lines == Lines{"abs -> /usr", "bin -> usr/bin", "file -> usr/new", "up -> ../../../usr", "usr/", "usr/a = f", "usr/b = f",
                       "usr/bin/", "usr/bin/f = f", "usr/new = f"});
  CHECK(message_of([&] { fixture.copy({"d"}, "/"); }) ==
        "cannot copy a directory over the link /bin; copy what it holds to where the link leads");
}

TEST_CASE("file and directory are not put over each other") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"f", "g", "d/x/y", "e/x"});
  make_tree(fixture.target, {"t/x", "u/x/"});
  CHECK(message_of([&] { fixture.copy({"d"}, "/t"); }) == "cannot copy a directory over the file /t/x");
  CHECK_THAT(message_of([&] { fixture.copy({"e"}, "/u"); }), Catch::Contains("cannot copy a file over the directory /u/x"));
  CHECK_THAT(message_of([&] { fixture.copy({"d"}, "/t/x"); }), Catch::Contains("/t/x is no directory"));
  CHECK_THAT(message_of([&] { fixture.copy({"f"}, "/t/x/"); }), Catch::Contains("/t/x is no directory"));
  CHECK_THAT(message_of([&] { fixture.copy({"f", "g"}, "/n"); }), Catch::Contains("end the destination in '/'"));
  CHECK_NOTHROW(fixture.copy({"f", "g"}, "/t"));
}

TEST_CASE("new directories of the destination are plain, existing ones stay, and those below are the source's") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"d/e/f"});
  make_tree(fixture.target, {"old/e/"});
  REQUIRE(::fchmodat(fixture.source.fd(), "d", 0711, 0) == 0);
  REQUIRE(::fchmodat(fixture.source.fd(), "d/e", 0701, 0) == 0);
  REQUIRE(::fchmodat(fixture.target.fd(), "old", 0750, 0) == 0);
  REQUIRE(::fchmodat(fixture.target.fd(), "old/e", 0777, 0) == 0);
  fixture.copy({"d"}, "/new/x");
  fixture.copy({"d"}, "/old");
  CHECK(fixture.mode("new") == 0755);
  CHECK(fixture.mode("new/x") == 0755);
  CHECK(fixture.mode("new/x/e") == 0701);
  CHECK(fixture.mode("old") == 0750);
  CHECK(fixture.mode("old/e") == 0701);
}

TEST_CASE("modes come with files, set-id bits too, whatever the umask is") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"f"});
  REQUIRE(::fchmodat(fixture.source.fd(), "f", 04751, 0) == 0);
  const mode_t before = ::umask(077);
  fixture.copy({"f"}, "/a/x");
  ::umask(before);
  CHECK(fixture.mode("a/x") == 04751);
  CHECK(fixture.mode("a") == 0755);
}

TEST_CASE("--chmod applies to files, directories and what is made for them") {
  if (!may_chown()) return;
  CopyFixture fixture;
  make_tree(fixture.source, {"d/e/f", "d/l -> f"});
  fixture.request.chmod = "0711";
  fixture.copy({"d"}, "/a/x");
  for (const char* path : {"a", "a/x", "a/x/e", "a/x/e/f"}) CHECK(fixture.mode(path) == 0711);
  fixture.request.chmod = "u=rwX,go=";
  fixture.copy({"d"}, "/b");
  CHECK(fixture.mode("b") == 0755);
  CHECK(fixture.mode("b/e") == 0700);
  CHECK(fixture.mode("b/e/f") == 0600);
}

TEST_CASE("modes are octal or symbolic") {
  const auto apply = [](const char* text, mode_t mode) { return build::ModeChange::parse(text).apply(mode); };
  const mode_t file = S_IFREG | 0640, directory = S_IFDIR | 0750, program = S_IFREG | 0744;
  CHECK(apply("0755", file) == 0755);
  CHECK(apply("4711", file) == 04711);
  CHECK(apply("0", file) == 0);
  CHECK(apply("+x", file) == 0751);
  CHECK(apply("a+x", file) == 0751);
  CHECK(apply("u+x,go-r", file) == 0700);
  CHECK(apply("a=rX", file) == 0444);
  CHECK(apply("a=rX", directory) == 0555);
  CHECK(apply("a=rX", program) == 0555);
  CHECK(apply("go=u", file) == 0666);
  CHECK(apply("g-w+x", file) == 0650);
  CHECK(apply("u=", file) == 0040);
  CHECK(apply("u+s,+t", file) == 05640);
  CHECK(apply("ug+s", file) == 06640);
  CHECK(apply("o+st", file) == 0640);
  CHECK(apply("o=g", file) == 0644);
  CHECK(apply("u=rwx", S_IFREG | 04600) == 0700);
  for (const char* bad : {"", "8", "0x1", "10000", "u", "u+q", "z+x", "u+x,", ",u+x", "u+x g+x", "07779"}) {
    INFO(bad);
    CHECK_THROWS_AS(build::ModeChange::parse(bad), Error);
  }
}

TEST_CASE("a context's files become root's, and --chown's where it is given") {
  if (!may_chown() || !may_chown_to_anyone()) return;
  CopyFixture fixture;
  make_tree(fixture.source, {"d/e/f", "d/l -> f"});
  make_tree(fixture.target, {"etc/"});
  fixture.target.write_file("etc/passwd", "app:x:55:66::/:/bin/sh\n");
  fixture.target.write_file("etc/group", "staff:x:77:\n");
  REQUIRE(::fchownat(fixture.source.fd(), "d/e/f", 1234, 1234, 0) == 0);
  const auto owner = [&](const std::string& path) {
    const auto status = fixture.target.find_stat(path);
    return std::to_string(status->st_uid) + ":" + std::to_string(status->st_gid);
  };
  fixture.copy({"d"}, "/r");
  for (const char* path : {"r", "r/e", "r/e/f", "r/l"}) CHECK(owner(path) == "0:0");
  for (const auto& [chown, expected] : std::vector<std::pair<const char*, const char*>>{
           {"app", "55:66"}, {"app:staff", "55:77"}, {"7", "7:7"}, {"7:8", "7:8"}, {"55", "55:55"}, {"app:9", "55:9"}}) {
    fixture.request.chown = chown;
    const std::string top = "/n-" + std::string(chown);
    fixture.copy({"d"}, top + "/x");
    for (const char* path : {"", "/x", "/x/e", "/x/e/f", "/x/l"}) CHECK(owner(top.substr(1) + path) == expected);
  }
  fixture.request.chown = "nobody-here";
  CHECK_THAT(message_of([&] { fixture.copy({"d"}, "/x"); }), Catch::Contains("nobody-here"));
}

TEST_CASE("a stage's files keep owners, xattrs and hard links") {
  if (!may_chown() || !may_chown_to_anyone()) return;
  CopyFixture fixture;
  fixture.options.keep_owners = true;
  make_tree(fixture.source, {"d/a", "d/c"});
  REQUIRE(::linkat(fixture.source.fd(), "d/a", fixture.source.fd(), "d/b", 0) == 0);
  REQUIRE(::fchownat(fixture.source.fd(), "d/c", 12, 34, 0) == 0);
  const util::Fd file = fixture.source.open_regular("d/a");
  const bool xattrs = ::fsetxattr(file.get(), "user.note", "hi", 2, 0) == 0;
  if (!xattrs) WARN("the file system has no user xattrs");
  const auto before = fixture.content("d");
  fixture.copy({"d"}, "/x");
  CHECK(fixture.target.find_stat("x/c")->st_uid == 12);
  CHECK(fixture.target.find_stat("x/c")->st_gid == 34);
  CHECK(fixture.target.find_stat("x/a")->st_ino == fixture.target.find_stat("x/b")->st_ino);
  CHECK(fixture.target.find_stat("x/c")->st_nlink == 1);
  if (xattrs) {
    char value[8] = {};
    CHECK(::fgetxattr(fixture.target.open_regular("x/b").get(), "user.note", value, sizeof value) == 2);
    REQUIRE(::fsetxattr(file.get(), "user.note", "ho", 2, 0) == 0);
    CHECK(fixture.content("d") != before);
    REQUIRE(::fsetxattr(file.get(), "user.note", "hi", 2, 0) == 0);
  }
  REQUIRE(::fchownat(fixture.source.fd(), "d/c", 13, 34, 0) == 0);
  CHECK(fixture.content("d") != before);
  fixture.request.chown = "5";
  const auto chowned = fixture.content("d");
  REQUIRE(::fchownat(fixture.source.fd(), "d/c", 14, 34, 0) == 0);
  CHECK(fixture.content("d") == chowned);
}

TEST_CASE("files, links and directories keep their times only where these mean something") {
  if (!may_chown()) return;
  CopyFixture fixture;
  make_tree(fixture.source, {"d/e/f", "d/l -> f"});
  for (const char* path : {"d/e/f", "d/l", "d/e"}) set_time(fixture.source, path, 1000);
  fixture.options.keep_times = true;
  fixture.copy({"d"}, "/x");
  for (const char* path : {"x/e/f", "x/l", "x/e"}) CHECK(fixture.target.find_stat(path)->st_mtim.tv_sec == 1000);
  fixture.options.keep_times = false;
  fixture.copy({"d"}, "/y");
  for (const char* path : {"y/e/f", "y/l", "y/e"}) CHECK(fixture.target.find_stat(path)->st_mtim.tv_sec != 1000);
}

TEST_CASE("sockets become empty files and FIFOs stay what they are, never opened") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  REQUIRE(::mknodat(fixture.source.fd(), "fifo", S_IFIFO | 0640, 0) == 0);
  REQUIRE(::mknodat(fixture.source.fd(), "socket", S_IFSOCK | 0600, 0) == 0);
  CHECK(fixture.copy({"."}, "/x/") == Lines{"x/", "x/fifo ?", "x/socket = "});
  CHECK(fixture.target.find_stat("x/fifo")->st_mode == (S_IFIFO | 0640));
}

TEST_CASE("holes of sparse files stay holes") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  const util::Fd file = fixture.source.open_at("f", O_RDWR | O_CREAT, 0644);
  REQUIRE(::pwrite(file.get(), "data", 4, 1 << 24) == 4);
  REQUIRE(::ftruncate(file.get(), (1 << 25) + 5) == 0);
  const auto request = fixture.with({"f"}, "/x");
  build::copy_into(fixture.target, request, build::select_sources(request));
  CHECK(fixture.target.find_stat("x")->st_size == (1 << 25) + 5);
  CHECK(fixture.target.find_stat("x")->st_blocks <= fixture.source.find_stat("f")->st_blocks + 16);
  CHECK(fixture.target.read_file("x", 1U << 26) == fixture.source.read_file("f", 1U << 26));
}

TEST_CASE("--parents keeps the directories of an argument, from its pivot on") {
  if (!may_chown()) return;
  struct Case {
    std::vector<std::string> paths;
    Lines result;
  };
  const std::vector<Case> cases{
      {{"x/a.txt", "y/a.txt"}, {"o/", "o/x/", "o/x/a.txt = x/a.txt", "o/y/", "o/y/a.txt = y/a.txt"}},
      {{"./x/b/c"}, {"o/", "o/x/", "o/x/b/", "o/x/b/c = x/b/c"}},
      {{"x/./b/c"}, {"o/", "o/b/", "o/b/c = x/b/c"}},
      {{"x/./*.txt"}, {"o/", "o/a.txt = x/a.txt"}},
      {{"*/a.txt"}, {"o/", "o/x/", "o/x/a.txt = x/a.txt", "o/y/", "o/y/a.txt = y/a.txt"}},
      {{"**/c"}, {"o/", "o/x/", "o/x/b/", "o/x/b/c = x/b/c"}},
      {{"x/b/."}, {"o/", "o/x/", "o/x/b/", "o/x/b/c = x/b/c"}},
      {{"x/b"}, {"o/", "o/x/", "o/x/b/", "o/x/b/c = x/b/c"}},
      {{"?/./a.txt"}, {"o/", "o/a.txt = y/a.txt"}},
      {{"x/a.txt", "none*"}, {"o/", "o/x/", "o/x/a.txt = x/a.txt"}},
  };
  for (const auto& test : cases) {
    INFO(test.paths[0]);
    CopyFixture fixture;
    fixture.request.parents = true;
    make_tree(fixture.source, {"x/a.txt", "x/b/c", "y/a.txt"});
    REQUIRE(::fchmodat(fixture.source.fd(), "x", 0711, 0) == 0);
    CHECK(fixture.copy(test.paths, "/o/") == test.result);
    if (fixture.target.find_stat("o/x")) CHECK(fixture.mode("o/x") == 0711);
    CHECK_THAT(message_of([&] { fixture.copy({"x/none"}, "/o/"); }), Catch::Contains("'x/none' is not in the build context"));
  }
}

TEST_CASE("--exclude is matched below the source, and with the names of files that a wildcard finds") {
  if (!may_chown()) return;
  struct Case {
    const char* path;
    std::vector<std::string> excludes;
    Lines result;
  };
  const std::vector<Case> cases{
      {"d", {"*.md"}, {"x/", "x/e/", "x/e/b.md = d/e/b.md", "x/e/c = d/e/c"}},
      {"d", {"**/*.md"}, {"x/", "x/e/", "x/e/c = d/e/c"}},
      {"d", {"e"}, {"x/", "x/a.md = d/a.md"}},
      {"d", {"*", "!e/c"}, {"x/", "x/e/", "x/e/c = d/e/c"}},
      {"d", {"*", "!none"}, {"x/"}},
      {".", {"d/e", "*.txt"}, {"x/", "x/d/", "x/d/a.md = d/a.md", "x/home.md = home.md"}},
      {"hom*", {"*.txt"}, {"x/", "x/home.md = home.md"}},
      {"home.txt", {"*.md"}, {"x/", "x/home.txt = home.txt"}},
  };
  for (const auto& test : cases) {
    INFO(test.path << " without " << test.excludes[0]);
    CopyFixture fixture;
    fixture.request.excludes = test.excludes;
    make_tree(fixture.source, {"d/a.md", "d/e/b.md", "d/e/c", "home.md", "home.txt"});
    CHECK(fixture.copy({test.path}, "/x/") == test.result);
  }
}

TEST_CASE("what is ignored is not there, but for exceptions") {
  if (!may_chown()) return;
  CopyFixture fixture;
  make_tree(fixture.source, {"a", "d/keep", "d/lost", "n/m", "secret", "to-secret -> secret", "e/x", "all/d/c"});
  fixture.set_ignore("d\n!d/keep\nn\nsecret\n\nall\n!all/*/c\n!all/none");
  CHECK(fixture.copy({"."}, "/x") == Lines{"x/", "x/a = a", "x/all/", "x/all/d/", "x/all/d/c = all/d/c", "x/d/", "x/d/keep = d/keep",
                                           "x/e/", "x/e/x = e/x", "x/to-secret -> secret"});
  CHECK(fixture.select({"d/*"}).size() == 1);
  CHECK(fixture.select({"d"}).size() == 1);
  CHECK(fixture.select({"?"}).size() == 3);
  for (const char* hidden : {"n", "n/m", "secret", "to-secret", "d/lost"}) {
    INFO(hidden);
    CHECK_THROWS_AS(fixture.select({hidden}), Error);
  }
  CHECK(message_of([&] { fixture.select({"secret"}); }) ==
        "'secret' is not in the build context: 'secret' in line 4 of .dockerignore hides it; add the line '!secret' to .dockerignore");
}

TEST_CASE("what is not there is named with what is near") {
  CopyFixture fixture;
  fixture.options.name = "stage 'base'";
  make_tree(fixture.source, {"README.md", "src/main.cc"});
  CHECK(message_of([&] { fixture.select({"READM.md"}); }) == "'READM.md' is not in stage 'base'; did you mean README.md?");
  CHECK(message_of([&] { fixture.select({"src/mian.cc"}); }) == "'src/mian.cc' is not in stage 'base'; did you mean src/main.cc?");
  CHECK_THAT(message_of([&] { fixture.select({"README.md", "x"}); }), Catch::Contains("'x' is not in"));
  CHECK(fixture.select({"*.txt"}).empty());  // as BuildKit: a wildcard may find nothing
  CHECK_THAT(message_of([&] { fixture.select({"[a"}); }), Catch::Contains("bad pattern"));
  CHECK_THAT(message_of([&] { fixture.select({"a\x1b[31m"}); }), Catch::Contains("\\x1b"));
}

TEST_CASE("a literal argument may have any name") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"a*[b", "axb"});
  auto request = fixture.with({"a*[b"}, "/x/");
  request.arguments[0].literal = true;
  build::copy_into(fixture.target, request, build::select_sources(request));
  CHECK(tree_lines(fixture.target) == Lines{"x/", "x/a*[b = a*[b"});
}

TEST_CASE("ADD extracts archives by their content and copies the rest") {
  if (!may_chown()) return;
  const std::string tar = tar_of({{"t/", ""}, {"t/f", "one"}});
  for (const auto& bytes : {tar, compressed(oci::Compression::gzip, tar), compressed(oci::Compression::zstd, tar)}) {
    const CopyFixture fixture;
    fixture.source.write_file("a.bin", bytes);
    CHECK(add(fixture, {"a.bin"}, "/x") == Lines{"x/", "x/t/", "x/t/f = one"});
    CHECK(fixture.mode("x/t/f") == 0600);
    CHECK(fixture.target.find_stat("x/t/f")->st_mtim.tv_sec == 1234);
  }
  const CopyFixture fixture;
  fixture.source.write_file("a.tar", tar);
  fixture.source.write_file("b.tar", tar_of({{"t/f", "two"}, {"g", "g"}}));
  fixture.source.write_file("text.tar.gz", "no archive");
  CHECK(add(fixture, {"a.tar", "b.tar", "text.tar.gz"}, "/x/") ==
        Lines{"x/", "x/g = g", "x/t/", "x/t/f = two", "x/text.tar.gz = no archive"});
  CHECK(fixture.copy({"a.tar"}, "/copied/a.tar").size() == 7);
}

TEST_CASE("an archive's own root entry changes nothing, and what is in the way gives way") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  fixture.source.write_file("a.tar", tar_of({{"./", ""}, {"./f", "new"}, {"./d/", ""}, {"./was-dir", "file"}}));
  make_tree(fixture.target, {"x/f", "x/d/kept", "x/was-dir/gone"});
  REQUIRE(::fchmodat(fixture.target.fd(), "x", 0751, 0) == 0);
  CHECK(add(fixture, {"a.tar"}, "/x") == Lines{"x/", "x/d/", "x/d/kept = x/d/kept", "x/f = new", "x/was-dir = file"});
  CHECK(fixture.mode("x") == 0751);
}

TEST_CASE("an archive keeps its owners unless --chown says otherwise") {
  if (!may_chown() || !may_chown_to_anyone()) return;
  CopyFixture fixture;
  fixture.source.write_file("a.tar", tar_of({{"f", "x"}}, 44));
  add(fixture, {"a.tar"}, "/x");
  CHECK(fixture.target.find_stat("x/f")->st_uid == 44);
  fixture.request.chown = "55:66";
  add(fixture, {"a.tar"}, "/y");
  CHECK(fixture.target.find_stat("y/f")->st_uid == 55);
  CHECK(fixture.target.find_stat("y/f")->st_gid == 66);
  CHECK(fixture.target.find_stat("y")->st_uid == 55);
}

TEST_CASE("the key covers what decides the result, and nothing else") {
  const CopyFixture fixture;
  make_tree(fixture.source, {"d/f", "d/l -> f", "f", "copy-of-f", "o/f"});
  fixture.source.write_file("copy-of-f", "f");
  const auto key = [&](const std::vector<std::string>& paths, const build::CopyRequest& changes = {}) {
    auto request = fixture.with(paths, "/x/");
    request.chown = changes.chown;
    request.chmod = changes.chmod;
    request.excludes = changes.excludes;
    request.parents = changes.parents;
    return build::key_fields(request, build::select_sources(request));
  };
  build::CopyRequest chown, chmod, exclude, exclude_nothing, parents;
  chown.chown = "1";
  chmod.chmod = "0700";
  exclude.excludes = {"f"};
  exclude_nothing.excludes = {"nothing"};
  parents.parents = true;
  CHECK(key({"f"}) != key({"copy-of-f"}));
  CHECK(fixture.content("f") == fixture.content("copy-of-f"));
  for (const auto* change : {&chown, &chmod, &exclude, &parents}) CHECK(key({"d"}) != key({"d"}, *change));
  CHECK(key({"d"}) == key({"d"}, exclude_nothing));
  CHECK(key({"d/./"}) == key({"d"}));
  const auto before = fixture.content("d");
  set_time(fixture.source, "d/f", 5);
  CHECK(fixture.content("d") == before);
  fixture.source.write_file("d/new", "");
  const auto with_new = fixture.content("d");
  CHECK(with_new != before);
  REQUIRE(::renameat(fixture.source.fd(), "d/new", fixture.source.fd(), "d/renamed") == 0);
  CHECK(fixture.content("d") != with_new);
  fixture.source.remove_tree("d/renamed");
  CHECK(fixture.content("d") == before);
  REQUIRE(::fchmodat(fixture.source.fd(), "d/f", 0600, 0) == 0);
  CHECK(fixture.content("d") != before);
}

TEST_CASE("modes that --chmod replaces are in no key") {
  CopyFixture fixture;
  make_tree(fixture.source, {"f"});
  const auto content = [&](mode_t mode) {
    REQUIRE(::fchmodat(fixture.source.fd(), "f", mode, 0) == 0);
    return fixture.content("f");
  };
  fixture.request.chmod = "0644";
  CHECK(content(0600) == content(0640));
  fixture.request.chmod = "u+x";
  CHECK(content(0600) != content(0640));
  fixture.request.chmod = "nonsense";
  CHECK_THROWS_AS(fixture.content("f"), Error);
}

TEST_CASE("a context that changes between hashing and copying is noticed") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.source, {"d/f", "d/g"});
  const auto request = fixture.with({"d"}, "/x");
  const auto sources = build::select_sources(request);
  const auto copied = [&] { return message_of([&] { build::copy_into(fixture.target, request, sources); }); };
  CHECK(copied() == "no error");
  fixture.source.write_file("d/f", "other");
  CHECK_THAT(copied(), Catch::Contains("'d' in the build context was changed since it was hashed"));
  fixture.source.remove_tree("d");
  CHECK_THAT(copied(), Catch::Contains("was changed while it was read"));
}

TEST_CASE("B15: a link that leads out of the tree is taken inside it") {
  if (!may_chown()) return;
  CopyFixture fixture;
  fixture.options.keep_owners = true;
  fixture.options.name = "stage 'base'";
  make_tree(fixture.source,
            {"etc/passwd", "out -> /etc/passwd", "up -> ../../../../../etc/passwd", "dir -> /etc", "lost -> /root/nothing"});
  for (const char* path : {"out", "up", "dir/passwd", "dir/../etc/passwd"}) {
    fixture.copy({path}, "/copy");
    CHECK(fixture.target.read_file("copy", 100) == "etc/passwd");
  }
  CHECK_THROWS_AS(fixture.select({"lost"}), Error);
  make_tree(fixture.target, {"evil -> ../../../../../../tmp", "root -> /"});
  fixture.copy({"out"}, "/evil/x");
  CHECK(fixture.target.find_stat("tmp/x"));
  fixture.copy({"out"}, "/root/y");
  CHECK(fixture.target.find_stat("y"));
}

TEST_CASE("B15: a file or directory swapped for a link after it was hashed is refused") {
  if (!may_chown()) return;
  const util::TempDir outside(std::filesystem::temp_directory_path());
  outside.root().write_file("f", "outside");
  const CopyFixture fixture;
  make_tree(fixture.source, {"d/f", "f"});
  const auto request = fixture.with({"d", "f"}, "/x/");
  const auto sources = build::select_sources(request);
  const std::string swapped = GENERATE(as<std::string>(), "d", "f", "d/f");
  fixture.source.remove_tree(swapped);
  REQUIRE(::symlinkat((swapped == "d" ? outside.path() : outside.path() / "f").c_str(), fixture.source.fd(), swapped.c_str()) == 0);
  CHECK_THAT(message_of([&] { build::copy_into(fixture.target, request, sources); }), Catch::Contains("was changed"));
  for (const auto& line : tree_lines(fixture.target)) CHECK(line.find("= outside") == std::string::npos);
}

TEST_CASE("B16: exceptions of an ignore file reach nothing outside the context") {
  if (!may_chown()) return;
  CopyFixture fixture;
  fixture.top.root().write_file("outside", "outside");
  make_tree(fixture.source, {"a", "b"});
  fixture.set_ignore("b\n!../outside\n!/../outside\n!../../etc/passwd");
  CHECK(fixture.copy({"."}, "/x") == Lines{"x/", "x/a = a"});
  CHECK_THROWS_AS(fixture.select({"../outside"}), Error);
}

TEST_CASE("made directories follow links and belong to whom they are for") {
  if (!may_chown()) return;
  const CopyFixture fixture;
  make_tree(fixture.target, {"usr/", "link -> /usr/made/below", "file"});
  build::make_owned_directories(fixture.target, "/link/x", 0, 0);
  CHECK(fixture.mode("usr/made/below/x") == 0755);
  build::make_owned_directories(fixture.target, "/m", 0, 0, 0700);
  CHECK(fixture.mode("m") == 0700);
  CHECK_THAT(message_of([&] { build::make_owned_directories(fixture.target, "/file/x", 0, 0); }), Catch::Contains("/file is no directory"));
}
