// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/descriptor.h"
#include "oci/digest.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// One line of an image's history (image-spec config.md, "history").
struct HistoryEntry {
  std::string created;  ///< RFC 3339
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;
  bool operator==(const HistoryEntry&) const = default;
};

/// docker's HEALTHCHECK, in nanoseconds as the image config holds them.
struct Healthcheck {
  std::vector<std::string> test;
  std::int64_t interval_ns = 0;
  std::int64_t timeout_ns = 0;
  std::int64_t start_period_ns = 0;
  std::int64_t start_interval_ns = 0;
  std::int64_t retries = 0;
  bool operator==(const Healthcheck&) const = default;
};

/// How a container of the image runs (image-spec config.md, "config").
struct ExecutionConfig {
  std::string user;
  std::set<std::string> exposed_ports;
  std::vector<std::string> env;  ///< "K=V", unique K, in order of first definition
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  std::set<std::string> volumes;
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;
  std::optional<std::vector<std::string>> shell;
  std::optional<Healthcheck> healthcheck;
  std::vector<std::string> on_build;

  /// The value of an environment variable, or nothing.
  std::optional<std::string> find_env(std::string_view name) const;
  /// Sets a variable in place, or appends it.
  void set_env(std::string_view name, std::string_view value);
  bool operator==(const ExecutionConfig&) const = default;
};

/// An image configuration (image-spec config.md).
struct ImageConfig {
  Platform platform;
  std::string created;  ///< RFC 3339 or empty
  std::string author;
  ExecutionConfig config;
  std::vector<Digest> diff_ids;
  std::vector<HistoryEntry> history;

  /// Parses strictly: rootfs.type "layers" (anything else is an error, as the spec demands), valid diff IDs, Env
  /// entries with a `=`, history that fits the layers. Unknown fields are ignored. Throws Error(invalid).
  static ImageConfig parse(std::string_view bytes);
  /// The canonical bytes.
  std::string serialize() const;
  /// The chain ID of the first `count` layers (image-spec config.md, "Layer ChainID"); count 0 is not defined.
  Digest chain_id(std::size_t count) const;
  bool operator==(const ImageConfig&) const = default;
};

}  // namespace jcb::oci
