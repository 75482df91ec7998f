// SPDX-License-Identifier: Apache-2.0
#include "support/fault_server.h"

#include "util/text.h"

namespace jcb::test {
namespace {

util::Child start(const std::vector<std::string>& arguments, int in, int out) {
  util::Command command{util::require_trusted_program("python3", "install python3"), {JCB_TEST_SUPPORT "/fault_http.py"}, {}, "/"};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return util::Child::start(command, {in, out, 2});
}

int read_port(int fd) {
  std::string line;
  for (char c = 0; util::read_full(fd, &c, 1, "the server's port") == 1 && c != '\n';) line += c;
  return static_cast<int>(util::parse_unsigned(line, "the server's port"));
}

}  // namespace

FaultServer::FaultServer(const std::vector<std::string>& arguments)
    : m_input(util::make_pipe()), m_child([&] {
        util::Pipe output = util::make_pipe();
        util::Child child = start(arguments, m_input.read_end.get(), output.write_end.get());
        output.write_end.reset();
        m_port = read_port(output.read_end.get());
        return child;
      }()) {}

}  // namespace jcb::test
