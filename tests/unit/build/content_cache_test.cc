// SPDX-License-Identifier: Apache-2.0
#include "build/content_cache.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <thread>

#include "copy_fixture.h"
#include "util/hash.h"

using namespace jcb;
using build::ContentCache;

namespace {

struct stat status_of(ino_t inode, off_t size = 5, time_t mtime = 1000) {
  struct stat status {};
  status.st_dev = 1;
  status.st_ino = inode;
  status.st_size = size;
  status.st_mtim = {mtime, 7};
  status.st_ctim = {1000, 8};
  return status;
}

const std::string k_digest = util::sha256_hex("x");
constexpr timespec k_now{5000, 0};

struct Fixture {
  util::TempDir top{std::filesystem::temp_directory_path()};
  std::filesystem::path directory = top.path() / "context";
  ContentCache open(const char* context = "/src") const { return {directory, context}; }
};

}  // namespace

TEST_CASE("a digest is found again for the same status only") {
  const Fixture fixture;
  auto cache = fixture.open();
  cache.remember(status_of(1), k_digest, k_now);
  CHECK(cache.find(status_of(1)) == k_digest);
  CHECK_FALSE(cache.find(status_of(2)));
  CHECK_FALSE(cache.find(status_of(1, 6)));
  CHECK_FALSE(cache.find(status_of(1, 5, 1001)));
  auto touched = status_of(1);
  touched.st_ctim.tv_nsec = 9;
  CHECK_FALSE(cache.find(touched));
  touched = status_of(1);
  touched.st_mtim.tv_nsec = 9;
  CHECK_FALSE(cache.find(touched));
  touched = status_of(1);
  touched.st_dev = 2;
  CHECK_FALSE(cache.find(touched));
}

TEST_CASE("what was saved is there again, for the same context") {
  const Fixture fixture;
  {
    auto cache = fixture.open();
    cache.remember(status_of(1), k_digest, k_now);
    cache.save();
  }
  CHECK(fixture.open().find(status_of(1)) == k_digest);
  CHECK_FALSE(fixture.open("/other").find(status_of(1)));
}

TEST_CASE("a context is known by its path, and nothing is kept of one inside the store") {
  const Fixture fixture;
  fixture.top.root().make_dirs("store/cache/context");
  fixture.top.root().make_dirs("store/tmp/unpacked");
  fixture.top.root().make_dirs("project");
  const auto kept = [&](const char* context) {
    const auto root = fixture.top.root().subroot(context);
    ContentCache cache(fixture.top.path() / "store/cache/context", root);
    cache.remember(status_of(1), k_digest, k_now);
    cache.save();
    return ContentCache(fixture.top.path() / "store/cache/context", root).size();
  };
  CHECK(kept("project") == 1);
  CHECK(kept("store/tmp/unpacked") == 0);
}

TEST_CASE("a file touched just before it was hashed is not remembered") {
  const Fixture fixture;
  auto cache = fixture.open();
  cache.remember(status_of(1, 5, 4999), k_digest, k_now);
  cache.remember(status_of(2, 5, 4998), k_digest, k_now);
  cache.remember(status_of(3, 5, 9000), k_digest, k_now);
  auto changed = status_of(4);
  changed.st_ctim.tv_sec = 4999;
  cache.remember(changed, k_digest, k_now);
  CHECK(cache.size() == 0);
  cache.remember(status_of(5, 5, 4997), k_digest, k_now);
  CHECK(cache.size() == 1);
}

TEST_CASE("a torn or foreign cache is no cache") {
  const Fixture fixture;
  auto cache = fixture.open();
  cache.remember(status_of(1), k_digest, k_now);
  cache.save();
  const std::string good = util::read_file(cache.path(), 1U << 20);
  const auto root = util::Root::open(fixture.directory);
  const auto name = cache.path().filename().native();
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    root.write_file(name, good.substr(0, cut));
    REQUIRE(fixture.open().size() == 0);
  }
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    root.write_file(name, bad);
    REQUIRE(fixture.open().size() == 0);
  }
  root.write_file(name, good);
  CHECK(fixture.open().size() == 1);
  root.remove_tree(name);
  root.make_dirs(name);
  CHECK(fixture.open().size() == 0);
}

TEST_CASE("nothing is written when nothing is new") {
  const Fixture fixture;
  auto cache = fixture.open();
  cache.save();
  CHECK_FALSE(std::filesystem::exists(cache.path()));
  cache.remember(status_of(1), k_digest, k_now);
  cache.save();
  std::filesystem::remove(cache.path());
  cache.find(status_of(1));
  cache.save();
  CHECK_FALSE(std::filesystem::exists(cache.path()));
}

TEST_CASE("what is no longer used is dropped in the end, what is used stays") {
  const Fixture fixture;
  {
    auto cache = fixture.open();
    cache.remember(status_of(1), k_digest, k_now);
    cache.remember(status_of(2), k_digest, k_now);
    cache.save();
  }
  for (ino_t round = 0; round < 20; ++round) {
    auto cache = fixture.open();
    CHECK(cache.find(status_of(1)) == k_digest);
    cache.remember(status_of(100 + round), k_digest, k_now);
    cache.save();
  }
  auto cache = fixture.open();
  CHECK(cache.find(status_of(1)));
  CHECK_FALSE(cache.find(status_of(2)));
}

TEST_CASE("a cache that cannot be written is no error") {
  const util::TempDir top(std::filesystem::temp_directory_path());
  top.root().write_file("file", "");
  ContentCache cache(top.path() / "file", "/src");
  cache.remember(status_of(1), k_digest, k_now);
  CHECK_NOTHROW(cache.save());
}

TEST_CASE("threads may use one cache") {
  const Fixture fixture;
  auto cache = fixture.open();
  std::vector<std::thread> threads;
  for (ino_t t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (ino_t i = 0; i < 500; ++i) {
        cache.remember(status_of(1000 * t + i), k_digest, k_now);
        cache.find(status_of(i));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(cache.size() == 2000);
}

TEST_CASE("an unchanged context is not read again") {
  test::CopyFixture fixture;
  fixture.source.write_file("f", "secret");
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  REQUIRE(::utimensat(fixture.source.fd(), "f", old, 0) == 0);
  fixture.options.digests = std::make_shared<ContentCache>(fixture.top.path() / "cache", "/src");
  // The ctime is now, so that the digest is put there by hand.
  const auto status = *fixture.source.find_stat("f");
  fixture.options.digests->remember(status, util::sha256_hex("other"), {status.st_ctim.tv_sec + 10, 0});
  const auto cached = fixture.content("f");
  fixture.options.digests.reset();
  fixture.source.write_file("f", "other");
  CHECK(cached == fixture.content("f"));
}
