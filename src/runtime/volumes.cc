// SPDX-License-Identifier: Apache-2.0
// Volumes inside volumes are why this is more than a loop. The mount point of the inner one is in the outer one's source,
// not in the image; a runtime would find or make it by path at mount time, and whoever can write to the outer volume
// could have put a link there (CVE-2024-45310). So it is made here, inside the source held by descriptor, and links on
// the way are refused.
#include "runtime/volumes.h"

#include "jcbuild/error.h"
#include "runtime/mount_points.h"

#include <sys/stat.h>

#include <algorithm>

namespace jcb::runtime {
namespace {

MountPoint find_source_kind(const Volume& volume) {
  clean_absolute_path(volume.source.native(), "volume source");
  struct stat status {};
  if (::stat(volume.source.c_str(), &status) == 0) return S_ISDIR(status.st_mode) ? MountPoint::directory : MountPoint::file;
  if (errno != ENOENT && errno != ENOTDIR) throw_errno("stat volume source", volume.source.native());
  throw Error(ErrorKind::not_found, "volume source " + volume.source.native() + " does not exist",
              "create it first: mkdir -p " + volume.source.native());
}

void check_target(const std::string& target) {
  if (target == "/") throw Error(ErrorKind::invalid, "a volume cannot be mounted at /");
  if (is_at_or_below(target, "/proc")) throw Error(ErrorKind::refused, "a volume cannot be mounted in /proc (" + target + ")");
}

const ReadyVolume* find_outer(const std::vector<ReadyVolume>& ready, const std::string& path, std::string ReadyVolume::*member) {
  const ReadyVolume* best = nullptr;
  for (const ReadyVolume& volume : ready) {
    const std::string& candidate = volume.*member;
    if (is_at_or_below(path, candidate) && (best == nullptr || candidate.size() >= (best->*member).size())) best = &volume;
  }
  return best;
}

std::string prepare_inside(const ReadyVolume& outer, const std::string& rest, MountPoint kind) {
  // The same target twice: the later volume hides the earlier one, as docker has it.
  if (rest.empty()) return outer.target;
  const util::Root source = util::Root::open(outer.source);
  if (outer.read_only && !source.find_stat(rest, util::Follow::yes))
    throw Error(ErrorKind::not_found, "volume target " + outer.target + rest + " does not exist in the read-only volume " + outer.requested,
                "create it in " + outer.source.native());
  if (make_mount_point(source, rest, kind) != rest)
    throw Error(ErrorKind::refused, "volume target " + outer.target + rest + " passes through a link in the volume " + outer.requested);
  return outer.target + rest;
}

// /dev is a fresh tmpfs and /sys a fresh sysfs when volumes are mounted: nothing of the image is on the way.
bool is_over_kernel_files(const std::string& target) { return is_at_or_below(target, "/dev") || is_at_or_below(target, "/sys"); }

std::string prepare_target(const util::Root& root, const std::vector<ReadyVolume>& ready, const std::string& target, MountPoint kind) {
  if (const auto* outer = find_outer(ready, target, &ReadyVolume::requested))
    return prepare_inside(*outer, target.substr(outer->requested.size()), kind);
  if (is_over_kernel_files(target)) return target;
  const std::string resolved = make_mount_point(root, target, kind);
  check_target(resolved);
  if (const auto* outer = find_outer(ready, resolved, &ReadyVolume::target))
    return prepare_inside(*outer, resolved.substr(outer->target.size()), kind);
  return resolved;
}

}  // namespace

std::vector<ReadyVolume> prepare_volumes(const util::Root& root, const std::vector<Volume>& volumes) {
  std::vector<std::pair<std::string, const Volume*>> sorted;
  for (const Volume& volume : volumes) sorted.emplace_back(clean_absolute_path(volume.target, "volume target"), &volume);
  const auto depth = [](const auto& entry) { return std::count(entry.first.begin(), entry.first.end(), '/'); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) { return depth(a) < depth(b); });
  std::vector<ReadyVolume> ready;
  for (const auto& [target, volume] : sorted) {
    check_target(target);
    const MountPoint kind = find_source_kind(*volume);
    ready.push_back({volume->source, target, prepare_target(root, ready, target, kind), volume->read_only});
  }
  return ready;
}

}  // namespace jcb::runtime
