// SPDX-License-Identifier: Apache-2.0
#include "sandbox/emulation.h"

#include <elf.h>
#include <sys/utsname.h>

#include <array>
#include <map>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::sandbox {
namespace {

// The ELF header's beginning, up to e_machine: all that handlers look at.
using Header = std::array<unsigned char, 20>;

struct Machine {
  unsigned number;
  bool wide;    // ELFCLASS64
  bool little;  // ELFDATA2LSB
  const char* kernel_name;
};

const std::map<std::string, Machine>& machines() {
  static const std::map<std::string, Machine> known{
      {"amd64", {EM_X86_64, true, true, "x86_64"}},   {"386", {EM_386, false, true, "i686"}},
      {"arm64", {EM_AARCH64, true, true, "aarch64"}}, {"arm", {EM_ARM, false, true, "armv7l"}},
      {"riscv64", {EM_RISCV, true, true, "riscv64"}}, {"ppc64le", {EM_PPC64, true, true, "ppc64le"}},
      {"s390x", {EM_S390, true, false, "s390x"}}};
  return known;
}

const Machine& find_machine(const std::string& architecture) {
  const auto found = machines().find(architecture);
  if (found != machines().end()) return found->second;
  throw Error(ErrorKind::unsupported, "the architecture " + util::escape_text(architecture) + " is not known here");
}

Header make_header(const Machine& machine) {
  Header header{ELFMAG0,
                ELFMAG1,
                ELFMAG2,
                ELFMAG3,
                static_cast<unsigned char>(machine.wide ? ELFCLASS64 : ELFCLASS32),
                static_cast<unsigned char>(machine.little ? ELFDATA2LSB : ELFDATA2MSB),
                EV_CURRENT};
  const auto low = static_cast<unsigned char>(machine.number & 0xff), high = static_cast<unsigned char>(machine.number >> 8);
  header[16] = machine.little ? ET_EXEC : 0;
  header[17] = machine.little ? 0 : ET_EXEC;
  header[18] = machine.little ? low : high;
  header[19] = machine.little ? high : low;
  return header;
}

std::optional<std::string> decode_hex(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    if (digit(text[i]) < 0 || digit(text[i + 1]) < 0) return std::nullopt;
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  return bytes;
}

// One registered handler, as its file in binfmt_misc shows it.
struct Handler {
  bool enabled = false;
  std::string interpreter, flags, magic, mask;
  std::uint64_t offset = 0;
};

Handler parse_handler(const std::string& text) {
  Handler handler;
  for (const auto& line : util::split(text, '\n')) {
    const auto blank = line.find(' ');
    const std::string name = line.substr(0, blank), value = blank == std::string::npos ? "" : line.substr(blank + 1);
    if (name == "enabled") handler.enabled = true;
    if (name == "interpreter") handler.interpreter = value;
    if (name == "flags:") handler.flags = value;
    if (name == "offset") handler.offset = util::parse_unsigned(value, "offset");
    if (name == "magic") handler.magic = decode_hex(value).value_or("");
    if (name == "mask") handler.mask = decode_hex(value).value_or("");
  }
  return handler;
}

bool takes(const Handler& handler, const Header& header) {
  if (!handler.enabled || handler.interpreter.empty() || handler.magic.empty() || handler.offset + handler.magic.size() > header.size())
    return false;
  for (std::size_t i = 0; i < handler.magic.size(); ++i) {
    const auto mask = i < handler.mask.size() ? static_cast<unsigned char>(handler.mask[i]) : 0xffU;
    if (((static_cast<unsigned char>(handler.magic[i]) ^ header[handler.offset + i]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

bool is_native(const std::string& architecture) {
  utsname names{};
  ::uname(&names);
  const auto found = machines().find(architecture);
  if (found == machines().end()) return false;
  const std::string machine(names.machine);
  return machine == found->second.kernel_name || (architecture == "386" && machine == "x86_64");
}

std::optional<Emulation> find_emulation(const util::Root& binfmt_misc, const std::string& architecture) {
  const auto header = make_header(find_machine(architecture));
  for (const auto& entry : binfmt_misc.list()) {
    if (entry.name == "register" || entry.name == "status") continue;
    const auto text = binfmt_misc.find_file(entry.name, 1 << 16);
    if (!text) continue;
    const auto handler = parse_handler(*text);
    if (takes(handler, header)) return Emulation{handler.interpreter, handler.flags.find('F') != std::string::npos};
  }
  return std::nullopt;
}

Emulation require_emulation(const std::string& architecture) {
  const std::filesystem::path directory = "/proc/sys/fs/binfmt_misc";
  std::error_code error;
  if (std::filesystem::exists(directory / "status", error)) {
    if (auto found = find_emulation(util::Root::open(directory), architecture)) return *found;
  } else {
    find_machine(architecture);
  }
  throw Error(ErrorKind::unsupported,
              "programs for linux/" + architecture + " do not run here: no binfmt_misc handler is registered for them",
              "as root: apt install qemu-user-static binfmt-support, or mount binfmt_misc at " + directory.native() + " and register one");
}

}  // namespace jcb::sandbox
