// SPDX-License-Identifier: Apache-2.0
#include "build/step_key.h"

#include "util/hash.h"

namespace jcb::build {

std::string start_key(const KeyStart& start) {
  util::Sha256 hash;
  hash.field(k_key_schema).field(start.architecture).field(std::to_string(start.epoch)).field(start.capture);
  for (const auto& diff_id : start.diff_ids) hash.field(diff_id.hex());
  return hash.hex();
}

std::string next_key(std::string_view previous, std::string_view kind, const std::vector<std::string>& fields) {
  util::Sha256 hash;
  hash.field(previous).field(kind);
  for (const auto& field : fields) hash.field(field);
  return hash.hex();
}

}  // namespace jcb::build
