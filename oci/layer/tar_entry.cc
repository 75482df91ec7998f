// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/tar_entry.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::oci {
namespace {

constexpr std::string_view k_ustar_magic("ustar\0", 6), k_gnu_magic("ustar  ", 7);

// Builds one entry.
class EntryMaker {
 public:
  EntryMaker(const TarBlock& block, const TarLimits& limits, const std::string& thing)
      : m_block(block), m_limits(limits), m_archive(thing) {}

  StoredEntry make(EntryPrelude prelude, const std::map<std::string, std::string>& globals) {
    read_names(prelude);
    read_numbers();
    for (const auto& [key, value] : globals) apply(key, value);
    if (prelude.records) {
      const auto sparse = parse_sparse_records(*prelude.records, m_limits, where());
      for (const auto& [key, value] : *prelude.records) apply(key, value);
      apply_sparse(sparse);
    }
    check_names();
    read_type();
    finish_size();
    return std::move(m_result);
  }

 private:
  [[noreturn]] void fail(std::string_view cause) const { throw Error(ErrorKind::invalid, where() + ": " + std::string(cause)); }

  std::string where() const { return name_tar_entry(m_archive, entry().name); }

  std::string ustar_name() const {
    const std::string name(text_of(m_block, k_name));
    if (field_of(m_block, k_magic).substr(0, 6) != k_ustar_magic) return name;
    // star keeps times in the last 24 bytes of the prefix, and says so at the very end of the block.
    const bool is_star = std::string_view(m_block.data() + 508, 4) == std::string_view("tar\0", 4);
    const auto prefix = text_of(m_block, {k_prefix.offset, is_star ? 131 : k_prefix.size});
    return prefix.empty() ? name : std::string(prefix) + "/" + name;
  }

  void read_names(EntryPrelude& prelude) {
    const bool ambiguous = prelude.records && std::any_of(prelude.records->begin(), prelude.records->end(), [&](const auto& record) {
                             return (record.first == "path" && prelude.long_name) || (record.first == "linkpath" && prelude.long_link_name);
                           });
    entry().name = prelude.long_name ? std::move(*prelude.long_name) : ustar_name();
    // Readers disagree about which one wins, so such an archive means two things.
    if (ambiguous) fail("named by a pax record and by a GNU long name");
    entry().link_name = prelude.long_link_name ? std::move(*prelude.long_link_name) : std::string(text_of(m_block, k_link_name));
  }

  std::int64_t number(TarField field, const char* what, std::int64_t highest) const {
    const auto value = parse_tar_number(field_of(m_block, field));
    if (!value || *value < 0 || *value > highest) fail(std::string("bad ") + what);
    return *value;
  }

  void read_numbers() {
    entry().mode = static_cast<std::uint32_t>(number(k_mode, "mode", INT64_MAX) & 07777);
    entry().uid = static_cast<std::uint32_t>(number(k_uid, "owner", UINT32_MAX));
    entry().gid = static_cast<std::uint32_t>(number(k_gid, "group", UINT32_MAX));
    m_result.stored_bytes = static_cast<std::uint64_t>(number(k_size, "size", INT64_MAX));
    const auto mtime = parse_tar_number(field_of(m_block, k_mtime));
    if (!mtime) fail("bad mtime");
    entry().mtime_s = *mtime;
  }

  std::uint64_t decimal(const std::string& value, const char* what, std::uint64_t highest) const {
    const auto result = parse_pax_number(value);
    if (!result || *result > highest) fail(std::string("bad ") + what + " in a pax record");
    return *result;
  }

  // An empty value means: as if the record were not there.
  void apply(const std::string& key, const std::string& value) {
    if (key.starts_with(k_pax_xattr)) return add_xattr(key.substr(k_pax_xattr.size()), value);
    if (value.empty()) return;
    if (key == "path") entry().name = value;
    if (key == "linkpath") entry().link_name = value;
    if (key == "size") m_result.stored_bytes = decimal(value, "size", INT64_MAX);
    if (key == "uid") entry().uid = static_cast<std::uint32_t>(decimal(value, "owner", UINT32_MAX));
    if (key == "gid") entry().gid = static_cast<std::uint32_t>(decimal(value, "group", UINT32_MAX));
    if (key == "mtime") set_mtime(value);
  }

  void set_mtime(const std::string& value) {
    const auto time = parse_pax_time(value);
    if (!time) fail("bad mtime in a pax record");
    entry().mtime_s = time->seconds;
    entry().mtime_ns = time->nanoseconds;
  }

  void add_xattr(const std::string& name, const std::string& value) {
    if (name.empty() || name.size() > 255 || name.find('\0') != std::string::npos) fail("bad xattr name");
    m_xattr_bytes += name.size() + value.size();
    entry().xattrs[name] = value;
    if (m_xattr_bytes > m_limits.xattr_bytes || entry().xattrs.size() > m_limits.xattr_count) fail("too many xattrs");
  }

