// SPDX-License-Identifier: Apache-2.0
#include "oci/layout.h"

#include "oci/blob_files.h"
#include "samples.h"
#include "util/child.h"
#include "util/json.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

using jcb::ErrorKind;
using namespace jcb::oci;
using namespace jcb::util;
using samples::TestLayout;

namespace {

std::vector<DirEntry> blob_entries(const Layout& layout) { return layout.root().list(k_blob_directory); }

Json read_index(const Layout& layout) { return parse_json(layout.root().read_file(k_index_file, 1 << 20), "index"); }

}  // namespace

TEST_CASE("a blob is stored under its digest, readable by all, once") {
  const TestLayout test;
  const auto digest = test.layout.put_blob("hello");
  CHECK(digest == Digest::of("hello"));
  CHECK(test.layout.put_blob("hello") == digest);
  CHECK(test.layout.find_blob_size(digest) == 5);
  CHECK(blob_entries(test.layout).size() == 1);
  CHECK((test.layout.root().find_stat(blob_path(digest))->st_mode & 07777) == 0644);
  test.layout.remove_blob(digest);
  test.layout.remove_blob(digest);
  CHECK_FALSE(test.layout.has_blob(digest));
}

TEST_CASE("small and large writes make the same blob") {
  const TestLayout test;
  std::string content;
  for (int i = 0; i < 200000; ++i) content += std::to_string(i);
  BlobWriter writer = test.layout.new_blob();
  for (std::size_t at = 0, step = 1; at < content.size(); at += step, step = step * 3 % 700001)
    writer.write(std::string_view(content).substr(at, step));
  CHECK(writer.size_bytes() == content.size());
  const auto digest = writer.commit();
  CHECK(digest == Digest::of(content));
  CHECK(test.layout.root().read_file(blob_path(digest), 1 << 24) == content);
}

TEST_CASE("an abandoned or unexpected blob leaves nothing") {
  const TestLayout test;
  { test.layout.new_blob().write("x"); }
  CHECK(blob_entries(test.layout).empty());
  BlobWriter writer = test.layout.new_blob();
  writer.write("x");
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { writer.commit(Digest::of("y")); }).empty());
  CHECK(blob_entries(test.layout).empty());
}

TEST_CASE("a blob whose file was cut off is replaced") {
  const TestLayout test;
  const auto digest = test.layout.put_blob("hello");
  test.layout.root().write_file(blob_path(digest), "hel");
  test.layout.put_blob("hello");
  CHECK(test.layout.find_blob_size(digest) == 5);
}

TEST_CASE("temporaries of dead writers are reclaimed, those of live ones are not") {
  const TestLayout test;
  const pid_t child = ::fork();
  if (child == 0) {
    BlobWriter writer = test.layout.new_blob();
    writer.write("x");
    ::_exit(0);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  test.layout.root().write_file(".tmp-index", "{");
  BlobWriter live = test.layout.new_blob();
  live.write("live");
  CHECK(blob_entries(test.layout).size() == 2);
  CHECK(test.layout.list_blobs().empty());
  test.layout.reclaim_temporaries();
  CHECK(blob_entries(test.layout).size() == 1);
  CHECK_FALSE(test.layout.root().find_stat(".tmp-index"));
  CHECK(live.commit() == Digest::of("live"));
  CHECK(test.layout.list_blobs() == std::vector<Digest>{Digest::of("live")});
}

TEST_CASE("foreign names among the blobs are reported") {
  const TestLayout test;
  const auto digest = test.layout.put_blob("x");
  test.layout.root().write_file("blobs/sha256/README", "");
  REQUIRE(::mkfifoat(test.layout.root().fd(), blob_path(Digest::of("fifo")).c_str(), 0600) == 0);
  std::vector<std::string> stray;
  CHECK(test.layout.list_blobs(&stray) == std::vector<Digest>{digest});
  CHECK(stray == std::vector<std::string>{Digest::of("fifo").hex() < "README" ? Digest::of("fifo").hex() : "README",
                                          Digest::of("fifo").hex() < "README" ? "README" : Digest::of("fifo").hex()});
}

TEST_CASE("a blob that is not what its descriptor says is refused") {
  const TestLayout test;
  auto descriptor = samples::put(test.layout, "a/b", "hello");
  CHECK(test.layout.read_blob(descriptor, 5) == "hello");
  CHECK_THROWS_AS(test.layout.read_blob(descriptor, 4), jcb::Error);
  const auto path = blob_path(descriptor.digest);
  test.layout.root().write_file(path, "hallo");
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { test.layout.read_blob(descriptor, 100); }).empty());
  test.layout.root().write_file(path, "hello!");
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { test.layout.open_blob(descriptor); }).empty());
  test.layout.remove_blob(descriptor.digest);
  CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] { test.layout.open_blob(descriptor); }).empty());
}

