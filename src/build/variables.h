// SPDX-License-Identifier: Apache-2.0
// ARG and ENV of a Dockerfile as docker scopes them: global ARGs (before the first FROM) serve FROM lines and give a
// stage's ARG of the same name its value; ENV beats ARG; ARGs are seen by RUN and never reach the image.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dockerfile/expand.h"
#include "dockerfile/instruction.h"
#include "oci/descriptor.h"

namespace jcb::build {

/// What is known before the first FROM: the user's arguments, the platform arguments (TARGETPLATFORM and the others,
/// which FROM lines see undeclared) and the global ARGs.
class GlobalScope {
 public:
  GlobalScope(std::map<std::string, std::string> build_args, const oci::Platform& target);

  /// ARG before the first FROM. Throws Error(invalid).
  void declare(const dockerfile::Instruction& instruction, char escape);
  /// For FROM lines. Borrows *this.
  dockerfile::Lookup lookup() const;
  /// The value that the user gave with --build-arg.
  std::optional<std::string> find_given(std::string_view name) const;
  /// What a stage's `ARG NAME` without default gets: a global ARG, else a platform argument.
  std::optional<std::string> find_inherited(std::string_view name) const;
  /// Names of global ARGs and platform arguments, sorted; for suggestions.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, std::string> m_build_args;
  std::map<std::string, std::string> m_platform;
  std::map<std::string, std::string> m_global;
};

/// The variables of one stage.
class Variables {
 public:
  /// `environment` is the Env of what the stage stands on; without a PATH it gets the usual one. Borrows `global`.
  Variables(const GlobalScope& global, const std::vector<std::string>& environment);
  /// Takes over what a stage declared that this one stands on, as arguments() gave it.
  void inherit(const std::vector<std::pair<std::string, std::optional<std::string>>>& arguments);
  /// The declared ARGs in order, with their values.
  std::vector<std::pair<std::string, std::optional<std::string>>> arguments() const;

  /// ARG inside a stage; returns its words expanded, for history.
  std::vector<std::string> declare(const dockerfile::Instruction& instruction, char escape);
  void set_environment(const std::string& name, const std::string& value);

  /// For words of the stage. Borrows *this.
  dockerfile::Lookup lookup() const;
  /// Whether the stage has declared the ARG.
  bool is_declared(std::string_view name) const;

  /// Env of the image: "K=V" in order of first definition.
  std::vector<std::string> image_environment() const;
  /// What RUN sees: ARGs, then ENV, then `extra` where nothing else has set it; sorted "K=V".
  std::vector<std::string> run_environment(const std::map<std::string, std::string>& extra) const;
  /// The stage's ARGs that have a value and no ENV above them, "K=V", in order of declaration; for history.
  std::vector<std::string> declared_arguments() const;

 private:
  const GlobalScope& m_scope;
  std::vector<std::string> m_argument_order;
  std::map<std::string, std::string> m_arguments;
  std::vector<std::string> m_environment_order;
  std::map<std::string, std::string> m_environment;
};

/// The variables that name proxies, both spellings: docker passes them on without an ARG, and they change no key
/// (Dockerfile reference, "Predefined ARGs").
inline constexpr std::array<const char*, 10> k_proxy_variables{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
                                                               "ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy"};

/// "K=V" entries with the usual PATH where there is none, as a container of an image with this Env sees them.
std::vector<std::string> container_environment(const std::vector<std::string>& image_environment);

}  // namespace jcb::build
