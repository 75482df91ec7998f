// SPDX-License-Identifier: Apache-2.0
// Blobs. A layout may be a stranger's: every path goes through Root, and a FIFO or a device in a blob's place is found out
// before it is read (O_NONBLOCK, fstat). Tags are in layout_index.cc.
#include "oci/layout.h"

#include "jcbuild/error.h"
#include "oci/blob_files.h"
#include "oci/fields.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/lock.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace jcb::oci {
namespace {

constexpr std::string_view k_layout_text = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::string_view k_empty_index = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";
constexpr std::uint64_t k_max_layout_file_bytes = std::uint64_t{64} << 10;

bool is_temporary(std::string_view name) { return name.starts_with(k_temporary_prefix); }

// Whether it is a layout; Error(invalid) when its version is not one that we know.
bool is_layout(const util::Root& directory, const std::string& name) {
  const auto text = directory.find_file(k_layout_file, k_max_layout_file_bytes);
  if (!text) return false;
  const std::string thing = name + "/oci-layout";
  const auto version = util::get_string(util::parse_json(*text, thing), "imageLayoutVersion", thing);
  if (!version.starts_with("1.")) reject(thing, "layout version '" + util::escape_text(version) + "' is not 1.x");
  return true;
}

// An interrupted Layout::create leaves no more than this.
bool is_ours_or_unfinished(const util::DirEntry& entry) {
  static constexpr std::array<std::string_view, 3> k_own{"blobs", k_index_file, k_lock_file};
  return is_temporary(entry.name) || std::find(k_own.begin(), k_own.end(), entry.name) != k_own.end();
}

std::string not_a_blob(const std::string& layout, const Digest& digest) { return "blob " + digest.text() + " in " + layout; }

// Takes the file's lock, if its writer is gone, and removes it.
void reclaim(const util::Root& directory, const std::string& name) {
  const util::Fd file(::openat(directory.fd(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlinkat(directory.fd(), name.c_str(), 0);
}

}  // namespace

Layout Layout::open(util::Root directory, std::string name_for_messages) {
  if (!is_layout(directory, name_for_messages))
    throw Error(ErrorKind::not_found, name_for_messages + " is not an OCI image layout: it has no file oci-layout");
  return Layout(std::move(directory), std::move(name_for_messages));
}

Layout Layout::create(util::Root directory, std::string name_for_messages) {
  if (is_layout(directory, name_for_messages)) return Layout(std::move(directory), std::move(name_for_messages));
  const auto entries = directory.list();
  if (!std::all_of(entries.begin(), entries.end(), is_ours_or_unfinished))
    throw Error(ErrorKind::refused, name_for_messages + " is not an OCI image layout and not empty", "name an empty or a new directory");
  const auto lock = util::FileLock::acquire(directory, k_lock_file);
  directory.make_dirs(k_blob_directory);
  if (!directory.find_stat(k_index_file)) util::write_file_atomically(directory, k_index_file, k_empty_index, 0644);
  if (!directory.find_stat(k_layout_file)) util::write_file_atomically(directory, k_layout_file, k_layout_text, 0644);
  return Layout(std::move(directory), std::move(name_for_messages));
}

bool Layout::has_blob(const Digest& digest) const { return find_blob_size(digest).has_value(); }

std::optional<std::uint64_t> Layout::find_blob_size(const Digest& digest) const {
  const auto status = m_root.find_stat(blob_path(digest), util::Follow::yes);
  if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status->st_size);
}

util::Fd Layout::open_blob(const Descriptor& descriptor) const {
  auto file = m_root.find_at(blob_path(descriptor.digest), O_RDONLY | O_NONBLOCK);
  const auto thing = [&] { return not_a_blob(m_name, descriptor.digest); };
  if (!file) throw Error(ErrorKind::not_found, m_name + " has no blob " + descriptor.digest.text());
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) throw_errno("stat", thing());
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::invalid, thing() + " is not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size != descriptor.size_bytes)
    throw Error(ErrorKind::invalid, thing() + " has " + std::to_string(size) + " bytes, not " + std::to_string(descriptor.size_bytes));
  return std::move(*file);
}

std::string Layout::read_blob(const Descriptor& descriptor, std::uint64_t limit_bytes) const {
  const auto thing = not_a_blob(m_name, descriptor.digest);
  if (descriptor.size_bytes > limit_bytes)
    throw Error(ErrorKind::invalid, thing + " is larger than the " + std::to_string(limit_bytes) + " bytes allowed for its kind");
  const util::Fd file = open_blob(descriptor);
  std::string content(descriptor.size_bytes, '\0');
  content.resize(util::read_full(file.get(), content.data(), content.size(), thing));
  if (Digest::of(content) != descriptor.digest) throw Error(ErrorKind::invalid, thing + " has another content than its digest says");
  return content;
}

Digest Layout::put_blob(std::string_view bytes) const {
  BlobWriter writer = new_blob();
  writer.write(bytes);
  return writer.commit();
}

void Layout::remove_blob(const Digest& digest) const { m_root.remove_tree(blob_path(digest)); }

std::vector<Digest> Layout::list_blobs(std::vector<std::string>* stray) const {
  std::vector<Digest> blobs;
  for (const util::DirEntry& entry : m_root.list(k_blob_directory)) {
    if (is_temporary(entry.name)) continue;
    const bool is_file = entry.type == 0 || S_ISREG(entry.type) || S_ISLNK(entry.type);
    if (is_file && is_sha256_hex(entry.name)) {
      blobs.push_back(Digest::from_sha256_hex(entry.name));
    } else if (stray != nullptr) {
      stray->push_back(entry.name);
    }
  }
  return blobs;
}

// In the root only the holder of the lock makes temporary files (AtomicFile does not lock its own).
void Layout::reclaim_temporaries() const {
  const auto blobs = m_root.subroot(k_blob_directory);
  for (const util::DirEntry& entry : blobs.list()) {
    if (is_temporary(entry.name)) reclaim(blobs, entry.name);
  }
  const auto lock = util::FileLock::try_acquire(m_root, k_lock_file);
  if (!lock) return;
  for (const util::DirEntry& entry : m_root.list()) {
    if (is_temporary(entry.name)) reclaim(m_root, entry.name);
  }
}

}  // namespace jcb::oci
