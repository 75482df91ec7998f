// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// What `jcbuild compose` is asked for.
struct ComposeRequest {
  std::vector<std::string> packages;
  TargetOptions target;
  std::string name;  ///< of the image; empty: made from the packages and the target
  std::string base;  ///< an image name with transport; empty: the target's default
  std::map<std::string, std::string> build_args;
  std::string network = "host";                        ///< or "none"
  std::string compression = "zstd";                    ///< zstd[:N], gzip[:N], none
  std::string output;                                  ///< also copied there: an image name with transport; empty: store only
  std::vector<std::string> devices;                    ///< CDI devices that every RUN and every test gets
  std::vector<std::filesystem::path> cdi_directories;  ///< of specifications of devices, instead of the usual ones
  std::vector<std::string> skip_tests;                 ///< package names, "intermediate", "all"
  bool no_cache = false;
  bool always_pull = false;  ///< ask the registry for base images even when the store has them
};

/// What became of one package.
struct ComposedPackage {
  std::string name;
  bool cached = false;
  double seconds = 0;            ///< of its build, now or when it was built
  std::string layer;             ///< diff ID, empty when it changes no file
  std::uint64_t size_bytes = 0;  ///< of its blob
  std::string reason;            ///< why it is in the image
};

struct ComposeResult {
  std::string image;   ///< the tag in the store
  std::string digest;  ///< of the manifest
  std::string base;
  std::vector<ComposedPackage> packages;
  std::string metadata_json;  ///< the document of --metadata-file
};

/// Resolves, builds what is missing, tests, writes the image and tags it. Nothing is tagged when anything fails.
/// Throws Error; its steps name the package and the place in its Dockerfile.
ComposeResult compose_image(Session& session, const ComposeRequest& request);

/// What compose would do.
struct ComposeForecast {
  ComposeResult result;  ///< digest empty
  std::string json;      ///< the `--dry-run --format json` document of docs/cli.md
  std::string dot;       ///< the package graph for graphviz
};

/// Resolves and looks up; builds nothing, starts nothing.
ComposeForecast forecast_compose(Session& session, const ComposeRequest& request);

}  // namespace jcb
