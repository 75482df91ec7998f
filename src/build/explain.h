// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "build/stage.h"
#include "store/store.h"

namespace jcb::build {

/// Remembers of what a step's key was made when it last ran at its place, to say later why it runs again. Values are
/// kept as digests: some of them are nobody's business.
class CacheExplainer {
 public:
  /// Borrows the store.
  explicit CacheExplainer(const store::Store& store) : m_store(store) {}

  /// `place` names the step: Dockerfile, stage and position. Says which part of the key is the first that differs from
  /// when the step last ran there, such as "variable CUDA_VERSION has changed".
  std::string explain(const std::string& place, const std::vector<KeyPart>& parts) const;
  void remember(const std::string& place, const std::vector<KeyPart>& parts) const;

 private:
  const store::Store& m_store;
};

}  // namespace jcb::build
