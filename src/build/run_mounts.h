#pragma once
#include <string>
namespace jcb::build {
struct Secret {
  std::string content;
};
}  // namespace jcb::build
