// SPDX-License-Identifier: Apache-2.0
#include "api/build_cache.h"

#include <sys/stat.h>

#include "jcbuild/error.h"
#include "oci/reference.h"
#include "util/root.h"
#include "util/text.h"

namespace jcb::api {
namespace {

CachePlace parse_fields(const std::string& text, const std::string& option) {
  CachePlace place;
  for (const auto& field : util::split(text, ',')) {
    const auto equals = field.find('=');
    const std::string name = field.substr(0, equals), value = equals == std::string::npos ? "" : field.substr(equals + 1);
    if (name == "type" && value != "local")
      throw Error(ErrorKind::unsupported, option + " type=" + util::escape_text(value) + " is not supported", "use type=local, or oci:DIR");
    if (name == "src" || name == "dest") place.directory = value;
    if (name == "tag") place.tag = value;
    if (name != "type" && name != "src" && name != "dest" && name != "tag" && name != "mode")
      throw Error(ErrorKind::usage, option + " does not know '" + util::escape_text(name) + "'", "it knows type, src, dest, tag and mode");
  }
  return place;
}

}  // namespace

CachePlace parse_cache_place(const std::string& text, const std::string& option) {
  CachePlace place;
  if (text.starts_with("type=")) {
    place = parse_fields(text, option);
  } else if (text.find('/') != std::string::npos && text.find(':') == std::string::npos) {
    place.directory = text;
  } else {
    const auto name = oci::ImageName::parse(text);
    if (name.transport != oci::Transport::oci_layout)
      throw Error(ErrorKind::unsupported, option + " " + util::escape_text(text) + " is no layout: caches live in directories yet",
                  "use oci:DIR[:TAG], and carry it with skopeo copy");
    place.directory = name.path;
    if (!name.tag.empty()) place.tag = name.tag;
  }
  if (place.directory.empty()) throw Error(ErrorKind::usage, option + " names no directory", "for example " + option + " oci:DIR");
  return place;
}

oci::Layout open_cache(const CachePlace& place, bool create) {
  if (!create) return oci::Layout::open(util::Root::open(place.directory), place.directory);
  if (::mkdir(place.directory.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("make directory", place.directory);
  return oci::Layout::create(util::Root::open(place.directory), place.directory);
}

}  // namespace jcb::api
