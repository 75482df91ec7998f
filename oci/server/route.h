// SPDX-License-Identifier: Apache-2.0
// Which of the distribution-spec's endpoints a target names. Nothing here touches a file: what comes out is a name of the
// spec's grammar, a tag, a digest, or text that the server refuses.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace jcb::oci {

/// The endpoints that there are.
enum class RouteKind { base, catalog, tags, manifest, blob, referrers, unknown };

/// A target taken apart.
struct Route {
  RouteKind kind = RouteKind::unknown;
  std::string name;       ///< of the repository, unchecked
  std::string reference;  ///< tag or digest, unchecked
  std::map<std::string, std::string> query;
};

/// Takes a target apart. Throws Error(invalid) for malformed percent-encoding.
Route parse_route(std::string_view target);

/// Whether the text is a <name> of the distribution-spec ("Pulling manifests"), at most 255 bytes.
bool is_repository_name(std::string_view text);
/// Whether the text is a tag of the distribution-spec.
bool is_tag(std::string_view text);

}  // namespace jcb::oci
