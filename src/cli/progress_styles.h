// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/progress_display.h"

namespace jcb::cli {

/// The live tree on standard error.
std::unique_ptr<Progress> make_tty_progress(bool color);
std::unique_ptr<Progress> make_plain_progress();
std::unique_ptr<Progress> make_json_progress();

}  // namespace jcb::cli
