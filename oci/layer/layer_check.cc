// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/layer_check.h"

#include "jcbuild/error.h"

namespace jcb::oci {

LayerCheck::LayerCheck(const Descriptor& descriptor, const std::optional<Digest>& diff_id, const UnpackOptions& options, std::string thing)
    : m_descriptor(descriptor),
      m_diff_id(diff_id),
      m_options(options),
      m_thing(std::move(thing)),
      m_plain(layer_compression(descriptor.media_type) == Compression::none) {}

std::optional<Compression> LayerCheck::declared_compression() const {
  if (m_plain) return Compression::none;
  return std::nullopt;
}

void LayerCheck::add_blob(std::string_view bytes) {
  m_before_run = m_blob;
  m_run_begin = m_size;
  m_size += bytes.size();
  check_not_larger();
  m_blob.update(bytes);
  if (m_options.on_bytes) m_options.on_bytes(m_size);
}

void LayerCheck::add_tar(std::string_view bytes) {
  m_tar_bytes += bytes.size();
  if (m_options.on_tar_bytes) m_options.on_tar_bytes(m_tar_bytes);
  if (m_diff_id && !m_plain) m_tar.update(bytes);
}

void LayerCheck::fail(std::string_view cause) const { throw Error(ErrorKind::invalid, m_thing + " is damaged: it " + std::string(cause)); }

void LayerCheck::check_not_larger() const {
  if (m_size > m_descriptor.size_bytes) fail("is larger than its descriptor says");
}

void LayerCheck::finish_blob() const {
  check_not_larger();
  if (m_size < m_descriptor.size_bytes) fail("is smaller than its descriptor says");
  if (Digest::from_sha256_hex(m_blob.hex()) != m_descriptor.digest) fail("does not match its digest");
}

void LayerCheck::finish() const {
  finish_blob();
  if (m_diff_id && (m_plain ? m_descriptor.digest : Digest::from_sha256_hex(m_tar.hex())) != *m_diff_id)
    throw Error(ErrorKind::invalid, m_thing + " is not the layer that the image's config names: its diff ID is not " + m_diff_id->text());
}

void LayerCheck::save(StateWriter& state) const {
  state.number(m_run_begin);
  state.text(m_before_run.save());
  state.number(m_tar_bytes);
  state.text(m_tar.save());
}

void LayerCheck::load(StateReader& state) {
  m_size = m_run_begin = state.number();
  const bool loaded = m_blob.load(state.text());
  m_tar_bytes = state.number();
  if (!m_tar.load(state.text()) || !loaded) throw Error(ErrorKind::invalid, "a saved hash is none");
  m_before_run = m_blob;
}

}  // namespace jcb::oci
