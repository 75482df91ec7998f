// SPDX-License-Identifier: Apache-2.0
#include "store/pull.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "jcbuild/error.h"
#include "remote_image.h"
#include "store/origins.h"
#include "store/prune.h"
#include "store/verify.h"
#include "util/file.h"

using namespace jcb;
using namespace jcb::test;
using store::PullOptions;
using store::Store;

namespace {

constexpr std::size_t k_mib = 1 << 20;

struct Fixture {
  util::TempDir top{std::filesystem::temp_directory_path()};
  Store store = Store::open(top.path() / "store");
  RemoteSample sample;

  std::vector<store::Layer> pull(const PullOptions& options = {}) {
    return store::pull_image(store, sample.remote, sample.image(), options);
  }
  std::string read(std::size_t layer, const std::string& name) const {
    return store.tree(sample.diff_ids.at(layer).hex()).read_file(name, 1 << 28);
  }
  std::size_t count_partial() const { return util::Root::open(store.path() / "partial").list().size(); }
  std::vector<std::string> problems() const {
    std::vector<std::string> found;
    for (const auto& problem : store::verify(store, oci::OverlayXattr::user, {}).problems)
      found.push_back(problem.what + ": " + problem.cause);
    return found;
  }
};

void add_usual_layers(RemoteSample& sample) {
  sample.add(make_tar({{"etc/os", "ours"}, {"big", noise(12 * k_mib)}}));
  sample.add(make_tar({{"usr/lib/x", noise(100'000, 2)}}), oci::Compression::zstd);
  sample.add(make_tar({{"plain", "text"}}), oci::Compression::none);
}

// So slow that there is time for checkpoints, which have a pause between them.
PullOptions slow(Fixture& fixture) {
  fixture.sample.remote.delay = std::chrono::microseconds(200);
  PullOptions options;
  options.connections = 1;
  return options;
}

// What an interrupted pull left, and what the next one transferred.
struct Cut {
  std::uint64_t first = 0, second = 0;
};

Cut pull_in_two(Fixture& fixture, std::uint64_t offset) {
  fixture.sample.remote.before = [offset](std::uint64_t at) {
    if (at >= offset) throw Error(ErrorKind::failed, "the network is gone");
  };
  CHECK_THROWS_WITH(fixture.pull(slow(fixture)), "the network is gone");
  fixture.sample.remote.before = {};
  const std::uint64_t first = fixture.sample.remote.sent.exchange(0);
  fixture.pull();
  return {first, fixture.sample.remote.sent};
}

}  // namespace

TEST_CASE("a pull leaves trees, manifest and config, and notes where the blobs are") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  const auto image = fixture.sample.image();
  const auto layers = fixture.pull();
  REQUIRE(layers.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(layers[i] == store::Layer{fixture.sample.diff_ids[i], fixture.sample.layers[i]});
  CHECK(fixture.read(0, "etc/os") == "ours");
  CHECK((fixture.read(0, "big") == noise(12 * k_mib)));
  CHECK(fixture.read(2, "plain") == "text");
  CHECK(fixture.store.layout().list_blobs().size() == 2);
  CHECK(oci::load_image(fixture.store.layout(), image.image.descriptor, {"linux", "arm64", ""}).manifest == image.image.manifest);
  for (const auto& layer : layers) {
    CHECK(store::find_origins(fixture.store, layer.blob.digest) == std::vector<std::string>{"registry.example/app"});
    CHECK(fixture.store.has_layer(layer));
  }
  CHECK(fixture.count_partial() == 0);
  fixture.sample.remote.sent = 0;
  fixture.pull();
  CHECK(fixture.sample.remote.sent == 0);
}

TEST_CASE("a pulled image is whole for verify and prune, without its blobs") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  fixture.pull();
  fixture.store.layout().set_tag("app:latest", fixture.sample.image().image.descriptor);
  CHECK(fixture.problems().empty());
  store::prune(fixture.store, store::PruneScope::build_cache);
  CHECK(fixture.problems().empty());
  CHECK(store::list_origins(fixture.store).size() == 3);
  CHECK(fixture.store.has_tree(fixture.sample.diff_ids[0].hex()));
  store::forget_origin(fixture.store, fixture.sample.layers[1].digest);
  CHECK(fixture.problems().size() == 1);
  store::note_origin(fixture.store, fixture.sample.layers[1].digest, "elsewhere/app");
  fixture.store.remove_tree(fixture.sample.diff_ids[1].hex());
  CHECK(fixture.problems().size() == 1);
  fixture.store.layout().remove_tag("app:latest");
  store::prune(fixture.store, store::PruneScope::garbage);
  CHECK(store::list_origins(fixture.store).empty());
  CHECK(fixture.store.list_trees().empty());
}

TEST_CASE("blobs are kept when asked, also those of layers that are here") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  PullOptions options;
  options.keep_blobs = true;
  SECTION("at once") { fixture.pull(options); }
  SECTION("later") {
    fixture.pull();
    fixture.pull(options);
  }
  for (const auto& layer : fixture.sample.layers)
    CHECK((fixture.store.layout().read_blob(layer, 1 << 28) == fixture.sample.remote.blobs.at(layer.digest)));
  CHECK(fixture.problems().empty());
}

TEST_CASE("a blob that is here is unpacked from here") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  for (const auto& [digest, bytes] : fixture.sample.remote.blobs) fixture.store.layout().put_blob(bytes);
  fixture.pull();
  CHECK(fixture.sample.remote.sent == 0);
  CHECK(fixture.read(0, "etc/os") == "ours");
  CHECK(store::list_origins(fixture.store).empty());
}

TEST_CASE("a layer that comes twice, and one that two pulls want, is fetched once") {
  Fixture fixture;
  const std::string tar = make_tar({{"big", noise(20 * k_mib)}});
  fixture.sample.add(tar).add(tar);
  fixture.sample.remote.delay = std::chrono::microseconds(30);
  std::thread other([&] { fixture.pull(); });
  CHECK(fixture.pull().size() == 2);
  other.join();
  CHECK(fixture.sample.remote.sent == fixture.sample.layers[0].size_bytes);
}

TEST_CASE("what came damaged is asked for once more, and is never visible") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  auto& bytes = fixture.sample.remote.blobs.at(fixture.sample.layers[0].digest);
  bytes[5 * k_mib] = static_cast<char>(bytes[5 * k_mib] ^ 1);
  SECTION("and right the second time") {
    std::atomic<bool> repaired{false};
    fixture.sample.remote.before = [&](std::uint64_t at) {
      if (at >= 6 * k_mib && !repaired.exchange(true)) bytes[5 * k_mib] = static_cast<char>(bytes[5 * k_mib] ^ 1);
    };
    fixture.sample.remote.knows_parts = false;
    fixture.pull();
    CHECK((fixture.read(0, "big") == noise(12 * k_mib)));
    CHECK(fixture.sample.remote.sent > fixture.sample.layers[0].size_bytes * 3 / 2);
  }
  SECTION("and again") {
    CHECK_THROWS_AS(fixture.pull(), Error);
    CHECK_FALSE(fixture.store.has_tree(fixture.sample.diff_ids[0].hex()));
    CHECK_FALSE(fixture.store.layout().has_blob(fixture.sample.image().image.descriptor.digest));
    fixture.store.reclaim();
    CHECK_FALSE(util::Root::open(fixture.store.path() / "partial").find_stat(fixture.sample.diff_ids[0].hex()));
  }
}

TEST_CASE("a layer that is not the one of the config is refused") {
  Fixture fixture;
  fixture.sample.add(make_tar({{"a", "b"}}));
  fixture.sample.diff_ids[0] = oci::Digest::of("another");
  CHECK_THROWS_WITH(fixture.pull(), Catch::Contains("diff ID"));
  CHECK(fixture.store.list_trees().empty());
  CHECK(fixture.count_partial() == 0);
}

TEST_CASE("a pull that was cut off goes on where it stood") {
  Fixture fixture;
  fixture.sample.add(make_tar({{"a", "first"}, {"big", noise(40 * k_mib)}, {"z", "last"}}), oci::Compression::none);
  const std::uint64_t size = fixture.sample.layers[0].size_bytes;
  const Cut cut = pull_in_two(fixture, size / 2);
  CHECK(cut.first >= size / 2);
  CHECK(cut.second < size * 3 / 4);
  CHECK((fixture.read(0, "big") == noise(40 * k_mib)));
  CHECK(fixture.count_partial() == 0);
}

TEST_CASE("a pull that was killed goes on where it stood") {
  Fixture fixture;
  fixture.sample.add(make_tar({{"a", "first"}, {"big", noise(40 * k_mib)}, {"z", "last"}}), oci::Compression::none);
  const std::uint64_t size = fixture.sample.layers[0].size_bytes;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    fixture.sample.remote.before = [&](std::uint64_t at) {
      if (at >= size / 2) ::kill(::getpid(), SIGKILL);
    };
    fixture.pull(slow(fixture));
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(fixture.store.list_trees().empty());
  fixture.store.reclaim();
  REQUIRE(fixture.count_partial() == 1);
  fixture.pull();
  CHECK(fixture.sample.remote.sent < size * 3 / 4);
  CHECK((fixture.read(0, "big") == noise(40 * k_mib)));
}

TEST_CASE("an error of one layer ends the others, also those that wait for a dead connection") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  fixture.sample.remote.delay = std::chrono::microseconds(50);
  fixture.sample.remote.before = [&](std::uint64_t at) {
    if (at >= 3 * k_mib) fixture.sample.remote.stalled = true;
  };
  fixture.sample.remote.blobs.erase(fixture.sample.layers[2].digest);
  fixture.sample.layers[1].size_bytes += 1;
  PullOptions options;
  options.connections = 16;  // more than the large layer has parts: the others must come to their error
  CHECK_THROWS_AS(fixture.pull(options), Error);
  CHECK(fixture.sample.remote.running == 0);
}

