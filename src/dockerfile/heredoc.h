// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/source.h"

#include <vector>

namespace jcb::dockerfile {

/// Reads the bodies of all heredocs that an instruction's line opens, in their order. Throws where one does not end.
std::vector<Heredoc> read_heredocs(const LogicalLine& line, LineReader& reader);

/// The text that an image config keeps for an instruction with heredocs: the line, then every body and its delimiter.
std::string text_with_heredocs(std::string_view line, const std::vector<Heredoc>& heredocs);

}  // namespace jcb::dockerfile
