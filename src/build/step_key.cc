// SPDX-License-Identifier: Apache-2.0
#include "build/step_key.h"

#include "util/hash.h"

namespace jcb::build {

std::string start_state(const KeyStart& start) {
  util::Sha256 hash;
  hash.field(k_key_schema).field("start").field(start.platform).field(std::to_string(start.epoch)).field(start.capture);
  for (const auto& diff_id : start.diff_ids) hash.field(diff_id.hex());
  return hash.hex();
}

std::string step_key(const std::vector<KeyPart>& parts) {
  util::Sha256 hash;
  hash.field(k_key_schema).field("step");
  for (const auto& part : parts) hash.field(part.name).field(part.value);
  return hash.hex();
}

std::string next_state(const std::string& state, std::string_view output) {
  if (output.empty()) return state;
  util::Sha256 hash;
  hash.field(k_key_schema).field("state").field(state).field(output);
  return hash.hex();
}

std::string make_key(std::string_view kind, const std::vector<std::string>& fields) {
  util::Sha256 hash;
  hash.field(k_key_schema).field(kind);
  for (const auto& field : fields) hash.field(field);
  return hash.hex();
}

}  // namespace jcb::build
