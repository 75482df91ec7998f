// SPDX-License-Identifier: Apache-2.0
#include "cdi/spec_reader.h"

#include "cdi/edits_reader.h"
#include "cdi/fields.h"
#include "cdi/version.h"
#include "jcbuild/error.h"
#include "util/text.h"
#include "util/yaml.h"

#include <algorithm>
#include <set>

namespace jcb::cdi {
namespace {

using util::Node;
using util::reject;

constexpr util::NodeLimits k_limits{.bytes = k_max_spec_bytes, .depth = 16, .values = 400'000, .keys = 1'000};
constexpr std::size_t k_max_annotation_bytes = std::size_t{256} << 10;

std::string quoted(std::string_view text) { return "'" + util::escape_text(text) + "'"; }

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter_or_digit(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

bool is_dns_label(std::string_view label) {
  return !label.empty() && is_lower_or_digit(label.front()) && is_lower_or_digit(label.back()) &&
         std::all_of(label.begin(), label.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  const auto labels = util::split(text, '.');
  return text.size() <= 253 && std::all_of(labels.begin(), labels.end(), [](const auto& label) { return is_dns_label(label); });
}

// Kubernetes' rule of qualified names: [PREFIX/]NAME; the case of the prefix does not count.
bool is_annotation_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash != std::string_view::npos && !is_dns_subdomain(util::to_lower(key.substr(0, slash)))) return false;
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  return !name.empty() && name.size() <= 63 && is_letter_or_digit(name.front()) && is_letter_or_digit(name.back()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

Annotations read_annotations(const Fields& fields) {
  Annotations annotations;
  const Node* node = fields.find("annotations");
  if (node == nullptr) return annotations;
  if (!node->is_mapping()) reject(node->at, "'annotations' must be a mapping");
  std::size_t bytes = 0;
  for (const auto& entry : node->entries) {
    if (!is_annotation_key(entry.key)) reject(entry.at, quoted(entry.key) + " is no key of an annotation");
    const auto& value = annotations[entry.key] = entry.value.is_null() ? std::string() : read_text(entry.value, entry.key);
    bytes += entry.key.size() + value.size();
  }
  if (bytes > k_max_annotation_bytes) reject(node->at, "annotations of more than 256 KiB");
  return annotations;
}

Device read_device(const Node& node) {
  const Fields fields(node, {"name", "annotations", "containerEdits"}, "a device");
  Device device;
  device.name = fields.required_text("name");
  if (!is_device_name(device.name)) reject(fields.at("name"), quoted(device.name) + " is no name of a device");
  device.annotations = read_annotations(fields);
  if (const Node* edits = fields.find("containerEdits")) device.edits = read_edits(*edits);
  if (device.edits.is_empty()) reject(fields.at("containerEdits"), "the device " + quoted(device.name) + " edits nothing");
  return device;
}

std::vector<Device> read_devices(const Fields& fields) {
  std::vector<Device> devices;
  std::set<std::string> names;
  for (const auto& item : fields.list("devices")) {
    devices.push_back(read_device(item));
    if (!names.insert(devices.back().name).second) reject(item.at, "there are two devices " + quoted(devices.back().name));
  }
  if (devices.empty()) reject(fields.at("devices"), "the specification has no devices");
  return devices;
}

Node parse_node(const std::string& file, std::string_view text) {
  if (file.ends_with(".json")) return util::parse_json_node(file, text, k_limits);
  if (text.size() > k_max_spec_bytes) throw Error(ErrorKind::invalid, file + ": larger than 8 MiB");
  return util::parse_yaml({.file = file, .text = std::string(text), .lines = {}, .cut_columns = 0}, k_limits);
}

}  // namespace

Spec parse_spec(const std::string& file, std::string_view text) {
  const Node node = parse_node(file, text);
  if (node.is_null()) throw Error(ErrorKind::invalid, file + ": there is nothing in it");
  const Fields fields(node, {"cdiVersion", "kind", "annotations", "devices", "containerEdits"}, "a CDI specification");
  Spec spec;
  spec.version = parse_version(fields.required_text("cdiVersion"), file);
  spec.kind = parse_kind(fields.required_text("kind"), file + ": kind");
  spec.annotations = read_annotations(fields);
  if (const Node* edits = fields.find("containerEdits")) spec.edits = read_edits(*edits);
  spec.devices = read_devices(fields);
  check_version(spec, file);
  return spec;
}

}  // namespace jcb::cdi
