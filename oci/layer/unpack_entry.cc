// SPDX-License-Identifier: Apache-2.0
// The rules, where archives leave a choice:
//   - something else under the same name goes first, and is never opened or written through; a directory over a
//     directory keeps its content
//   - links in the directory part of a name are followed, inside the target: upper layers are written for roots where
//     /lib is a link
//   - a hard link is to a name in the target that exists, and never brings content or metadata of its own
//   - a device that may not be made (mknod is for root outside user namespaces) becomes an empty file of the same mode,
//     as podman does: images hold devices that nobody opens
#include "oci/layer/unpack_entry.h"

#include "jcbuild/error.h"
#include "oci/layer/codec.h"
#include "oci/layer/entry_path.h"
#include "oci/layer/tar_entry.h"
#include "oci/layer/whiteout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <tuple>

namespace jcb::oci {
namespace {

// How much of a file is written before the disk is told of it.
constexpr std::uint64_t k_writeback_bytes = std::uint64_t{8} << 20;

std::optional<struct stat> find_status(int directory, const std::string& name, std::string_view thing) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno == ENOENT) return std::nullopt;
  throw_errno("stat", thing);
}

[[noreturn]] void throw_bad(const std::string& thing, std::string_view cause) {
  throw Error(ErrorKind::invalid, thing + ": " + std::string(cause));
}

bool is_aufs_path(std::string_view path) {
  return path.starts_with(k_aufs_prefix) || path.find("/" + std::string(k_aufs_prefix)) != std::string_view::npos;
}

bool has_whiteout_part(std::string_view directory) {
  return is_whiteout_name(directory) || directory.find("/" + std::string(k_whiteout_prefix)) != std::string_view::npos;
}

}  // namespace

EntryUnpacker::EntryUnpacker(const util::Root& target, const UnpackOptions& options, std::string thing, UnpackObserver* observer)
    : m_options(options),
      m_thing(std::move(thing)),
      m_observer(observer),
      m_tree(target, options, m_thing, observer),
      m_metadata(options.ownership, options.records),
      m_buffer(k_chunk_bytes) {}

void EntryUnpacker::unpack(const TarEntry& entry, TarReader& reader) {
  if (!m_options.owner) return unpack_as_is(entry, reader);
  TarEntry owned = entry;
  std::tie(owned.uid, owned.gid) = *m_options.owner;
  unpack_as_is(owned, reader);
}

EntryUnpacker::Job EntryUnpacker::make_job(const TarEntry& entry) const {
  Job job{entry, name_tar_entry(m_thing, entry.name), {}, {}, {}};
  job.path = clean_entry_path(entry.name, job.thing);
  const auto [directory, name] = split_entry_path(job.path);
  job.directory = directory;
  job.name = name;
  return job;
}

void EntryUnpacker::unpack_as_is(const TarEntry& entry, TarReader& reader) {
  const Job job = make_job(entry);
  check_owner(entry, job.thing);
  if (job.path.empty()) return unpack_root(job);
  if (is_whiteout_name(job.name) || has_whiteout_part(job.directory)) return unpack_whiteout(job);
  switch (entry.type) {
    case EntryType::file:
      return unpack_file(job, &reader);
    case EntryType::hard_link:
      return unpack_hard_link(job);
    case EntryType::symbolic_link:
      return unpack_symbolic_link(job);
    case EntryType::directory:
      return unpack_directory(job);
    case EntryType::character_device:
    case EntryType::block_device:
    case EntryType::fifo:
      return unpack_node(job);
  }
}

void EntryUnpacker::unpack_root(const Job& job) {
  if (job.entry.type != EntryType::directory) throw_bad(job.thing, "the root can only be a directory");
  if (m_options.keep_root) return;
  const util::Fd fd = m_tree.root().open_at(".", O_RDONLY | O_DIRECTORY);
  m_metadata.apply_to_directory(fd.get(), job.entry, job.thing);
  m_tree.finish_later("", fd.get(), job.entry.mode & 07777, job.time());
}

void EntryUnpacker::unpack_whiteout(const Job& job) {
  if (job.name == k_opaque_name && !has_whiteout_part(job.directory)) return make_opaque(job);
  if (is_aufs_path(job.path)) return;
  if (has_whiteout_part(job.directory)) throw_bad(job.thing, "an entry below a whiteout");
  const std::string hidden = job.name.substr(k_whiteout_prefix.size());
  if (hidden.empty() || hidden == "." || hidden == "..") throw_bad(job.thing, "a whiteout of nothing");
  if (m_options.whiteouts == Whiteouts::overlay) return whiteout_in_overlay(job, hidden);
  whiteout_in_rootfs(job, hidden);
}

