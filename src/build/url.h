#pragma once
#include <string>
#include <string_view>
namespace jcb::build {
std::string strip_userinfo(std::string_view url);
bool is_git_address(std::string_view text);
bool is_http_address(std::string_view text);
}  // namespace jcb::build
