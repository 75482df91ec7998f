// SPDX-License-Identifier: Apache-2.0
#include "build/context.h"
#include "build/source_file.h"
#include "dockerfile/ast.h"
#include "dockerfile/expand.h"
#include "dockerfile/ignore.h"
#include "dockerfile/lint.h"
#include "jcbuild/build.h"
#include "oci/descriptor.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb {
namespace {

namespace fs = std::filesystem;

dockerfile::LintOptions lint_options(const BuildRequest& request, const fs::path& dockerfile) {
  dockerfile::LintOptions options;
  options.build_args = {request.build_args.begin(), request.build_args.end()};
  options.platform = request.platforms.empty() ? oci::Platform::host().text() : oci::Platform::parse(request.platforms.front()).text();
  options.target = request.target;
  std::error_code error;
  if (!fs::is_directory(request.context, error)) return options;
  const auto rules = build::find_ignore_rules(util::Root::open(request.context), dockerfile);
  if (rules && !rules->has_exceptions()) options.is_ignored = [rules](std::string_view path) { return rules->is_ignored(path); };
  return options;
}

}  // namespace

std::string show_ast(const fs::path& path) {
  const auto text = util::find_file(path, build::k_max_dockerfile_bytes);
  if (!text) throw Error(ErrorKind::not_found, "there is no file " + path.native());
  return dockerfile::to_ast(dockerfile::parse_instructions(*text, path.native()));
}

std::string show_expansion(const std::string& word, const std::map<std::string, std::string>& environment, bool words) {
  const dockerfile::Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(std::string(name));
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  if (words) return util::to_text(util::Json(dockerfile::expand_words(word, lookup)));
  return dockerfile::expand_word(word, lookup);
}

CheckResult check_dockerfile(Session&, const BuildRequest& request) {
  const fs::path path = request.dockerfile.empty() ? fs::path(request.context) / "Dockerfile" : fs::path(request.dockerfile);
  const auto text = util::find_file(path, build::k_max_dockerfile_bytes);
  if (!text) throw Error(ErrorKind::not_found, "there is no Dockerfile " + path.native(), "name the Dockerfile with -f FILE");
  const auto file = dockerfile::parse_dockerfile(*text, path.native());
  const auto result = dockerfile::lint(file, lint_options(request, path));
  return {dockerfile::format_lint_text(path.native(), *text, result), dockerfile::format_lint_json(path.native(), result),
          result.warnings.size()};
}

}  // namespace jcb
