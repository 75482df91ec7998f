// SPDX-License-Identifier: Apache-2.0
#include "api/parts.h"
#include "jcbuild/images.h"
#include "store/prune.h"
#include "store/verify.h"
#include "util/interrupt.h"
#include "util/json.h"

namespace jcb {
namespace {

std::string report(const VerifyResult& result) {
  util::Json problems = util::Json::array();
  for (const auto& problem : result.problems) problems.push_back({{"what", problem.what}, {"cause", problem.cause}});
  return util::to_pretty_text(
      {{"blobs", result.blobs}, {"tags", result.tags}, {"layers", result.layers}, {"records", result.records}, {"problems", problems}});
}

}  // namespace

VerifyResult verify_store(Session& session) {
  auto& parts = session.parts();
  parts.isolate();
  Task task(parts.progress(), 0, "verifying " + parts.store().path().native());
  const auto found = store::verify(parts.store(), parts.overlay_xattr(), [&](const std::string& what) {
    util::check_interrupt();
    task.line(what);
  });
  VerifyResult result{found.blobs, found.tags, found.layers, found.records, {}, {}};
  for (const auto& problem : found.problems) result.problems.push_back({problem.what, problem.cause});
  result.json = report(result);
  task.finish();
  return result;
}

std::uint64_t prune_store(Session& session, bool all, std::optional<std::uint64_t> keep_bytes) {
  auto& parts = session.parts();
  parts.enter_namespaces();
  return store::prune(parts.store(), all ? store::PruneScope::build_cache : store::PruneScope::garbage, keep_bytes);
}

}  // namespace jcb
