// SPDX-License-Identifier: Apache-2.0
#include "build/content_cache.h"

#include <sys/stat.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"

namespace jcb::build {
namespace {

constexpr std::string_view k_magic = "jcbuild-context-1\n";
constexpr std::size_t k_record_bytes = 8 * 3 + 12 * 2 + 1 + 32;
constexpr std::size_t k_hash_bytes = 64;  // hexadecimal
constexpr std::size_t k_max_entries = std::size_t{1} << 19;
constexpr std::size_t k_max_contexts = 100;
constexpr std::uint8_t k_oldest_age = 16;
constexpr std::int64_t k_racy_seconds = 2;

void put(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::uint64_t take(std::string_view& bytes, unsigned count) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  bytes.remove_prefix(count);
  return value;
}

int digit_value(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string to_hex(const std::array<unsigned char, 32>& digest) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool is_racy(const timespec& time, const timespec& now) { return time.tv_sec + k_racy_seconds >= now.tv_sec; }

// What is between the magic and the hash, or nothing when either is wrong.
std::optional<std::string_view> checked_records(std::string_view text) {
  if (text.size() < k_magic.size() + k_hash_bytes || !text.starts_with(k_magic)) return std::nullopt;
  const std::size_t end = text.size() - k_hash_bytes;
  if ((end - k_magic.size()) % k_record_bytes != 0) return std::nullopt;
  if (util::sha256_hex(text.substr(0, end)) != text.substr(end)) return std::nullopt;
  return text.substr(k_magic.size(), end - k_magic.size());
}

std::string path_of(const util::Root& root) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(root.fd()), error).native();
}

// Keeps the caches that were written last.
void drop_contexts(const util::Root& directory) {
  std::vector<std::pair<std::int64_t, std::string>> files;
  for (const auto& entry : directory.list()) {
    const auto status = directory.find_stat(entry.name);
    if (status) files.emplace_back(status->st_mtim.tv_sec, entry.name);
  }
  if (files.size() <= k_max_contexts) return;
  std::sort(files.begin(), files.end());
  files.resize(files.size() - k_max_contexts);
  for (const auto& [time, name] : files) directory.remove_tree(name);
}

}  // namespace

ContentCache::ContentCache(std::filesystem::path directory, std::string_view context)
    : m_directory(std::move(directory)), m_name(util::sha256_hex(context)) {
  try {
    load();
  } catch (const Error&) {
    m_entries.clear();  // unreadable: everything is hashed again and written anew
  }
}

ContentCache::ContentCache(const std::filesystem::path& directory, const util::Root& context) : ContentCache(directory, path_of(context)) {
  std::error_code error;
  const auto store = std::filesystem::weakly_canonical(directory / ".." / "..", error);
  m_kept = error || !path_of(context).starts_with(store.native() + "/");
}

bool ContentCache::Entry::describes(const struct stat& status) const noexcept {
  return size_bytes == static_cast<std::uint64_t>(status.st_size) && mtime_s == status.st_mtim.tv_sec &&
         mtime_ns == static_cast<std::uint32_t>(status.st_mtim.tv_nsec) && ctime_s == status.st_ctim.tv_sec &&
         ctime_ns == static_cast<std::uint32_t>(status.st_ctim.tv_nsec);
}

ContentCache::Entry ContentCache::make_entry(const struct stat& status) {
  Entry entry;
  entry.size_bytes = static_cast<std::uint64_t>(status.st_size);
  entry.mtime_s = status.st_mtim.tv_sec;
  entry.mtime_ns = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
  entry.ctime_s = status.st_ctim.tv_sec;
  entry.ctime_ns = static_cast<std::uint32_t>(status.st_ctim.tv_nsec);
  return entry;
}

