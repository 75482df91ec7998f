// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"

#include <cstring>
#include <iterator>

namespace jcb {

Error::Error(ErrorKind kind, std::string message, std::string hint, int errno_value)
    : std::runtime_error(message), m_kind(kind), m_message(std::move(message)), m_hint(std::move(hint)), m_errno(errno_value) {}

void Error::add_details(std::vector<std::string> lines) {
  m_details.insert(m_details.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
}

void Error::suggest(std::string hint) {
  if (m_hint.empty()) m_hint = std::move(hint);
}

void throw_errno(std::string_view operation, std::string_view thing, int error) {
  std::string message = "cannot " + std::string(operation);
  if (!thing.empty()) message += " " + std::string(thing);
  message += std::string(": ") + std::strerror(error);
  std::string hint = error == ENOSPC ? "free some disk space (jcbuild prune), then run the same command again" : "";
  throw Error(ErrorKind::system, std::move(message), std::move(hint), error);
}

}  // namespace jcb
