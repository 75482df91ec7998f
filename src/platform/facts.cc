// SPDX-License-Identifier: Apache-2.0
// Only files are read: no NVML, no nvidia-smi, whose answers differ between boards (Thor calls itself a desktop GPU)
// and whose time limit is a hang for the user.
#include "platform/facts.h"

#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

#include <map>
#include <optional>

namespace jcb::platform {
namespace {

constexpr std::uint64_t k_limit_bytes = 256 << 10;

// A file that cannot be read says nothing: a board must not become unusable through one odd file.
std::optional<std::string> find_fact(const util::Root& root, std::string_view path) {
  try {
    return root.find_file(path, k_limit_bytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::vector<util::DirEntry> list_or_nothing(const util::Root& root, const std::string& path) {
  try {
    return root.list(path);
  } catch (const Error&) {
    return {};
  }
}

// A device-tree property: one or several strings, each ended by NUL.
std::string device_tree_property(const util::Root& root, const std::string& name) {
  auto value = find_fact(root, "/proc/device-tree/" + name);
  if (!value) value = find_fact(root, "/sys/firmware/devicetree/base/" + name);
  if (!value) return {};
  while (value->ends_with('\0')) value->pop_back();
  return *value;
}

// "# R36 (release), REVISION: 4.3, GCID: ...": 36.4.3.
Version l4t_of_release_file(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto digits_after = [line](std::string_view mark) {
    const auto start = line.find(mark);
    if (start == std::string_view::npos) return std::string_view();
    const auto from = start + mark.size();
    return line.substr(from, line.find_first_not_of("0123456789.", from) - from);
  };
  const auto release = digits_after("# R"), revision = digits_after("REVISION: ");
  return Version::find(std::string(release) + "." + std::string(revision)).value_or(Version());
}

Version major_minor(std::string_view text) { return Version::find(text).value_or(Version()).prefix(2); }

Version cuda_of_version_file(const std::string& text) {
  try {
    const util::Json json = util::parse_json(text, "version.json");
    for (const char* part : {"cuda_nvcc", "cuda"}) {
      if (!json.is_object() || !json.contains(part)) continue;
      const std::string version = util::get_string(json[part], "version", part);
      if (!version.empty()) return major_minor(version);
    }
  } catch (const Error&) {
    // Not ours to repair: the library's name is asked next.
  }
  return {};
}

// The newest libcudart.so.X.Y.Z below one CUDA directory (only a runtime is installed there, without version.json).
Version cuda_of_runtime_library(const util::Root& root, const std::string& directory) {
  constexpr std::string_view k_library = "libcudart.so.";
  Version newest;
  for (const auto& target : list_or_nothing(root, directory + "/targets")) {
    for (const auto& file : list_or_nothing(root, directory + "/targets/" + target.name + "/lib")) {
      if (!file.name.starts_with(k_library)) continue;
      const auto version = Version::find(file.name.substr(k_library.size()));
      if (version && version->size() == 3 && *version > newest) newest = *version;
    }
  }
  return newest.prefix(2);
}

Version read_cuda(const util::Root& root) {
  if (const auto text = find_fact(root, "/usr/local/cuda/version.json")) {
    if (Version cuda = cuda_of_version_file(*text); !cuda.empty()) return cuda;
  }
  Version newest = cuda_of_runtime_library(root, "usr/local/cuda");
  if (!newest.empty()) return newest;
  for (const auto& entry : list_or_nothing(root, "usr/local")) {
    if (!entry.name.starts_with("cuda")) continue;
    newest = std::max(newest, cuda_of_runtime_library(root, "usr/local/" + entry.name));
  }
  return newest;
}

// os-release(5): KEY=value lines, the value perhaps in quotes. The values that we read hold no escapes.
std::map<std::string, std::string> os_release_fields(const std::string& text) {
  std::map<std::string, std::string> fields;
  for (const std::string& line : util::split(text, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || line.starts_with('#')) continue;
    std::string_view value = util::trim(std::string_view(line).substr(equals + 1));
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
    if (quoted) value = value.substr(1, value.size() - 2);
    fields[line.substr(0, equals)] = value;
  }
  return fields;
}

// A derivative (Linux Mint) is taken for the Ubuntu that it is made from, because only that has package archives that
// we can bootstrap. Other families give nothing.
Distribution read_distribution(const util::Root& root) {
  auto text = find_fact(root, "/etc/os-release");
  if (!text) text = find_fact(root, "/usr/lib/os-release");
  if (!text) return {};
  auto fields = os_release_fields(*text);
  const std::string id = fields["ID"];
  if (id == "debian" || id == "ubuntu") {
    Distribution distribution{id, fields["VERSION_ID"], fields["VERSION_CODENAME"]};
    if (auto known = find_distribution(id + ":" + distribution.version)) return *known;
    return distribution.codename.empty() ? Distribution() : distribution;
  }
  const std::string codename = fields["UBUNTU_CODENAME"];
  return codename.empty() ? Distribution() : find_distribution("ubuntu:" + codename).value_or(Distribution());
}

}  // namespace

MachineFacts read_machine_facts(const util::Root& root) {
  MachineFacts facts;
  facts.model = device_tree_property(root, "model");
  if (const auto text = find_fact(root, "/etc/nv_tegra_release")) facts.l4t = l4t_of_release_file(*text);
  facts.cuda = read_cuda(root);
  facts.distribution = read_distribution(root);
  facts.tegra = !facts.l4t.empty() || device_tree_property(root, "compatible").find("nvidia,tegra") != std::string::npos;
  return facts;
}

}  // namespace jcb::platform
