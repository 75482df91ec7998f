// SPDX-License-Identifier: Apache-2.0
#include "build/git_source.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "build/git_tree.h"
#include "jcbuild/error.h"
#include "support/fault_server.h"
#include "util/file.h"
#include "util/text.h"

using namespace jcb;
namespace fs = std::filesystem;

namespace {

// Repositories below one directory, served by fault_http.py; commits have fixed times.
struct Fixture {
  util::TempDir top{fs::temp_directory_path()};
  test::FaultServer server{{"--git-root", (top.path() / "git").native()}};
  fs::path work = top.path() / "work";
  int serial = 0;

  Fixture() {
    for (const char* name : {"git", "work"}) fs::create_directory(top.path() / name);
    git({"init", "-q", "-b", "main", "--", work.native()});
    write("one", "first\n");
    write("dir/two", "second\n");
    fs::permissions(work / "one", fs::perms::owner_exec, fs::perm_options::add);
    fs::create_symlink("dir", work / "inside");
    fs::create_symlink("/etc", work / "outside");
    fs::create_symlink("../../..", work / "dir/up");
    commit();
    git({"tag", "-a", "-m", "a tag", "v1"});
    write("one", "changed\n");
    commit();
    publish("r.git");
  }

  std::string git(std::vector<std::string> arguments) const {
    const std::vector<std::string> environment{"PATH=/usr/bin:/bin",
                                               "HOME=/nonexistent",
                                               "GIT_CONFIG_NOSYSTEM=1",
                                               "GIT_AUTHOR_NAME=a",
                                               "GIT_AUTHOR_EMAIL=a@b",
                                               "GIT_COMMITTER_NAME=a",
                                               "GIT_COMMITTER_EMAIL=a@b",
                                               "GIT_AUTHOR_DATE=1000000000 +0000",
                                               "GIT_COMMITTER_DATE=1000000000 +0000"};
    const auto captured = util::run_captured({util::require_trusted_program("git", ""), std::move(arguments), environment, work});
    INFO(captured.err);
    REQUIRE(captured.status.success());
    return std::string(util::trim(captured.out));
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((work / name).parent_path());
    std::ofstream(work / name) << text;
  }
  void commit() const {
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", "x"});
  }
  void publish(const std::string& name) const {
    fs::remove_all(top.path() / "git" / name);
    git({"clone", "-q", "--bare", "--", work.native(), (top.path() / "git" / name).native()});
    git({"-C", (top.path() / "git" / name).native(), "update-server-info"});
  }
  std::string url(const std::string& rest = {}, const std::string& mode = "git") const { return server.url("/" + mode + "/r.git" + rest); }

  fs::path fresh() {
    const auto path = top.path() / ("checkout" + std::to_string(serial++));
    fs::create_directory(path);
    return path;
  }
  build::GitCheckout take(const std::string& text, const build::GitOptions& options = {}) {
    const auto parsed = build::parse_git_url(text);
    REQUIRE(parsed);
    const auto directory = fresh();
    return build::check_out(*parsed, build::resolve_git_ref(*parsed, directory, options), directory, options);
  }
  // Message, hint and details.
  std::string error_of(const std::string& text, const build::GitOptions& options = {}) {
    try {
      take(text, options);
    } catch (const Error& error) {
      return error.message() + "\n" + util::join(error.steps(), "\n") + "\n" + util::join(error.details(), "\n") + "\n" + error.hint();
    }
    return {};
  }
};

std::string text_of(const fs::path& path) { return util::read_file(path, 1000); }

}  // namespace

TEST_CASE_METHOD(Fixture, "a branch, a tag, a commit and the default branch are checked out") {
  const std::string old = git({"rev-parse", "v1^{commit}"}), now = git({"rev-parse", "main"});
  for (const auto& [rest, id] : {std::pair<std::string, std::string>{"", now},
                                 {"#main", now},
                                 {"?branch=main", now},
                                 {"#v1", old},
                                 {"?tag=v1", old},
                                 {"#refs/tags/v1", old},
                                 {"#" + old, old},
                                 {"#" + now, now},
                                 {"?commit=" + old, old},
                                 {"?ref=main&checksum=" + now.substr(0, 10), now}}) {
    INFO(rest);
    const auto checkout = take(url(rest));
    CHECK(checkout.commit == id);
    CHECK(text_of(checkout.tree / "one") == (id == old ? "first\n" : "changed\n"));
    CHECK(text_of(checkout.tree / "dir/two") == "second\n");
    CHECK_FALSE(fs::exists(checkout.tree / ".git"));
  }
}

