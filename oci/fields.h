// SPDX-License-Identifier: Apache-2.0
// What the JSON documents of the image-spec share; internal to oci/.
#pragma once

#include "oci/descriptor.h"
#include "util/json.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// Throws Error(invalid) "THING: CAUSE".
[[noreturn]] void reject(std::string_view thing, const std::string& cause);

/// The value of a key, or nullptr when it is missing or null. Throws Error(invalid) unless `object` is an object.
const util::Json* find_field(const util::Json& object, const char* key, std::string_view thing);

/// As find_field for a key that has to be there (null counts as missing).
const util::Json& require_field(const util::Json& object, const char* key, std::string_view thing);

/// An object of strings; missing or null is empty.
std::map<std::string, std::string> get_string_map(const util::Json& object, const char* key, std::string_view thing);

/// The document's mediaType: what it says itself, else `expected`, else `fallback`. Throws Error(invalid) where it says
/// something other than `expected`, and unless schemaVersion is 2.
std::string check_document_type(const util::Json& document, std::string_view expected, std::string_view fallback, std::string_view thing);

/// An array of at most `limit` descriptors. The key has to be there; null, which Go writes for an empty list, is empty.
std::vector<Descriptor> get_descriptors(const util::Json& document, const char* key, std::size_t limit, std::string_view thing);

/// An object of strings as JSON.
util::Json to_json(const std::map<std::string, std::string>& strings);
/// An array of descriptors as JSON.
util::Json to_json(const std::vector<Descriptor>& descriptors);

}  // namespace jcb::oci
