// SPDX-License-Identifier: Apache-2.0
#include "oci/descriptor.h"

#include "samples.h"
#include "util/json.h"

#include <sys/utsname.h>

using jcb::ErrorKind;
using jcb::oci::Descriptor;
using jcb::oci::Platform;

namespace {

Descriptor parse(const std::string& text) { return Descriptor::from_json(jcb::util::parse_json(text, "test"), "layer 3"); }

}  // namespace

TEST_CASE("a descriptor survives its JSON form") {
  const auto text = samples::descriptor("a/b", 'c',
                                        R"(,"urls":["https://x/y"],"annotations":{"k":"v","l":""},)"
                                        R"("platform":{"architecture":"arm64","os":"linux","variant":"v8"},"artifactType":"x/y")");
  const auto descriptor = parse(text);
  CHECK(descriptor.size_bytes == 7);
  CHECK(descriptor.platform->text() == "linux/arm64/v8");
  CHECK(jcb::util::to_text(descriptor.to_json()) == text);
}

TEST_CASE("a descriptor with a bad field is refused and named") {
  const auto good = samples::descriptor("a/b");
  const auto bad = {samples::with(good, "7", "-1"),
                    samples::with(good, "7", "7.0"),
                    samples::with(good, "7", "\"7\""),
                    samples::with(good, "7", "9223372036854775808"),
                    samples::with(good, "7", "null"),
                    samples::with(good, ",\"size\":7", ""),
                    samples::with(good, "a/b", ""),
                    samples::with(good, "a/b", "plain"),
                    samples::with(good, "a/b", "a/b\\u0007"),
                    samples::with(good, "7", R"(7,"annotations":{"k":1})"),
                    samples::with(good, "7", R"(7,"annotations":[])"),
                    samples::with(good, "7", R"(7,"urls":"x")"),
                    samples::with(good, "7", R"(7,"platform":"linux")"),
                    samples::with(good, "\"size\":7", R"("size":7,"size":8)"),
                    std::string("[]"),
                    std::string("null")};
  for (const std::string& text : bad) {
    INFO(text);
    CHECK_THROWS_AS(parse(text), jcb::Error);
  }
  const auto message = samples::error_of(ErrorKind::invalid, [&] { parse(samples::with(good, "7", "-1")); });
  CHECK(message == "layer 3: \"size\" is negative");
  CHECK(parse(samples::with(good, "7", "9223372036854775807")).size_bytes == std::uint64_t{INT64_MAX});
}

TEST_CASE("platform names are normalised") {
  CHECK(Platform::parse("linux/x86_64").text() == "linux/amd64");
  CHECK(Platform::parse("linux/aarch64").text() == "linux/arm64");
  CHECK(Platform::parse("Linux/ARM64/v8").text() == "linux/arm64/v8");
  CHECK(Platform::parse("linux/armhf").text() == "linux/arm/v7");
  for (const char* text : {"", "linux", "linux/", "/arm64", "linux/arm64/v8/x", "linux/arm 64"}) {
    INFO(text);
    CHECK_FALSE(samples::error_of(ErrorKind::usage, [&] { Platform::parse(text); }).empty());
  }
}

TEST_CASE("arm64 and arm64/v8 are one platform") {
  CHECK(Platform::parse("linux/arm64").accepts(Platform::parse("linux/arm64/v8")));
  CHECK(Platform::parse("linux/arm64/v8").accepts(Platform::parse("linux/arm64")));
  CHECK_FALSE(Platform::parse("linux/arm64").accepts(Platform::parse("linux/arm64/v9")));
  CHECK_FALSE(Platform::parse("linux/arm64").accepts(Platform::parse("linux/arm/v7")));
  CHECK_FALSE(Platform::parse("linux/arm64").accepts(Platform::parse("windows/arm64")));
}

TEST_CASE("the platform of this machine has Go's names and no variant on 64 bits") {
  struct utsname names {};
  REQUIRE(::uname(&names) == 0);
  CHECK(Platform::host() == Platform::parse("linux/" + std::string(names.machine)));
  CHECK(Platform::host().architecture != "aarch64");
}
