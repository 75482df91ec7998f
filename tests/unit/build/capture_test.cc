// SPDX-License-Identifier: Apache-2.0
#include "build/capture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "util/file.h"

using namespace jcb;

namespace {

constexpr std::int64_t k_epoch = 1000;

std::int64_t mtime(const util::Root& root, const char* path) { return root.find_stat(path)->st_mtim.tv_sec; }

}  // namespace

TEST_CASE("times of the clock become the epoch, times from archives stay") {
  const util::TempDir top(std::filesystem::temp_directory_path());
  const util::Root root = top.root();
  root.write_file("from-archive", "");
  const timespec old[2] = {{5000, 0}, {5000, 0}};
  REQUIRE(::utimensat(root.fd(), "from-archive", old, 0) == 0);
  const timespec started = build::step_clock();
  root.make_dirs("dir");
  root.write_file("dir/written", "");
  REQUIRE(::symlinkat("x", root.fd(), "link") == 0);
  build::capture(root, started, k_epoch, build::plain_rules());
  CHECK(mtime(root, "from-archive") == 5000);
  CHECK(mtime(root, "dir") == k_epoch);
  CHECK(mtime(root, "dir/written") == k_epoch);
  CHECK(mtime(root, "link") == k_epoch);
}

TEST_CASE("packages lose logs, caches and identities but keep directories") {
  const util::TempDir top(std::filesystem::temp_directory_path());
  const util::Root root = top.root();
  for (const char* directory : {"var/log/apt", "var/lib/dpkg", "var/cache/apt/archives/partial", "tmp/x", "etc/ssh", "run/lock"})
    root.make_dirs(directory);
  for (const char* file : {"var/log/apt/term.log", "var/lib/dpkg/status", "var/lib/dpkg/status-old", "var/cache/apt/pkgcache.bin",
                           "tmp/x/y", "etc/machine-id", "etc/ssh/ssh_host_rsa_key", "etc/ssh/sshd_config", "run/lock/pid"})
    root.write_file(file, "");
  build::capture(root, build::step_clock(), k_epoch, build::package_rules());
  for (const char* kept :
       {"var/log/apt", "var/lib/dpkg/status", "etc/ssh/sshd_config", "tmp", "run/lock", "var/cache/apt/archives/partial"})
    CHECK(root.find_stat(kept));
  for (const char* dropped : {"var/log/apt/term.log", "var/lib/dpkg/status-old", "var/cache/apt/pkgcache.bin", "tmp/x", "etc/machine-id",
                              "etc/ssh/ssh_host_rsa_key", "run/lock/pid"})
    CHECK_FALSE(root.find_stat(dropped));
  CHECK(mtime(root, "var/lib/dpkg") == k_epoch);
}
