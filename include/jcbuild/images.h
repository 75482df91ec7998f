// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// One tag of the store.
struct ImageInfo {
  std::string name;
  std::string digest;
  std::string created;           ///< RFC 3339
  std::uint64_t size_bytes = 0;  ///< of all its blobs
  std::size_t layers = 0;
  std::string platform;
};
std::vector<ImageInfo> list_images(Session& session);
/// As JSON: `{"images":[{"name","digest","created","size_bytes","layers","platform"}…]}`.
std::string to_json(const std::vector<ImageInfo>& images);

/// Gives an image of the store a further name.
void tag_image(Session& session, const std::string& source, const std::string& name);
/// Removes tags; blobs and layers that nothing needs any more stay until `prune`. All or, when one is unknown, none.
void remove_images(Session& session, const std::vector<std::string>& names);

/// Which document of an image.
enum class ImageDocument { summary, config, manifest };
/// A JSON document of an image of any readable transport: a summary as docker and skopeo print it, or the config or
/// manifest byte for byte.
std::string inspect_image(Session& session, const std::string& name, ImageDocument document);

/// One line of history, newest last.
struct HistoryInfo {
  std::string created, created_by, comment;
  std::optional<std::uint64_t> size_bytes;  ///< of the layer's blob; nothing for a line without a layer
};
std::vector<HistoryInfo> image_history(Session& session, const std::string& name);
std::string to_json(const std::vector<HistoryInfo>& history);

/// `save`: one image into an archive file (docker-archive or oci-archive), or to the descriptor `fd`.
void save_image(Session& session, const std::string& name, const std::string& format, int fd);
/// `load`: all images of an archive, read from `fd` (a pipe will do). Returns the tags.
std::vector<std::string> load_images(Session& session, int fd, const std::string& thing);
/// `import`: a tar of a root file system becomes a one-layer image named `name`. Returns the manifest digest.
std::string import_tar(Session& session, int fd, const std::string& thing, const std::string& name);
/// `export`: the root file system of an image as one tar to `fd`.
void export_tar(Session& session, const std::string& name, int fd);
/// `unpack`: DEST/rootfs and DEST/config.json. Owners are applied by root; others own everything and the owners are
/// recorded (user.rootlesscontainers). `destination` must not exist or be empty; nothing is left when it fails.
void unpack_image(Session& session, const std::string& name, const std::filesystem::path& destination);

/// What `verify` found.
struct VerifyProblem {
  std::string what, cause;
};
struct VerifyResult {
  std::size_t blobs = 0, tags = 0, layers = 0, records = 0;
  std::vector<VerifyProblem> problems;
  std::string json;
};
VerifyResult verify_store(Session& session);

/// Removes what neither a tag nor a stored step result needs; with `all`, also step results, cache mounts and logs; with
/// `keep_bytes`, so many of these that the store occupies no more than that. Returns the bytes freed. Waits until no
/// other process uses the store. Throws Error(failed) when images that have a tag need more than `keep_bytes`.
std::uint64_t prune_store(Session& session, bool all, std::optional<std::uint64_t> keep_bytes = std::nullopt);

}  // namespace jcb
