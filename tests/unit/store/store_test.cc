// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "jcbuild/error.h"
#include "store/images.h"
#include "store/prune.h"
#include "util/hash.h"

using namespace jcb;
using store::StepRecord;
using store::Store;

namespace {

struct Fixture {
  util::TempDir top{std::filesystem::temp_directory_path()};
  Store store = Store::open(top.path() / "deep" / "store");

  store::Layer make_layer(const std::string& content) {
    const auto digest = store.layout().put_blob(content);
    auto workspace = store.make_workspace();
    const auto directory = workspace.make_directory("layer");
    util::Root::open(directory).write_file("file", content);
    store.publish_tree(directory, digest.hex());
    return {digest, {std::string(oci::k_media_layer), digest, content.size(), {}, std::nullopt, {}, {}}};
  }
};

const std::string k_key = util::sha256_hex("a key");

}  // namespace

TEST_CASE("the store is private whatever the umask says") {
  const mode_t old = ::umask(0);
  const Fixture fixture;
  ::umask(old);
  struct stat status {};
  REQUIRE(::stat(fixture.store.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("trees of one id are kept apart, with their owners") {
  Fixture fixture;
  const Store single = Store::open(fixture.store.path(), store::TreeFlavour::single);
  auto workspace = single.make_workspace();
  const auto directory = workspace.make_directory("layer");
  util::Root::open(directory).write_file("file", "");
  util::OwnerTable owners;
  owners.set("file", {{33, 34}, {}});
  const auto kept = owners;
  owners.set("gone", {{1, 1}, {}});
  single.publish_tree(directory, "t", owners);
  CHECK(single.owners("t") == kept);
  CHECK_FALSE(fixture.store.has_tree("t"));
  single.remove_tree("t");
  CHECK(single.owners("t").empty());
}

TEST_CASE("prune removes unused trees of both flavours, and tables without a tree") {
  Fixture fixture;
  const Store single = Store::open(fixture.store.path(), store::TreeFlavour::single);
  const util::Root root = util::Root::open(fixture.store.path());
  root.make_dirs("layers-1/unused");
  root.write_file("owners-1/unused", util::OwnerTable{}.serialize());
  root.write_file("owners-1/stray", util::OwnerTable{}.serialize());
  store::prune(fixture.store, store::PruneScope::garbage);
  CHECK(root.list("layers-1").empty());
  CHECK(root.list("owners-1").empty());
}

TEST_CASE("a damaged table of owners is an error, not a plain tree") {
  const Fixture fixture;
  const Store single = Store::open(fixture.store.path(), store::TreeFlavour::single);
  util::Root::open(fixture.store.path()).write_file("owners-1/t", "jcbuild-owners 1\n");
  CHECK_THROWS_AS(single.owners("t"), Error);
}

TEST_CASE("a record is found only while what it refers to is there") {
  Fixture fixture;
  const auto layer = fixture.make_layer("hello");
  fixture.store.put_step(k_key, {"", std::nullopt, layer, 1.5});
  REQUIRE(fixture.store.find_step(k_key));
  CHECK(fixture.store.find_step(k_key)->layer == layer);
  fixture.store.layout().remove_blob(layer.blob.digest);
  CHECK_FALSE(fixture.store.find_step(k_key));
}

TEST_CASE("a record without tree and layer is a hit: the step changed nothing") {
  const Fixture fixture;
  fixture.store.put_step(k_key, {});
  CHECK(fixture.store.find_step(k_key) == StepRecord{});
}

TEST_CASE("a torn or foreign record is a miss") {
  const std::string text = StepRecord{"", std::string("step-1"), std::nullopt, 2}.serialize();
  CHECK(StepRecord::parse(text));
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(StepRecord::parse(text.substr(0, size)));
  std::string flipped = text;
  flipped[text.find("step-1")] = 'S';
  CHECK_FALSE(StepRecord::parse(flipped));
  CHECK_FALSE(StepRecord::parse(std::string(text.size(), '\0')));
}

TEST_CASE("a published tree has its name at once and leaves nothing behind") {
  Fixture fixture;
  fixture.make_layer("one");
  CHECK(fixture.store.list_trees() == std::vector<std::string>{util::sha256_hex("one")});
  CHECK(util::Root::open(fixture.store.path() / "tmp").list().empty());
}

TEST_CASE("publishing the same tree twice keeps the first") {
  Fixture fixture;
  fixture.make_layer("one");
  fixture.make_layer("one");
  CHECK(fixture.store.list_trees().size() == 1);
}

TEST_CASE("a workspace of a killed process is reclaimed, that of a living one is not") {
  Fixture fixture;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto workspace = fixture.store.make_workspace();
    const auto lease = fixture.store.lease("step-x");
    std::ofstream(workspace.make_directory("x") / "big") << "data";
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  auto mine = fixture.store.make_workspace();
  const util::Root tmp = util::Root::open(fixture.store.path() / "tmp");
  CHECK(tmp.list().size() == 2);
  fixture.store.reclaim();
  CHECK(tmp.list().size() == 1);
  CHECK(std::filesystem::exists(mine.path()));
  CHECK(util::Root::open(fixture.store.path() / "locks").list().size() == 1);
}

TEST_CASE("a lease is exclusive and ends with its holder") {
  const Fixture fixture;
  {
    const auto lease = fixture.store.lease("key");
    CHECK_FALSE(fixture.store.try_lease("key"));
    CHECK(fixture.store.try_lease("other"));
  }
  CHECK(fixture.store.try_lease("key"));
}

TEST_CASE("a cache mount's id can be any text and stays inside the store") {
  const Fixture fixture;
  const auto path = fixture.store.cache_mount("../../../etc");
  CHECK(path.parent_path() == fixture.store.path() / "cache" / "mounts");
}

TEST_CASE("images are found by name, default tag and digest prefix") {
  Fixture fixture;
  const auto& layout = fixture.store.layout();
  oci::ImageConfig config;
  config.platform = oci::Platform::host();
  const std::string text = config.serialize();
  oci::Manifest manifest{std::string(oci::k_media_manifest),
                         {},
                         {std::string(oci::k_media_config), layout.put_blob(text), text.size(), {}, std::nullopt, {}, {}},
                         {},
                         std::nullopt,
                         {}};
  const std::string bytes = manifest.serialize();
  const oci::Descriptor descriptor{std::string(oci::k_media_manifest), layout.put_blob(bytes), bytes.size(), {}, std::nullopt, {}, {}};
  layout.set_tag("my/image:latest", descriptor);
  CHECK(store::find_image(fixture.store, "my/image"));
  CHECK(store::find_image(fixture.store, "my/image:latest"));
  CHECK(store::find_image(fixture.store, descriptor.digest.hex().substr(0, 12)));
  CHECK(store::find_image(fixture.store, descriptor.digest.text()));
  CHECK_FALSE(store::find_image(fixture.store, "my/image:other"));
  CHECK_FALSE(store::find_image(fixture.store, "nothing"));
}

TEST_CASE("a lease excludes threads of one process, and goes to the next when its holder ends") {
  const Fixture fixture;
  std::atomic<int> inside{0}, most{0}, done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto lease = fixture.store.lease("step");
      most = std::max(most.load(), ++inside);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      --inside;
      ++done;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(most == 1);
  CHECK(done == 8);
}

TEST_CASE("a cache mount is published whole, under a hash of its id") {
  const Fixture fixture;
  CHECK_FALSE(fixture.store.find_cache_mount("../../id"));
  auto workspace = fixture.store.make_workspace();
  const auto directory = workspace.make_directory("cache");
  util::Root::open(directory).write_file("file", "seed");
  const auto path = fixture.store.publish_cache_mount(directory, "../../id");
  CHECK(path == fixture.store.path() / "cache" / "mounts" / util::sha256_hex("../../id"));
  CHECK(fixture.store.find_cache_mount("../../id") == path);
  CHECK(fixture.store.cache_mount("../../id") == path);
  CHECK(util::read_file(path / "file", 10) == "seed");
}