  void apply_sparse(const SparseRecords& sparse) {
    m_result.sparse = sparse.form;
    m_result.extents = sparse.extents;
    if (sparse.name) entry().name = *sparse.name;
    if (sparse.real_size) entry().size_bytes = *sparse.real_size;
  }

  void check_name(const std::string& name, const char* what) const {
    if (name.find('\0') != std::string::npos) fail(std::string("a NUL in the ") + what);
    if (name.size() > m_limits.path_bytes)
      fail(std::string("the ") + what + " is longer than " + std::to_string(m_limits.path_bytes) + " bytes");
  }

  void check_names() const {
    if (entry().name.empty()) fail("an entry without a name");
    check_name(entry().name, "name");
    check_name(entry().link_name, "link target");
  }

  static std::optional<EntryType> type_of(char flag) {
    switch (flag) {
      case '\0':  // old tars; see read_type for directories
      case '0':
      case '7':  // contiguous file: POSIX says to take it as a file
      case 'S':
        return EntryType::file;
      case '1':
        return EntryType::hard_link;
      case '2':
        return EntryType::symbolic_link;
      case '3':
        return EntryType::character_device;
      case '4':
        return EntryType::block_device;
      case '5':
        return EntryType::directory;
      case '6':
        return EntryType::fifo;
      default:
        return std::nullopt;
    }
  }

  void read_type() {
    const char flag = m_block[k_type_offset];
    const auto type = type_of(flag);
    if (!type) fail("unknown type '" + util::escape_text({&flag, 1}) + "'");
    entry().type = flag == '\0' && entry().name.ends_with('/') ? EntryType::directory : *type;
    const bool is_link = type == EntryType::hard_link || type == EntryType::symbolic_link;
    if (is_link && entry().link_name.empty()) fail("a link without a target");
    if (!is_link) entry().link_name.clear();
    if (type == EntryType::character_device || type == EntryType::block_device) read_device();
    if (flag == 'S') read_old_sparse();
  }

  void read_device() {
    entry().device_major = static_cast<std::uint32_t>(number(k_device_major, "device number", UINT32_MAX));
    entry().device_minor = static_cast<std::uint32_t>(number(k_device_minor, "device number", UINT32_MAX));
  }

  void read_old_sparse() {
    if (field_of(m_block, k_magic).substr(0, 7) != k_gnu_magic || m_result.sparse != SparseForm::none) fail("malformed sparse header");
    m_result.sparse = SparseForm::old_gnu;
    append_old_sparse(field_of(m_block, k_sparse), m_result.extents, m_limits, where());
    entry().size_bytes = static_cast<std::uint64_t>(number(k_real_size, "real size", INT64_MAX));
  }

  // Files have content, and hard links may (POSIX allows it; it is skipped). The size field of the others has other
  // meanings, such as a directory's quota.
  void finish_size() {
    const bool is_file = entry().type == EntryType::file;
    if (m_result.sparse != SparseForm::none && !is_file) fail("sparse, but no file");
    if (!is_file && entry().type != EntryType::hard_link) m_result.stored_bytes = 0;
    if (m_result.sparse == SparseForm::none) entry().size_bytes = is_file ? m_result.stored_bytes : 0;
    if (std::max(m_result.stored_bytes, entry().size_bytes) > m_limits.file_bytes)
      fail("larger than " + std::to_string(m_limits.file_bytes) + " bytes");
  }

  TarEntry& entry() { return m_result.entry; }
  const TarEntry& entry() const { return m_result.entry; }

  const TarBlock& m_block;
  const TarLimits& m_limits;
  const std::string& m_archive;
  StoredEntry m_result;
  std::size_t m_xattr_bytes = 0;
};

}  // namespace

std::string name_tar_entry(const std::string& archive, std::string_view name) {
  return archive + ": entry '" + util::escape_text(name.substr(0, 300)) + "'";
}

StoredEntry make_stored_entry(const TarBlock& block, EntryPrelude prelude, const std::map<std::string, std::string>& globals,
                              const TarLimits& limits, const std::string& thing) {
  return EntryMaker(block, limits, thing).make(std::move(prelude), globals);
}

void apply_global_records(const std::vector<PaxRecord>& records, std::map<std::string, std::string>& globals, const TarLimits& limits,
                          const std::string& thing) {
  for (const auto& [key, value] : records) {
    if (key == "path" || key == "linkpath" || key == "size" || key.starts_with("GNU.sparse."))
      throw Error(ErrorKind::invalid, thing + ": a global pax header sets '" + util::escape_text(key) + "'");
    if (value.empty()) globals.erase(key);
    if (!value.empty()) globals[key] = value;
  }
  std::uint64_t total = 0;
  for (const auto& [key, value] : globals) total += key.size() + value.size();
  if (total > limits.pax_bytes) throw Error(ErrorKind::invalid, thing + ": the global pax headers are too large");
}

}  // namespace jcb::oci
