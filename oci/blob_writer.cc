// SPDX-License-Identifier: Apache-2.0
// A blob is written beside its final name and renamed: write, fsync, rename, fsync of the directory. A killed writer
// leaves its temporary file, whose lock the kernel has dropped: Layout::reclaim_temporaries tells it from a live one.
#include "jcbuild/error.h"
#include "oci/blob_files.h"
#include "oci/layout.h"
#include "util/file.h"
#include "util/hash.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jcb::oci {
namespace {

// Small writes are gathered up to this size, larger ones go straight to the hash and the file.
constexpr std::size_t k_block_bytes = std::size_t{256} << 10;
constexpr std::string_view k_thing = "a blob";

struct Temporary {
  std::string name;
  util::Fd file;
};

// Between the creation and the lock a reclaimer can take the file for abandoned: it then holds the lock, or has already
// removed the file (no link left). Either way another name is tried.
Temporary make_temporary(int directory_fd) {
  for (;;) {
    Temporary temporary{std::string(k_temporary_prefix) + util::random_token(), {}};
    temporary.file = util::Fd(::openat(directory_fd, temporary.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!temporary.file && errno == EEXIST) continue;
    if (!temporary.file) throw_errno("create", k_thing);
    struct stat status {};
    const bool locked = ::flock(temporary.file.get(), LOCK_EX | LOCK_NB) == 0;
    if (locked && ::fstat(temporary.file.get(), &status) == 0 && status.st_nlink > 0) return temporary;
    ::unlinkat(directory_fd, temporary.name.c_str(), 0);
  }
}

bool holds_blob(int directory_fd, const std::string& hex, std::uint64_t size_bytes) {
  struct stat status {};
  if (::fstatat(directory_fd, hex.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == size_bytes;
}

}  // namespace

struct BlobWriter::State {
  explicit State(util::Fd blob_directory) : directory(std::move(blob_directory)), temporary(make_temporary(directory.get())) {}
  ~State() { drop(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void drop() noexcept {
    if (temporary.file) ::unlinkat(directory.get(), temporary.name.c_str(), 0);
    temporary.file.reset();
  }
  void add(std::string_view bytes) {
    hash.update(bytes);
    util::write_all(temporary.file.get(), bytes, k_thing);
  }
  void flush() {
    if (!buffer.empty()) add(buffer);
    buffer.clear();
  }
  void publish(const std::string& hex) {
    if (::fchmod(temporary.file.get(), 0644) != 0) throw_errno("set the mode of", k_thing);
    util::sync_file(temporary.file.get(), k_thing);
    if (::renameat(directory.get(), temporary.name.c_str(), directory.get(), hex.c_str()) != 0) throw_errno("rename", k_thing);
    temporary.file.reset();
  }

  util::Fd directory;
  Temporary temporary;
  util::Sha256 hash;
  std::string buffer;
  std::uint64_t size_bytes = 0;
};

BlobWriter::BlobWriter(std::unique_ptr<State> state) : m_state(std::move(state)) {}
BlobWriter::BlobWriter(BlobWriter&&) noexcept = default;
BlobWriter::~BlobWriter() = default;

void BlobWriter::write(std::string_view bytes) {
  m_state->size_bytes += bytes.size();
  if (m_state->buffer.size() + bytes.size() >= k_block_bytes) m_state->flush();
  if (bytes.size() >= k_block_bytes) return m_state->add(bytes);
  if (m_state->buffer.capacity() == 0) m_state->buffer.reserve(k_block_bytes);
  m_state->buffer += bytes;
}

std::uint64_t BlobWriter::size_bytes() const noexcept { return m_state->size_bytes; }

// The directory is flushed also where the blob was there: the one who renamed it may not have come to that yet, and our
// caller is about to write a record that refers to it. A blob of the wrong size is a broken one and is replaced.
Digest BlobWriter::commit(const std::optional<Digest>& expected) {
  m_state->flush();
  auto digest = Digest::from_sha256_hex(m_state->hash.hex());
  if (expected && *expected != digest) {
    m_state->drop();
    throw Error(ErrorKind::invalid, "the content has the digest " + digest.text() + ", not " + expected->text());
  }
  if (holds_blob(m_state->directory.get(), digest.hex(), m_state->size_bytes)) {
    m_state->drop();
  } else {
    m_state->publish(digest.hex());
  }
  util::sync_file(m_state->directory.get(), k_blob_directory);
  return digest;
}

BlobWriter Layout::new_blob() const {
  return BlobWriter(std::make_unique<BlobWriter::State>(m_root.open_at(k_blob_directory, O_RDONLY | O_DIRECTORY)));
}

}  // namespace jcb::oci
