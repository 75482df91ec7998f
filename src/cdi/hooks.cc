// SPDX-License-Identifier: Apache-2.0
#include "cdi/hooks.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::cdi {
namespace {

// Of a path or a name.
std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The command and its arguments; nothing for a program that is not NVIDIA's.
std::vector<std::string> words_of(const Hook& hook) {
  const auto program = base_name(hook.path);
  std::size_t first = 1;
  if (program == "nvidia-ctk" && hook.args.size() > 1 && hook.args[1] == "hook")
    ++first;
  else if (program != "nvidia-cdi-hook")
    return {};
  if (hook.args.size() <= first) return {};
  return {hook.args.begin() + static_cast<std::ptrdiff_t>(first), hook.args.end()};
}

[[noreturn]] void reject(const std::string& command, const std::string& cause) {
  throw Error(ErrorKind::invalid, "the hook " + util::escape_text(command) + " " + cause);
}

// The values of an option that may be repeated, written "--link V" or "--link=V", with one dash or two.
std::vector<std::string> values_of(const std::vector<std::string>& words, const std::string& option) {
  std::vector<std::string> values;
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word.starts_with("--")) word.remove_prefix(1);
    if (word == "-" + option) {
      if (++i == words.size()) reject(words[0], "has --" + option + " without a value");
      values.push_back(words[i]);
    } else if (word.starts_with("-" + option + "=")) {
      values.emplace_back(word.substr(option.size() + 2));
    }
  }
  return values;
}

void require_inside(const std::string& command, const std::string& path) {
  const auto parts = util::split(path, '/');
  if (!path.starts_with('/') || std::find(parts.begin(), parts.end(), "..") != parts.end())
    reject(command, "names " + util::escape_text(path) + ", which is no absolute path without '..'");
}

Link parse_link(const std::string& command, const std::string& value) {
  const auto colons = value.find("::");
  if (colons == std::string::npos || colons == 0) reject(command, "has a link '" + util::escape_text(value) + "' that is not TARGET::PATH");
  Link link{value.substr(0, colons), value.substr(colons + 2)};
  require_inside(command, link.path);
  return link;
}

template <typename T>
void add_once(std::vector<T>& list, T value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

bool does_nothing(const std::string& command) {
  for (const char* known :
       {"chmod", "disable-device-node-modification", "enable-cuda-compat", "cudacompat", "update-application-profile"}) {
    if (command == known) return true;
  }
  return false;
}

void translate(const Hook& hook, HookEffects& effects) {
  const auto words = words_of(hook);
  const std::string command = words.empty() ? std::string() : words[0];
  if (command == "create-symlinks") {
    for (const auto& value : values_of(words, "link")) add_once(effects.links, parse_link(command, value));
  } else if (command == "update-ldcache") {
    for (auto& directory : values_of(words, "folder")) {
      require_inside(command, directory);
      add_once(effects.library_directories, std::move(directory));
    }
  } else if (does_nothing(command)) {
    add_once(effects.ignored, command);
  } else {
    effects.foreign.push_back(hook);
  }
}

}  // namespace

HookEffects translate_hooks(const std::vector<Hook>& hooks) {
  HookEffects effects;
  for (const auto& hook : hooks) translate(hook, effects);
  return effects;
}

}  // namespace jcb::cdi
