// SPDX-License-Identifier: Apache-2.0
// Small syntaxes that docker's flags have.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "jcbuild/run.h"

namespace jcb::cli {

/// "K=V" pairs, or a bare K whose value comes from our environment (left out when it has none). Throws Error(usage).
std::map<std::string, std::string> parse_pairs(const std::vector<std::string>& entries, const char* flag);
/// The same for a container's environment, order kept, as "K=V".
std::vector<std::string> parse_environment(const std::vector<std::string>& entries);
/// The lines of an --env-file: "K=V" or "K"; blank lines and lines that begin with # are skipped.
std::vector<std::string> read_environment_file(const std::string& path);
/// "SOURCE:TARGET[:ro|:rw]". Throws Error(usage); Error(unsupported) for named volumes.
VolumeOption parse_volume(const std::string& text);
/// "512m", "8g", "64k", bytes: powers of 1024 as docker counts. Throws Error(usage).
std::uint64_t parse_size(const std::string& text, const char* flag);
/// Upstream's "k:v,k:v".
std::map<std::string, std::string> parse_colon_pairs(const std::string& text);
/// Whether an argument of `build` means a context (directory, archive, address) rather than a package.
bool is_path_like(const std::string& argument);
/// The nearest of some names, for "did you mean"; empty when none is near.
std::string nearest(const std::string& name, const std::vector<std::string>& names);

}  // namespace jcb::cli
