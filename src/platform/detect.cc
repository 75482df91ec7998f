// SPDX-License-Identifier: Apache-2.0
// A target is either this machine, or one that the user describes. Facts of the machine count only for the former: the
// CUDA of the laptop that prepares an image for a Jetson says nothing about the Jetson.
#include "platform/facts.h"
#include "platform/l4t.h"
#include "platform/overrides.h"
#include "platform/target.h"

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::platform {
namespace {

constexpr std::string_view k_tegra = "tegra-aarch64";
// What upstream puts into every container that is not for a Jetson.
constexpr std::string_view k_default_distribution = "ubuntu:24.04";

std::string cuda_arch_of(const std::string& processor, bool tegra) {
  return processor == "aarch64" && tegra ? std::string(k_tegra) : processor;
}

// The processor and the family that the user wants; the machine's own where nothing is said.
void choose_architecture(Target& target, const ParsedOverrides& wanted, const std::string& machine, const MachineFacts& facts) {
  const bool l4t_wanted = !wanted.l4t.empty();
  target.arch = !wanted.processor.empty() ? wanted.processor : l4t_wanted ? "aarch64" : machine;
  if (!wanted.cuda_arch.empty()) {
    target.cuda_arch = wanted.cuda_arch;
  } else {
    target.cuda_arch = cuda_arch_of(target.arch, l4t_wanted || (target.arch == machine && facts.tegra));
  }
}

// Whether the target is the very machine we run on, so that its files describe the target.
bool is_this_machine(const Target& target, const ParsedOverrides& wanted, const std::string& machine, const MachineFacts& facts) {
  if (target.cuda_arch != cuda_arch_of(machine, facts.tegra)) return false;
  return wanted.l4t.empty() || wanted.l4t == facts.l4t;
}

Distribution choose_distribution(const Target& target, bool this_machine, const MachineFacts& facts) {
  if (this_machine && !facts.distribution.id.empty()) return facts.distribution;
  if (target.is_tegra()) {
    const Distribution native = distribution_of_l4t(target.l4t);
    if (!native.id.empty()) return native;
  }
  return find_distribution(k_default_distribution).value();
}

Version choose_cuda(const Target& target, bool this_machine, const MachineFacts& facts) {
  if (this_machine && !facts.cuda.empty()) return facts.cuda;
  return target.l4t.empty() ? Version() : cuda_of_l4t(target.l4t);
}

std::vector<int> architectures_of(const Target& target) {
  if (target.is_tegra()) return cuda_architectures_of_l4t(target.l4t);
  if (target.cuda.empty()) return {};
  if (target.arch == "aarch64") return {87, 90, 100, 103, 110, 120, 121};
  // Upstream's order: it ends up in build arguments.
  if (target.cuda.major() >= 13) return {80, 90, 100, 120, 103, 110, 121};
  return {80, 90, 100, 120};
}

void require_l4t(const Target& target, const ParsedOverrides& wanted) {
  if (!target.is_tegra() || !target.l4t.empty() || wanted.cuda_arch.empty()) return;
  throw Error(ErrorKind::usage, "a target of architecture tegra-aarch64 needs an L4T version, and this machine has none",
              "add --l4t, for example --l4t 36.4.3");
}

}  // namespace

Target detect_target(const util::Root& root, std::string_view machine, const TargetOverrides& overrides) {
  const auto own = find_processor(machine);
  if (!own) throw Error(ErrorKind::unsupported, "machine '" + util::escape_text(machine) + "' is neither x86_64 nor aarch64");
  const ParsedOverrides wanted = parse_overrides(overrides);
  const MachineFacts facts = read_machine_facts(root);

  Target target;
  choose_architecture(target, wanted, *own, facts);
  const bool this_machine = is_this_machine(target, wanted, *own, facts);
  target.l4t = !wanted.l4t.empty() ? wanted.l4t : this_machine ? facts.l4t : Version();
  require_l4t(target, wanted);
  if (!target.l4t.empty()) target.jetpack = jetpack_of_l4t(target.l4t);
  target.cuda = wanted.cuda ? *wanted.cuda : choose_cuda(target, this_machine, facts);
  target.distribution = wanted.distribution ? *wanted.distribution : choose_distribution(target, this_machine, facts);
  target.python = wanted.python.empty() ? default_python(target.distribution) : wanted.python;
  target.cuda_architectures = architectures_of(target);
  if (this_machine) target.board = facts.model;
  return target;
}

}  // namespace jcb::platform
