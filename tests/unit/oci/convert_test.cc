// SPDX-License-Identifier: Apache-2.0
#include "oci/convert.h"

#include <catch2/catch.hpp>

#include "oci/media_type.h"

using namespace jcb::oci;

namespace {

Descriptor blob(std::string_view media_type, std::string_view content) {
  return {std::string(media_type), Digest::of(content), content.size(), {}, std::nullopt, {}, {}};
}

LoadedImage docker_image() {
  Manifest manifest{std::string(k_docker_manifest), {}, blob(k_docker_config, "config"), {}, std::nullopt, {}};
  manifest.layers = {blob(k_docker_layer_gzip, "a"), blob("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "b")};
  manifest.layers[1].urls = {"https://elsewhere.example/b"};
  const std::string bytes = manifest.serialize();
  return {blob(k_docker_manifest, bytes), manifest, {}};
}

}  // namespace

TEST_CASE("docker's image becomes OCI's, with the same config and layers") {
  const auto image = docker_image();
  const auto converted = convert_to_oci(image);
  REQUIRE(converted);
  CHECK(converted->manifest.media_type == k_media_manifest);
  CHECK(converted->manifest.config.media_type == k_media_config);
  CHECK(converted->manifest.config.digest == image.manifest.config.digest);
  REQUIRE(converted->manifest.layers.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(converted->manifest.layers[i].media_type == k_media_layer_gzip);
    CHECK(converted->manifest.layers[i].digest == image.manifest.layers[i].digest);
    CHECK(converted->manifest.layers[i].urls.empty());
  }
  const std::string bytes = converted->manifest.serialize();
  CHECK(converted->descriptor == blob(k_media_manifest, bytes));
  CHECK(Manifest::parse(bytes, k_media_manifest) == converted->manifest);
  CHECK_FALSE(convert_to_oci(*converted));
}

TEST_CASE("a type that is no layer's has no OCI form") { CHECK_THROWS(oci_layer_type("text/plain")); }
