// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/part_fetcher.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "jcbuild/error.h"
#include "oci/registry/part.h"
#include "util/interrupt.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_stream_buffer = k_mebibyte, k_stream_buffers = 2;
// The consumer is not woken for less, unless it is the last.
constexpr std::size_t k_least_run = std::size_t{128} << 10;
constexpr std::chrono::milliseconds k_interrupt_check{100};

using Buffer = std::unique_ptr<char[]>;
using Lock = std::unique_lock<std::mutex>;

// Thrown through a connection whose bytes nobody wants any more.
struct Abandoned {};

using PartPointer = std::shared_ptr<Part>;

[[noreturn]] void throw_wrong_size(const RemoteBlobs& remote, const Descriptor& blob, ErrorKind kind, std::string_view cause) {
  throw Error(kind, remote.name() + " sent " + std::string(cause) + " of the blob " + blob.digest.text() + " than was asked for");
}

}  // namespace

struct PartFetcher::Blob {
  explicit Blob(Descriptor blob) : descriptor(std::move(blob)) {}
  Descriptor descriptor;
  unsigned rank = 0;
  std::size_t part_size = 0;
  std::uint64_t assigned = 0;  // up to where parts have been assigned, or the stream has come
  std::uint64_t received = 0;
  std::deque<PartPointer> parts;
  bool streaming = false, stream_runs = false;
  unsigned stream_epoch = 0;  // another one ends the stream that runs
  bool knows_parts = false;   // the server has answered with one
  bool waits = false;         // the consumer
  bool cancelled = false;
  std::exception_ptr failure;
  unsigned busy = 0;  // connections
  std::string_view shown;
  std::condition_variable arrived;

  std::uint64_t size() const noexcept { return descriptor.size_bytes; }
};

struct ConnectionPool::State {
  using Blob = PartFetcher::Blob;
  using BlobPointer = std::shared_ptr<Blob>;
  // What a connection does next: a part of a blob, or its stream.
  struct Job {
    BlobPointer blob;
    PartPointer part;
    unsigned epoch = 0;  // of the stream, as it was when the job was given
  };
  class PartSink;
  class StreamSink;

  State(RemoteBlobs& server, unsigned count) : remote(server), connections(std::clamp(count, 1U, 64U)) {}

  RemoteBlobs& remote;
  unsigned connections;
  std::mutex mutex;
  std::condition_variable work, buffers_free;
  std::vector<std::thread> threads;
  std::size_t idle = 0;
  bool stopping = false, cancelled = false;
  std::vector<BlobPointer> blobs;
  std::vector<Buffer> spare;
  std::size_t buffers_used = 0;
  std::uint64_t received = 0;  // of all blobs

  // All below with the mutex held, unless said otherwise.

  // A blob that has a buffer leaves one for each that has none.
  bool may_take_buffer(const Blob& blob) const {
    const std::size_t total = std::max<std::size_t>(connections, blobs.size());
    const std::size_t left = total - std::min(total, buffers_used);
    if (blob.parts.empty()) return left > 0;
    const auto bare = std::count_if(blobs.begin(), blobs.end(), [](const BlobPointer& other) { return other->parts.empty(); });
    return left > static_cast<std::size_t>(bare);
  }

  PartPointer make_part(Blob& blob, std::size_t size) {
    auto part = std::make_shared<Part>();
    part->first = blob.assigned;
    part->size = size;
    if (spare.empty()) spare.emplace_back(new char[k_largest_part]);  // not zeroed: pages that are not used cost nothing
    part->buffer = std::move(spare.back());
    spare.pop_back();
    ++buffers_used;
    blob.parts.push_back(part);
    return part;
  }

  void give_back(Part& part) {
    if (!part.buffer) return;
    spare.push_back(std::move(part.buffer));
    --buffers_used;
    wake();
    buffers_free.notify_all();
  }

  // Drops the parts from `begin` on. A connection that fills one notices, and gives the buffer back itself.
  void abandon(Blob& blob, std::deque<PartPointer>::iterator begin) {
    for (auto part = begin; part != blob.parts.end(); ++part) {
      (*part)->abandoned = true;
      if ((*part)->done || (*part)->of_stream) give_back(**part);
    }
    blob.parts.erase(begin, blob.parts.end());
  }

  void cancel(Blob& blob) {
    blob.cancelled = true;
    blob.shown = {};
    ++blob.stream_epoch;
    abandon(blob, blob.parts.begin());
    buffers_free.notify_all();
    blob.arrived.notify_all();
  }