void ContentCache::load() {
  const auto text = util::find_file(path(), k_magic.size() + k_max_entries * k_record_bytes + k_hash_bytes);
  auto records = text ? checked_records(*text) : std::nullopt;
  while (records && !records->empty()) {
    Key key;
    Entry entry;
    key.device = take(*records, 8);
    key.inode = take(*records, 8);
    entry.size_bytes = take(*records, 8);
    entry.mtime_s = static_cast<std::int64_t>(take(*records, 8));
    entry.mtime_ns = static_cast<std::uint32_t>(take(*records, 4));
    entry.ctime_s = static_cast<std::int64_t>(take(*records, 8));
    entry.ctime_ns = static_cast<std::uint32_t>(take(*records, 4));
    entry.age = static_cast<std::uint8_t>(take(*records, 1));
    for (auto& byte : entry.digest) byte = static_cast<unsigned char>(take(*records, 1));
    m_entries.emplace_hint(m_entries.end(), key, entry);
  }
}

std::optional<std::string> ContentCache::find(const struct stat& status) {
  const std::lock_guard lock(m_mutex);
  const auto found = m_entries.find({status.st_dev, status.st_ino});
  if (found == m_entries.end() || !found->second.describes(status)) return std::nullopt;
  m_used.push_back(found->first);
  // An entry about to be dropped is worth a write.
  if (found->second.age + 1 >= k_oldest_age) m_changed = true;
  return to_hex(found->second.digest);
}

void ContentCache::remember(const struct stat& status, std::string_view hex_digest, const timespec& now) {
  if (hex_digest.size() != 64 || is_racy(status.st_mtim, now) || is_racy(status.st_ctim, now)) return;
  Entry entry = make_entry(status);
  for (std::size_t i = 0; i < entry.digest.size(); ++i)
    entry.digest[i] = static_cast<unsigned char>(digit_value(hex_digest[2 * i]) * 16 + digit_value(hex_digest[2 * i + 1]));
  const std::lock_guard lock(m_mutex);
  const Key key{status.st_dev, status.st_ino};
  m_entries[key] = entry;
  m_used.push_back(key);
  m_changed = true;
}

void ContentCache::drop_old() {
  for (auto& [key, entry] : m_entries) entry.age = static_cast<std::uint8_t>(entry.age + 1);
  for (const Key& key : m_used) m_entries[key].age = 0;
  std::erase_if(m_entries, [](const auto& item) { return item.second.age >= k_oldest_age; });
  for (std::uint8_t age = k_oldest_age - 1; m_entries.size() > k_max_entries && age > 0; --age)
    std::erase_if(m_entries, [age](const auto& item) { return item.second.age >= age; });
  while (m_entries.size() > k_max_entries) m_entries.erase(std::prev(m_entries.end()));
}

std::string ContentCache::encode() const {
  std::string text(k_magic);
  text.reserve(k_magic.size() + m_entries.size() * k_record_bytes + k_hash_bytes);
  for (const auto& [key, entry] : m_entries) {
    put(text, key.device, 8);
    put(text, key.inode, 8);
    put(text, entry.size_bytes, 8);
    put(text, static_cast<std::uint64_t>(entry.mtime_s), 8);
    put(text, entry.mtime_ns, 4);
    put(text, static_cast<std::uint64_t>(entry.ctime_s), 8);
    put(text, entry.ctime_ns, 4);
    put(text, entry.age, 1);
    text.append(reinterpret_cast<const char*>(entry.digest.data()), entry.digest.size());
  }
  return text + util::sha256_hex(text);
}

void ContentCache::save() {
  const std::lock_guard lock(m_mutex);
  if (!m_changed || !m_kept) return;
  drop_old();
  m_changed = false;
  m_used.clear();
  try {
    ::mkdir(m_directory.c_str(), 0700);  // an older store has none
    const util::Root root = util::Root::open(m_directory);
    util::write_file_atomically(root, m_name, encode());
    drop_contexts(root);
  } catch (const Error&) {
    // Full or read-only: the next build reads the files again.
  }
}

std::size_t ContentCache::size() const {
  const std::lock_guard lock(m_mutex);
  return m_entries.size();
}

}  // namespace jcb::build