TEST_CASE("a state that is odd in any way means beginning anew") {
  const std::string tar = make_tar({{"big", noise(20 * k_mib)}});
  constexpr std::size_t k_cut = 1'000'000, k_file_lost = 1'000'001;
  for (const std::size_t damage :
       {std::size_t{0}, std::size_t{20}, std::size_t{70}, std::size_t{150}, std::size_t{200}, k_cut, k_file_lost}) {
    Fixture fixture;
    fixture.sample.add(tar, oci::Compression::none);
    fixture.sample.remote.before = [](std::uint64_t at) {
      if (at >= 12 * k_mib) throw Error(ErrorKind::failed, "cut");
    };
    CHECK_THROWS_AS(fixture.pull(slow(fixture)), Error);
    fixture.sample.remote.before = {};
    const util::Root partial = util::Root::open(fixture.store.path() / "partial" / fixture.sample.diff_ids[0].hex());
    std::string state = partial.read_file("state", 1 << 24);
    INFO("state of " << state.size() << " bytes, damage " << damage);
    REQUIRE(state.size() > 300);
    if (damage == k_cut)
      state.resize(state.size() / 2);
    else if (damage == k_file_lost)
      partial.remove_tree("tree/big");
    else
      state[damage] = static_cast<char>(state[damage] ^ 1);
    partial.write_file("state", state);
    fixture.sample.remote.sent = 0;
    fixture.pull();
    if (damage != k_file_lost) CHECK(fixture.sample.remote.sent == fixture.sample.layers[0].size_bytes);
    CHECK((fixture.read(0, "big") == noise(20 * k_mib)));
  }
}

