// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace jcb::runtime {

/// Why a runtime did not start a container, in docker's exit codes: 127 the program was not found, 126 it cannot be
/// executed, 125 anything else.
struct StartFailure {
  int code = 125;
  std::string message;
};

/// Reads the last error out of a runtime's log (`--log-format json`, one object a line). Lines that are none are skipped.
StartFailure explain_start_failure(std::string_view log, std::string_view runtime_name);

}  // namespace jcb::runtime
