// SPDX-License-Identifier: Apache-2.0
// What we write is read by tools that are not ours, and what they write by us.
#include "archive_samples.h"
#include "oci/blob_files.h"
#include "util/child.h"
#include "util/json.h"

using jcb::ErrorKind;
using namespace jcb::oci;
using namespace jcb::util;
using samples::TestImage;
using samples::TestLayout;

namespace {

// A layout with the test image tagged v1, and a directory for archives.
struct Fixture {
  TestLayout test;
  TestImage image;
  LoadedImage loaded;
  TempDir directory{std::filesystem::temp_directory_path()};
  explicit Fixture(Compression method = Compression::gzip) : image{.method = method}, loaded(image.put(test.layout)) {
    test.layout.set_tag("v1", loaded.descriptor);
  }
  std::string path(const char* name) const { return (directory.path() / name).native(); }
  Fd create(const char* name) const { return directory.root().open_at(name, O_WRONLY | O_CREAT, 0644); }
  std::vector<ArchivedImage> read(const char* name, const Layout& layout) const {
    return read_archive(directory.root().open_regular(name).get(), layout, name);
  }
};

bool has_program(const char* name) {
  const bool found = find_trusted_program(name).has_value();
  if (!found) WARN(std::string(name) + " is not installed");
  return found;
}

std::string run(const char* program, std::vector<std::string> arguments) {
  const auto result = run_captured({require_trusted_program(program, ""), std::move(arguments), {}, "/"});
  INFO(result.err);
  REQUIRE(result.status.success());
  return result.out;
}

void skopeo_copy(const std::string& from, const std::string& to, const std::vector<std::string>& options = {}) {
  std::vector<std::string> arguments{"--insecure-policy", "copy", from, to};
  arguments.insert(arguments.end(), options.begin(), options.end());
  run("skopeo", std::move(arguments));
}

}  // namespace

TEST_CASE("a docker archive has the files of docker save") {
  const auto method = GENERATE(Compression::gzip, Compression::zstd, Compression::none);
  const Fixture fixture(method);
  write_docker_archive(fixture.create("a.tar").get(), fixture.test.layout, fixture.loaded, {"a.b/c:d", "e"});
  const auto config = fixture.image.config_path();
  const auto first = Digest::of(fixture.image.plain).hex(), second = Digest::of(fixture.image.packed_tar).hex();
  CHECK(run("tar", {"-tf", fixture.path("a.tar")}) ==
        config + "\n" + first + "/\n" + first + "/layer.tar\n" + second + "/\n" + second + "/layer.tar\nmanifest.json\nrepositories\n");
  CHECK(run("tar", {"-xOf", fixture.path("a.tar"), second + "/layer.tar"}) == fixture.image.packed_tar);
  CHECK(run("tar", {"-xOf", fixture.path("a.tar"), config}) == fixture.image.config_text());
  CHECK(run("tar", {"-xOf", fixture.path("a.tar"), "manifest.json"}) == R"([{"Config":")" + config +
                                                                            R"(","RepoTags":["a.b/c:d","e:latest"],"Layers":[")" + first +
                                                                            R"(/layer.tar",")" + second + R"(/layer.tar"]}])");
  CHECK(run("tar", {"-xOf", fixture.path("a.tar"), "repositories"}) ==
        R"({"a.b/c":{"d":")" + second + R"("},"e":{"latest":")" + second + R"("}})");
}

TEST_CASE("our docker archive is read by us and by skopeo") {
  const Fixture fixture(Compression::zstd);
  write_docker_archive(fixture.create("a.tar").get(), fixture.test.layout, fixture.loaded, {"a.b/c:d"});
  const TestLayout ours, theirs;
  const auto images = fixture.read("a.tar", ours.layout);
  const auto loaded = load_image(ours.layout, images.at(0).descriptor, Platform::host());
  CHECK(loaded.manifest.config.digest == fixture.loaded.manifest.config.digest);
  CHECK(loaded.manifest.layers.at(1).digest == fixture.loaded.config.diff_ids.at(1));
  if (!has_program("skopeo")) return;
  skopeo_copy("docker-archive:" + fixture.path("a.tar") + ":a.b/c:d", "oci:" + theirs.path() + ":t");
  const auto copied = load_image(theirs.layout, theirs.layout.find_tag("t").value(), Platform::host());
  CHECK(copied.config == fixture.loaded.config);
}

TEST_CASE("skopeo's docker archive is read by us") {
  if (!has_program("skopeo")) return;
  const Fixture fixture;
  skopeo_copy("oci:" + fixture.test.path() + ":v1", "docker-archive:" + fixture.path("s.tar") + ":a.b/c:d");
  const TestLayout test;
  const auto images = fixture.read("s.tar", test.layout);
  REQUIRE(images.size() == 1);
  CHECK(images[0].names == std::vector<std::string>{"a.b/c:d"});
  CHECK(load_image(test.layout, images[0].descriptor, Platform::host()).config == fixture.loaded.config);
}

TEST_CASE("an oci-archive goes to skopeo and comes back the same") {
  const Fixture fixture(Compression::zstd);
  write_oci_archive(fixture.create("a.tar").get(), fixture.test.layout, fixture.loaded, "v1");
  if (!has_program("skopeo")) return;
  skopeo_copy("oci-archive:" + fixture.path("a.tar") + ":v1", "oci-archive:" + fixture.path("s.tar") + ":again",
              {"--preserve-digests"});  // else it compresses the plain layer
  const TestLayout test;
  const auto images = fixture.read("s.tar", test.layout);
  REQUIRE(images.size() == 1);
  CHECK(images[0].names == std::vector<std::string>{"again"});
  CHECK(images[0].descriptor.digest == fixture.loaded.descriptor.digest);
}

TEST_CASE("archives of one image have the same bytes") {
  const Fixture first, second;
  const auto oci = [](const Fixture& of) {
    return samples::written([&](int fd) { write_oci_archive(fd, of.test.layout, of.loaded, "t"); });
  };
  const auto docker = [](const Fixture& of) {
    return samples::written([&](int fd) { write_docker_archive(fd, of.test.layout, of.loaded, {}); });
  };
  CHECK(oci(first) == oci(second));
  CHECK(docker(first) == docker(second));
  CHECK(docker(first).find("\"RepoTags\":null") != std::string::npos);
}

TEST_CASE("a broken layer is noticed while an archive is written") {
  const Fixture fixture(Compression::none);
  auto content = fixture.image.plain;
  content[1000] ^= 1;
  fixture.test.layout.root().write_file(blob_path(Digest::of(fixture.image.plain)), content);
  const auto null = Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  CHECK_FALSE(
      samples::error_of(ErrorKind::invalid, [&] { write_docker_archive(null.get(), fixture.test.layout, fixture.loaded, {}); }).empty());
  CHECK_FALSE(
      samples::error_of(ErrorKind::invalid, [&] { write_oci_archive(null.get(), fixture.test.layout, fixture.loaded, ""); }).empty());
}
