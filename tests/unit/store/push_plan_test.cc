// SPDX-License-Identifier: Apache-2.0
#include "store/push_plan.h"

#include "../oci/samples.h"

using namespace jcb;
using store::plan_push;

namespace {

struct Fixture : samples::TestLayout {
  oci::Descriptor put(std::string_view type, const std::string& bytes) const { return samples::put(layout, type, bytes); }
  oci::Descriptor put_image(const std::vector<oci::Descriptor>& layers, const std::string& config = "{}") const {
    const oci::Manifest manifest{std::string(oci::k_media_manifest), {}, put(oci::k_media_config, config), layers, {}, {}};
    return put(oci::k_media_manifest, manifest.serialize());
  }
  oci::Descriptor put_index(const std::vector<oci::Descriptor>& entries) const {
    return put(oci::k_media_index, oci::Index{std::string(oci::k_media_index), entries, {}}.serialize());
  }
  std::string refusal(ErrorKind kind, const oci::Descriptor& image) const {
    return samples::error_of(kind, [&] { plan_push(layout, image); });
  }
};

// A descriptor of bytes that are in no layout.
oci::Descriptor describe(std::string_view type, const std::string& bytes) {
  return {std::string(type), oci::Digest::of(bytes), bytes.size(), {}, {}, {}, {}};
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a plan has each blob once, the largest first, and says what is not here") {
  const auto small = put(oci::k_media_layer, "small"), large = put(oci::k_media_layer, std::string(1000, 'x'));
  const auto absent = describe(oci::k_media_layer_gzip, std::string(100, 'y'));
  const auto image = put_image({small, large, absent, large});
  const auto plan = plan_push(layout, image);
  REQUIRE(plan.blobs.size() == 4);
  CHECK((plan.blobs[0].descriptor == large && plan.blobs[0].is_layer && plan.blobs[0].is_local));
  CHECK((plan.blobs[1].descriptor == absent && plan.blobs[1].is_layer && !plan.blobs[1].is_local));
  CHECK(plan.blobs[2].descriptor == small);
  CHECK_FALSE(plan.blobs[3].is_layer);
  CHECK(plan.total_bytes() == 1000 + 100 + 5 + 2);
  CHECK(plan.manifests == std::vector<oci::Descriptor>{image});
}

TEST_CASE_METHOD(Fixture, "the entries of an index come before it, those that are here") {
  const auto layer = put(oci::k_media_layer, "layer");
  const auto one = put_image({layer}), two = put_image({layer}, R"({"a":1})");
  const auto inner = put_index({two, one});
  const auto outer = put_index({one, inner, describe(oci::k_media_manifest, "not here")});
  const auto plan = plan_push(layout, outer);
  CHECK(plan.manifests == std::vector<oci::Descriptor>{one, two, inner, outer});
  CHECK(plan.blobs.size() == 3);
}

TEST_CASE_METHOD(Fixture, "an index without any of its images is not pushed, nor one nested too deep") {
  CHECK(refusal(ErrorKind::not_found, put_index({describe(oci::k_media_manifest, "not here")})).find("has none of the images") !=
        std::string::npos);
  auto index = put_index({put_image({})});
  index = put_index({index});
  CHECK(plan_push(layout, index).manifests.size() == 3);
  CHECK(refusal(ErrorKind::invalid, put_index({index})).find("nested deeper") != std::string::npos);
  CHECK(refusal(ErrorKind::unsupported, put("text/plain", "x")).find("no image") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a blob of another size than it should have ends the push before it begins") {
  auto layer = put(oci::k_media_layer, "layer");
  layer.size_bytes = 6;
  CHECK(refusal(ErrorKind::invalid, put_image({layer})).find("has 5 bytes, not 6") != std::string::npos);
  auto absent = describe(oci::k_media_layer, "absent");
  auto other = absent;
  other.size_bytes = 7;
  CHECK(refusal(ErrorKind::invalid, put_image({absent, other})).find("is said to have 7 bytes and 6") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "layers that are not distributed are pushed where they are here") {
  const std::string type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  const auto here = put(type, "here");
  const auto plan = plan_push(layout, put_image({here, describe(type, "absent")}));
  REQUIRE(plan.blobs.size() == 2);
  CHECK(plan.blobs[0].descriptor == here);
}
