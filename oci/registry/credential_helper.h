// SPDX-License-Identifier: Apache-2.0
// Programs that keep credentials for us: docker-credential-NAME with one word (get, store, erase, list), input on standard
// input, JSON on standard output.
//
// Which program: first where root installs them (find_trusted_program). But people install these below their home, or
// where a vendor's package has its own directory, and $PATH says so; a program from there is taken when it and its
// directory belong to root or to the user who runs us and nobody else can write to them. Such a user could replace us as
// well. Only names from the user's own files lead here; they are checked, and no shell is involved.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/registry/credential.h"

namespace jcb::oci {

/// One helper. Each call runs it once, for `limit` at most.
class CredentialHelper {
 public:
  /// `name` is what stands in an auth file ("pass" for docker-credential-pass). `environment` is given to the program, but
  /// for LD_*. Throws Error(invalid) for a name that is none.
  CredentialHelper(std::string name, std::map<std::string, std::string> environment,
                   std::chrono::milliseconds limit = std::chrono::seconds(30));

  /// The credential for a server as the helper knows it, or nothing when it has none. Throws Error(unsupported) when the
  /// helper is not installed, Error(failed) with what it says, Error(invalid) for a server or an answer that is malformed.
  std::optional<Credential> find(const std::string& server) const;
  /// Keeps a credential. Throws as find.
  void store(const std::string& server, const Credential& credential) const;
  /// Forgets it. Throws as find.
  void erase(const std::string& server) const;
  /// All servers that it has something for, sorted. Throws as find.
  std::vector<std::string> list() const;

  const std::string& name() const noexcept { return m_name; }

 private:
  struct Answer {
    bool success = false;
    std::string text;
    Answer() = default;
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    Answer(Answer&&) = default;
    ~Answer() { wipe(text); }
  };
  Answer run(const char* action, std::string_view input) const;
  [[noreturn]] void fail(const char* action, const Answer& answer) const;
  std::string program() const { return "docker-credential-" + m_name; }

  std::string m_name;
  std::map<std::string, std::string> m_environment;
  std::chrono::milliseconds m_limit;
};

}  // namespace jcb::oci
