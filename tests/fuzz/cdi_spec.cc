// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"

#include "cdi/apply.h"
#include "cdi/hooks.h"
#include "cdi/spec_reader.h"
#include "cdi/version.h"
#include "jcbuild/error.h"

namespace jcb::fuzz {
namespace {

// A host on which half of all paths are devices.
std::optional<cdi::HostNode> find_node(const std::string& path) {
  if (path.size() % 2 == 0) return std::nullopt;
  return cdi::HostNode{path.size() % 3 == 0 ? "b" : "c", 195, 7, 0660};
}

void check_paths(const cdi::ContainerEdits& edits) {
  const auto is_clean = [](const std::string& path) { return path.starts_with('/') && path.find('\0') == std::string::npos; };
  for (const auto& node : edits.device_nodes) require(is_clean(node.path), "paths of nodes are absolute");
  for (const auto& mount : edits.mounts) require(is_clean(mount.container_path), "targets of mounts are absolute");
  for (const auto& entry : edits.env) require(entry.find('=') != std::string::npos && entry[0] != '=', "variables have names");
}

void edit(const cdi::ContainerEdits& edits) {
  util::Json config = util::Json::parse(R"({"process":{"env":["A=1"],"user":{"uid":7}},"mounts":[{"destination":"/a/b"}],
    "linux":{"namespaces":[{"type":"user"}]}})");
  const util::Json before = config;
  try {
    cdi::apply_edits(edits, config, {.host = find_node});
  } catch (const Error&) {
    require(config == before, "edits that fail leave the config as it was");
  }
  try {
    for (const auto& link : cdi::translate_hooks(edits.hooks).links) require(link.path.starts_with('/'), "links lie at absolute paths");
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid, "a refused hook is invalid input");
  }
}

}  // namespace

void cdi_spec(std::string_view input) {
  const bool json = !input.empty() && input[0] == '{';
  try {
    const cdi::Spec spec = cdi::parse_spec(json ? "f.json" : "f.yaml", input);
    require(!spec.devices.empty(), "a specification has devices");
    require(cdi::parse_version(cdi::minimum_version(spec), "f") <= "1.1.0", "the least version is a version");
    cdi::ContainerEdits all = spec.edits;
    for (const auto& device : spec.devices) {
      require(cdi::is_qualified_name(spec.kind.text() + "=" + device.name), "devices have full names");
      require(!device.edits.is_empty(), "devices edit something");
      all.append(device.edits);
    }
    check_paths(all);
    edit(all);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid, "a refused specification is invalid input");
  }
}

}  // namespace jcb::fuzz
