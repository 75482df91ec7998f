// SPDX-License-Identifier: Apache-2.0
#include "compose/package_key.h"

#include <algorithm>

#include "build/step_key.h"

namespace jcb::compose {

std::string PackageKey::hex() const {
  std::vector<std::string> sorted = dependencies;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> fields{inputs, compression, std::to_string(sorted.size())};
  fields.insert(fields.end(), sorted.begin(), sorted.end());
  for (const auto& diff_id : built_on) fields.push_back(diff_id.hex());
  return build::make_key("package", fields);
}

}  // namespace jcb::compose
