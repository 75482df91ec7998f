// SPDX-License-Identifier: Apache-2.0
#include "sandbox/supervisor.h"
#include "util/pass_descriptor.h"

#include "jcbuild/error.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

namespace jcb::sandbox {
namespace {

Credentials credentials_of(const Identity& identity) {
  return {IdSet::all(identity.uid), IdSet::all(identity.gid), identity.groups, identity.uid == 0};
}

// Signals are for the main thread.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &m_before);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t m_before;
};

}  // namespace

Supervisor::Supervisor(util::Fd socket, const Identity& identity, util::OwnerRecords& records)
    : m_socket(std::move(socket)), m_stop(util::make_pipe()), m_handler(credentials_of(identity), records) {
  const AllSignalsBlocked blocked;
  m_thread = std::thread([this] { run(); });
}

Supervisor::~Supervisor() { stop(); }

void Supervisor::stop() noexcept {
  // Not by closing it: a job that is just being started has a copy.
  [[maybe_unused]] const ssize_t written = ::write(m_stop.write_end.get(), "s", 1);
  if (m_thread.joinable()) m_thread.join();
}

void Supervisor::finish() {
  stop();
  if (m_failure) std::rethrow_exception(m_failure);
}

void Supervisor::run() noexcept {
  try {
    answer_calls();
  } catch (...) {
    m_failure = std::current_exception();
  }
}

// Whether there is something to read before the end of `fd` or of the job.
bool Supervisor::wait_for(int fd) const {
  std::array<pollfd, 2> polls{{{fd, POLLIN, 0}, {m_stop.read_end.get(), POLLIN, 0}}};
  while (::poll(polls.data(), polls.size(), -1) < 0) {
    if (errno != EINTR) throw_errno("wait for", "a sandbox");
  }
  return polls[1].revents == 0 && (polls[0].revents & POLLIN) != 0;
}

void Supervisor::answer_calls() {
  if (!wait_for(m_socket.get())) return;
  auto fd = util::receive_descriptor(m_socket.get(), "a sandbox");
  if (!fd) return;
  Listener listener(std::move(*fd));
  while (wait_for(listener.fd())) answer_one(listener);
}

void Supervisor::answer_one(Listener& listener) {
  const seccomp_notif* request = listener.receive();
  if (request == nullptr) return;
  const std::uint64_t id = request->id;
  Answer answer = Answer::failure(EIO);
  try {
    answer = m_handler.handle(*request, listener);
  } catch (const std::bad_alloc&) {
    answer = Answer::failure(ENOMEM);
  } catch (const Error&) {
    // A process that is dying meanwhile, or one whose state cannot be read: its call fails, the job goes on.
  }
  listener.answer(id, answer);
}

}  // namespace jcb::sandbox