TEST_CASE_METHOD(Fixture, "servers that give no single commit are asked for more") {
  const std::string old = git({"rev-parse", "v1^{commit}"});
  for (const char* mode : {"dumb", "git-v0"}) {
    for (const auto& rest : {std::string(), std::string("#v1"), "#" + old}) {
      INFO(mode << rest);
      CHECK(text_of(take(url(rest, mode)).tree / "one") == (rest.empty() ? "changed\n" : "first\n"));
    }
  }
}

TEST_CASE_METHOD(Fixture, "all files have the commit's time and git's modes, whatever the umask") {
  const mode_t old = ::umask(077);
  const auto checkout = take(url());
  ::umask(old);
  CHECK(checkout.modified == 1000000000);
  for (const auto& [name, mode] : {std::pair{"", 0755}, {"one", 0755}, {"dir", 0755}, {"dir/two", 0644}, {"inside", 0777}}) {
    INFO(name);
    struct stat status {};
    REQUIRE(::lstat((checkout.tree / name).c_str(), &status) == 0);
    CHECK(status.st_mtime == 1000000000);
    if (*name != '\0') CHECK((status.st_mode & 07777) == static_cast<mode_t>(mode));
  }
}

TEST_CASE_METHOD(Fixture, "a subdirectory may be reached by links inside, never outside [B3]") {
  CHECK(text_of(take(url("#main:dir")).tree / "two") == "second\n");
  CHECK(text_of(take(url("#main:/dir/")).tree / "two") == "second\n");
  CHECK(text_of(take(url("#main:inside")).tree / "two") == "second\n");
  CHECK(text_of(take(url("#main:./dir/../inside/.")).tree / "two") == "second\n");
  for (const char* subdir : {"outside", "..", "dir/../..", "dir/up", "../../etc", "outside/../dir"}) {
    INFO(subdir);
    CHECK(error_of(url(std::string("#main:") + subdir)).find("leads out of the repository") != std::string::npos);
  }
  for (const char* subdir : {"nothing", "one", "dir/two", "one/x", ".git", ".git/objects"}) {
    INFO(subdir);
    CHECK(error_of(url(std::string("#main:") + subdir)).find("has no directory") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a commit that is not the expected one is an error before anything is fetched") {
  const std::string old = git({"rev-parse", "v1^{commit}"}), tag = git({"rev-parse", "v1"});
  CHECK(error_of(url("?ref=main&checksum=" + old)).find("main of " + url() + " is the commit ") == 0);
  build::GitOptions options;
  options.checksum = old;
  CHECK_FALSE(error_of(url("#main"), options).empty());
  CHECK(error_of(url("#v1"), options).empty());
  options.checksum = tag;
  CHECK(error_of(url("#v1"), options).empty());
  CHECK(error_of(url("#nothing")).find("has no branch or tag nothing") != std::string::npos);
  CHECK_FALSE(error_of(url("#" + std::string(40, 'a'))).empty());
  CHECK_FALSE(error_of(server.url("/git/none.git")).empty());
}

TEST_CASE_METHOD(Fixture, "a kept .git is the same each time, works, and knows no secret [B13]") {
  build::GitOptions options;
  options.keep_git_dir = true;
  const std::string text = "http://u:p@" + server.authority() + "/git-private/r.git#v1";
  const auto first = take(text, options), second = take(text, options);
  const auto list = [&](const fs::path& tree) {
    const auto captured = util::run_captured(
        {util::require_trusted_program("sh", ""), {"-c", "find . -type f | sort | xargs sha256sum"}, {"PATH=/usr/bin:/bin"}, tree});
    return captured.out;
  };
  CHECK(list(first.tree).find(".git/HEAD") != std::string::npos);
  CHECK(list(first.tree) == list(second.tree));
  CHECK(git({"-C", first.tree.native(), "describe"}) == "v1");
  CHECK(git({"-C", first.tree.native(), "status", "--porcelain"}).empty());
  CHECK(text_of(first.tree / ".git/config").find("u:p") == std::string::npos);
  CHECK_FALSE(fs::exists(take(text + ":dir", options).tree / ".git"));
}

TEST_CASE_METHOD(Fixture, "credentials and tokens reach git but no message, key or file [B13] [B14]") {
  const std::string host = server.authority();
  CHECK(error_of("http://u:p@" + host + "/git-private/r.git").empty());
  const std::string failure = error_of("http://u:s3cret@" + host + "/git-private/r.git");
  CHECK(failure.find("GIT_AUTH_TOKEN") != std::string::npos);
  CHECK(failure.find("s3cret") == std::string::npos);
  build::GitOptions options;
  options.access.find_secret = [](const std::string& name) {
    return name == "GIT_AUTH_HEADER.127.0.0.1" ? std::optional<std::string>("Basic dTpw\n") : std::nullopt;
  };
  CHECK(error_of("http://" + host + "/git-private/r.git", options).empty());
  const auto parsed = *build::parse_git_url("http://u:s3cret@" + host + "/r.git");
  for (const auto& field : build::git_key_fields(parsed, {std::string(40, 'a'), "refs/heads/x", ""}))
    CHECK(field.find("s3cret") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "submodules come along unless told otherwise, from servers only [B2]") {
  const auto add = [&](const std::string& address) {
    std::ofstream(work / ".gitmodules") << "[submodule \"sub\"]\n\tpath = sub\n\turl = " << address << "\n";
    git({"update-index", "--add", "--cacheinfo", "160000," + git({"rev-parse", "v1^{commit}"}) + ",sub"});
    git({"add", ".gitmodules"});
    git({"commit", "-q", "-m", "a submodule"});
    publish("super.git");
    git({"rm", "-q", "--cached", "sub"});
  };
  add("./r.git");
  CHECK_FALSE(error_of(server.url("/git/super.git")).empty());  // relative to super.git itself: there is none
  add("../r.git");
  const auto with = take(server.url("/git/super.git"));
  CHECK(text_of(with.tree / "sub/one") == "first\n");
  CHECK_FALSE(fs::exists(with.tree / "sub/.git"));
  CHECK(fs::is_empty(take(server.url("/git/super.git?submodules=false")).tree / "sub"));
  for (const std::string& address :
       {"file://" + (top.path() / "git/r.git").native(), (top.path() / "git/r.git").native(), std::string("ext::sh -c touch%20x")}) {
    INFO(address);
    add(address);
    CHECK(error_of(server.url("/git/super.git")).find("not allowed") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a repository's attributes run no filter or hook, also of those that the user has configured [B2]") {
  const fs::path mark = top.path() / "mark", home = top.path() / "home", hook = home / "hooks/post-checkout";
  fs::create_directories(hook.parent_path());
  std::ofstream(hook) << "#!/bin/sh\ntouch " << mark.native() << "\n";
  fs::permissions(hook, fs::perms::owner_all);
  std::ofstream(home / ".gitconfig") << "[filter \"evil\"]\n\tsmudge = touch " << mark.native()
                                     << "; cat\n[core]\n\thooksPath = " << hook.parent_path().native() << "\n";
  write(".gitattributes", "*.evil filter=evil\n");
  write("x.evil", "text\n");
  commit();
  publish("r.git");
  const std::string old_home = ::getenv("HOME") != nullptr ? ::getenv("HOME") : "/";
  ::setenv("HOME", home.c_str(), 1);
  ::setenv("GIT_CONFIG_GLOBAL", (home / ".gitconfig").c_str(), 1);
  CHECK(text_of(take(url()).tree / "x.evil") == "text\n");
  ::unsetenv("GIT_CONFIG_GLOBAL");
  ::setenv("HOME", old_home.c_str(), 1);
  CHECK_FALSE(fs::exists(mark));
}

TEST_CASE_METHOD(Fixture, "a redirect to another protocol and a metadata address are refused [B20]") {
  CHECK_FALSE(error_of("http://169.254.169.254/r.git").empty());
  CHECK_FALSE(error_of("http://2852039166/r.git").empty());
  CHECK(error_of("http://127.0.0.1:1/r.git").find("git ls-remote of http://127.0.0.1:1/r.git ended with status") == 0);
}

TEST_CASE_METHOD(Fixture, "credentials do not follow a redirect of a repository [J8]") {
  const test::FaultServer moved;
  const std::string path = "/git-moved/" + server.authority().substr(10) + "/r.git";
  CHECK(text_of(take(moved.url(path)).tree / "one") == "changed\n");
  CHECK(error_of("http://u:s3cret@" + moved.authority() + path).find("git ls-remote") == 0);
}

TEST_CASE_METHOD(Fixture, "the configuration of a repository around the store and of the user means nothing") {
  git({"init", "-q", "--", top.path().native()});
  git({"-C", top.path().native(), "config", "url.http://127.0.0.1:1/.insteadOf", server.url("/")});
  ::setenv("GIT_SSL_NO_VERIFY", "1", 1);
  ::setenv("GIT_DIR", "/nonexistent", 1);
  CHECK(text_of(take(url()).tree / "one") == "changed\n");
  ::unsetenv("GIT_DIR");
  ::unsetenv("GIT_SSL_NO_VERIFY");
}

TEST_CASE_METHOD(Fixture, "keys know what is taken and from where") {
  const auto fields = [](const std::string& text) {
    return build::git_key_fields(*build::parse_git_url(text), {std::string(40, 'a'), "refs/heads/x", ""});
  };
  const auto base = fields("https://h/r.git#x");
  CHECK(fields("https://u:p@h/r.git#x") == base);
  for (const char* other :
       {"https://i/r.git#x", "https://h/r.git#x:sub", "https://h/r.git?ref=x&keep-git-dir", "https://h/r.git?ref=x&submodules=0"})
    CHECK(fields(other) != base);
}