TEST_CASE("a FIFO, a directory or a device in a blob's place is refused without blocking") {
  const TestLayout test;
  const Descriptor descriptor{"a/b", Digest::of("x"), 1, {}, {}, {}, {}};
  const auto path = blob_path(descriptor.digest);
  REQUIRE(::mkfifoat(test.layout.root().fd(), path.c_str(), 0600) == 0);
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { test.layout.open_blob(descriptor); }).empty());
  CHECK_FALSE(test.layout.has_blob(descriptor.digest));
  test.layout.remove_blob(descriptor.digest);
  test.layout.root().make_dirs(path);
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { test.layout.open_blob(descriptor); }).empty());
  test.layout.remove_blob(descriptor.digest);
  REQUIRE(::symlinkat("/etc/hostname", test.layout.root().fd(), path.c_str()) == 0);
  CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] { test.layout.open_blob(descriptor); }).empty());
}

TEST_CASE("only a layout is opened, and none is made among other files") {
  const TempDir directory(std::filesystem::temp_directory_path());
  CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] { Layout::open(directory.root(), "d"); }).empty());
  directory.root().write_file("mine", "");
  CHECK_FALSE(samples::error_of(ErrorKind::refused, [&] { Layout::create(directory.root(), "d"); }).empty());
  directory.root().write_file("oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { Layout::open(directory.root(), "d"); }).empty());
}

TEST_CASE("an interrupted creation is finished by the next") {
  const TempDir directory(std::filesystem::temp_directory_path());
  directory.root().make_dirs("blobs");
  directory.root().write_file(".tmp-0123", "half");
  const auto layout = Layout::create(directory.root(), "d");
  CHECK(layout.list_manifests().empty());
  CHECK(Layout::create(directory.root(), "d").list_manifests().empty());
}

TEST_CASE("a tag names one manifest and moves") {
  const TestLayout test;
  const auto first = samples::put_image(test.layout, "arm64");
  const auto second = samples::put_image(test.layout, "amd64");
  test.layout.set_tag("a:1", first);
  test.layout.set_tag("b:1", first);
  test.layout.set_tag("a:1", second);
  CHECK(test.layout.list_manifests().size() == 2);
  CHECK(test.layout.find_tag("a:1")->digest == second.digest);
  CHECK(test.layout.find_tag("b:1")->digest == first.digest);
  CHECK_FALSE(test.layout.find_tag("c:1"));
  CHECK(test.layout.remove_tag("a:1"));
  CHECK_FALSE(test.layout.remove_tag("a:1"));
  CHECK(test.layout.find_tag("")->digest == first.digest);
}

TEST_CASE("an empty tag is the only image or ambiguous") {
  const TestLayout test;
  CHECK_FALSE(test.layout.find_tag(""));
  const auto first = samples::put_image(test.layout, "arm64");
  test.layout.set_tag("", first);
  test.layout.set_tag("", first);
  CHECK(test.layout.list_manifests().size() == 1);
  test.layout.set_tag("x", samples::put_image(test.layout, "amd64"));
  const auto message = samples::error_of(ErrorKind::invalid, [&] { test.layout.find_tag(""); });
  CHECK(message == "the layout holds more than one image: (untagged), x");
  CHECK_FALSE(test.layout.remove_tag(""));
}

