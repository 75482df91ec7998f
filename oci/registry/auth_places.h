// SPDX-License-Identifier: Apache-2.0
// Where auth files are looked for, and how they are changed.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oci/registry/auth_file.h"

namespace jcb::oci {

using Environment = std::map<std::string, std::string>;

/// One auth file that may be there.
struct AuthPlace {
  std::filesystem::path path;
  AuthFile::Format format = AuthFile::Format::config;
  bool is_dockers = false;     ///< Docker Hub goes by another key there
  bool is_named = false;       ///< the user named this file: no other counts
  bool must_exist = false;     ///< named on the command line
  bool may_be_hidden = false;  ///< a directory above it may be closed to us
};

/// The value of a variable, or nothing when it is unset or empty.
std::optional<std::string> find_variable(const Environment& environment, const std::string& name);
/// $XDG_CONFIG_HOME, else ~/.config; nothing without a home.
std::optional<std::filesystem::path> find_config_home(const Environment& environment);
/// All auth files in the order in which they are asked: `authfile`, $JCBUILD_AUTHFILE or $REGISTRY_AUTH_FILE alone where one
/// is given (as podman has it), else podman's two, docker's and ~/.dockercfg.
std::vector<AuthPlace> list_auth_places(const Environment& environment, const std::filesystem::path& authfile);

/// The parsed file, or nothing when it is not there. Throws Error(not_found) for a missing one that must exist,
/// Error(invalid) for a malformed one.
std::optional<AuthFile> find_auth_file(const AuthPlace& place);

/// Changes a file: reads it (or an empty one), lets `change` work, and writes it where that says true. One writer at a
/// time, by rename, mode 0600; a link (people keep config.json elsewhere) stays and its target is replaced; missing
/// directories are made, for the user alone. Throws Error.
void change_auth_file(const AuthPlace& place, const std::function<bool(AuthFile&)>& change);

/// The same for any file of ours: `change` gets the text ("" for a missing file) and says the new one, or nothing.
void change_private_file(const std::filesystem::path& path, const std::function<std::optional<std::string>(const std::string&)>& change);

}  // namespace jcb::oci
