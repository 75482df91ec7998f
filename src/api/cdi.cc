// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/cdi.h"

#include "api/devices.h"
#include "api/parts.h"
#include "cdi/apply.h"
#include "cdi/hooks.h"
#include "cdi/spec_reader.h"
#include "cdi/version.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb {
namespace {

using util::Json;

constexpr std::uint64_t k_max_config_bytes = std::uint64_t{16} << 20;

CdiDevice describe(const cdi::Catalog::Entry& entry) {
  CdiDevice device{entry.name(), entry.file->file, entry.file->priority, build::allows_itself(entry), entry.device->annotations};
  device.annotations.insert(entry.file->spec.annotations.begin(), entry.file->spec.annotations.end());
  return device;
}

Json to_json(const CdiListing& listing) {
  Json devices = Json::array(), problems = Json::array();
  for (const auto& device : listing.devices) {
    Json annotations = Json::object();
    for (const auto& [key, value] : device.annotations) annotations[key] = value;
    devices.push_back({{"name", device.name},
                       {"file", device.file},
                       {"priority", device.priority},
                       {"auto_allow", device.auto_allow},
                       {"annotations", annotations}});
  }
  for (const auto& problem : listing.problems) problems.push_back({{"file", problem.file}, {"message", problem.message}});
  return {{"directories", listing.directories}, {"devices", devices}, {"problems", problems}};
}

cdi::ContainerEdits all_edits(const cdi::Spec& spec) {
  cdi::ContainerEdits edits = spec.edits;
  for (const auto& device : spec.devices) edits.append(device.edits);
  return edits;
}

}  // namespace

CdiListing list_cdi_devices(Session& session, const std::vector<std::filesystem::path>& directories) {
  const cdi::Catalog catalog(api::read_device_specs(session.parts(), directories));
  CdiListing listing;
  listing.directories = catalog.directories();
  for (const auto& [name, entry] : catalog.devices()) listing.devices.push_back(describe(entry));
  for (const auto& problem : catalog.problems()) listing.problems.push_back({problem.file, problem.message});
  listing.json = util::to_pretty_text(to_json(listing));
  return listing;
}

std::string validate_cdi_spec(const std::filesystem::path& file) {
  const auto text = util::find_file(file, cdi::k_max_spec_bytes);
  if (!text) throw Error(ErrorKind::not_found, "there is no file " + util::escape_text(file.native()));
  const auto spec = cdi::parse_spec(file.native(), *text);
  std::vector<std::string> names;
  for (const auto& device : spec.devices) names.push_back(device.name);
  std::string report = util::escape_text(file.native()) + ": CDI " + spec.version + " (needs " + cdi::minimum_version(spec) + "), " +
                       spec.kind.text() + ": " + util::join(names, " ") + "\n";
  for (const auto& hook : cdi::translate_hooks(all_edits(spec).hooks).foreign)
    report += "the hook " + util::escape_text(hook.path) + " (" + hook.name + ") is not known here: builds refuse its devices\n";
  return report;
}

std::string apply_cdi_devices(Session& session, const CdiApplyRequest& request) {
  const cdi::Catalog catalog(api::read_device_specs(session.parts(), request.directories));
  const auto edits = catalog.edits_of(request.devices);
  const std::string name = request.config.native();
  Json config = util::parse_json(util::read_file(request.config, k_max_config_bytes), name, {.bytes = k_max_config_bytes});
  cdi::ApplyOptions options;
  options.hooks = request.hooks;
  in_step("editing " + util::escape_text(name), [&] { cdi::apply_edits(edits, config, options); });
  return util::to_pretty_text(config) + "\n";
}

}  // namespace jcb
