// SPDX-License-Identifier: Apache-2.0
#include "util/pass_descriptor.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "jcbuild/error.h"

namespace jcb::util {
namespace {

// A message with room for some payload and one descriptor. Points into itself.
struct Message {
  Message() noexcept {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  std::array<char, 256> payload{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part{payload.data(), payload.size()};
  msghdr header{};
};

}  // namespace

bool send_descriptor(int socket, int fd) noexcept {
  Message message;
  message.part.iov_len = 1;  // a message without any byte would carry nothing
  cmsghdr* header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ssize_t sent = -1;
  do sent = ::sendmsg(socket, &message.header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == 1;
}

std::optional<Fd> receive_descriptor(int socket, std::string_view thing) {
  Message message;
  ssize_t got = -1;
  do got = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno != ECONNRESET) throw_errno("receive from", thing);
  const cmsghdr* header = got <= 0 ? nullptr : CMSG_FIRSTHDR(&message.header);
  const bool has_one =
      header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int));
  if (!has_one) return std::nullopt;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Fd(fd);
}

}  // namespace jcb::util
