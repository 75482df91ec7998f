// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox/sandbox.h"
#include "util/root.h"

#include <string>
#include <string_view>

namespace jcb::sandbox {

/// What `USER` or `--user` means in a root file system.
struct UserEntry {
  Identity identity;
  std::string home = "/";
  std::string name;  ///< login name, where passwd has one
};

/// Looks up `name|uid[:group|gid]` in the root's own etc/passwd and etc/group, read as hostile input (regular files, at
/// most 1 MiB, opened inside the root). All-digit names are numbers and never looked up as names; above 2^31-1 they are
/// an error (CVE-2024-40635). Groups of the user are added only when no group is given. An empty text is root.
/// Throws Error(invalid, not_found) naming the user.
UserEntry find_user(const util::Root& root, std::string_view text);

}  // namespace jcb::sandbox
