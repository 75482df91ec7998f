// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "cli/terminal.h"
#include "jcbuild/progress.h"

namespace jcb::cli {

/// How progress is shown: a live tree where standard error is a terminal, plain lines elsewhere, JSON lines on request.
enum class ProgressStyle { automatic, tty, plain, json, none };

/// Makes the display. Nothing is started before the first task begins.
std::unique_ptr<Progress> make_progress(ProgressStyle style, ColorChoice color);

}  // namespace jcb::cli
