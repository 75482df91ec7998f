// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// A package as it is for one target.
struct PackageInfo {
  std::string name;
  std::vector<std::string> aliases;
  std::string path;        ///< of its directory, below its tree
  std::string dockerfile;  ///< empty: a meta-package
  std::vector<std::string> depends;
  std::string group;
  std::string notes;
};

/// The packages of all trees for one target.
struct PackageList {
  std::string target;  ///< one line for people
  std::vector<PackageInfo> packages;
  std::map<std::string, std::vector<std::string>> disabled;  ///< name -> why not here
  std::map<std::string, std::string> load_errors;            ///< directory -> cause
  std::string json;                                          ///< the `--format json` document of docs/cli.md
};

/// Lists the packages whose name or alias matches one of the glob patterns (none: all). Throws Error(not_found) for a
/// pattern that matches nothing, disabled packages included.
PackageList list_packages(Session& session, const TargetOptions& target, const std::vector<std::string>& patterns);

/// A request resolved.
struct ResolvedList {
  std::vector<std::string> chain;  ///< dependencies first
  std::string image;               ///< the name the image would get
  std::string base;
  std::string json;  ///< `{"chain":[…],"image":"…","base":"…"}`
};

/// Resolves package names. Throws Error(not_found, refused) with a hint.
ResolvedList resolve_packages(Session& session, const TargetOptions& target, const std::vector<std::string>& request);

}  // namespace jcb
