// SPDX-License-Identifier: Apache-2.0
#include "oci/image_config.h"

#include "oci/manifest.h"
#include "samples.h"

using jcb::ErrorKind;
using namespace jcb::oci;
using samples::with;

namespace {

const std::string k_a = "sha256:" + samples::hex('a');
const std::string k_b = "sha256:" + samples::hex('b');

const std::string k_full =
    R"({"created":"2024-01-02T03:04:05Z","author":"me","architecture":"arm64","os":"linux","variant":"v8","config":{"User":"1000:1000",)"
    R"("ExposedPorts":{"80/tcp":{}},"Env":["PATH=/bin","A=b=c"],"Entrypoint":["/e"],"Cmd":[],"Healthcheck":{"Test":["CMD","x"],"Interval":5},)"
    R"("Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"l":"m"},"StopSignal":"SIGINT","Shell":["/bin/bash","-c"],"OnBuild":["RUN x"]},)"
    R"("rootfs":{"type":"layers","diff_ids":[")" +
    k_a + R"(",")" + k_b + R"("]},"history":[{"created_by":"one"},{"created_by":"two","empty_layer":true},{"created_by":"three"}]})";

const std::string k_small = R"({"architecture":"arm64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}})";

std::string with_config(const std::string& fields) { return with(k_small, "{}", "{" + fields + "}"); }

}  // namespace

TEST_CASE("a canonical config survives byte for byte") {
  CHECK(ImageConfig::parse(k_full).serialize() == k_full);
  CHECK(ImageConfig::parse(k_small).serialize() == k_small);
}

TEST_CASE("an empty operating system reads as a missing one: linux") {
  const auto image = ImageConfig::parse(with(k_small, R"("os":"linux")", R"("os":"")"));
  CHECK(image.platform.os == "linux");
  CHECK(ImageConfig::parse(image.serialize()) == image);
}

TEST_CASE("null is absence and an empty entrypoint is not") {
  const auto config = ImageConfig::parse(with_config(R"("Cmd":null,"Entrypoint":[],"Labels":null,"Env":null,"Volumes":null)")).config;
  CHECK_FALSE(config.cmd.has_value());
  REQUIRE(config.entrypoint.has_value());
  CHECK(config.entrypoint->empty());
}

TEST_CASE("a config that breaks the spec is refused") {
  for (const std::string& text : {with(k_small, "layers", "overlay"),
                                  with(k_small, R"("type":"layers",)", ""),
                                  with(k_small, R"(,"rootfs":{"type":"layers","diff_ids":[]})", ""),
                                  with(k_small, "[]", R"(["sha256:zz"])"),
                                  with(k_small, "[]", "[1]"),
                                  with(k_small, "{}", "[]"),
                                  with_config(R"("Env":["NOVALUE"])"),
                                  with_config(R"("Env":["=x"])"),
                                  with_config(R"("Env":["A=x\u0000y"])"),
                                  with_config(R"("Env":"A=b")"),
                                  with_config(R"("Cmd":"sh")"),
                                  with_config(R"("Cmd":["a\u0000b"])"),
                                  with_config(R"("WorkingDir":"/\u0000")"),
                                  with_config(R"("Volumes":["/v"])"),
                                  with_config(R"("Volumes":{"/v":1})"),
                                  with_config(R"("User":0)"),
                                  with_config(R"("Healthcheck":{"Interval":1.5})"),
                                  with_config(R"("User":"a","User":"b")"),
                                  std::string("{}"),
                                  std::string("[")}) {
    INFO(text);
    CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { ImageConfig::parse(text); }).empty());
  }
}

TEST_CASE("history that does not fit the layers is kept") {
  const auto config = ImageConfig::parse(with(k_small, "\"rootfs\"", R"("history":[{"created_by":"x"}],"rootfs")"));
  CHECK(config.history.size() == 1);
  CHECK(config.diff_ids.empty());
}

TEST_CASE("the last of two definitions of a variable counts, at the place of the first") {
  const auto config = ImageConfig::parse(with_config(R"("Env":["A=1","B=2","A=3"])")).config;
  CHECK(config.env == std::vector<std::string>{"A=3", "B=2"});
}

TEST_CASE("reading a config is not quadratic in its variables") {
  std::string entries = "\"Env\":[\"A0=\"";
  for (int i = 1; i < 200000; ++i) entries += ",\"A" + std::to_string(i) + "=\"";
  CHECK(ImageConfig::parse(with_config(entries + "]")).config.env.size() == 200000);
}

TEST_CASE("variables are set in place or appended") {
  ExecutionConfig config;
  config.set_env("A", "1");
  config.set_env("AB", "2");
  config.set_env("A", "x=y");
  CHECK(config.env == std::vector<std::string>{"A=x=y", "AB=2"});
  CHECK(config.find_env("A") == "x=y");
  CHECK_FALSE(config.find_env("B"));
}

// The second value was computed with coreutils: printf '%s' "sha256:aaa… sha256:bbb…" | sha256sum
TEST_CASE("chain IDs follow the spec") {
  const auto config = ImageConfig::parse(k_full);
  CHECK(config.chain_id(1).text() == k_a);
  CHECK(config.chain_id(2).hex() == "ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c");
  CHECK_THROWS_AS(config.chain_id(0), std::logic_error);
}
