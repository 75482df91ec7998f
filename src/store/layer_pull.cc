// SPDX-License-Identifier: Apache-2.0
#include "store/layer_pull.h"

#include <cerrno>
#include <optional>

#include "jcbuild/error.h"
#include "oci/layer/layer_stream.h"
#include "store/owned_trees.h"
#include "store/partial_layer.h"

namespace jcb::store {
namespace {

constexpr std::uint64_t k_room_step = std::uint64_t{16} << 20;
constexpr std::uint64_t k_suspicious_bytes = std::uint64_t{1} << 30, k_suspicious_ratio = 1000;

bool is_full(const Error& error) { return error.errno_value() == ENOSPC || error.errno_value() == EDQUOT; }

bool is_foreign(const oci::Descriptor& blob) {
  return !blob.urls.empty() || blob.media_type.find("foreign") != std::string::npos ||
         blob.media_type.find("nondistributable") != std::string::npos;
}

// Where a layer's licence forbids to spread it, its manifest names other places. They are a stranger's wish to have us ask
// any address he likes, so it is the registry or nothing.
[[noreturn]] void throw_foreign(const oci::RemoteBlobs& remote, const oci::Descriptor& blob) {
  throw Error(ErrorKind::not_found,
              remote.name() + " does not have the foreign layer " + blob.digest.text() + ", and its other addresses are never asked",
              "push the image to a registry of your own with that layer included");
}

// Runs one transfer; what comes damaged is asked for once more, from its beginning.
template <typename Attempt>
void try_twice(const PullContext& context, const oci::Descriptor& blob, Attempt&& attempt) {
  for (bool again = false;; again = true) {
    try {
      return attempt(again);
    } catch (const Error& error) {
      if (is_full(error)) context.room.throw_full();
      if (error.kind() == ErrorKind::not_found && is_foreign(blob)) throw_foreign(context.remote, blob);
      if (error.kind() != ErrorKind::invalid || again) throw;
    }
  }
}

// Looks after the disk while a layer is unpacked, and after a layer that becomes suspiciously much.
class Growth {
 public:
  Growth(const PullContext& context, const Layer& layer) : m_context(context), m_layer(layer) {}
  void add(std::uint64_t tar_bytes) {
    if (tar_bytes < m_next) return;
    m_next = tar_bytes + k_room_step;
    m_context.room.check();
    if (m_warned || tar_bytes < k_suspicious_bytes || tar_bytes / k_suspicious_ratio < m_layer.blob.size_bytes) return;
    m_warned = true;
    m_context.progress.message(MessageLevel::warning, "layer " + m_layer.blob.digest.short_text() + " is more than " +
                                                          std::to_string(k_suspicious_ratio) + " times as large as its blob");
  }

 private:
  const PullContext& m_context;
  const Layer& m_layer;
  std::uint64_t m_next = k_room_step;
  bool m_warned = false;
};

class LayerPull {
 public:
  LayerPull(const PullContext& context, const Store& store, const Layer& layer, unsigned rank)
      : m_context(context),
        m_store(store),
        m_layer(layer),
        m_rank(rank),
        m_task(context.progress, context.options.parent, "layer " + layer.blob.digest.short_text()) {}

  void run() {
    const Lease lease = m_store.lease(layer_lease(m_layer.diff_id));
    if (m_store.has_tree(m_layer.tree())) return m_task.finish(TaskResult::cached);
    PartialLayer partial(m_store, m_layer, m_context.options.overlay_xattr);
    const bool local = m_store.layout().find_blob_size(m_layer.blob.digest) == m_layer.blob.size_bytes;
    try_twice(m_context, m_layer.blob, [&](bool again) {
      if (again) partial.begin_anew();
      local ? unpack_local(partial) : unpack_remote(partial);
    });
    m_task.finish();
  }