  bool has_budget(const Blob& next) const {
    std::uint64_t all = 0, under_way = next.part_size;
    for (const auto& blob : blobs) all += blob->size(), under_way += blob->parts.size() * blob->part_size;
    return under_way <= all / k_share_under_way;
  }

  bool has_work(const Blob& blob) const {
    if (blob.cancelled || blob.failure || blob.assigned >= blob.size()) return false;
    if (blob.streaming) return !blob.stream_runs;
    // One part alone finds out whether the server knows parts at all.
    return (blob.parts.empty() || (blob.knows_parts && has_budget(blob))) && may_take_buffer(blob);
  }

  static bool goes_before(const Blob& a, const Blob& b) {
    if (a.waits != b.waits) return a.waits;
    if (a.parts.empty() != b.parts.empty()) return a.parts.empty();
    return a.rank < b.rank;
  }

  BlobPointer find_work() const {
    BlobPointer best;
    for (const auto& blob : blobs) {
      if (has_work(*blob) && (!best || goes_before(*blob, *best))) best = blob;
    }
    return best;
  }

  void wake() {
    if (idle == 0 && threads.size() < connections && find_work()) threads.emplace_back([this] { run(); });
    work.notify_one();
  }

  Job assign(BlobPointer blob) {
    ++blob->busy;
    if (blob->streaming) {
      blob->stream_runs = true;
      const unsigned epoch = blob->stream_epoch;
      return {std::move(blob), nullptr, epoch};
    }
    PartPointer part = make_part(*blob, static_cast<std::size_t>(std::min<std::uint64_t>(blob->part_size, blob->size() - blob->assigned)));
    blob->assigned += part->size;
    wake();
    return {std::move(blob), std::move(part), 0};
  }

  // A connection's thread; without the mutex.
  void run() {
    Lock lock(mutex);
    while (!stopping) {
      BlobPointer blob = find_work();
      if (!blob) {
        ++idle;
        work.wait(lock);
        --idle;
        continue;
      }
      const Job job = assign(std::move(blob));
      lock.unlock();
      job.part ? fetch_part(*job.blob, *job.part) : fetch_stream(*job.blob, job.epoch);
      lock.lock();
      --job.blob->busy;
      job.blob->arrived.notify_all();
    }
  }

  void fetch_part(Blob& blob, Part& part);                 // without the mutex
  PartResult read_part(Blob& blob, Part& part);            // without the mutex
  bool gets_on(std::uint64_t& before, std::size_t least);  // without the mutex
  void end_part(Blob& blob, Part& part, PartResult result, std::exception_ptr failure);
  void fetch_stream(Blob& blob, unsigned epoch);  // without the mutex
  void add_to_stream(Lock& lock, Blob& blob, unsigned epoch, std::string_view bytes);
  Part& stream_part(Lock& lock, Blob& blob, unsigned epoch);
};

// Fills a part. What was handed out already is not taken again when the part begins anew: should it differ, the hash of
// the whole will tell.
class ConnectionPool::State::PartSink final : public HttpSink {
 public:
  PartSink(State& pool, Blob& blob, Part& part) : m_pool(pool), m_blob(blob), m_part(part), m_begin(part.filled) {}

  void write(std::string_view bytes) override {
    if (m_seen + bytes.size() > m_part.size) throw_wrong_size(m_pool.remote, m_blob.descriptor, ErrorKind::invalid, "more");
    const std::size_t known = std::min<std::size_t>(bytes.size(), m_part.filled - std::min(m_seen, m_part.filled));
    m_seen += bytes.size();
    bytes.remove_prefix(known);
    std::memcpy(m_part.buffer.get() + m_part.filled, bytes.data(), bytes.size());
    const Lock lock(m_pool.mutex);
    if (m_part.abandoned) throw Abandoned();
    m_part.filled += bytes.size();
    m_blob.received += bytes.size();
    m_pool.received += bytes.size();
    if (!std::exchange(m_blob.knows_parts, true)) m_pool.wake();
    if (m_blob.waits && m_part.filled - m_part.taken >= k_least_run) m_blob.arrived.notify_all();
  }
  void restart() override { m_seen = m_begin; }
  void check_wanted() override {
    const Lock lock(m_pool.mutex);
    if (m_part.abandoned) throw Abandoned();
  }

