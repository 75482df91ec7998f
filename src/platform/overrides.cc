// SPDX-License-Identifier: Apache-2.0
#include "platform/overrides.h"

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::platform {
namespace {

Version parse_version(const std::string& text, const char* what, const char* example) {
  if (auto version = Version::find(util::trim(text))) return *version;
  throw Error(ErrorKind::usage, std::string(what) + " version '" + util::escape_text(text) + "' is not a version",
              std::string("give numbers and dots, for example ") + example);
}

// NVIDIA's images set CUDA_VERSION=12.6.3 and Docker's set PYTHON_VERSION=3.12.4: the first two numbers decide.
Version parse_release(const std::string& text, const char* what, const char* example) {
  const Version version = parse_version(text, what, example);
  if (version.size() >= 2) return version.prefix(2);
  throw Error(ErrorKind::usage, std::string(what) + " version '" + util::escape_text(text) + "' lacks its second number",
              std::string("give it as ") + example);
}

Version parse_l4t(const std::string& text) {
  const Version l4t = parse_version(text, "L4T", "36.4.3");
  if (l4t.size() >= 2 && l4t.major() >= 21) return l4t;
  throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "' is not an L4T release",
              "L4T releases look like 36.4.3; JetPack 6.2 is L4T 36.4.3");
}

Version parse_cuda(const std::string& text) {
  // Upstream says 0.0 for "no CUDA".
  if (text == "none" || text == "0.0") return {};
  return parse_release(text, "CUDA", "12.6");
}

Version parse_python(const std::string& text) {
  if (text.ends_with("t") && Version::find(util::trim(text).substr(0, text.size() - 1)))
    throw Error(ErrorKind::usage, "Python version '" + util::escape_text(text) + "' asks for a free-threaded Python",
                "no package supports it; give the version alone, for example 3.13");
  return parse_release(text, "Python", "3.12");
}

Distribution parse_distribution(const std::string& text) {
  if (auto distribution = find_distribution(text)) return *distribution;
  const auto known = known_distributions();
  std::string hint = util::did_you_mean(util::nearest_names(util::to_lower(text), known));
  if (hint.empty()) hint = "known are " + util::join(known, ", ");
  throw Error(ErrorKind::usage, "distribution '" + util::escape_text(text) + "' is not known", hint);
}

void parse_arch(const std::string& text, ParsedOverrides& parsed) {
  if (text.empty()) return;
  if (text == "tegra-aarch64") {
    parsed.cuda_arch = text;
    parsed.processor = "aarch64";
    return;
  }
  const auto processor = find_processor(text);
  if (!processor)
    throw Error(ErrorKind::usage, "architecture '" + util::escape_text(text) + "' is not known",
                "give tegra-aarch64 (Jetson), aarch64 (Arm server) or x86_64");
  parsed.processor = *processor;
  if (text == *processor) parsed.cuda_arch = *processor;
}

}  // namespace

std::optional<std::string> find_processor(std::string_view name) {
  if (name == "x86_64" || name == "amd64") return "x86_64";
  if (name == "aarch64" || name == "arm64") return "aarch64";
  return std::nullopt;
}

ParsedOverrides parse_overrides(const TargetOverrides& overrides) {
  ParsedOverrides parsed;
  if (!overrides.l4t.empty()) parsed.l4t = parse_l4t(overrides.l4t);
  if (!overrides.cuda.empty()) parsed.cuda = parse_cuda(overrides.cuda);
  if (!overrides.python.empty()) parsed.python = parse_python(overrides.python);
  if (!overrides.distro.empty()) parsed.distribution = parse_distribution(overrides.distro);
  parse_arch(overrides.arch, parsed);
  if (!parsed.l4t.empty() && parsed.processor == "x86_64")
    throw Error(ErrorKind::usage, "L4T " + parsed.l4t.text() + " does not exist for x86_64",
                "leave out either the L4T version or the architecture");
  return parsed;
}

TargetOverrides overrides_from_environment(const std::function<std::optional<std::string>(const char*)>& get_env) {
  const auto value = [&get_env](const char* name) { return get_env(name).value_or(""); };
  TargetOverrides overrides;
  overrides.l4t = value("L4T_VERSION");
  overrides.cuda = value("CUDA_VERSION");
  overrides.python = value("PYTHON_VERSION");
  overrides.distro = value("LSB_RELEASE");
  overrides.arch = value("CUDA_ARCH");
  if (!overrides.arch.empty()) return overrides;
  // SYSTEM_ARCH names the processor: "aarch64" there is true of a Jetson too, unlike in CUDA_ARCH.
  overrides.arch = value("SYSTEM_ARCH");
  if (overrides.arch == "aarch64") overrides.arch = "arm64";
  if (overrides.arch == "x86_64") overrides.arch = "amd64";
  return overrides;
}

}  // namespace jcb::platform
