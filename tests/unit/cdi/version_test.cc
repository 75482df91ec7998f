// SPDX-License-Identifier: Apache-2.0
#include "cdi/version.h"

#include <catch2/catch.hpp>

#include "cdi/spec_reader.h"
#include "jcbuild/error.h"

using namespace jcb::cdi;
using Catch::Contains;

namespace {

// A specification of which parts are given as JSON.
struct Parts {
  std::string kind = "v.com/c", device = "d", edits = R"({"env":["A=1"]})", top = "", device_extra = "";
  std::string text(const std::string& version) const {
    return R"({"cdiVersion":")" + version + R"(","kind":")" + kind + R"(","devices":[{"name":")" + device + R"(","containerEdits":)" +
           edits + device_extra + "}]" + top + "}";
  }
};

std::string minimum(const Parts& parts) { return minimum_version(parse_spec("f.json", parts.text("1.1.0"))); }

struct Row {
  const char* lowest;
  Parts parts;
};

}  // namespace

TEST_CASE("versions are known or not, with or without a v") {
  for (const char* good : {"0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"}) {
    CHECK(parse_version(good, "f") == good);
    CHECK(parse_version(std::string("v") + good, "f") == good);
  }
  for (const char* bad : {"", "0", "0.9.0", "1.2.0", "0.3", "0.3.0 ", "vv0.3.0", "V0.3.0", "latest", "0.03.0"})
    CHECK_THROWS_WITH(parse_version(bad, "f"), Contains("is no known version of CDI"));
}

TEST_CASE("each field needs the version that brought it") {
  const std::vector<Row> rows{
      {"0.3.0", {}},
      {"0.3.0", {.edits = R"({"hooks":[{"hookName":"prestart","path":"/h"}]})"}},
      {"0.3.0", {.edits = R"({"mounts":[{"hostPath":"/a","containerPath":"/b"}]})"}},
      {"0.4.0", {.edits = R"({"mounts":[{"hostPath":"/a","containerPath":"/b","type":"bind"}]})"}},
      {"0.4.0", {.top = R"(,"containerEdits":{"mounts":[{"hostPath":"/a","containerPath":"/b","type":"bind"}]})"}},
      {"0.5.0", {.edits = R"({"deviceNodes":[{"path":"/dev/a","hostPath":"/dev/b"}]})"}},
      {"0.3.0", {.edits = R"({"deviceNodes":[{"path":"/dev/a"}]})"}},
      {"0.5.0", {.device = "0"}},
      {"0.6.0", {.top = R"(,"annotations":{"a":"b"})"}},
      {"0.3.0", {.top = R"(,"annotations":{})"}},
      {"0.6.0", {.device_extra = R"(,"annotations":{"a":"b"})"}},
      {"0.6.0", {.kind = "v.com/c.d"}},
      {"0.7.0", {.edits = R"({"additionalGids":[44]})"}},
      {"0.7.0", {.edits = R"({"intelRdt":{"closID":"x"}})"}},
      {"0.7.0", {.top = R"(,"containerEdits":{"additionalGids":[0]})"}},
      {"1.1.0", {.edits = R"({"intelRdt":{"schemata":[]}})"}},
      {"1.1.0", {.edits = R"({"intelRdt":{"enableMonitoring":true}})"}},
      {"0.7.0", {.edits = R"({"intelRdt":{"enableMonitoring":false}})"}},
      {"1.1.0", {.edits = R"({"netDevices":[{"hostInterfaceName":"a","name":"b"}]})"}},
  };
  const std::vector<std::string> versions{"0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"};
  for (const auto& row : rows) {
    INFO(row.parts.text("?"));
    CHECK(minimum(row.parts) == row.lowest);
    for (const auto& version : versions) {
      INFO(version);
      if (version >= row.lowest)
        CHECK(parse_spec("f.json", row.parts.text(version)).version == version);
      else
        CHECK_THROWS_WITH(parse_spec("f.json", row.parts.text(version)), Contains("must be at least " + std::string(row.lowest)));
    }
  }
}
