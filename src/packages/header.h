// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packages/node.h"
#include "packages/yaml.h"

#include <optional>
#include <string>
#include <string_view>

namespace jcb::packages {

/// `text` without a byte order mark and with LF line ends, as YAML and Dockerfile readers take it.
std::string normalize_text(std::string_view text);

/// The YAML header of a Dockerfile: of the comment lines at its very top, those between lines that start with `#---`,
/// without their `#`; several blocks are one text. Nothing when there is none. Throws Error(invalid) for a block that
/// is never closed.
std::optional<SourceText> find_header(const std::string& file, std::string_view dockerfile);

}  // namespace jcb::packages