// A whiteout hides what lower layers have under the name; what this layer itself puts there stays, whichever comes
// first in the tar.
void EntryUnpacker::whiteout_in_overlay(const Job& job, const std::string& hidden) {
  const ParentDirectory& parent = m_tree.directory(job.directory, job.time());
  const auto status = find_status(parent.fd(), hidden, job.thing);
  if (!status) return make_whiteout_device(parent.fd(), hidden, job.thing);
  if (!S_ISDIR(status->st_mode)) return;
  const util::Fd fd(::openat(parent.fd(), hidden.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw_errno("open directory", job.thing);
  set_opaque(fd.get(), m_options.overlay_xattr, job.thing);
}

void EntryUnpacker::whiteout_in_rootfs(const Job& job, const std::string& hidden) {
  const ParentDirectory* parent = m_tree.find_directory(job.directory);
  if (parent == nullptr) return;
  const auto status = find_status(parent->fd(), hidden, job.thing);
  if (!status) return;
  if (!m_tree.was_created(*parent, hidden)) return m_tree.remove(parent->root.duplicate(), hidden);
  if (S_ISDIR(status->st_mode)) m_tree.remove_lower_children(job.directory.empty() ? hidden : job.directory + "/" + hidden);
}

void EntryUnpacker::make_opaque(const Job& job) {
  if (m_options.whiteouts == Whiteouts::apply) {
    if (m_tree.find_directory(job.directory) != nullptr) m_tree.remove_lower_children(job.directory);
    return;
  }
  if (job.directory.empty())
    throw Error(ErrorKind::unsupported, job.thing + ": a layer that hides everything below it cannot be mounted as an overlay");
  const ParentDirectory& directory = m_tree.directory(job.directory, job.time());
  const util::Fd fd(::openat(directory.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open directory", job.thing);
  set_opaque(fd.get(), m_options.overlay_xattr, job.thing);
}

const ParentDirectory& EntryUnpacker::create(const Job& job, const std::function<int(int directory_fd)>& make) {
  const ParentDirectory* parent = &m_tree.directory(job.directory, job.time());
  if (make(parent->fd()) != 0) {
    if (errno != EEXIST) throw_errno("create", job.thing);
    m_tree.remove(parent->root.duplicate(), job.name);
    parent = &m_tree.directory(job.directory, job.time());
    if (make(parent->fd()) != 0) throw_errno("create", job.thing);
  }
  m_tree.note_created(*parent, job.name);
  return *parent;
}

void EntryUnpacker::unpack_directory(const Job& job) {
  const ParentDirectory& parent = m_tree.directory(job.directory, job.time());
  m_tree.note_created(parent, job.name);
  const util::Fd fd = m_tree.make_directory(parent, job.name, job.thing);
  m_metadata.apply_to_directory(fd.get(), job.entry, job.thing);
  m_tree.finish_later(job.path, fd.get(), job.entry.mode & 07777, job.time());
}

void EntryUnpacker::unpack_file(const Job& job, TarReader* reader) {
  util::Fd fd;
  const ParentDirectory& parent = create(job, [&](int directory) {
    fd = util::Fd(::openat(directory, job.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return fd ? 0 : -1;
  });
  if (reader != nullptr && job.entry.size_bytes > 0) copy_content(fd.get(), job, *reader);
  m_metadata.apply_to_file(fd.get(), job.entry, parent, job.thing);
}

void EntryUnpacker::resume_file(const TarEntry& entry, TarReader& reader) {
  const Job job = make_job(entry);
  const ParentDirectory& parent = m_tree.directory(job.directory, job.time());
  const util::Fd fd(::openat(parent.fd(), job.name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) throw_errno("open", job.thing);
  if (!S_ISREG(status.st_mode)) throw_bad(job.thing, "it is no file any more");
  const auto position = static_cast<off_t>(reader.position());
  if (::ftruncate(fd.get(), position) != 0 || ::lseek(fd.get(), position, SEEK_SET) < 0) throw_errno("write", job.thing);
  copy_content(fd.get(), job, reader);
  m_metadata.apply_to_file(fd.get(), job.entry, parent, job.thing);
}

// Holes stay holes: a sparse file of a terabyte must not need a terabyte.
void EntryUnpacker::copy_content(int fd, const Job& job, TarReader& reader) {
  bool ends_in_hole = false;
  std::uint64_t begun = 0, written = 0;
  for (;;) {
    if (const std::uint64_t hole = reader.skip_hole(); hole > 0) {
      if (::lseek(fd, static_cast<off_t>(hole), SEEK_CUR) < 0) throw_errno("write", job.thing);
      ends_in_hole = true;
      continue;
    }
    const std::string_view run = reader.read_run(m_buffer.data(), m_buffer.size());
    if (run.empty()) break;
    util::write_all(fd, run, job.thing);
    ends_in_hole = false;
    written += run.size();
    if (m_options.begin_writeback && written - begun >= k_writeback_bytes) {
      // Starts, and waits for nothing; where a file system cannot, the flush at the end has more to do.
      ::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
      begun = written;
    }
    if (m_observer != nullptr) m_observer->on_progress(&job.entry);
  }
  if (ends_in_hole && ::ftruncate(fd, static_cast<off_t>(job.entry.size_bytes)) != 0) throw_errno("write", job.thing);
}

void EntryUnpacker::unpack_symbolic_link(const Job& job) {
  const ParentDirectory& parent =
      create(job, [&](int directory) { return ::symlinkat(job.entry.link_name.c_str(), directory, job.name.c_str()); });
  m_metadata.apply_to_link(parent.fd(), job.name, job.entry, job.thing);
}

void EntryUnpacker::unpack_hard_link(const Job& job) {
  const std::string target = clean_entry_path(job.entry.link_name, job.thing);
  const auto [directory, name_view] = split_entry_path(target);
  const std::string name(name_view), missing = "a hard link to '" + target + "', which is not there";
  const ParentDirectory* found = target.empty() ? nullptr : m_tree.find_directory(directory);
  if (found == nullptr) throw_bad(job.thing, missing);
  const util::Root target_directory = found->root.duplicate();  // finding the link's own directory may drop `found`
  const auto status = find_status(target_directory.fd(), name, job.thing);
  if (!status || is_whiteout_device(*status)) throw_bad(job.thing, missing);
  if (S_ISDIR(status->st_mode)) throw_bad(job.thing, "a hard link to a directory");
  const ParentDirectory& parent = m_tree.directory(job.directory, job.time());
  const auto existing = find_status(parent.fd(), job.name, job.thing);
  // Removing the old name first would remove the file itself where the entry links a name to itself.
  if (existing && existing->st_dev == status->st_dev && existing->st_ino == status->st_ino) return m_tree.note_created(parent, job.name);
  create(job, [&](int here) {
    const int result = ::linkat(target_directory.fd(), name.c_str(), here, job.name.c_str(), 0);
    // Making room for the link removed its target: the directory that held it had the link's name.
    if (result != 0 && errno == ENOENT) throw_bad(job.thing, missing);
    return result;
  });
}

void EntryUnpacker::unpack_node(const Job& job) {
  const TarEntry& entry = job.entry;
  const bool is_fifo = entry.type == EntryType::fifo;
  if (entry.type == EntryType::character_device && is_whiteout_number(entry.device_major, entry.device_minor))
    throw_bad(job.thing, "the device 0:" + std::to_string(entry.device_minor) + " would be taken for a deletion");
  if (!is_fifo && (m_options.ownership == Ownership::record || m_metadata.records_devices())) return unpack_file(job, nullptr);
  const mode_t type = is_fifo ? S_IFIFO : entry.type == EntryType::block_device ? S_IFBLK : S_IFCHR;
  bool forbidden = false;
  const ParentDirectory& parent = create(job, [&](int directory) {
    const int result = ::mknodat(directory, job.name.c_str(), type | 0600, makedev(entry.device_major, entry.device_minor));
    forbidden = result != 0 && errno == EPERM && !is_fifo;
    return forbidden ? 0 : result;
  });
  if (forbidden) return unpack_file(job, nullptr);
  const util::Fd node(::openat(parent.fd(), job.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!node) throw_errno("open", job.thing);
  m_metadata.apply_to_node(node, entry, job.thing);
}

}  // namespace jcb::oci
