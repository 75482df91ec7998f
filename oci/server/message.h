// SPDX-License-Identifier: Apache-2.0
// A request and its answer as values, so that what the registry says can be tested without a socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "util/fd.h"

namespace jcb::oci {

/// What a client asked, as it stood on the wire.
struct ServerRequest {
  std::string method;  ///< "GET"; case matters (RFC 9110 section 9.1)
  std::string target;  ///< path and query, percent-encoded; may be an absolute URL
  std::vector<std::pair<std::string, std::string>> headers;

  /// The value of the first header of that name (any case), or nullptr.
  const std::string* find_header(std::string_view name) const;
};

/// Bytes of a file that are sent as a body.
struct BlobPart {
  util::Fd file;  ///< none where no body is sent: in the answer to HEAD, and with 304
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

/// What is answered. To HEAD it is what GET would get; the body is left out by whoever sends it.
struct ServerAnswer {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<BlobPart> blob;  ///< in place of `body`

  /// The value of a header, or nothing.
  std::optional<std::string> find_header(std::string_view name) const;
};

}  // namespace jcb::oci
