// SPDX-License-Identifier: Apache-2.0
// Programs of another processor run through binfmt_misc (kernel Documentation/admin-guide/binfmt-misc.rst): the kernel
// knows an interpreter (qemu-user) for their ELF header. A handler with the flag F holds its interpreter open, so that it
// works in any root file system; without F the interpreter must be visible there under its path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "util/root.h"

namespace jcb::sandbox {

/// How programs of a foreign architecture run here.
struct Emulation {
  std::filesystem::path interpreter;
  bool held_open = false;  ///< flag F
};

/// Whether this machine's processor runs programs of `architecture` (a GOARCH name) by itself.
bool is_native(const std::string& architecture);

/// The handler for `architecture` among those in `binfmt_misc` (the directory /proc/sys/fs/binfmt_misc), or nothing.
/// Throws Error(unsupported) for an architecture that nobody here knows.
std::optional<Emulation> find_emulation(const util::Root& binfmt_misc, const std::string& architecture);

/// The same on this machine; absence is Error(unsupported) that says what to install.
Emulation require_emulation(const std::string& architecture);

}  // namespace jcb::sandbox
