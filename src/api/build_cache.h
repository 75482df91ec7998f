// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/parts.h"
#include "build/cache_place.h"
#include "oci/reference.h"

namespace jcb::api {

/// A place for a build cache as --cache-from and --cache-to name it: a directory, or a repository.
struct CacheName {
  std::string directory;
  std::string tag = "cache";
  std::optional<oci::Reference> reference;
  std::string text() const { return reference ? reference->text() : directory + ":" + tag; }
};

/// Parses "oci:DIR[:TAG]", a directory, "docker://HOST/REPO:TAG" and the same without docker://, and buildx's
/// "type=local,src=DIR", "type=local,dest=DIR" and "type=registry,ref=HOST/REPO:TAG" (mode= is accepted: everything is
/// always kept). Throws Error(usage); Error(unsupported) for buildx's other types.
CacheName parse_cache_name(const std::string& text, const std::string& option);

/// Opens the place for reading. Throws Error.
std::unique_ptr<build::CachePlace> open_cache(Session::Parts& parts, const CacheName& name, TaskId parent);
/// Opens the place for writing, making it when it is missing. Throws Error.
std::unique_ptr<build::CachePlace> create_cache(Session::Parts& parts, const CacheName& name, TaskId parent);

}  // namespace jcb::api
