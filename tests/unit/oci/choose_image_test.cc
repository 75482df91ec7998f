// SPDX-License-Identifier: Apache-2.0
#include "oci/choose_image.h"

#include "oci/media_type.h"
#include "samples.h"

using namespace jcb::oci;
using jcb::ErrorKind;

namespace {

Index index_of(const std::vector<const char*>& platforms) {
  Index index{std::string(k_media_index), {}, {}};
  for (const char* platform : platforms) {
    Descriptor entry{std::string(k_media_manifest), Digest::of(platform), 2, {}, {}, {}, {}};
    entry.platform = Platform::parse(platform);
    index.manifests.push_back(std::move(entry));
  }
  return index;
}

std::string chosen(const std::vector<const char*>& platforms, const char* asked) {
  return choose_entry(index_of(platforms), Platform::parse(asked), "x").platform->text();
}

}  // namespace

TEST_CASE("the exact variant is preferred to one that means the same") {
  CHECK(chosen({"linux/arm64", "linux/arm64/v8"}, "linux/arm64/v8") == "linux/arm64/v8");
  CHECK(chosen({"linux/arm64/v8", "linux/arm64"}, "linux/arm64") == "linux/arm64");
  CHECK(chosen({"linux/amd64", "linux/arm64"}, "linux/arm64/v8") == "linux/arm64");
}

TEST_CASE("where arm is asked for the highest lower variant will do, a higher one will not") {
  CHECK(chosen({"linux/arm/v5", "linux/arm/v6"}, "linux/arm/v7") == "linux/arm/v6");
  CHECK(chosen({"linux/arm/v6", "linux/arm/v7"}, "linux/arm") == "linux/arm/v7");
  for (const char* platform : {"linux/arm/v7", "linux/arm64/v8", "linux/arm/v4", "linux/arm/vz", "windows/arm/v5"}) {
    INFO(platform);
    CHECK_FALSE(samples::error_of(ErrorKind::not_found, [&] { chosen({platform}, "linux/arm/v6"); }).empty());
  }
}
