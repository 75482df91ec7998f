// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace jcb::build {

/// Gives the content of the secret of a name, or nothing.
using FindSecret = std::function<std::optional<std::string>(const std::string& name)>;

/// `text` without the user information of every URL in it; of ssh URLs the user stays and the password goes. Whatever
/// may hold a URL of a user passes through here before it reaches a log, a history, a label or a key (CVE-2023-26054).
std::string strip_userinfo(std::string_view text);

}  // namespace jcb::build
