// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/auth_file.h"

#include "fuzz/targets.h"
#include "jcbuild/error.h"

namespace jcb::fuzz {
namespace {

using oci::AuthFile;

// All entries, as far as they are well-formed.
void read_all(const AuthFile& file, const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    require(oci::make_auth_key(key) == key, "a key has one form");
    require(file.has_entry(key), "what is listed is there");
    try {
      if (const auto found = file.find(key, "")) require(!found->empty(), "what is found is something");
      file.find_helper(key);
    } catch (const Error& error) {
      require(error.kind() == ErrorKind::invalid, "a refused entry is invalid input");
    }
  }
}

void change(AuthFile file, const std::vector<std::string>& keys) {
  oci::Credential credential;
  credential.username = "user";
  credential.password = "pass:word";
  file.set("h.example", "h.example", credential);
  AuthFile again = AuthFile::parse(file.text(), "the changed file");
  const auto found = again.find("h.example", "a/b");
  require(found && found->username == "user" && found->password == "pass:word", "what is set is found");
  for (const auto& key : keys) require(again.has_entry(key), "other entries stay");
  require(again.erase("h.example") && !again.has_entry("h.example"), "what is erased is gone");
}

}  // namespace

void auth_file(std::string_view input) {
  try {
    AuthFile::parse(input, "the file", AuthFile::Format::dockercfg).registries(true);
    AuthFile file = AuthFile::parse(input, "the file");
    const auto keys = file.registries(true);
    read_all(file, keys);
    if (!file.has_entry("h.example")) change(std::move(file), keys);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid, "a refused file is invalid input");
  }
}

}  // namespace jcb::fuzz
