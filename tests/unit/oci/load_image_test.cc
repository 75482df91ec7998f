// SPDX-License-Identifier: Apache-2.0
#include "oci/layout.h"
#include "samples.h"

using jcb::ErrorKind;
using namespace jcb::oci;
using samples::TestLayout;

namespace {

Descriptor put_index(const Layout& layout, std::vector<Descriptor> entries) {
  return samples::put(layout, k_media_index, Index{std::string(k_media_index), std::move(entries), {}}.serialize());
}

Descriptor for_platform(Descriptor descriptor, const char* platform) {
  descriptor.platform = Platform::parse(platform);
  return descriptor;
}

std::string architecture(const Layout& layout, const Descriptor& descriptor, const char* platform) {
  return load_image(layout, descriptor, Platform::parse(platform)).config.platform.architecture;
}

Descriptor put_changed(const Layout& layout, const Descriptor& image, void (*change)(const Layout&, Manifest&)) {
  auto manifest = Manifest::parse(layout.read_blob(image, k_max_manifest_bytes));
  change(layout, manifest);
  return samples::put(layout, k_media_manifest, manifest.serialize());
}

}  // namespace

TEST_CASE("an image is loaded with its config") {
  const TestLayout test;
  const auto descriptor = samples::put_image(test.layout);
  const auto image = load_image(test.layout, descriptor, Platform::parse("linux/amd64"));
  CHECK(image.descriptor == descriptor);
  CHECK(image.config.config.find_env("PATH") == "/bin");
  CHECK(image.manifest.layers.size() == 1);
}

TEST_CASE("an index leads to the image of the platform") {
  const TestLayout test;
  const auto arm = samples::put_image(test.layout, "arm64"), amd = samples::put_image(test.layout, "amd64");
  const auto index = put_index(test.layout, {for_platform(amd, "linux/amd64"), for_platform(arm, "linux/arm64/v8")});
  CHECK(architecture(test.layout, index, "linux/arm64") == "arm64");
  CHECK(architecture(test.layout, index, "linux/amd64") == "amd64");
  CHECK(architecture(test.layout, put_index(test.layout, {for_platform(index, "linux/arm64")}), "linux/arm64") == "arm64");
  CHECK(architecture(test.layout, put_index(test.layout, {arm}), "linux/arm64") == "arm64");
  CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] { load_image(test.layout, index, Platform::parse("linux/riscv64")); }).empty());
  CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] {
                load_image(test.layout, put_index(test.layout, {arm, amd}), Platform::parse("linux/arm64"));
              }).empty());
}

TEST_CASE("indexes nested too deep are refused") {
  const TestLayout test;
  const auto two = put_index(test.layout, {put_index(test.layout, {samples::put_image(test.layout)})});
  CHECK(architecture(test.layout, two, "linux/arm64") == "arm64");
  const auto three = put_index(test.layout, {two});
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { load_image(test.layout, three, Platform::parse("linux/arm64")); }).empty());
}

TEST_CASE("manifest and config must agree on the layers") {
  const TestLayout test;
  const auto image =
      put_changed(test.layout, samples::put_image(test.layout), [](const Layout&, Manifest& manifest) { manifest.layers.clear(); });
  CHECK(samples::error_of(ErrorKind::invalid, [&] { load_image(test.layout, image, Platform::host()); }) ==
        "the manifest has 0 layers, the config 1 diff_ids");
}

TEST_CASE("an artifact is no image") {
  const TestLayout test;
  const auto image = samples::put_image(test.layout);
  const auto foreign_layer = put_changed(
      test.layout, image, [](const Layout&, Manifest& manifest) { manifest.layers[0].media_type = "application/vnd.in-toto+json"; });
  const auto foreign_config = put_changed(
      test.layout, image, [](const Layout&, Manifest& manifest) { manifest.config.media_type = "application/vnd.oci.empty.v1+json"; });
  CHECK_FALSE(samples::error_of(ErrorKind::unsupported, [&] { load_image(test.layout, foreign_layer, Platform::host()); }).empty());
  CHECK_FALSE(samples::error_of(ErrorKind::unsupported, [&] { load_image(test.layout, foreign_config, Platform::host()); }).empty());
  CHECK_FALSE(samples::error_of(ErrorKind::unsupported, [&] {
                load_image(test.layout, samples::put(test.layout, "text/plain", "x"), Platform::host());
              }).empty());
}

TEST_CASE("a descriptor that lies about the document is refused") {
  const TestLayout test;
  auto image = samples::put_image(test.layout);
  image.media_type = k_media_index;
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { load_image(test.layout, image, Platform::host()); }).empty());
  image.media_type = k_docker_manifest;
  CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { load_image(test.layout, image, Platform::host()); }).empty());
}

TEST_CASE("a missing config is not found") {
  const TestLayout test;
  const auto image = put_changed(test.layout, samples::put_image(test.layout),
                                 [](const Layout& layout, Manifest& manifest) { layout.remove_blob(manifest.config.digest); });
  CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] { load_image(test.layout, image, Platform::host()); }).empty());
}