 private:
  State& m_pool;
  Blob& m_blob;
  Part& m_part;  // `filled` changes by this sink alone
  std::size_t m_begin, m_seen = m_begin;
};

// Whether the connections together have brought enough since `before` for a failure to be the weather, and not the end.
bool ConnectionPool::State::gets_on(std::uint64_t& before, std::size_t least) {
  const Lock lock(mutex);
  const bool on = received >= before + least;
  before = received;
  return on;
}

// A network that breaks all the time breaks one of hundreds of parts more often than a client retries. As long as the
// others get on, so will this one, from where it stands.
PartResult ConnectionPool::State::read_part(Blob& blob, Part& part) {
  std::uint64_t before = 0;
  for (gets_on(before, 0);;) {
    const std::size_t begin = part.filled;
    try {
      PartSink sink(*this, blob, part);
      const PartResult result = remote.read_part(blob.descriptor, {part.first + begin, part.size - begin}, sink);
      // What was handed out cannot be taken back for a stream.
      if (result == PartResult::not_supported && begin > 0) throw_wrong_size(remote, blob.descriptor, ErrorKind::failed, "less");
      return result;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::failed || !gets_on(before, part.size)) throw;
    }
  }
}

void ConnectionPool::State::fetch_part(Blob& blob, Part& part) {
  PartResult result = PartResult::received;
  std::exception_ptr failure;
  try {
    result = read_part(blob, part);
    if (result == PartResult::received && part.filled < part.size) throw_wrong_size(remote, blob.descriptor, ErrorKind::failed, "less");
  } catch (const Abandoned&) {
    // end_part sees it.
  } catch (...) {
    failure = std::current_exception();
  }
  const Lock lock(mutex);
  end_part(blob, part, result, failure);
}

void ConnectionPool::State::end_part(Blob& blob, Part& part, PartResult result, std::exception_ptr failure) {
  part.done = true;
  if (part.abandoned) return give_back(part);
  if (result == PartResult::received) {
    part.failure = failure;
    if (failure) blob.failure = failure;
    return;
  }
  // The server knows no parts: what comes before this one is good, the rest comes as a stream.
  blob.streaming = true;
  blob.stream_runs = false;
  ++blob.stream_epoch;
  blob.assigned = part.first;
  abandon(blob, std::find_if(blob.parts.begin(), blob.parts.end(), [&](const PartPointer& each) { return each->first >= part.first; }));
  wake();
}

class ConnectionPool::State::StreamSink final : public HttpSink {
 public:
  StreamSink(State& pool, Blob& blob, unsigned epoch) : m_pool(pool), m_blob(blob), m_epoch(epoch) {}

  void write(std::string_view bytes) override {
    Lock lock(m_pool.mutex);
    const std::uint64_t begin = m_seen;
    m_seen += bytes.size();
    if (m_seen > m_blob.size()) throw_wrong_size(m_pool.remote, m_blob.descriptor, ErrorKind::invalid, "more");
    if (m_blob.stream_epoch != m_epoch) throw Abandoned();
    if (m_seen <= m_blob.assigned) return;
    bytes.remove_prefix(static_cast<std::size_t>(m_blob.assigned - std::min(begin, m_blob.assigned)));
    m_pool.add_to_stream(lock, m_blob, m_epoch, bytes);
  }
  void restart() override { m_seen = 0; }
  void check_wanted() override {
    const Lock lock(m_pool.mutex);
    if (m_blob.stream_epoch != m_epoch) throw Abandoned();
  }

 private:
  State& m_pool;
  Blob& m_blob;
  unsigned m_epoch;
  std::uint64_t m_seen = 0;
};

// The part that the stream fills now; waits for a buffer.
Part& ConnectionPool::State::stream_part(Lock& lock, Blob& blob, unsigned epoch) {
  const auto is_open = [&] { return !blob.parts.empty() && blob.parts.back()->of_stream && !blob.parts.back()->done; };
  const auto has_room = [&] { return blob.parts.size() < k_stream_buffers && may_take_buffer(blob); };
  const auto is_over = [&] { return blob.cancelled || blob.stream_epoch != epoch; };
  if (!is_over() && is_open()) return *blob.parts.back();
  while (!is_over() && !has_room()) {
    buffers_free.wait_for(lock, k_interrupt_check);
    util::check_interrupt();
  }
  if (is_over()) throw Abandoned();
  PartPointer part = make_part(blob, k_stream_buffer);
  part->of_stream = true;
  return *part;
}

