// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry for one target: -DJCBUILD_FUZZ_TARGET=NAME.
#include "fuzz/targets.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jcb::fuzz::JCBUILD_FUZZ_TARGET(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
