// SPDX-License-Identifier: Apache-2.0
#include "platform/target_json.h"

#include "platform/target.h"
#include "util/json.h"

namespace jcb::platform {
namespace {

util::Json text_or_null(const std::string& text) { return text.empty() ? util::Json() : util::Json(text); }

util::Json distribution_or_null(const Distribution& distribution) {
  if (distribution.id.empty()) return {};
  util::Json json = util::Json::object();
  json["id"] = distribution.id;
  json["version"] = text_or_null(distribution.version);
  json["codename"] = text_or_null(distribution.codename);
  return json;
}

}  // namespace

util::Json to_json(const Target& target) {
  util::Json json = util::Json::object();
  json["arch"] = target.arch;
  json["cuda_arch"] = target.cuda_arch;
  json["l4t"] = text_or_null(target.l4t.text());
  json["jetpack"] = text_or_null(target.jetpack.text());
  json["cuda"] = text_or_null(target.cuda.text());
  json["python"] = text_or_null(target.python.text());
  json["distribution"] = distribution_or_null(target.distribution);
  json["cuda_architectures"] = target.cuda_architectures;
  json["board"] = text_or_null(target.board);
  return json;
}

}  // namespace jcb::platform
