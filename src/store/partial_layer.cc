// SPDX-License-Identifier: Apache-2.0
#include "store/partial_layer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

#include "jcbuild/error.h"
#include "store/usage.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_magic = "jcbuild-partial-1 ";
constexpr std::size_t k_digest = 64, k_offset = 20;
constexpr std::uint64_t k_most_bytes = std::uint64_t{256} << 20;
constexpr std::time_t k_week = 7 * 24 * 3600;

std::string read_kernel_file(const char* path) {
  try {
    return std::string(util::trim(util::find_file(path, 65536).value_or("")));
  } catch (const Error&) {
    return {};
  }
}

std::string head() { return std::string(k_magic) + read_kernel_file("/proc/sys/kernel/random/boot_id") + "\n"; }

// Two builds of one version can keep their state differently.
std::string program_identity() {
  struct stat status {};
  if (::stat("/proc/self/exe", &status) != 0) return {};
  return std::to_string(status.st_dev) + " " + std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

std::string directory_name(TreeFlavour flavour, const oci::Digest& diff_id) {
  if (flavour == TreeFlavour::mapped) return diff_id.hex();
  return (flavour == TreeFlavour::single ? "1-" : "c-") + diff_id.hex();
}

std::string pad_offset(std::uint64_t offset) {
  const std::string digits = std::to_string(offset);
  return std::string(k_offset - digits.size(), '0') + digits;
}

util::Root open_partial(const Store& store) { return util::Root::open(store.path() / "partial"); }

// Whether the next process of this boot could go on there.
bool is_worth_keeping(const util::Root& partial, const std::string& name) {
  const auto status = partial.find_stat(name + "/state");
  if (!status || status->st_mtime < std::time(nullptr) - k_week || !partial.find_stat(name + "/tree")) return false;
  const std::string expected = head();
  const util::Fd file = partial.open_regular(name + "/state");
  std::string found(expected.size(), '\0');
  return util::read_full(file.get(), found.data(), found.size(), name) == found.size() && found == expected;
}

}  // namespace

std::string layer_lease(const oci::Digest& diff_id) { return "layer-" + diff_id.hex(); }

PartialLayer::PartialLayer(const Store& store, const Layer& layer, oci::OverlayXattr overlay_xattr)
    : m_store(store),
      m_layer(layer),
      m_overlay_xattr(overlay_xattr),
      m_name(directory_name(store.flavour(), layer.diff_id)),
      m_binding(binding()),
      m_path(store.path() / "partial" / m_name) {
  try {
    m_checkpoint = read();
  } catch (const Error&) {
    m_checkpoint.reset();
  }
  m_resumable = m_checkpoint.has_value();
  if (!m_resumable) begin_anew();
}

PartialLayer::~PartialLayer() {
  if (m_resumable) return;
  try {
    remove();
  } catch (const Error&) {
    // The next reclaim removes it.
  }
}

void PartialLayer::remove() const {
  const util::Root partial = open_partial(m_store);
  // The state first: it must not outlive a part of the tree.
  partial.remove_tree(m_name + "/state");
  partial.remove_tree(m_name);
}

// Ids that are mapped otherwise would give a tree of mixed owners.
std::string PartialLayer::binding() const {
  util::Sha256 hash;
  for (const auto& field :
       {head(), std::string(JCBUILD_VERSION), program_identity(), m_layer.diff_id.hex(), m_layer.blob.digest.hex(),
        std::to_string(m_layer.blob.size_bytes), m_layer.blob.media_type, m_name, std::to_string(static_cast<int>(m_overlay_xattr)),
        read_kernel_file("/proc/self/uid_map"), read_kernel_file("/proc/self/gid_map")})
    hash.field(field);
  return hash.hex();
}

std::optional<oci::UnpackCheckpoint> PartialLayer::read() const {
  const util::Root partial = open_partial(m_store);
  if (!is_worth_keeping(partial, m_name)) return std::nullopt;
  const std::string text = partial.read_file(m_name + "/state", k_most_bytes);
  std::string_view rest = std::string_view(text).substr(head().size());
  if (rest.size() < 2 * k_digest + k_offset) return std::nullopt;
  const std::string_view check = rest.substr(0, k_digest);
  rest.remove_prefix(k_digest);
  if (util::sha256_hex(rest) != check || rest.substr(0, k_digest) != m_binding) return std::nullopt;
  rest.remove_prefix(k_digest);
  const std::uint64_t offset = util::parse_unsigned(rest.substr(0, k_offset), "an offset");
  if (offset > m_layer.blob.size_bytes) return std::nullopt;
  return oci::UnpackCheckpoint{offset, std::string(rest.substr(k_offset))};
}

void PartialLayer::save(const oci::UnpackCheckpoint& checkpoint) {
  const std::string rest = m_binding + pad_offset(checkpoint.blob_offset) + checkpoint.state;
  const util::Root directory = util::Root::open(m_path);
  directory.write_file("state.new", head() + util::sha256_hex(rest) + rest, 0600);
  if (::renameat(directory.fd(), "state.new", directory.fd(), "state") != 0) throw_errno("keep the state of", m_path.native());
  m_resumable = true;
}

void PartialLayer::drop() {
  m_resumable = false;
  const fs::path state = m_path / "state";
  if (::unlink(state.c_str()) != 0 && errno != ENOENT) throw_errno("remove", state.native());
}

void PartialLayer::publish(util::OwnerTable owners) {
  m_store.publish_tree(tree(), m_layer.tree(), std::move(owners));
  m_resumable = false;
}

void PartialLayer::begin_anew() {
  m_checkpoint.reset();
  m_resumable = false;
  remove();
  const fs::path directory = tree();
  if (::mkdir(m_path.c_str(), 0700) != 0 || ::mkdir(directory.c_str(), 0700) != 0 || ::chmod(directory.c_str(), 0755) != 0)
    throw_errno("make directory", directory.native());
}

std::uint64_t partial_offset(const Store& store, const Layer& layer) {
  const util::Root partial = open_partial(store);
  const std::string name = directory_name(store.flavour(), layer.diff_id);
  try {
    if (!is_worth_keeping(partial, name)) return 0;
    const util::Fd file = partial.open_regular(name + "/state");
    std::string text(head().size() + 2 * k_digest + k_offset, '\0');
    if (util::read_full(file.get(), text.data(), text.size(), name) != text.size()) return 0;
    return util::parse_unsigned(std::string_view(text).substr(text.size() - k_offset), name);
  } catch (const Error&) {
    return 0;
  }
}

void reclaim_partial_layers(const Store& store) {
  const util::Root partial = open_partial(store);
  for (const auto& entry : partial.list()) {
    const auto lease = store.try_lease("layer-" + entry.name.substr(entry.name.rfind('-') + 1));
    if (lease && !is_worth_keeping(partial, entry.name)) partial.remove_tree(entry.name);
  }
}

std::uint64_t remove_partial_layers(const Store& store) {
  const util::Root partial = open_partial(store);
  const std::uint64_t freed = removable_bytes(partial);
  util::remove_children(partial.fd(), "partial layers");
  return freed;
}

}  // namespace jcb::store
