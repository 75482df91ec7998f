// SPDX-License-Identifier: Apache-2.0
#include "oci/server/route.h"

#include <algorithm>
#include <vector>

#include "jcbuild/error.h"
#include "oci/reference.h"
#include "oci/registry/http_url.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_name_bytes = 255;

// RFC 9112 section 3.2.2: servers take the absolute form, too.
std::string_view path_and_query(std::string_view target) {
  if (!is_http_url(target)) return target;
  const auto path = target.find('/', target.find("://") + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> query;
  for (const std::string& pair : util::split(text, '&')) {
    const auto equals = pair.find('=');
    std::string value = equals == std::string::npos ? std::string() : pair.substr(equals + 1);
    std::replace(value.begin(), value.end(), '+', ' ');
    query.emplace(decode_percent(pair.substr(0, equals)), decode_percent(value));
  }
  return query;
}

std::string join_name(const std::vector<std::string>& parts, std::size_t count) {
  return util::join({parts.begin() + 1, parts.begin() + static_cast<std::ptrdiff_t>(count)}, "/");
}

RouteKind kind_of(const std::string& word) {
  if (word == "manifests") return RouteKind::manifest;
  if (word == "blobs") return RouteKind::blob;
  return word == "referrers" ? RouteKind::referrers : RouteKind::unknown;
}

// Names may hold words such as "blobs", so it is the end of a path that tells.
void read_path(const std::vector<std::string>& parts, Route& route) {
  if (parts.empty() || parts.front() != "v2") return;
  const std::size_t count = parts.size();
  if (count == 1 || (count == 2 && parts[1].empty())) {
    route.kind = RouteKind::base;
  } else if (count == 2 && parts[1] == "_catalog") {
    route.kind = RouteKind::catalog;
  } else if (count >= 4 && parts[count - 2] == "tags" && parts[count - 1] == "list") {
    route.kind = RouteKind::tags;
    route.name = join_name(parts, count - 2);
  } else if (count >= 4 && kind_of(parts[count - 2]) != RouteKind::unknown) {
    route.kind = kind_of(parts[count - 2]);
    route.name = join_name(parts, count - 2);
    route.reference = parts[count - 1];
  }
}

bool is_component(const std::string& text) {
  try {
    return Reference::parse(text).text() == text && text.find_first_of(":@") == std::string::npos;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Route parse_route(std::string_view target) {
  target = path_and_query(target);
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  Route route;
  if (!path.starts_with('/')) return route;
  if (question != std::string_view::npos) route.query = parse_query(target.substr(question + 1));
  // Decoded after it was split: an encoded slash separates nothing.
  std::vector<std::string> parts = util::split(path.substr(1), '/');
  for (std::string& part : parts) part = decode_percent(part);
  read_path(parts, route);
  return route;
}

bool is_repository_name(std::string_view text) {
  if (text.empty() || text.size() > k_max_name_bytes) return false;
  const auto components = util::split(text, '/');
  return std::all_of(components.begin(), components.end(), is_component);
}

bool is_tag(std::string_view text) {
  try {
    return text.find('@') == std::string_view::npos && Reference::parse("x:" + std::string(text)).tag() == text;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace jcb::oci
