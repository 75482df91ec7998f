// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/image_name.h"

#include "util/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_longest_name = 255, k_longest_tag = 128;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

template <typename Test>
bool are_all(std::string_view text, Test test) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

// Runs of lower case letters and digits, between them ".", "_", "__" or any number of "-".
bool is_path_component(std::string_view text) {
  const auto is_inner = [](char c) { return is_lower(c) || is_digit(c); };
  while (true) {
    const auto run = std::find_if_not(text.begin(), text.end(), is_inner);
    if (run == text.begin()) return false;
    text.remove_prefix(static_cast<std::size_t>(run - text.begin()));
    if (text.empty()) return true;
    const auto end = std::find_if(text.begin(), text.end(), is_inner);
    const std::string_view separator = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    const bool known =
        separator == "." || separator == "_" || separator == "__" || separator.find_first_not_of('-') == std::string_view::npos;
    if (!known) return false;
    text.remove_prefix(separator.size());
  }
}

bool is_tag(std::string_view text) {
  if (text.size() > k_longest_tag || text.empty() || text[0] == '.' || text[0] == '-') return false;
  return are_all(text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && are_all(text.substr(0, colon), is_alphanumeric) && text.size() - colon > 32 &&
         are_all(text.substr(colon + 1), is_hex);
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) return text.find(']') != std::string_view::npos;
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && !are_all(text.substr(colon + 1), is_digit)) return false;
  text = text.substr(0, colon);
  return are_all(text, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; }) && is_alphanumeric(text[0]) &&
         is_alphanumeric(text.back());
}

// The first part of a name is a host when it cannot be a path.
bool looks_like_host(std::string_view part) {
  return part == "localhost" || part.find_first_of(".:") != std::string_view::npos || std::any_of(part.begin(), part.end(), is_upper);
}

bool is_repository(std::string_view text) {
  if (text.size() > k_longest_name) return false;
  std::vector<std::string> parts = util::split(text, '/');
  if (parts.size() > 1 && looks_like_host(parts[0])) {
    if (!is_host(parts[0])) return false;
    parts.erase(parts.begin());
  }
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) { return is_path_component(part); });
}

// Other names of architectures.
std::string usual_architecture(const std::string& name) {
  if (name == "x86_64" || name == "x86-64") return "amd64";
  if (name == "aarch64") return "arm64";
  if (name == "i386") return "386";
  return name == "armhf" || name == "armel" ? "arm" : name;
}

bool is_platform_word(std::string_view text) {
  return are_all(text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace

bool is_image_name(std::string_view text) {
  if (text.size() == 64 && are_all(text, is_hex)) return false;  // would be the id of an image
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    if (!is_digest(text.substr(at + 1))) return false;
    text = text.substr(0, at);
  }
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find('/', colon) == std::string_view::npos) {
    if (!is_tag(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  return is_repository(text);
}

std::optional<PlatformWords> find_platform(std::string_view text) {
  static constexpr std::array<std::string_view, 12> k_systems{"aix",   "android", "darwin",  "dragonfly", "freebsd", "illumos",
                                                              "linux", "netbsd",  "openbsd", "plan9",     "solaris", "windows"};
  static constexpr std::array<std::string_view, 12> k_architectures{"386",      "amd64", "arm",     "arm64",   "loong64", "mips64",
                                                                    "mips64le", "ppc64", "ppc64le", "riscv64", "s390x",   "wasm"};
  const std::vector<std::string> parts = util::split(util::to_lower(text), '/');
  if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_platform_word)) return std::nullopt;
  if (parts.size() > 1) return PlatformWords{parts[0], usual_architecture(parts[1])};
  const std::string architecture = usual_architecture(parts[0]);
  if (std::find(k_systems.begin(), k_systems.end(), parts[0]) != k_systems.end()) return PlatformWords{parts[0], {}};
  if (std::find(k_architectures.begin(), k_architectures.end(), architecture) == k_architectures.end()) return std::nullopt;
  return PlatformWords{"linux", architecture};
}

}  // namespace jcb::dockerfile
