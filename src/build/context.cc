// SPDX-License-Identifier: Apache-2.0
#include "build/context.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::build {
std::uint32_t Context::image_mode(std::uint32_t mode) const noexcept {
  if (m_options.modes == ModePolicy::as_is) return mode & 07777U;
  if (S_ISLNK(mode)) return 0777;
  return S_ISDIR(mode) || (mode & S_IXUSR) != 0 ? 0755 : 0644;
}
}
