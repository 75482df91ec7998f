// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// Whether one of `scopes` ("repository:a/b:pull,push") allows all that `wanted` does: same type and name, and its actions.
bool covers_scope(const std::vector<std::string>& scopes, std::string_view wanted);

/// The scopes of a challenge's parameter, parted by spaces; ten at most, the rest is dropped.
std::vector<std::string> split_scopes(std::string_view text);

/// `first`, then those of `rest` that `first` does not cover.
std::vector<std::string> merge_scopes(std::vector<std::string> first, const std::vector<std::string>& rest);

}  // namespace jcb::oci
