#pragma once
#include <memory>
#include <string>
#include <vector>
#include "util/root.h"
namespace jcb::build {
enum class ModePolicy { as_is, normalised };
struct ContextOptions {
  ModePolicy modes = ModePolicy::as_is;
  bool keep_owners = false;
  std::string name = "the build context";
};
class Context {
 public:
  Context(util::Root root, ContextOptions);

 private:
  util::Root m_root;
};
}  // namespace jcb::build