 private:
  oci::UnpackOptions make_options(Growth& growth) {
    oci::UnpackOptions options;
    options.overlay_xattr = m_context.options.overlay_xattr;
    options.on_bytes = [this](std::uint64_t bytes) { m_task.bytes(bytes, m_layer.blob.size_bytes); };
    options.on_tar_bytes = [&growth](std::uint64_t bytes) { growth.add(bytes); };
    return options;
  }

  void unpack_local(PartialLayer& partial) {
    if (partial.checkpoint()) partial.begin_anew();
    Growth growth(m_context, m_layer);
    const util::Root tree = util::Root::open(partial.tree());
    const util::Fd blob = m_store.layout().open_blob(m_layer.blob);
    partial.publish(unpack_owned(m_store, tree, make_options(growth), [&](const oci::UnpackOptions& options) {
      oci::unpack_layer(blob.get(), m_layer.blob, m_layer.diff_id, tree, options);
    }));
  }

  // A blob that is kept needs all its bytes: then there is nothing to go on from.
  void unpack_remote(PartialLayer& partial) {
    const bool resumes = !m_context.options.keep_blobs && m_store.flavour() != TreeFlavour::single;
    if (partial.checkpoint() && !resumes) partial.begin_anew();
    std::optional<oci::BlobWriter> kept;
    if (m_context.options.keep_blobs) kept.emplace(m_store.layout().new_blob());
    oci::PartFetcher fetcher(m_context.connections, m_layer.blob, partial.checkpoint() ? partial.checkpoint()->blob_offset : 0, m_rank);
    oci::LayerStream stream;
    stream.resume = partial.checkpoint();
    stream.source = [&] {
      const std::string_view bytes = fetcher.next();
      if (kept) kept->write(bytes);
      return bytes;
    };
    if (resumes) {
      stream.save = [&](const oci::UnpackCheckpoint& checkpoint) { partial.save(checkpoint); };
      stream.drop = [&] { partial.drop(); };
    }
    unpack_stream(partial, stream);
    if (kept) kept->commit(m_layer.blob.digest);
  }

  void unpack_stream(PartialLayer& partial, oci::LayerStream& stream) {
    Growth growth(m_context, m_layer);
    const util::Root tree = util::Root::open(partial.tree());
    try {
      partial.publish(unpack_owned(m_store, tree, make_options(growth), [&](const oci::UnpackOptions& options) {
        oci::unpack_layer(stream, m_layer.blob, m_layer.diff_id, tree, options);
      }));
    } catch (const Error& error) {
      const bool is_odd = stream.resume && error.kind() == ErrorKind::system && !is_full(error);
      // What is damaged, or full, is nothing to go on with.
      if (error.kind() == ErrorKind::invalid || is_full(error) || is_odd) partial.drop();
      // The tree is not as it was left: as good as damaged.
      if (is_odd) throw Error(ErrorKind::invalid, error.message());
      throw;
    }
  }

  const PullContext& m_context;
  const Store& m_store;
  const Layer& m_layer;
  unsigned m_rank;
  Task m_task;
};

}  // namespace

void pull_layer(const PullContext& context, const Store& store, const Layer& layer, unsigned rank) {
  in_step("pulling layer " + layer.blob.digest.short_text(), [&] { LayerPull(context, store, layer, rank).run(); });
}

void pull_blob(const PullContext& context, const oci::Layout& layout, const oci::Descriptor& blob, unsigned rank) {
  Task task(context.progress, context.options.parent, "blob " + blob.digest.short_text());
  if (layout.find_blob_size(blob.digest) == blob.size_bytes) return task.finish(TaskResult::cached);
  in_step("fetching blob " + blob.digest.short_text(), [&] {
    try_twice(context, blob, [&](bool) {
      oci::BlobWriter writer = layout.new_blob();
      oci::PartFetcher fetcher(context.connections, blob, 0, rank);
      for (auto bytes = fetcher.next(); !bytes.empty(); bytes = fetcher.next()) {
        writer.write(bytes);
        task.bytes(writer.size_bytes(), blob.size_bytes);
      }
      writer.commit(blob.digest);
    });
  });
  task.finish();
}

}  // namespace jcb::store
