// SPDX-License-Identifier: Apache-2.0
// All devices that the specifications of this machine define. As in the reference (pkg/cdi/cache.go): a later directory
// beats an earlier one; the same device twice in one directory (or in two of equal rank) is a conflict, and there is no
// such device then; a file that is wrong hides nothing but itself.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cdi/spec.h"

namespace jcb::cdi {

/// Where specifications lie.
struct SpecDirectory {
  std::filesystem::path path;
  int priority = 0;       ///< the higher one wins
  bool required = false;  ///< it is an error when it does not exist
};

/// /etc/cdi, then /var/run/cdi; for a user also `config_home`/cdi and `runtime_directory`/cdi (empty or relative ones are
/// passed over, as the XDG specification says).
std::vector<SpecDirectory> usual_directories(bool is_root, const std::filesystem::path& config_home,
                                             const std::filesystem::path& runtime_directory);
/// Directories that somebody named, the last with the highest priority. All must exist.
std::vector<SpecDirectory> named_directories(const std::vector<std::filesystem::path>& paths);

/// Something that is wrong with a file or directory; the rest is used without it.
struct Problem {
  std::string file;
  std::string message;
  bool operator==(const Problem&) const = default;
};

/// The content of a file of which only the owner has been looked at.
struct SpecText {
  std::string file;
  int priority = 0;
  std::string text;
};

/// Everything that was read from the directories.
struct SpecTexts {
  std::vector<std::string> directories;  ///< that were looked in
  std::vector<SpecText> texts;           ///< by directory, then by name
  std::vector<Problem> problems;
};

/// Reads *.json and *.yaml of the directories (not of those below them). To be called before a user namespace is entered
/// (trusted_file.h). Throws Error(not_found) for a required directory, and nothing for what is wrong with files.
SpecTexts read_specs(const std::vector<SpecDirectory>& directories);

/// A file's specification.
struct SpecFile {
  std::string file;
  int priority = 0;
  Spec spec;
};

/// Finds devices by name. Immutable.
class Catalog {
 public:
  /// Parses everything; what cannot be parsed becomes a problem.
  explicit Catalog(const SpecTexts& texts);
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// A device and where it comes from. Points into the catalog.
  struct Entry {
    const SpecFile* file = nullptr;
    const Device* device = nullptr;
    std::string name() const { return file->spec.kind.text() + "=" + device->name; }
    /// The annotation of the device, else of its specification.
    std::optional<std::string> annotation(const std::string& key) const;
  };
  /// By qualified name; nothing when there is no such device.
  std::optional<Entry> find(const std::string& name) const;
  /// Sorted by name.
  const std::map<std::string, Entry>& devices() const noexcept { return m_devices; }
  const std::vector<Problem>& problems() const noexcept { return m_problems; }
  const std::vector<std::string>& directories() const noexcept { return m_directories; }

  /// The edits of devices in the order in which they are asked for; before the first one of each specification, that one's
  /// own. Throws Error(not_found) naming all that do not exist and the directories that were looked in.
  ContainerEdits edits_of(const std::vector<std::string>& names) const;
  /// Error(not_found) for devices that are not here, with what could be meant and what is wrong with files.
  [[noreturn]] void throw_unknown(const std::vector<std::string>& names) const;

 private:
  void add_devices(const SpecFile& file);

  std::vector<std::string> m_directories;
  std::vector<SpecFile> m_files;
  std::map<std::string, Entry> m_devices;
  std::vector<std::string> m_conflicts;
  std::vector<Problem> m_problems;
};

}  // namespace jcb::cdi
