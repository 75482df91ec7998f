// SPDX-License-Identifier: Apache-2.0
#include "oci/manifest.h"

#include "oci/media_type.h"
#include "samples.h"

using jcb::ErrorKind;
using namespace jcb::oci;
using samples::with;

namespace {

const std::string k_manifest = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
                               samples::descriptor(k_media_config) + R"(,"layers":[)" + samples::descriptor(k_media_layer_gzip, 'b') + "]}";
const std::string k_index = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
                            samples::descriptor(k_media_manifest) + "]}";

}  // namespace

TEST_CASE("a canonical manifest survives byte for byte") {
  CHECK(Manifest::parse(k_manifest).serialize() == k_manifest);
  CHECK(Index::parse(k_index).serialize() == k_index);
  const auto artifact = with(k_manifest, "]}", R"(],"subject":)" + samples::descriptor(k_media_manifest) + R"(,"annotations":{"a":"b"}})");
  CHECK(Manifest::parse(artifact).serialize() == artifact);
}

TEST_CASE("a manifest that could read as something else is refused") {
  const auto both = with(k_manifest, "\"layers\"", R"("manifests":[],"layers")");
  CHECK(samples::error_of(ErrorKind::invalid, [&] { Manifest::parse(both); }) == "image manifest: \"manifests\" has no place in it");
  CHECK_THROWS_AS(Index::parse(with(k_index, "\"manifests\"", R"("layers":[],"manifests")")), jcb::Error);
  CHECK_THROWS_AS(Index::parse(with(k_index, "\"manifests\"", R"("config":{},"manifests")")), jcb::Error);
  CHECK_THROWS_AS(Manifest::parse(with(k_manifest, "\"layers\"", R"("fsLayers":[],"layers")")), jcb::Error);
  CHECK_THROWS_AS(Manifest::parse(k_index), jcb::Error);
  CHECK_THROWS_AS(Index::parse(k_manifest), jcb::Error);
}

TEST_CASE("a media type that disagrees with the descriptor is refused") {
  CHECK(Manifest::parse(k_manifest, k_media_manifest).media_type == k_media_manifest);
  CHECK_THROWS_AS(Manifest::parse(k_manifest, k_docker_manifest), jcb::Error);
  CHECK_THROWS_AS(Index::parse(k_index, k_media_manifest), jcb::Error);
  const auto silent = with(k_manifest, R"("mediaType":"application/vnd.oci.image.manifest.v1+json",)", "");
  CHECK(Manifest::parse(silent).media_type == k_media_manifest);
  CHECK(Manifest::parse(silent, k_docker_manifest).media_type == k_docker_manifest);
  CHECK_THROWS_AS(Manifest::parse(silent, k_media_index), jcb::Error);
}

TEST_CASE("a malformed manifest is refused") {
  const auto layer_field = k_manifest.find(",\"layers\"");
  for (const std::string& text :
       {with(k_manifest, ":2", ":1"), with(k_manifest, ":2", ":\"2\""), with(k_manifest, "\"schemaVersion\":2,", ""),
        with(k_manifest, "[", "{\"x\":"), k_manifest.substr(0, layer_field) + "}", with(k_manifest, "\"config\"", "\"konfig\""),
        with(k_manifest, std::string(k_media_layer_gzip), std::string(k_media_manifest)),
        with(k_manifest, std::string(k_media_config), std::string(k_media_index)), with(k_manifest, ":2", ":2,\"schemaVersion\":2"),
        k_manifest.substr(0, k_manifest.size() - 1), std::string("[]"), std::string()}) {
    INFO(text);
    CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { Manifest::parse(text); }).empty());
  }
}

TEST_CASE("lists have limits") {
  const auto repeated = [](const std::string& document, const std::string& item, std::size_t count) {
    std::string items = item;
    for (std::size_t i = 1; i < count; ++i) items += "," + item;
    return with(document, "[" + item + "]", "[" + items + "]");
  };
  const auto layer = samples::descriptor(k_media_layer_gzip, 'b');
  CHECK(Manifest::parse(repeated(k_manifest, layer, k_max_layers)).layers.size() == k_max_layers);
  CHECK_THROWS_AS(Manifest::parse(repeated(k_manifest, layer, k_max_layers + 1)), jcb::Error);
  CHECK_THROWS_AS(Index::parse(repeated(k_index, samples::descriptor(k_media_manifest), k_max_manifests + 1)), jcb::Error);
  CHECK_THROWS_AS(Manifest::parse(k_manifest + std::string(k_max_manifest_bytes, ' ')), jcb::Error);
}

TEST_CASE("an artifact may have layers of any type") {
  CHECK(Manifest::parse(with(k_manifest, std::string(k_media_layer_gzip), "application/vnd.in-toto+json")).layers.size() == 1);
  CHECK(Manifest::parse(with(k_manifest, "\"layers\":[", "\"layers\":null,\"x\":[")).layers.empty());
}

TEST_CASE("layer media types declare their compression") {
  CHECK(layer_compression(k_docker_layer_gzip) == Compression::gzip);
  CHECK(layer_compression("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd") == Compression::zstd);
  CHECK(layer_compression("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip") == Compression::gzip);
  for (const auto compression : {Compression::none, Compression::gzip, Compression::zstd})
    CHECK(layer_compression(layer_media_type(compression)) == compression);
  CHECK_FALSE(samples::error_of(ErrorKind::unsupported, [] { layer_compression(k_media_config); }).empty());
}
