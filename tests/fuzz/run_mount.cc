// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"

#include "dockerfile/run_options.h"
#include "jcbuild/error.h"

namespace jcb::fuzz {

void run_mount(std::string_view input) {
  try {
    const dockerfile::RunMount mount = dockerfile::parse_run_mount(input);
    require(mount.target.find('\0') == std::string::npos && mount.source.find('\0') == std::string::npos, "paths hold no NUL");
    require(!mount.mode || *mount.mode <= 07777, "a mode is a mode");
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid, "a refused mount is invalid input");
  }
}

}  // namespace jcb::fuzz