TEST_CASE("reclaim removes what nobody can go on with, prune all of it") {
  Fixture fixture;
  fixture.sample.add(make_tar({{"big", noise(20 * k_mib)}}), oci::Compression::none);
  fixture.sample.remote.before = [](std::uint64_t at) {
    if (at >= 12 * k_mib) throw Error(ErrorKind::failed, "cut");
  };
  CHECK_THROWS_AS(fixture.pull(slow(fixture)), Error);
  const util::Root partial = util::Root::open(fixture.store.path() / "partial");
  const std::string name = fixture.sample.diff_ids[0].hex();
  partial.make_dirs(std::string(64, '0') + "/tree");
  fixture.store.reclaim();
  REQUIRE(partial.list().size() == 1);
  SECTION("of another boot") {
    std::string state = partial.read_file(name + "/state", 1 << 24);
    state[20] = state[20] == '0' ? '1' : '0';
    partial.write_file(name + "/state", state);
    fixture.store.reclaim();
  }
  SECTION("a week old") {
    const timespec times[2] = {{1'600'000'000, 0}, {1'600'000'000, 0}};
    REQUIRE(::utimensat(partial.fd(), (name + "/state").c_str(), times, 0) == 0);
    fixture.store.reclaim();
  }
  SECTION("not while somebody is at it") {
    {
      const auto lease = fixture.store.lease("layer-" + name);
      partial.remove_tree(name + "/state");
      fixture.store.reclaim();
      CHECK(partial.list().size() == 1);
    }
    fixture.store.reclaim();
  }
  SECTION("prune") { CHECK(store::prune(fixture.store, store::PruneScope::garbage) > 5 * k_mib); }
  CHECK(partial.list().empty());
}

