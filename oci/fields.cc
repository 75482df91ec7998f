// SPDX-License-Identifier: Apache-2.0
#include "oci/fields.h"

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::oci {

using util::Json;

void reject(std::string_view thing, const std::string& cause) { throw Error(ErrorKind::invalid, std::string(thing) + ": " + cause); }

const Json* find_field(const Json& object, const char* key, std::string_view thing) {
  if (!object.is_object()) reject(thing, "not a JSON object");
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json& require_field(const Json& object, const char* key, std::string_view thing) {
  const Json* field = find_field(object, key, thing);
  if (field == nullptr) reject(thing, "\"" + std::string(key) + "\" is missing");
  return *field;
}

std::map<std::string, std::string> get_string_map(const Json& object, const char* key, std::string_view thing) {
  std::map<std::string, std::string> strings;
  const Json* field = find_field(object, key, thing);
  if (field == nullptr) return strings;
  if (!field->is_object()) reject(thing, "\"" + std::string(key) + "\" is not an object");
  for (const auto& [name, value] : field->items()) {
    if (!value.is_string()) reject(thing, "\"" + std::string(key) + "\" holds something that is not a string");
    strings.emplace(name, value.get<std::string>());
  }
  return strings;
}

std::string check_document_type(const Json& document, std::string_view expected, std::string_view fallback, std::string_view thing) {
  const auto version = util::get_integer(document, "schemaVersion", thing);
  if (version == 1) reject(thing, "docker's schema 1 is not supported");
  if (version != 2) reject(thing, "\"schemaVersion\" is not 2");
  const auto own = util::get_string(document, "mediaType", thing);
  if (!expected.empty() && !own.empty() && own != expected)
    reject(thing, "it says it is " + util::escape_text(own) + ", its descriptor says " + util::escape_text(expected));
  if (!own.empty()) return own;
  return std::string(expected.empty() ? fallback : expected);
}

std::vector<Descriptor> get_descriptors(const Json& document, const char* key, std::size_t limit, std::string_view thing) {
  if (!document.contains(key)) reject(thing, "\"" + std::string(key) + "\" is missing");
  const Json& list = document[key];
  std::vector<Descriptor> descriptors;
  if (list.is_null()) return descriptors;
  if (!list.is_array()) reject(thing, "\"" + std::string(key) + "\" is not an array");
  if (list.size() > limit) reject(thing, "more than " + std::to_string(limit) + " entries in \"" + key + "\"");
  descriptors.reserve(list.size());
  for (const Json& entry : list)
    descriptors.push_back(Descriptor::from_json(entry, std::string(thing) + ", " + key + "[" + std::to_string(descriptors.size()) + "]"));
  return descriptors;
}

Json to_json(const std::map<std::string, std::string>& strings) {
  Json object = Json::object();
  for (const auto& [name, value] : strings) object[name] = value;
  return object;
}

Json to_json(const std::vector<Descriptor>& descriptors) {
  Json list = Json::array();
  for (const Descriptor& descriptor : descriptors) list.push_back(descriptor.to_json());
  return list;
}

}  // namespace jcb::oci
