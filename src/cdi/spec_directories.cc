// SPDX-License-Identifier: Apache-2.0
#include "cdi/catalog.h"
#include "cdi/spec_reader.h"
#include "cdi/trusted_file.h"
#include "jcbuild/error.h"
#include "util/root.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace jcb::cdi {
namespace {

namespace fs = std::filesystem;

bool is_spec_name(const std::string& name) { return name.ends_with(".json") || name.ends_with(".yaml"); }

std::string read_all(const util::Fd& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("stat", path);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::invalid, "not a regular file");
  return util::read_to_end(file.get(), k_max_spec_bytes, path);
}

void note(SpecTexts& specs, const std::string& file, const Error& error) {
  specs.problems.push_back({file, error.message() + (error.hint().empty() ? "" : " (" + error.hint() + ")")});
}

void read_file(SpecTexts& specs, const fs::path& path, int priority) {
  try {
    const auto file = find_trusted(path, O_RDONLY);
    if (file) specs.texts.push_back({path.native(), priority, read_all(*file, path.native())});
  } catch (const Error& error) {
    note(specs, path.native(), error);
  }
}

void read_directory(SpecTexts& specs, const SpecDirectory& directory) {
  const auto opened = find_trusted(directory.path, O_RDONLY | O_DIRECTORY);
  if (!opened && directory.required)
    throw Error(ErrorKind::not_found, "there is no directory " + util::escape_text(directory.path.native()));
  if (!opened) return;
  for (const auto& entry : util::list_directory(opened->get(), directory.path.native())) {
    if (is_spec_name(entry.name) && entry.type != S_IFDIR) read_file(specs, directory.path / entry.name, directory.priority);
  }
}

}  // namespace

std::vector<SpecDirectory> usual_directories(bool is_root, const fs::path& config_home, const fs::path& runtime_directory) {
  std::vector<SpecDirectory> directories{{"/etc/cdi", 0}, {"/var/run/cdi", 1}};
  if (is_root) return directories;
  int priority = 2;
  for (const auto& home : {config_home, runtime_directory}) {
    if (home.is_absolute()) directories.push_back({home / "cdi", priority++});
  }
  return directories;
}

std::vector<SpecDirectory> named_directories(const std::vector<fs::path>& paths) {
  std::vector<SpecDirectory> directories;
  for (const auto& path : paths) directories.push_back({path, static_cast<int>(directories.size()), true});
  return directories;
}

SpecTexts read_specs(const std::vector<SpecDirectory>& directories) {
  SpecTexts specs;
  for (const auto& directory : directories) {
    specs.directories.push_back(directory.path.native());
    try {
      read_directory(specs, directory);
    } catch (const Error& error) {
      if (directory.required) throw;
      note(specs, directory.path.native(), error);
    }
  }
  return specs;
}

}  // namespace jcb::cdi
