// SPDX-License-Identifier: Apache-2.0
// Devices of this machine as the Container Device Interface describes them: GPUs above all.
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// A device that can be asked for by name.
struct CdiDevice {
  std::string name;                                ///< "nvidia.com/gpu=0"
  std::string file;                                ///< where it is defined
  int priority = 0;                                ///< of the file's directory; the higher one wins
  bool auto_allow = false;                         ///< builds may have it without --allow
  std::map<std::string, std::string> annotations;  ///< its own and its specification's
};

/// Something that is wrong with a file or directory of specifications; the others are used all the same.
struct CdiProblem {
  std::string file;
  std::string message;
};

struct CdiListing {
  std::vector<std::string> directories;  ///< that were looked in, the first with the lowest priority
  std::vector<CdiDevice> devices;        ///< sorted by name
  std::vector<CdiProblem> problems;
  std::string json;  ///< the document of `cdi list --format json`
};

/// All devices. `directories` replace the usual ones, and must exist. Throws Error.
CdiListing list_cdi_devices(Session& session, const std::vector<std::filesystem::path>& directories);

/// Reads one specification, whoever owns it. Returns a line that says what it is; the lines after it say what this program
/// would not do with it (hooks). Throws Error(invalid) naming the place.
std::string validate_cdi_spec(const std::filesystem::path& file);

/// What `cdi apply` is asked for.
struct CdiApplyRequest {
  std::vector<std::filesystem::path> directories;
  std::vector<std::string> devices;  ///< full names, in this order
  std::filesystem::path config;      ///< a config.json of the runtime-spec
  bool hooks = true;                 ///< false: hooks of the specifications are left out
};

/// The config with the edits of the devices, as the reference implementation makes them. Throws Error.
std::string apply_cdi_devices(Session& session, const CdiApplyRequest& request);

}  // namespace jcb