void ConnectionPool::State::add_to_stream(Lock& lock, Blob& blob, unsigned epoch, std::string_view bytes) {
  while (!bytes.empty()) {
    Part& part = stream_part(lock, blob, epoch);
    const std::size_t count = std::min(bytes.size(), part.size - part.filled);
    std::memcpy(part.buffer.get() + part.filled, bytes.data(), count);
    bytes.remove_prefix(count);
    part.filled += count;
    part.done = part.filled == part.size;
    blob.assigned += count;
    blob.received += count;
    if (blob.waits && (part.done || part.filled - part.taken >= k_least_run)) blob.arrived.notify_all();
  }
}

void ConnectionPool::State::fetch_stream(Blob& blob, unsigned epoch) {
  std::exception_ptr failure;
  try {
    StreamSink sink(*this, blob, epoch);
    remote.read_blob(blob.descriptor, sink);
    const Lock lock(mutex);
    if (blob.stream_epoch == epoch && blob.assigned < blob.size()) throw_wrong_size(remote, blob.descriptor, ErrorKind::failed, "less");
  } catch (const Abandoned&) {
    // The destructor, or another stream, goes on.
  } catch (...) {
    failure = std::current_exception();
  }
  const Lock lock(mutex);
  if (blob.stream_epoch != epoch) return;
  // `stream_runs` stays: a stream that ended is not begun again.
  if (failure) blob.failure = failure;
  if (!blob.parts.empty() && blob.parts.back()->of_stream) blob.parts.back()->done = true;
}

ConnectionPool::ConnectionPool(RemoteBlobs& remote, unsigned connections) : m_state(std::make_unique<State>(remote, connections)) {}

ConnectionPool::~ConnectionPool() {
  {
    const Lock lock(m_state->mutex);
    m_state->stopping = true;
    m_state->work.notify_all();
  }
  for (auto& thread : m_state->threads) thread.join();
}

void ConnectionPool::cancel() {
  const Lock lock(m_state->mutex);
  m_state->cancelled = true;
  for (const auto& blob : m_state->blobs) m_state->cancel(*blob);
}

PartFetcher::PartFetcher(ConnectionPool& pool, const Descriptor& blob, std::uint64_t first, unsigned rank)
    : m_pool(*pool.m_state), m_blob(std::make_shared<Blob>(blob)) {
  m_blob->rank = rank;
  m_blob->part_size = static_cast<std::size_t>(std::clamp(blob.size_bytes / k_parts, k_smallest_part, k_largest_part));
  m_blob->assigned = m_blob->received = first;
  m_blob->streaming = first == 0 && blob.size_bytes <= k_least_for_parts;
  const Lock lock(m_pool.mutex);
  m_blob->cancelled = m_pool.cancelled;
  m_pool.blobs.push_back(m_blob);
  m_pool.wake();
}

PartFetcher::~PartFetcher() {
  Lock lock(m_pool.mutex);
  m_pool.cancel(*m_blob);
  m_blob->arrived.wait(lock, [this] { return m_blob->busy == 0; });
  std::erase(m_pool.blobs, m_blob);
  m_pool.wake();
}

std::uint64_t PartFetcher::received() const {
  const Lock lock(m_pool.mutex);
  return m_blob->received;
}

std::string_view PartFetcher::next() {
  Blob& blob = *m_blob;
  Lock lock(m_pool.mutex);
  if (!blob.shown.empty()) blob.parts.front()->taken += std::exchange(blob.shown, {}).size();
  for (;;) {
    if (blob.cancelled) throw ConnectionPool::Cancelled();
    if (!blob.parts.empty()) {
      Part& part = *blob.parts.front();
      const std::size_t ready = part.filled - part.taken;
      if (ready >= k_least_run || (ready > 0 && (part.done || part.first + part.filled == blob.size())))
        return blob.shown = {part.buffer.get() + part.taken, ready};
      if (part.done && part.failure) std::rethrow_exception(part.failure);
      if (part.done) {
        const PartPointer ended = blob.parts.front();
        blob.parts.pop_front();
        m_pool.give_back(*ended);
        continue;
      }
    } else if (blob.assigned == blob.size()) {
      return {};
    } else if (blob.failure) {
      std::rethrow_exception(blob.failure);
    }
    blob.waits = true;
    m_pool.wake();
    blob.arrived.wait_for(lock, k_interrupt_check);
    blob.waits = false;
    util::check_interrupt();
  }
}

}  // namespace jcb::oci
