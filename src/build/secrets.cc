// SPDX-License-Identifier: Apache-2.0
#include "build/secrets.h"

#include <sys/stat.h>

#include <map>

#include "dockerfile/csv.h"
#include "jcbuild/error.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::uint64_t k_max_secret_bytes = std::uint64_t{500} << 10;  // as BuildKit
constexpr const char* k_secret_form = "write --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE";
constexpr const char* k_ssh_form = "write --ssh default or --ssh NAME=SOCKET";

std::map<std::string, std::string> parse_fields(std::string_view text) {
  std::map<std::string, std::string> fields;
  for (const auto& field : dockerfile::parse_csv_record(text)) {
    const auto equals = field.find('=');
    std::string key = util::to_lower(field.substr(0, equals));
    if (key == "source") key = "src";
    if (key != "id" && key != "src" && key != "env" && key != "type")
      throw Error(ErrorKind::usage, "--secret has no key '" + util::escape_text(key) + "'", k_secret_form);
    if (equals == std::string::npos) throw Error(ErrorKind::usage, "the key '" + key + "' of --secret needs a value", k_secret_form);
    if (!fields.emplace(key, field.substr(equals + 1)).second)
      throw Error(ErrorKind::usage, "the key '" + key + "' of --secret is given twice", k_secret_form);
  }
  return fields;
}

std::string read_secret_file(const std::string& id, const std::string& path) {
  return in_step("reading the secret " + util::escape_text(id), [&] {
    auto content = util::find_file(path, k_max_secret_bytes);
    if (!content) throw Error(ErrorKind::not_found, "the file " + util::escape_text(path) + " does not exist", k_secret_form);
    return std::move(*content);
  });
}

std::string read_secret_variable(const std::string& id, const std::string& name, const VariableLookup& variables) {
  auto content = variables(name);
  const std::string thing = "the variable " + util::escape_text(name) + " of the secret " + util::escape_text(id);
  if (!content) throw Error(ErrorKind::not_found, thing + " is not set", k_secret_form);
  if (content->size() > k_max_secret_bytes) throw Error(ErrorKind::invalid, thing + " is larger than 500 KiB");
  return std::move(*content);
}

}  // namespace

SecretOption parse_secret_option(std::string_view text, const VariableLookup& variables) {
  auto fields = parse_fields(text);
  const std::string id = fields["id"], type = fields["type"];
  std::string file = fields["src"], variable = fields["env"];
  if (id.empty()) throw Error(ErrorKind::usage, "--secret needs an id", k_secret_form);
  if (!type.empty() && type != "file" && type != "env")
    throw Error(ErrorKind::usage, "--secret has the types file and env, not '" + util::escape_text(type) + "'", k_secret_form);
  if (!file.empty() && !variable.empty()) throw Error(ErrorKind::usage, "--secret takes 'src' or 'env', not both", k_secret_form);
  if (type == "env" && variable.empty()) variable = std::exchange(file, "");
  if (type == "file" && !variable.empty()) throw Error(ErrorKind::usage, "a --secret of type file has no 'env'", k_secret_form);
  if (file.empty() && variable.empty()) (type != "file" && (type == "env" || variables(id)) ? variable : file) = id;
  return {id, {variable.empty() ? read_secret_file(id, file) : read_secret_variable(id, variable, variables)}};
}

SshOption parse_ssh_option(std::string_view text, const VariableLookup& variables) {
  const auto equals = text.find('=');
  SshOption option{std::string(text.substr(0, equals)), {}};
  if (option.id.empty()) throw Error(ErrorKind::usage, "--ssh needs an id", k_ssh_form);
  if (equals == std::string_view::npos) {
    const auto socket = variables("SSH_AUTH_SOCK");
    if (!socket || socket->empty())
      throw Error(ErrorKind::not_found, "--ssh " + util::escape_text(text) + " needs an agent, and SSH_AUTH_SOCK is not set",
                  "start one: eval $(ssh-agent) && ssh-add");
    option.socket = *socket;
  } else {
    option.socket = text.substr(equals + 1);
  }
  const std::string name = util::escape_text(option.socket.native());
  if (name.empty() || name.find(',') != std::string::npos) throw Error(ErrorKind::usage, "--ssh takes one socket for each id", k_ssh_form);
  struct stat status {};
  if (::stat(option.socket.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) throw_errno("look at the agent socket", name);
    throw Error(ErrorKind::not_found, "the agent socket " + name + " does not exist", k_ssh_form);
  }
  if (!S_ISSOCK(status.st_mode))
    throw Error(ErrorKind::invalid, name + " is not the socket of an agent", "private keys are given to an agent: ssh-add FILE");
  return option;
}

}  // namespace jcb::build
