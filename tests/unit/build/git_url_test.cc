// SPDX-License-Identifier: Apache-2.0
#include "build/git_url.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb;
using build::GitUrl;
using build::parse_git_url;

namespace {

const std::string k_commit(40, 'a');

}  // namespace

TEST_CASE("repositories are told from files and paths") {
  for (const char* text : {"https://h/r.git", "http://h/r.git", "https://h/r.git#v1", "https://h/r.git?ref=v1", "ssh://git@h/r",
                           "ssh://h:22/r.git", "git@github.com:a/b.git", "git@h:r#v1:sub", "HTTPS://h/r.git"}) {
    INFO(text);
    CHECK(parse_git_url(text).has_value());
  }
  for (const char* text : {"https://h/r", "https://h/r.git/x", "https://h/r.tar.gz", "https://h/x?y=r.git", "https://h/x#r.git", "./r.git",
                           "../r.git", "/r.git", "r.git", "dir/a@b:c", "file:///r.git", "ext::sh -c x", "a:b@c", "", "github.com/a/b"}) {
    INFO(text);
    CHECK_FALSE(parse_git_url(text).has_value());
  }
}

TEST_CASE("fragment and query say what to take") {
  const auto url = parse_git_url("https://u:p@h:8443/a/r.git#feature/x:sub/dir");
  REQUIRE(url);
  CHECK(url->remote == "https://h:8443/a/r.git");
  CHECK(url->user_info == "u:p");
  CHECK(url->ref == "feature/x");
  CHECK(url->subdir == "sub/dir");
  CHECK(url->short_name() == "r");
  CHECK(parse_git_url("https://h/r.git#:sub")->subdir == "sub");
  CHECK(parse_git_url("https://h/r.git#:sub")->ref.empty());

  const auto query = parse_git_url("https://h/r.git?tag=v1&subdir=a%20b&checksum=0123456&keep-git-dir&submodules=false&mtime=commit");
  REQUIRE(query);
  CHECK(query->remote == "https://h/r.git");
  CHECK(query->ref == "refs/tags/v1");
  CHECK(query->subdir == "a b");
  CHECK(query->checksum == "0123456");
  CHECK(query->keep_git_dir == true);
  CHECK(query->submodules == false);
  CHECK(parse_git_url("https://h/r.git?branch=main")->ref == "refs/heads/main");
  CHECK(parse_git_url("https://h/r.git?ref=x#x:y")->subdir == "y");
  CHECK(parse_git_url("https://h/r.git?commit=" + k_commit)->ref == k_commit);
  CHECK_FALSE(parse_git_url("https://h/r.git")->keep_git_dir.has_value());

  const auto scp = parse_git_url("git@h.org:a/b.git?branch=x#:y");
  REQUIRE(scp);
  CHECK(scp->remote == "git@h.org:a/b.git");
  CHECK(scp->host == "h.org");
  CHECK(scp->ref == "refs/heads/x");
  CHECK(parse_git_url("ssh://git@h:2222/r")->host == "h");
}

TEST_CASE("a query that contradicts itself or is unknown is refused") {
  for (const char* query :
       {"?ref=a#b", "?tag=a&branch=b", "?ref=a&tag=a", "?subdir=a#:b", "?ref=", "?x=y", "?ref=a&ref=b", "?submodules=maybe",
        "?checksum=xyz1234", "?checksum=012345", "?commit=0123456&checksum=1234567", "?ref=%zz", "?mtime=checkout"}) {
    INFO(query);
    CHECK_THROWS_AS(parse_git_url(std::string("https://h/r.git") + query), Error);
  }
}

TEST_CASE("no part can be taken for an option of git or ssh [B1]") {
  for (const char* text : {"https://h/r.git#--upload-pack=x",
                           "https://h/r.git#-x:y",
                           "https://h/r.git?ref=--upload-pack%3dx",
                           "https://h/r.git?ref=%2dx",
                           "ssh://-oProxyCommand=x/r",
                           "ssh://-x@h/r",
                           "git@-oProxyCommand=x:r",
                           "-x@h:r",
                           "git@h:-r",
                           "https://-h/r.git",
                           "https://h/r.git#a..b",
                           "https://h/r.git#a^{}",
                           "https://h/r.git#a~1",
                           "https://h/r.git#@{-1}",
                           "https://h/r.git#a%0ab",
                           "https://h/r.git#a b",
                           "https://h/r.git#*",
                           "git@h:a b",
                           "https://h/r.git#:a%00b",
                           "ssh://h/"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_git_url(text), Error);
  }
}

TEST_CASE("protocols that prove nothing are refused, passwords are not shown [B13]") {
  CHECK_THROWS_AS(parse_git_url("git://h/r.git"), Error);
  try {
    parse_git_url("ssh://git:s3cret@h/r.git");
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.message().find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a context may leave out https for github.com") {
  CHECK(build::parse_git_context("github.com/a/b")->remote == "https://github.com/a/b.git");
  CHECK(build::parse_git_context("github.com/a/b.git#v1:x") == parse_git_url("https://github.com/a/b.git#v1:x"));
  CHECK_FALSE(build::parse_git_context("dir"));
}