TEST_CASE("a tag needs its manifest and printable characters") {
  const TestLayout test;
  auto manifest = samples::put_image(test.layout);
  CHECK_FALSE(samples::error_of(ErrorKind::usage, [&] { test.layout.set_tag("a b", manifest); }).empty());
  ++manifest.size_bytes;
  CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] { test.layout.set_tag("x", manifest); }).empty());
  CHECK(test.layout.list_manifests().empty());
}

TEST_CASE("what other tools wrote into index.json survives a new tag") {
  const TestLayout test;
  const auto manifest = samples::put_image(test.layout);
  const std::string foreign = samples::descriptor(
      k_media_manifest, 'a', R"(,"annotations":{"org.opencontainers.image.ref.name":"old","x":"y"},"data":"eA==","future":{"z":1})");
  test.layout.root().write_file(k_index_file,
                                R"({"schemaVersion":2,"other":[1],"manifests":[)" + foreign + R"(],"annotations":{"k":"v"}})");
  test.layout.set_tag("new", manifest);
  const auto index = read_index(test.layout);
  CHECK(to_text(index["manifests"][0]) == foreign);
  CHECK(index["other"][0] == 1);
  CHECK(index["annotations"]["k"] == "v");
  CHECK(index["manifests"].size() == 2);
}

TEST_CASE("a hostile index.json is refused") {
  const TestLayout test;
  for (const std::string& text :
       {std::string("[]"), std::string(R"({"schemaVersion":1})"), std::string(R"({"schemaVersion":2,"manifests":{}})"),
        std::string(R"({"schemaVersion":2,"manifests":[],"layers":[]})"), std::string(R"({"schemaVersion":2,"manifests":[1]})"),
        R"({"schemaVersion":2,"manifests":[)" + samples::with(samples::descriptor(k_media_manifest), "sha256:a", "sha256:/") + "]}",
        std::string(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]})"),
        std::string(5 << 20, ' '), std::string(100000, '[')}) {
    test.layout.root().write_file(k_index_file, text);
    INFO(text.substr(0, 100));
    CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { test.layout.list_manifests(); }).empty());
  }
}

TEST_CASE("concurrent writers lose no tag") {
  const TestLayout test;
  constexpr int threads = 4, tags = 10;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < threads; ++worker) {
    workers.emplace_back([&test, worker] {
      const auto layout = Layout::open(test.directory.root(), "same");
      const auto manifest = samples::put_image(layout, "arm64", "layer of all");
      for (int i = 0; i < tags; ++i) layout.set_tag("t" + std::to_string(worker) + "-" + std::to_string(i), manifest);
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(test.layout.list_manifests().size() == threads * tags);
  CHECK(test.layout.list_blobs().size() == 3);
}

TEST_CASE("skopeo and umoci read the layout") {
  const TestLayout test;
  test.layout.set_tag("v1", samples::put_image(test.layout));
  const BlobWriter unfinished = test.layout.new_blob();
  const auto skopeo = find_trusted_program("skopeo");
  const auto umoci = find_trusted_program("umoci");
  if (skopeo) {
    const auto result = run_captured({*skopeo, {"inspect", "oci:" + test.path() + ":v1"}, {}, "/"});
    INFO(result.err);
    CHECK(result.status.success());
    CHECK(parse_json(result.out, "skopeo")["Architecture"] == "arm64");
  } else {
    WARN("skopeo is not installed");
  }
  if (umoci) {
    const auto result = run_captured({*umoci, {"ls", "--layout", test.path()}, {}, "/"});
    INFO(result.err);
    CHECK(result.out == "v1\n");
  } else {
    WARN("umoci is not installed");
  }
}

TEST_CASE("a tag that skopeo wrote is found") {
  const auto skopeo = find_trusted_program("skopeo");
  if (!skopeo) {
    WARN("skopeo is not installed");
    return;
  }
  const TestLayout from;
  from.layout.set_tag("v1", samples::put_image(from.layout));
  const TestLayout to;
  const auto result =
      run_captured({*skopeo, {"--insecure-policy", "copy", "oci:" + from.path() + ":v1", "oci:" + to.path() + ":copied"}, {}, "/"});
  INFO(result.err);
  REQUIRE(result.status.success());
  CHECK(to.layout.find_tag("copied").has_value());
}
