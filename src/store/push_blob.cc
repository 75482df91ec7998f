// SPDX-License-Identifier: Apache-2.0
#include "store/push_blob.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <semaphore>

#include "jcbuild/error.h"
#include "store/origin_fetch.h"
#include "store/origins.h"
#include "util/scope_exit.h"

namespace jcb::store {
namespace {

constexpr std::size_t k_max_mounts = 2;
// One is fetched while another one is sent; more would only need more of the disk.
constexpr int k_relays = 2;

// The push is over; what matters is the exception of whoever ended it.
struct Stopped {};

std::size_t read_at(int file, std::uint64_t offset, char* buffer, std::size_t size, const oci::Descriptor& blob) {
  ssize_t got = 0;
  do {
    got = ::pread(file, buffer, size, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw_errno("read", "blob " + blob.digest.text());
  if (got == 0) throw Error(ErrorKind::invalid, "blob " + blob.digest.text() + " became shorter while it was sent");
  return static_cast<std::size_t>(got);
}

// The repositories of the client's registry, but for its own, that had the blob; newest first.
std::vector<std::string> find_neighbours(const Store& store, const oci::Digest& blob, const oci::Endpoint& endpoint) {
  const std::string prefix = endpoint.registry + "/";
  std::vector<std::string> repositories;
  for (const std::string& origin : find_origins(store, blob)) {
    if (origin.starts_with(prefix) && origin != endpoint.name()) repositories.push_back(origin.substr(prefix.size()));
  }
  repositories.resize(std::min(repositories.size(), k_max_mounts));
  return repositories;
}

void drop(const oci::Layout& layout, const oci::Digest& blob) noexcept {
  try {
    layout.remove_blob(blob);
  } catch (const Error&) {
    // It goes with its workspace.
  }
}

}  // namespace

// Where blobs are between two registries; made when the first one is.
struct BlobPusher::Relay {
  std::counting_semaphore<k_relays> places{k_relays};
  std::mutex mutex;
  std::optional<Workspace> workspace;
  std::optional<oci::Layout> layout;

  /// `name`: where messages say that a blob was looked for.
  const oci::Layout& open(const Store& store, const std::string& name) {
    const std::lock_guard guard(mutex);
    if (!workspace) workspace.emplace(store.make_workspace());
    if (!layout) layout.emplace(oci::Layout::create(util::Root::open(workspace->make_directory("relay", 0700)), name));
    return *layout;
  }
};

BlobPusher::BlobPusher(const Store& store, const oci::Layout& layout, oci::RegistryClient& client, const PushOptions& options,
                       const std::atomic<bool>& stop)
    : m_store(store), m_layout(layout), m_client(client), m_options(options), m_stop(stop), m_relay(std::make_unique<Relay>()) {}

BlobPusher::~BlobPusher() = default;

void BlobPusher::push(const PushBlob& blob, PushProgress::Blob& progress) {
  if (mount(blob.descriptor, progress)) return;
  if (blob.is_local)
    send(m_layout, blob.descriptor, progress);
  else
    pass_on(blob.descriptor, progress);
}

bool BlobPusher::mount(const oci::Descriptor& blob, PushProgress::Blob& progress) {
  for (const std::string& repository : find_neighbours(m_store, blob.digest, m_client.endpoint())) {
    if (!m_client.mount_blob(blob.digest, repository)) continue;
    progress.line("mounted from " + repository);
    return true;
  }
  return false;
}

// The bytes go from the file as they are: what they hash to is the registry's to check, as it must.
void BlobPusher::send(const oci::Layout& layout, const oci::Descriptor& blob, PushProgress::Blob& progress) {
  const util::Fd file = layout.open_blob(blob);
  oci::HttpBody body;
  body.size_bytes = blob.size_bytes;
  body.read = [&](std::uint64_t offset, char* buffer, std::size_t size) {
    if (m_stop) throw Stopped();
    return read_at(file.get(), offset, buffer, size, blob);
  };
  m_client.put_blob(blob, body, [&](std::uint64_t sent) { progress.bytes(std::min(sent, blob.size_bytes)); });
}

void BlobPusher::pass_on(const oci::Descriptor& blob, PushProgress::Blob& progress) {
  m_relay->places.acquire();
  const util::ScopeExit release([&] { m_relay->places.release(); });
  if (m_stop) throw Stopped();
  const oci::Layout& layout = m_relay->open(m_store, m_layout.name());
  const util::ScopeExit cleanup([&] { drop(layout, blob.digest); });
  progress.line("being fetched from where it came from");
  PushOptions options = m_options;
  options.connections = std::max(1U, m_options.connections / k_relays);
  options.progress = nullptr;  // what is fetched is no progress of the push
  fetch_from_origins(m_store, layout, {blob}, options);
  send(layout, blob, progress);
}

}  // namespace jcb::store
