// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/registry_options.h"

namespace jcb::cli {
namespace {

constexpr const char* k_group = "Registries";

CLI::Option* add_verify(CLI::App& command, const char* name, std::optional<bool>& value, const char* description) {
  return command
      .add_option_function<bool>(
          name, [&value](const bool& verify) { value = verify; }, description)
      ->option_text("BOOL")
      ->expected(0, 1)
      ->default_str("true")
      ->group(k_group);
}

void add_credentials(CLI::App& command, const char* name, std::optional<std::string>& value, const char* description) {
  command
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = text; }, description)
      ->option_text("USER:PASSWORD")
      ->group(k_group);
}

// What is said of the target only begins as what is said of both.
RegistryAccess& target(Context& context) {
  if (!context.target_registry()) context.target_registry() = context.registry();
  return *context.target_registry();
}

}  // namespace

void add_registry_options(CLI::App& command, Context& context) {
  auto& access = context.registry();
  add_verify(command, "--tls-verify", access.verify_tls, "false: neither certificates nor https are demanded");
  add_credentials(command, "--creds", access.credentials, "instead of what login keeps");
  command.add_option("--authfile", access.authfile, "file of credentials [$REGISTRY_AUTH_FILE]")->option_text("FILE")->group(k_group);
  command.add_option("--cert-dir", access.certificates, "directory of *.crt, *.cert and *.key")->option_text("DIR")->group(k_group);
  command.add_option("--registries-conf", access.registries_conf, "mirrors and the like, instead of the system's")
      ->option_text("FILE")
      ->group(k_group);
  command
      .add_option_function<unsigned>(
          "--retry", [&access](const unsigned& count) { access.retries = count; }, "tries after a failed one, each request [6]")
      ->option_text("N")
      ->group(k_group);
  command.add_option("--max-connections", access.connections, "connections at once [8]")->option_text("N")->group(k_group);
}

void add_two_sided_options(CLI::App& command, Context& context) {
  add_verify(command, "--src-tls-verify", context.registry().verify_tls, "as --tls-verify, of SOURCE");
  add_credentials(command, "--src-creds", context.registry().credentials, "as --creds, of SOURCE");
  command
      .add_option_function<bool>(
          "--dest-tls-verify", [&context](const bool& verify) { target(context).verify_tls = verify; }, "as --tls-verify, of DEST")
      ->option_text("BOOL")
      ->group(k_group);
  command
      .add_option_function<std::string>(
          "--dest-creds", [&context](const std::string& text) { target(context).credentials = text; }, "as --creds, of DEST")
      ->option_text("USER:PASSWORD")
      ->group(k_group);
}

}  // namespace jcb::cli
