// SPDX-License-Identifier: Apache-2.0
// Holding a layer that is being unpacked against what its descriptor and the image's config say. Private to oci/layer.
#pragma once

#include "oci/layer/layer.h"
#include "oci/layer/state_bytes.h"
#include "util/hash.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jcb::oci {

/// Sees the blob's bytes on their way in and the tar's on their way out. Every damage is Error(invalid).
class LayerCheck {
 public:
  LayerCheck(const Descriptor& descriptor, const std::optional<Digest>& diff_id, const UnpackOptions& options, std::string thing);

  /// The next run of the blob.
  void add_blob(std::string_view bytes);
  /// The next run of the tar.
  void add_tar(std::string_view bytes);
  /// To be called when all of the blob was added: its size and digest are right.
  void finish_blob() const;
  /// The same for blob and diff ID.
  void finish() const;

  /// Messages call it so.
  const std::string& thing() const noexcept { return m_thing; }
  /// Nothing where the method is to be found by its magic number: a blob that says it is a plain tar is not looked at, for
  /// its first bytes are a file's name.
  std::optional<Compression> declared_compression() const;

  /// Where the last run of the blob began, and its size.
  std::uint64_t run_begin() const noexcept { return m_run_begin; }
  std::uint64_t run_size() const noexcept { return m_size - m_run_begin; }
  /// The state before the last run of the blob and after the last run of the tar.
  void save(StateWriter& state) const;
  /// Throws Error(invalid).
  void load(StateReader& state);

 private:
  [[noreturn]] void fail(std::string_view cause) const;
  void check_not_larger() const;

  const Descriptor& m_descriptor;
  const std::optional<Digest>& m_diff_id;
  const UnpackOptions& m_options;
  std::string m_thing;
  bool m_plain;
  util::ResumableSha256 m_blob, m_before_run, m_tar;
  std::uint64_t m_size = 0, m_run_begin = 0, m_tar_bytes = 0;
};

}  // namespace jcb::oci
