// SPDX-License-Identifier: Apache-2.0
#include "archive_samples.h"
#include "oci/blob_files.h"
#include "util/scope_exit.h"

#include <sys/resource.h>

using jcb::ErrorKind;
using namespace jcb::oci;
using samples::TestImage;
using samples::TestLayout;
using samples::TestTar;

namespace {

std::string refusal(const std::string& bytes) {
  const TestLayout test;
  return samples::error_of(ErrorKind::invalid, [&] { samples::read_bytes(bytes, test.layout); });
}

bool mentions(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string docker_archive(const TestImage& image) {
  return TestTar()
      .file("1/layer.tar", image.plain)
      .file("2/layer.tar", image.packed)
      .file(image.config_path(), image.config_text())
      .file("manifest.json", image.docker_manifest())
      .bytes();
}

std::string oci_archive(const TestImage& image, const std::string& tag = "v1") {
  const TestLayout test;
  return samples::written([&](int fd) { write_oci_archive(fd, test.layout, image.put(test.layout), tag); });
}

}  // namespace

TEST_CASE("a docker archive becomes an image whose config and layers keep their bytes") {
  const TestLayout test;
  const TestImage image;
  const auto images = samples::read_bytes(docker_archive(image), test.layout);
  REQUIRE(images.size() == 1);
  CHECK(images[0].names == std::vector<std::string>{"a.b/c:d"});
  const auto loaded = load_image(test.layout, images[0].descriptor, Platform::parse("linux/arm64"));
  CHECK(test.layout.read_blob(loaded.manifest.config, 10000) == image.config_text());
  REQUIRE(loaded.manifest.layers.size() == 2);
  CHECK(loaded.manifest.layers[0].media_type == k_media_layer);
  CHECK(loaded.manifest.layers[1].media_type == k_media_layer_gzip);
  CHECK(test.layout.read_blob(loaded.manifest.layers[0], 1 << 20) == image.plain);
  CHECK(test.layout.read_blob(loaded.manifest.layers[1], 1 << 20) == image.packed);
  CHECK(test.layout.list_manifests().empty());
}

TEST_CASE("the order of an archive, its compression and its spelling of names do not matter") {
  const TestImage image;
  const auto reordered = TestTar()
                             .file("./manifest.json", image.docker_manifest())
                             .file("./" + image.config_path(), image.config_text())
                             .file("./2//layer.tar", image.packed)
                             .file("./1/layer.tar", image.plain)
                             .bytes();
  const TestLayout first, second, third;
  const auto expected = samples::read_bytes(docker_archive(image), first.layout)[0].descriptor;
  CHECK(samples::read_bytes(reordered, second.layout)[0].descriptor == expected);
  CHECK(samples::read_bytes(samples::compressed(reordered, Compression::zstd), third.layout)[0].descriptor == expected);
}

TEST_CASE("links between the layers of old docker archives are followed inside the archive") {
  TestImage image;
  image.packed_tar = image.plain;
  image.packed = image.plain;
  image.config = image.make_config();
  for (const auto& [target, type] :
       {std::pair("../1/layer.tar", EntryType::symbolic_link), std::pair("1/layer.tar", EntryType::hard_link)}) {
    const TestLayout test;
    const auto images = samples::read_bytes(TestTar()
                                                .link("2/layer.tar", target, type)
                                                .file("1/layer.tar", image.plain)
                                                .file(image.config_path(), image.config_text())
                                                .file("manifest.json", image.docker_manifest())
                                                .bytes(),
                                            test.layout);
    const auto layers = load_image(test.layout, images.at(0).descriptor, Platform::host()).manifest.layers;
    CHECK(layers.at(0) == layers.at(1));
  }
}

TEST_CASE("links that lead out of the archive or in a circle are refused") {
  const TestImage image;
  const auto with_link = [&](const char* target) {
    return TestTar()
        .link("2/layer.tar", target, EntryType::symbolic_link)
        .file("1/layer.tar", image.plain)
        .file(image.config_path(), image.config_text())
        .file("manifest.json", image.docker_manifest())
        .bytes();
  };
  CHECK(mentions(refusal(with_link("/etc/passwd")), "leads out of the archive"));
  CHECK(mentions(refusal(with_link("../../etc/passwd")), "leads out of the archive"));
  CHECK(mentions(refusal(with_link("layer.tar")), "no file '2/layer.tar'"));
  CHECK(mentions(refusal(TestTar().file("../x", "y").bytes()), "leads out of the archive"));
}

TEST_CASE("what an archive's index does not mention is not kept, what was there before is") {
  const TestLayout test;
  const TestImage image;
  const auto unused = samples::layer_tar(3);
  const auto before = test.layout.put_blob("before");
  const auto bytes = TestTar()
                         .file("unused/layer.tar", unused)
                         .file("unused/VERSION", "1.0")
                         .file("before", "before")
                         .file("1/layer.tar", image.plain)
                         .file("2/layer.tar", image.packed)
                         .file(image.config_path(), image.config_text())
                         .file("manifest.json", image.docker_manifest())
                         .bytes();
  samples::read_bytes(bytes, test.layout);
  CHECK(test.layout.has_blob(before));
  CHECK_FALSE(test.layout.has_blob(Digest::of(unused)));
  CHECK_FALSE(test.layout.has_blob(Digest::of("1.0")));
  CHECK(test.layout.root().list(k_blob_directory).size() == 5);
}

TEST_CASE("an archive that breaks off leaves nothing") {
  const TestLayout test;
  const auto bytes = docker_archive({});
  CHECK_THROWS_AS(samples::read_bytes(bytes.substr(0, bytes.size() - 3000), test.layout), jcb::Error);
  CHECK(test.layout.root().list(k_blob_directory).empty());
}

TEST_CASE("a docker archive that contradicts itself is refused") {
  const TestImage image;
  const auto other = samples::layer_tar(9);
  const auto archive = [&](const std::string& first, const std::string& second, const std::string& config, const std::string& manifest) {
    return TestTar()
        .file("1/layer.tar", first)
        .file("2/layer.tar", second)
        .file(image.config_path(), config)
        .file("manifest.json", manifest)
        .bytes();
  };
  const auto config = image.config_text(), manifest = image.docker_manifest();
  CHECK(mentions(refusal(archive(other, image.packed, config, manifest)), "has the diff ID " + Digest::of(other).text()));
  CHECK(mentions(refusal(archive(image.plain, samples::compressed(other, Compression::gzip), config, manifest)), "has the diff ID"));
  CHECK(mentions(refusal(archive(image.plain, image.packed, config + " ", manifest)), "has the digest"));
  CHECK(mentions(refusal(archive(image.plain, image.packed, config, image.docker_manifest("1/layer.tar", "3/layer.tar"))),
                 "no file '3/layer.tar'"));
  CHECK(mentions(refusal(archive(image.plain, image.packed, config, samples::with(manifest, R"(,"2/layer.tar")", ""))), "1 layers"));
  CHECK(mentions(refusal(archive(image.plain, image.packed, config, "{}")), "not a JSON array"));
  CHECK(mentions(refusal(archive(image.plain, image.packed, config, "[{}]")), "\"Config\""));
  CHECK(mentions(refusal(TestTar().file("a", "1").file("./a", "2").bytes()), "occurs twice"));
  CHECK(mentions(refusal(TestTar().file("etc/passwd", "").bytes()), "no image archive"));
}

TEST_CASE("an oci-archive comes back as it was") {
  const TestLayout test;
  const TestImage image;
  const auto images = samples::read_bytes(oci_archive(image), test.layout);
  REQUIRE(images.size() == 1);
  CHECK(images[0].names == std::vector<std::string>{"v1"});
  const TestLayout original;
  CHECK(images[0].descriptor.digest == image.put(original.layout).descriptor.digest);
  CHECK(test.layout.list_blobs() == original.layout.list_blobs());
  CHECK(samples::read_bytes(oci_archive(image, ""), test.layout)[0].names.empty());
}

TEST_CASE("an oci-archive with a changed or missing blob is refused") {
  const TestImage image;
  const auto bytes = oci_archive(image);
  CHECK(mentions(refusal(samples::with(bytes, image.plain.substr(1000, 50), std::string(50, 'x'))), "digest"));
  const auto path = "blobs/sha256/" + Digest::of(image.plain).hex();
  CHECK(mentions(refusal(TestTar()
                             .file("oci-layout", "{}")
                             .file("index.json", R"({"schemaVersion":2,"manifests":[)" + samples::descriptor(k_media_manifest) + "]}")
                             .bytes()),
                 "no file 'blobs/sha256/aaaa"));
  const auto lying = samples::with(bytes, R"("size":)", R"("size":1)");
  CHECK_FALSE(refusal(lying).empty());
}

TEST_CASE("an archive of docker 25 keeps its manifest and takes the names of manifest.json") {
  const TestImage image;
  const TestLayout source, test;
  const auto loaded = image.put(source.layout);
  TestTar tar;
  const auto blob = [&](const Descriptor& descriptor) {
    tar.file(blob_path(descriptor.digest), source.layout.read_blob(descriptor, 1 << 20));
  };
  blob(loaded.descriptor), blob(loaded.manifest.config), blob(loaded.manifest.layers[0]), blob(loaded.manifest.layers[1]);
  Descriptor entry = loaded.descriptor;
  entry.annotations["org.opencontainers.image.ref.name"] = "d";
  tar.file("index.json", Index{std::string(k_media_index), {entry, entry}, {}}.serialize())
      .file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  tar.file("manifest.json",
           R"([{"Config":")" + blob_path(loaded.manifest.config.digest) + R"(","RepoTags":["a.b/c:d","a.b/c:e"],"Layers":[]}])");
  const auto images = samples::read_bytes(tar.bytes(), test.layout);
  REQUIRE(images.size() == 1);
  CHECK(images[0].descriptor.digest == loaded.descriptor.digest);
  CHECK(images[0].names == std::vector<std::string>{"a.b/c:d", "a.b/c:e"});
}

TEST_CASE("images of other platforms may be missing from an index, nested indexes have a limit") {
  const TestImage image;
  const TestLayout source;
  const auto loaded = image.put(source.layout);
  const Descriptor missing{std::string(k_media_manifest), Digest::of("elsewhere"), 9, {}, Platform::parse("linux/amd64"), {}, {}};
  std::string inner = Index{std::string(k_media_index), {loaded.descriptor, missing}, {}}.serialize();
  const auto archive = [&](int nesting) {
    TestTar tar;
    std::string top = inner;
    for (int i = 0; i < nesting; ++i) {
      tar.file(blob_path(Digest::of(top)), top);
      top = Index{std::string(k_media_index), {{std::string(k_media_index), Digest::of(top), top.size(), {}, {}, {}, {}}}, {}}.serialize();
    }
    for (const Digest& digest : source.layout.list_blobs())
      tar.file(blob_path(digest), source.layout.root().read_file(blob_path(digest), 1 << 20));
    return tar.file("index.json", top).file("oci-layout", "{}").bytes();
  };
  const TestLayout test;
  const auto images = samples::read_bytes(archive(1), test.layout);
  CHECK(load_image(test.layout, images.at(0).descriptor, Platform::parse("linux/arm64")).descriptor.digest == loaded.descriptor.digest);
  CHECK(mentions(refusal(archive(3)), "nested deeper"));
}

TEST_CASE("an archive may have more large files than this process may have descriptors") {
  const TestLayout test;
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const jcb::util::ScopeExit restore([&] { ::setrlimit(RLIMIT_NOFILE, &before); });
  TestTar tar;
  Manifest manifest{std::string(k_media_manifest), {}, {std::string(k_media_config), Digest::of("{}"), 2, {}, {}, {}, {}}, {}, {}, {}};
  tar.file(blob_path(Digest::of("{}")), "{}");
  for (unsigned i = 0; i < 300; ++i) {
    const auto layer = samples::layer_tar(i, 70000);
    manifest.layers.push_back({std::string(k_media_layer), Digest::of(layer), layer.size(), {}, {}, {}, {}});
    tar.file(blob_path(Digest::of(layer)), layer);
  }
  const auto text = manifest.serialize();
  tar.file(blob_path(Digest::of(text)), text).file("oci-layout", "{}");
  tar.file("index.json", Index{{}, {{std::string(k_media_manifest), Digest::of(text), text.size(), {}, {}, {}, {}}}, {}}.serialize());
  const rlimit few{200, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  samples::read_bytes(tar.bytes(), test.layout);
  CHECK(test.layout.list_blobs().size() == 302);
}
