// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "jcbuild/progress.h"
#include "oci/layer/layer.h"
#include "store/store.h"

namespace jcb::build {

struct CommitOptions {
  oci::CompressionChoice compression;
  oci::OverlayXattr overlay_xattr = oci::OverlayXattr::user;
};

/// Makes one layer of the trees of one or more steps (bottom first): merged by hard links, packed once, blob and unpacked
/// directory published. `below` names the trees under them, bottom first: a deletion is kept only if something there has
/// the path. Nothing when the trees amount to no change.
std::optional<store::Layer> commit_layer(const store::Store& store, const std::vector<std::string>& trees,
                                         const std::vector<std::string>& below, const CommitOptions& options, Task& task);

}  // namespace jcb::build
