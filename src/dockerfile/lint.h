// SPDX-License-Identifier: Apache-2.0
// The checks of BuildKit's linter (frontend/dockerfile/linter): what builds, and is probably not what was meant. Rules
// have BuildKit's names, so that `# check=skip=...` comments and people's habits carry over. Pure: what only the outside
// knows (base images, the ignore file) comes in through LintOptions. InvalidBaseImagePlatform is left out, for it is
// known only once an image was pulled.
#pragma once

#include "dockerfile/instruction.h"
#include "jcbuild/error.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// One thing to look at.
struct LintWarning {
  std::string rule;         ///< "StageNameCasing"
  std::string description;  ///< what the rule is about, a sentence
  std::string url;          ///< the rule's page
  std::string message;      ///< what is wrong here; one line, may hold any text of the file
  Position position;
  std::size_t last_line = 0;  ///< the last line of what it is about
};

/// What the check wants to know of a base image.
struct LintBaseImage {
  std::map<std::string, std::string, std::less<>> environment;
  bool has_shell = false;  ///< its configuration sets a Shell
};

/// What a Dockerfile does not say itself.
struct LintOptions {
  std::map<std::string, std::string, std::less<>> build_args;
  std::string platform = "linux/arm64";  ///< the target's, OS/ARCH[/VARIANT]; the build platform is taken to be the same
  std::string target;                    ///< the stage that is built; empty for the last one
  /// The base image of that name, or nothing when it is not at hand. On an image that is not known, a variable counts as
  /// undefined only where it has four letters or more and one with nearly its name is defined.
  std::function<std::optional<LintBaseImage>(std::string_view image)> find_base;
  /// Whether the context leaves out a path (relative, cleaned). Empty where there is no ignore file, and where it has
  /// exceptions (`!`), which make the answer for a directory uncertain.
  std::function<bool(std::string_view path)> is_ignored;
  bool everything_is_ignored = false;  ///< one of the patterns is `*`, `**` or `**/*`
  /// Used instead of the file's check directive (BuildKit: build argument BUILDKIT_DOCKERFILE_CHECK).
  std::optional<std::string> check;
};

/// What the check found, ordered by line.
struct LintResult {
  std::vector<LintWarning> warnings;
  bool is_error = false;  ///< there are warnings, and `error=true` was asked for

  /// "the check found what error=true forbids: RULE, RULE"; the rules in alphabetical order.
  std::string error_message() const;
};

/// Checks a whole file that parse_dockerfile accepted. Throws Error(invalid) for malformed `options.check`, and where
/// variables expand to more than 256 MiB.
LintResult lint(const Dockerfile& file, const LintOptions& options = {});

/// For people, in BuildKit's form: for each warning an empty line, "WARNING: RULE - URL", the message, and the lines of
/// `text` around the place; those that it is about are marked, a caret stands under where it begins. Safe to print.
std::string format_lint_text(std::string_view name, std::string_view text, const LintResult& result);

/// One JSON record: {"file", "warnings": [{"rule", "message", "line", "column", "last_line", "description", "url"}],
/// "error": null | {"kind", "message", "hint"}}. `error` is the one given, for example of parsing, else that of
/// `error=true`.
std::string format_lint_json(std::string_view name, const LintResult& result, const Error* error = nullptr);

}  // namespace jcb::dockerfile
