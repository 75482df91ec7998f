// SPDX-License-Identifier: Apache-2.0
// Which version of CDI brought which field (SPEC.md, "Version"):
//   0.4.0 type of mounts                    0.6.0 annotations; dots in the class
//   0.5.0 hostPath of device nodes;         0.7.0 intelRdt, additionalGids
//         names that begin with a digit     1.1.0 netDevices; schemata and enableMonitoring of intelRdt
// 0.8.0 and 1.0.0 changed the reference's programming interface only.
#pragma once

#include <string>
#include <string_view>

#include "cdi/spec.h"

namespace jcb::cdi {

/// A known version without its leading "v". Throws Error(invalid) naming those that there are.
std::string parse_version(std::string_view text, std::string_view thing);
/// The lowest version in which a specification may say what it says; never below 0.3.0.
std::string minimum_version(const Spec& spec);
/// Throws Error(invalid) when the specification uses more than its version has.
void check_version(const Spec& spec, std::string_view thing);

}  // namespace jcb::cdi
