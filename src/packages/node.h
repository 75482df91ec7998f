// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/node.h"

namespace jcb::packages {

using util::Node;
using util::NodeEntry;
using util::reject;
using util::require_known_keys;
using util::SourcePosition;
using util::to_bool;
using util::to_text;
using util::to_texts;

}  // namespace jcb::packages
