// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dockerfile/expand.h"
#include "dockerfile/instruction.h"

namespace jcb::build {

/// ARG and ENV of a Dockerfile as docker scopes them: global ARGs (before FROM) serve FROM lines and give a stage's ARG of
/// the same name its default; ENV beats ARG; ARGs are seen by RUN and never reach the image.
class Variables {
 public:
  /// `build_args` are the user's --build-arg; `environment` is the base image's Env; without a PATH it
  /// gets the usual one.
  Variables(const std::map<std::string, std::string>& build_args, const std::vector<std::string>& environment);

  /// ARG before the first FROM.
  void declare_global(const dockerfile::Instruction& instruction, char escape);
  /// ARG inside a stage; returns its words expanded, for history.
  std::vector<std::string> declare(const dockerfile::Instruction& instruction, char escape);
  void set_environment(const std::string& name, const std::string& value);

  /// For words inside the stage. Borrows *this.
  dockerfile::Lookup lookup() const;
  /// For FROM lines. Borrows *this.
  dockerfile::Lookup global_lookup() const;

  /// Env of the image: "K=V" in order of first definition.
  std::vector<std::string> image_environment() const;
  /// What RUN sees: ARGs, then ENV, then `extra` where nothing else has set it; sorted "K=V".
  std::vector<std::string> run_environment(const std::map<std::string, std::string>& extra) const;
  /// The stage's ARGs that have a value, "K=V", in order of declaration; for history.
  std::vector<std::string> declared_arguments() const;

 private:
  const std::map<std::string, std::string>& m_build_args;
  std::map<std::string, std::string> m_global;
  std::vector<std::string> m_argument_order;
  std::map<std::string, std::string> m_arguments;
  std::vector<std::string> m_environment_order;
  std::map<std::string, std::string> m_environment;
};

}  // namespace jcb::build
