// SPDX-License-Identifier: Apache-2.0
#include "api/build_cache.h"

#include <sys/stat.h>

#include "api/remote_image.h"
#include "jcbuild/error.h"
#include "util/root.h"
#include "util/text.h"

namespace jcb::api {
namespace {

oci::Reference parse_reference(const std::string& text, const std::string& option) {
  const auto name = oci::ImageName::parse(text.starts_with("docker://") ? text : "docker://" + text);
  if (name.reference->digest()) throw Error(ErrorKind::usage, option + " " + util::escape_text(text) + " names a digest", "name a tag");
  return *name.reference;
}

void check_type(const std::string& type, const std::string& option) {
  if (type != "local" && type != "registry")
    throw Error(ErrorKind::unsupported, option + " type=" + util::escape_text(type) + " is not supported",
                "use type=local, type=registry, oci:DIR or docker://HOST/REPO:TAG");
}

CacheName parse_fields(const std::string& text, const std::string& option) {
  CacheName name;
  for (const auto& field : util::split(text, ',')) {
    const auto equals = field.find('=');
    const std::string key = field.substr(0, equals), value = equals == std::string::npos ? "" : field.substr(equals + 1);
    if (key == "type") {
      check_type(value, option);
    } else if (key == "src" || key == "dest") {
      name.directory = value;
    } else if (key == "tag") {
      name.tag = value;
    } else if (key == "ref") {
      name.reference = parse_reference(value, option);
    } else if (key != "mode") {
      throw Error(ErrorKind::usage, option + " does not know '" + util::escape_text(key) + "'",
                  "it knows type, src, dest, tag, ref and mode");
    }
  }
  return name;
}

CacheName from_image_name(const std::string& text, const std::string& option) {
  const auto parsed = oci::ImageName::parse(text);
  CacheName name;
  if (parsed.transport == oci::Transport::registry || parsed.transport == oci::Transport::store) {
    name.reference = parse_reference(text, option);
    return name;
  }
  if (parsed.transport != oci::Transport::oci_layout)
    throw Error(ErrorKind::unsupported, option + " " + util::escape_text(text) + " is neither a layout nor a repository",
                "use oci:DIR[:TAG] or docker://HOST/REPO:TAG");
  name.directory = parsed.path;
  if (!parsed.tag.empty()) name.tag = parsed.tag;
  return name;
}

build::RemoteCacheOptions remote_options(Session::Parts& parts, TaskId parent) {
  return {pull_options(parts, parent), push_options(parts, parent)};
}

std::string tag_of(const oci::Reference& reference) { return reference.tag().empty() ? "latest" : reference.tag(); }

}  // namespace

CacheName parse_cache_name(const std::string& text, const std::string& option) {
  CacheName name;
  if (text.starts_with("type=")) {
    name = parse_fields(text, option);
  } else if (text.find('/') != std::string::npos && text.find(':') == std::string::npos) {
    name.directory = text;
  } else {
    name = from_image_name(text, option);
  }
  if (name.directory.empty() && !name.reference)
    throw Error(ErrorKind::usage, option + " names no place", "for example " + option + " oci:DIR");
  return name;
}

std::unique_ptr<build::CachePlace> open_cache(Session::Parts& parts, const CacheName& name, TaskId parent) {
  if (!name.reference) return build::make_layout_cache(oci::Layout::open(util::Root::open(name.directory), name.directory), name.tag);
  const auto found = parts.registries().find(*name.reference);
  return build::make_registry_cache(parts.store(), found.client, tag_of(*name.reference), remote_options(parts, parent));
}

std::unique_ptr<build::CachePlace> create_cache(Session::Parts& parts, const CacheName& name, TaskId parent) {
  if (name.reference) {
    auto& registries = parts.target_registries();
    const auto reference = registries.hosts().expand_short_name(*name.reference).front();
    return build::make_registry_cache(parts.store(), registries.open_for_push(reference), tag_of(reference), remote_options(parts, parent));
  }
  const auto& path = name.directory;
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("make directory", path);
  return build::make_layout_cache(oci::Layout::create(util::Root::open(path), path), name.tag);
}

}  // namespace jcb::api
