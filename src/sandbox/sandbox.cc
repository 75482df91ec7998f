// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include "jcbuild/error.h"
#include "sandbox/isolation.h"
#include "sandbox/prepare.h"
#include "sandbox/supervise.h"
#include "util/text.h"

#include <cstring>

namespace jcb::sandbox {
namespace {

// The shell's convention: 127 not found, 126 found but no program.
util::ExitStatus explain_execute(const Report& report, const OutputSink& output) {
  const bool missing = report.error == ENOENT || report.error == ENOTDIR;
  const std::string cause = missing ? "not found" : "cannot execute: " + std::string(strerrordesc_np(report.error));
  output("jcbuild: " + util::escape_text(report.thing) + ": " + cause + "\n");
  return {missing ? 127 : 126, false};
}

util::ExitStatus judge(const std::vector<Report>& reports, const OutputSink& output) {
  for (const auto& report : reports) {
    if (report.operation == nullptr) return util::to_exit_status(report.wait_status);
    if (report.operation == k_execute) return explain_execute(report, output);
    throw_errno(std::string(report.operation) + " (sandbox)", report.thing, report.error);
  }
  throw Error(ErrorKind::system, "the sandbox was killed from outside", "look for the out-of-memory killer in dmesg");
}

}  // namespace

util::ExitStatus run_job(const Job& job, const OutputSink& output) {
  if (!is_isolated()) throw Error(ErrorKind::unsupported, "a sandbox needs enter_isolation first");
  const PreparedJob prepared(job);
  RunningJob running(prepared.plan());
  running.wait(output);
  return judge(running.read_reports(), output);
}

}  // namespace jcb::sandbox
