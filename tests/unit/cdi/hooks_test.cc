// SPDX-License-Identifier: Apache-2.0
#include "cdi/hooks.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb::cdi;
using Catch::Contains;

namespace {

Hook hook(const std::string& path, std::vector<std::string> args) { return {"createContainer", path, std::move(args), {}, {}}; }
Hook nvidia(std::vector<std::string> args) {
  args.insert(args.begin(), "nvidia-cdi-hook");
  return hook("/usr/bin/nvidia-cdi-hook", std::move(args));
}

}  // namespace

TEST_CASE("R10 R11: NVIDIA's hooks become links and directories, once each, and nothing runs") {
  const auto effects = translate_hooks({
      nvidia({"create-symlinks", "--link", "libcuda.so.1.1::/usr/lib/libcuda.so.1", "--link=libcuda.so.1::/usr/lib/libcuda.so"}),
      nvidia({"create-symlinks", "-link", "libcuda.so.1::/usr/lib/libcuda.so"}),
      nvidia({"enable-cuda-compat", "--host-cuda-version=12.6"}),
      nvidia({"update-ldcache", "--folder", "/usr/lib/nvidia", "--folder=/usr/lib", "--ldconfig-path", "/sbin/ldconfig"}),
      nvidia({"chmod", "--mode", "755", "--path", "/dev/dri"}),
      nvidia({"disable-device-node-modification"}),
      hook("/opt/bin/nvidia-ctk", {"nvidia-ctk", "hook", "update-ldcache", "--folder", "/usr/lib/nvidia", "--folder", "/opt/lib"}),
  });
  CHECK(effects.links == std::vector<Link>{{"libcuda.so.1.1", "/usr/lib/libcuda.so.1"}, {"libcuda.so.1", "/usr/lib/libcuda.so"}});
  CHECK(effects.library_directories == std::vector<std::string>{"/usr/lib/nvidia", "/usr/lib", "/opt/lib"});
  CHECK(effects.ignored == std::vector<std::string>{"enable-cuda-compat", "chmod", "disable-device-node-modification"});
  CHECK(effects.foreign.empty());
}

TEST_CASE("all other hooks are foreign") {
  const std::vector<Hook> foreign{
      hook("/usr/bin/other", {"other", "create-symlinks", "--link", "a::/b"}),
      hook("/usr/bin/nvidia-cdi-hook", {"nvidia-cdi-hook"}),
      hook("/usr/bin/nvidia-cdi-hook", {}),
      hook("/usr/bin/nvidia-cdi-hook", {"nvidia-cdi-hook", "something-new"}),
      hook("/usr/bin/nvidia-ctk", {"nvidia-ctk", "cdi", "generate"}),
      hook("/usr/bin/nvidia-ctk", {"nvidia-ctk", "create-symlinks", "--link", "a::/b"}),
      hook("/usr/bin/nvidia-cdi-hook-not", {"nvidia-cdi-hook", "chmod"}),
  };
  const auto effects = translate_hooks(foreign);
  CHECK(effects.foreign == foreign);
  CHECK(effects.links.empty());
}

TEST_CASE("links and directories that make no sense are refused") {
  CHECK_THROWS_WITH(translate_hooks({nvidia({"create-symlinks", "--link", "a:/b"})}), Contains("is not TARGET::PATH"));
  CHECK_THROWS_WITH(translate_hooks({nvidia({"create-symlinks", "--link", "::/b"})}), Contains("is not TARGET::PATH"));
  CHECK_THROWS_WITH(translate_hooks({nvidia({"create-symlinks", "--link", "a::b"})}), Contains("no absolute path"));
  CHECK_THROWS_WITH(translate_hooks({nvidia({"create-symlinks", "--link", "a::/x/../b"})}), Contains("no absolute path"));
  CHECK_THROWS_WITH(translate_hooks({nvidia({"create-symlinks", "--link"})}), Contains("--link without a value"));
  CHECK_THROWS_WITH(translate_hooks({nvidia({"update-ldcache", "--folder", "lib"})}), Contains("no absolute path"));
}
