// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace jcb::util {

/// A JSON value whose objects keep their order; see util/json.h.
using Json = nlohmann::ordered_json;

}  // namespace jcb::util
