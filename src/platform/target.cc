// SPDX-License-Identifier: Apache-2.0
#include "platform/target.h"

#include "platform/l4t.h"

namespace jcb::platform {

std::string Target::default_base() const {
  if (is_tegra() && !l4t.empty()) return base_of_l4t(l4t, distribution);
  return "bootstrap:" + distribution.id + ":" + distribution.codename;
}

std::string Target::text() const {
  std::string text = cuda_arch;
  if (!l4t.empty()) text += " L4T " + l4t.text();
  if (!cuda.empty()) text += " CUDA " + cuda.text();
  text += " " + distribution.id;
  const std::string& release = distribution.version.empty() ? distribution.codename : distribution.version;
  if (!release.empty()) text += " " + release;
  return text;
}

}  // namespace jcb::platform
