// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "build/commit.h"
#include "build/stage.h"
#include "jcbuild/progress.h"
#include "oci/reference.h"
#include "oci/registry/registries.h"
#include "store/store.h"

namespace jcb::build {

/// What `created` and clamped times are where nothing else says so: 1980-01-01T00:00:00Z, the first moment that zip
/// archives (Python wheels) can express.
inline constexpr std::int64_t k_default_epoch = 315532800;

/// How bases come into the store.
struct BaseAccess {
  CommitOptions commit;
  /// For names that the store lacks; called when there is one. Empty: they are Error(not_found).
  std::function<oci::Registries&()> registries;
  bool always_ask = false;  ///< `--pull`: the registry is asked even for names that the store has
  unsigned connections = 8;
};

/// Brings the image that a FROM or --base names into the store for `platform`, unpacked, and returns it as a base. `bootstrap:` images
/// are made once and found again by distribution, suite, architecture and the host's mirror configuration; names that the
/// store lacks are pulled and tagged. Needs enter_isolation. Throws Error.
Base load_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform, const BaseAccess& access,
               Progress& progress, TaskId parent);

/// The same, but only when nothing has to be made, copied, unpacked or asked for it; needs no isolation. Throws Error for a
/// name that cannot be a base.
std::optional<Base> find_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform,
                              const BaseAccess& access);

/// The SOURCE_DATE_EPOCH of a build: the given one (text from the environment) or else the base's creation time or else
/// k_default_epoch. Throws Error(usage) when the text is no number.
std::int64_t choose_epoch(const std::optional<std::string>& given, const Base& base);

}  // namespace jcb::build