TEST_CASE("a user with one id pulls too") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  const Store single = Store::open(fixture.store.path(), store::TreeFlavour::single);
  store::pull_image(single, fixture.sample.remote, fixture.sample.image(), {});
  CHECK(single.tree(fixture.sample.diff_ids[0].hex()).read_file("etc/os", 100) == "ours");
  CHECK(fixture.count_partial() == 0);
}

TEST_CASE("a foreign layer comes from the registry or not at all") {
  Fixture fixture;
  fixture.sample.add(make_tar({{"licensed", "x"}}));
  fixture.sample.layers[0].media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  fixture.sample.layers[0].urls = {"http://169.254.169.254/layer"};
  SECTION("there") {
    fixture.pull();
    CHECK(fixture.read(0, "licensed") == "x");
  }
  SECTION("not there") {
    fixture.sample.remote.blobs.clear();
    CHECK_THROWS_WITH(fixture.pull(), Catch::Contains("foreign layer") && Catch::Contains("never asked"));
  }
}

TEST_CASE("an image that cannot fit is refused before anything is fetched") {
  Fixture fixture;
  fixture.sample.add(make_tar({{"a", "b"}}));
  fixture.sample.layers[0].size_bytes = std::uint64_t{1} << 50;
  CHECK_THROWS_WITH(fixture.pull(), Catch::Contains("no room in") && Catch::Contains("are needed") && Catch::Contains("are free"));
  CHECK(fixture.sample.remote.blob_requests + fixture.sample.remote.part_requests == 0);
}

TEST_CASE("a layer that bursts the disk is an error with the figures, and leaves nothing", "[kernel]") {
  if (::geteuid() != 0) {
    WARN("skipped: a file system can only be mounted by root");
    return;
  }
  Fixture fixture;
  fixture.sample.add(make_tar({{"zeros", std::string(80 * k_mib, '\0')}}));
  const util::Pipe pipe = util::make_pipe();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::string message = "nothing was thrown";
    const auto path = fixture.top.path() / "small";
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mkdir(path.c_str(), 0700) != 0 || ::mount("none", path.c_str(), "tmpfs", 0, "size=48m") != 0)
      message = "cannot mount";
    else {
      const Store small = Store::open(path);
      try {
        store::pull_image(small, fixture.sample.remote, fixture.sample.image(), {});
      } catch (const Error& error) {
        message = error.message();
      }
      message += "; trees " + std::to_string(small.list_trees().size()) + ", partial " +
                 std::to_string(util::Root::open(path / "partial").list().size());
    }
    util::write_all(pipe.write_end.get(), message, "the pipe");
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(::read(pipe.read_end.get(), text.data(), text.size())));
  CHECK_THAT(text, Catch::Contains("no room in") && Catch::EndsWith("; trees 0, partial 0"));
}

TEST_CASE("blobs are fetched as they are, those that are there stay") {
  Fixture fixture;
  add_usual_layers(fixture.sample);
  store::fetch_blobs(fixture.store.layout(), fixture.sample.remote, fixture.sample.layers, {});
  const std::uint64_t sent = fixture.sample.remote.sent;
  for (const auto& layer : fixture.sample.layers)
    CHECK((fixture.store.layout().read_blob(layer, 1 << 28) == fixture.sample.remote.blobs.at(layer.digest)));
  store::fetch_blobs(fixture.store.layout(), fixture.sample.remote, fixture.sample.layers, {});
  CHECK(fixture.sample.remote.sent == sent);
}

TEST_CASE("origins are newest first, each once, and a torn note is none") {
  const Fixture fixture;
  const auto blob = oci::Digest::of("blob");
  CHECK(store::find_origins(fixture.store, blob).empty());
  for (const char* name : {"a/x", "b/x", "a/x"}) store::note_origin(fixture.store, blob, name);
  CHECK(store::find_origins(fixture.store, blob) == std::vector<std::string>{"a/x", "b/x"});
  for (int i = 0; i < 20; ++i) store::note_origin(fixture.store, blob, "r/" + std::to_string(i));
  CHECK(store::find_origins(fixture.store, blob).size() == 8);
  CHECK(store::find_origins(fixture.store, blob).front() == "r/19");
  CHECK(store::list_origins(fixture.store) == std::vector<oci::Digest>{blob});
  util::Root::open(fixture.store.path() / "cache/origins").write_file(blob.hex(), "[\"a/");
  CHECK(store::find_origins(fixture.store, blob).empty());
  store::forget_origin(fixture.store, blob);
  CHECK(store::list_origins(fixture.store).empty());
}
