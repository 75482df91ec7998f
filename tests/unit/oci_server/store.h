// SPDX-License-Identifier: Apache-2.0
// A layout with images in it, and requests to a server of it.
#pragma once

#include "oci/server/registry_server.h"
#include "unit/oci/samples.h"
#include "util/json.h"

#include <string>
#include <utility>
#include <vector>

namespace store {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct TestServer {
  samples::TestLayout test;
  jcb::oci::RegistryServer server;

  explicit TestServer(jcb::oci::RegistryServerOptions options = {}) : server(test.layout, std::move(options)) {}

  const jcb::oci::Layout& layout() const { return test.layout; }
  jcb::oci::Descriptor tag(const std::string& name, const std::string& layer = "layer") {
    auto image = samples::put_image(layout(), "arm64", layer);
    layout().set_tag(name, image);
    return image;
  }
  jcb::oci::ServerAnswer ask(const std::string& target, Headers headers = {}, const std::string& method = "GET") {
    return server.answer({method, target, std::move(headers)});
  }
  jcb::util::Json json(const std::string& target) { return jcb::util::parse_json(ask(target).body, target); }
};

/// "404 NAME_UNKNOWN": status and code of an error, which has to be one of the specification's form.
inline std::string refusal(const jcb::oci::ServerAnswer& answer) {
  const auto document = jcb::util::parse_json(answer.body, "error");
  CHECK(answer.find_header("Content-Type") == "application/json");
  CHECK_FALSE(document.at("errors").at(0).at("message").get<std::string>().empty());
  return std::to_string(answer.status) + " " + document.at("errors").at(0).at("code").get<std::string>();
}

/// The bytes that would be sent of a blob.
inline std::string sent(const jcb::oci::ServerAnswer& answer) {
  REQUIRE(answer.blob.has_value());
  std::string bytes(answer.blob->size_bytes, '\0');
  REQUIRE(::pread(answer.blob->file.get(), bytes.data(), bytes.size(), static_cast<off_t>(answer.blob->offset)) ==
          static_cast<ssize_t>(bytes.size()));
  return bytes;
}

}  // namespace store
