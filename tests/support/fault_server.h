// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/child.h"

namespace jcb::test {

/// A running tests/support/fault_http.py on a free port of 127.0.0.1; ends with the object.
class FaultServer {
 public:
  explicit FaultServer(const std::vector<std::string>& arguments = {});

  /// "http://127.0.0.1:PORT" and `path`.
  std::string url(const std::string& path) const { return "http://" + authority() + path; }
  std::string authority() const { return "127.0.0.1:" + std::to_string(m_port); }

 private:
  util::Pipe m_input;
  util::Child m_child;
  int m_port;
};

}  // namespace jcb::test
