// SPDX-License-Identifier: Apache-2.0
#include "store/record.h"

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/json.h"

namespace jcb::store {
namespace {

using util::Json;

constexpr int k_version = 2;
constexpr std::string_view k_thing = "a step record";

Json layer_json(const Layer& layer) { return {{"diff_id", layer.diff_id.text()}, {"blob", layer.blob.to_json()}}; }

Layer parse_layer(const Json& json) {
  return {oci::Digest::parse(util::get_string(json, "diff_id", k_thing)), oci::Descriptor::from_json(json.at("blob"), k_thing)};
}

StepRecord parse_checked(Json json) {
  const std::string check = util::get_string(json, "check", k_thing);
  json.erase("check");
  if (util::get_integer(json, "version", k_thing) != k_version || util::sha256_hex(util::to_text(json)) != check)
    throw Error(ErrorKind::invalid, "torn record");
  StepRecord record;
  record.output = util::get_string(json, "output", k_thing);
  if (const auto& tree = json.at("tree"); !tree.is_null()) record.tree = tree.get<std::string>();
  if (const auto& layer = json.at("layer"); !layer.is_null()) record.layer = parse_layer(layer);
  record.seconds = json.at("seconds").get<double>();
  return record;
}

}  // namespace

std::string StepRecord::serialize() const {
  Json json{{"version", k_version}, {"output", output}, {"tree", nullptr}, {"layer", nullptr}, {"seconds", seconds}};
  if (tree) json["tree"] = *tree;
  if (layer) json["layer"] = layer_json(*layer);
  json["check"] = util::sha256_hex(util::to_text(json));
  return util::to_text(json);
}

std::optional<StepRecord> StepRecord::parse(std::string_view text) {
  try {
    return parse_checked(util::parse_json(text, k_thing));
  } catch (const Error&) {
    return std::nullopt;
  } catch (const util::Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace jcb::store
