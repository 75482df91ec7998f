// SPDX-License-Identifier: Apache-2.0
// The texts that docker writes into an image's history. Tools read them (docker history, dive, trivy), so they are
// written exactly as BuildKit writes them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace jcb::build {

/// What BuildKit writes as the comment of every line.
inline constexpr const char* k_history_comment = "buildkit.dockerfile.v0";

/// "RUN |1 A=b /bin/sh -c make # buildkit"; `arguments` are "K=V".
std::string run_history(const std::vector<std::string>& arguments, const std::vector<std::string>& command);
/// "COPY --chown=1 a b /to/ # buildkit".
std::string copy_history(std::string_view keyword, const std::vector<std::string>& flags, const std::vector<std::string>& sources,
                         const std::string& destination);
/// `CMD ["/bin/sh" "-c" "x"]`, words quoted as Go does.
std::string command_history(std::string_view keyword, const std::vector<std::string>& command);
/// "VOLUME [/a /b]".
std::string list_history(std::string_view keyword, const std::vector<std::string>& words);
/// "ENV a=1 b=2".
std::string pairs_history(std::string_view keyword, const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace jcb::build
