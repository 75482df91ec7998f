// SPDX-License-Identifier: Apache-2.0
// What --secret and --ssh of the command line give to RUN.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace jcb::build {

/// What nobody but the RUN that asks for it may see: in no key, log, layer, history or file of ours.
struct Secret {
  std::string content;
};

/// The value of an environment variable of ours, or nothing.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// A --secret.
struct SecretOption {
  std::string id;
  Secret secret;
};

/// "id=X[,src=FILE|,env=VARIABLE][,type=file|env]" as docker: with an id alone the variable of that name, else the file
/// of that name. At most 500 KiB. Throws Error(usage) for another form, Error(not_found, invalid) naming the file or the
/// variable; never with the content.
SecretOption parse_secret_option(std::string_view text, const VariableLookup& variables);

/// An --ssh: an agent of ours that RUN --mount=type=ssh,id=... may talk to.
struct SshOption {
  std::string id;
  std::filesystem::path socket;
};

/// "default" or "ID[=SOCKET]"; without a socket that of SSH_AUTH_SOCK. Throws Error(usage) for another form,
/// Error(not_found, invalid) when there is no such socket. Private keys are not taken: an agent holds them.
SshOption parse_ssh_option(std::string_view text, const VariableLookup& variables);

}  // namespace jcb::build
