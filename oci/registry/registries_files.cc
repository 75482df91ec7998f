// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/registries_files.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/config_paths.h"
#include "util/file.h"

namespace jcb::oci {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_max_file_bytes = 1 << 20;
constexpr const char* k_file = "registries.conf";

// Lays the file over `conf`; false when there is none.
bool merge_file(RegistriesConf& conf, const fs::path& file) {
  const auto text = util::find_file(file, k_max_file_bytes);
  if (text) merge_registries_conf(conf, parse_registries_conf(*text, file.native()));
  return text.has_value();
}

void merge_named_file(RegistriesConf& conf, const fs::path& file, const std::string& named_by) {
  if (!merge_file(conf, file)) throw Error(ErrorKind::not_found, "there is no " + file.native() + ", which " + named_by + " names");
}

void merge_drop_ins(RegistriesConf& conf, const fs::path& directory) {
  for (const std::string& name : list_files(directory, ".conf")) merge_file(conf, directory / name);
}

void merge_system_files(RegistriesConf& conf, const HostOptions& options) {
  if (merge_file(conf, system_path(options, "etc/containers") / k_file)) return;
  merge_file(conf, system_path(options, "usr/share/containers") / k_file);
}

void merge_table(std::vector<RegistryTable>& tables, RegistryTable later) {
  const auto same = std::find_if(tables.begin(), tables.end(), [&](const RegistryTable& table) { return table.prefix == later.prefix; });
  if (same == tables.end())
    tables.push_back(std::move(later));
  else
    *same = std::move(later);
}

}  // namespace

void merge_registries_conf(RegistriesConf& conf, RegistriesConf later) {
  if (later.search) conf.search = std::move(later.search);
  if (later.mode) conf.mode = later.mode;
  if (later.credential_helpers) conf.credential_helpers = std::move(later.credential_helpers);
  for (RegistryTable& table : later.registries) merge_table(conf.registries, std::move(table));
  for (auto& [name, target] : later.aliases) {
    if (target.empty())
      conf.aliases.erase(name);
    else
      conf.aliases[name] = std::move(target);
  }
}

RegistriesConf load_registries_conf(const HostOptions& options) {
  RegistriesConf conf;
  if (!options.registries_conf.empty()) {
    merge_named_file(conf, options.registries_conf, "--registries-conf");
    return conf;
  }
  const fs::path own = find_config_home(options).value_or(fs::path()) / "containers";
  const fs::path named = find_variable(options, "CONTAINERS_REGISTRIES_CONF");
  const bool has_own = named.empty() && own.is_absolute() && merge_file(conf, own / k_file);
  if (!named.empty())
    merge_named_file(conf, named, "CONTAINERS_REGISTRIES_CONF");
  else if (!has_own)
    merge_system_files(conf, options);
  if (!has_own) merge_drop_ins(conf, system_path(options, "etc/containers/registries.conf.d"));
  if (own.is_absolute()) merge_drop_ins(conf, own / "registries.conf.d");
  return conf;
}

}  // namespace jcb::oci
