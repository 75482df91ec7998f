// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/run.h"

#include <unistd.h>

#include "api/parts.h"
#include "runtime/container.h"
#include "sandbox/overlay.h"
#include "sandbox/sandbox.h"
#include "store/images.h"
#include "store/source.h"
#include "util/file.h"
#include "util/json.h"
#include "util/lock.h"
#include "util/text.h"

namespace jcb {
namespace {

namespace fs = std::filesystem;

std::string container_id(const std::string& name) {
  if (name.empty()) return "jcbuild-" + util::random_token();
  static constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  const bool good = name.find_first_not_of(allowed) == std::string::npos && std::isalnum(static_cast<unsigned char>(name.front())) != 0;
  if (!good || name.size() > 128)
    throw Error(ErrorKind::usage, "'" + util::escape_text(name) + "' is no container name", "use letters, digits, '_', '.' and '-'");
  return name;
}

runtime::ContainerOptions container_options(const RunRequest& request, std::string id) {
  runtime::ContainerOptions options;
  options.id = std::move(id);
  options.hostname = request.hostname;
  options.arguments = request.arguments;
  options.entrypoint = request.entrypoint;
  options.environment = request.environment;
  for (const auto& volume : request.volumes) options.volumes.push_back({volume.source, volume.target, volume.read_only});
  options.working_directory = request.working_directory;
  options.user = request.user;
  options.terminal = request.terminal;
  options.interactive = request.interactive;
  options.read_only = request.read_only;
  options.no_network = request.network == "none";
  options.shm_bytes = request.shm_bytes;
  return options;
}

// The directory of a container while it runs: locked, and emptied whatever happens.
class ContainerDirectory {
 public:
  ContainerDirectory(const store::Store& store, const std::string& id)
      : m_containers(util::Root::open(store.containers())), m_id(id), m_path(store.containers() / id) {
    if (::mkdirat(m_containers.fd(), id.c_str(), 0700) != 0) {
      if (errno == EEXIST) throw Error(ErrorKind::refused, "the container name " + id + " is in use", "give another --name");
      throw_errno("make the container", id);
    }
    m_lock.emplace(util::FileLock::acquire(m_containers.subroot(id), "lock"));
  }
  ~ContainerDirectory() {
    try {
      m_containers.remove_tree(m_id);
    } catch (const Error&) {
      // Reclaimed by the next command: the lock ends with us.
    }
  }
  ContainerDirectory(const ContainerDirectory&) = delete;
  ContainerDirectory& operator=(const ContainerDirectory&) = delete;

  fs::path make(const char* name) const {
    m_containers.make_dirs(m_id + "/" + name, 0755);
    return m_path / name;
  }
  const fs::path& path() const { return m_path; }

 private:
  util::Root m_containers;
  std::string m_id;
  fs::path m_path;
  std::optional<util::FileLock> m_lock;
};

}  // namespace

RunResult run_container(Session& session, const RunRequest& request) {
  auto& parts = session.parts();
  if (request.network != "host" && request.network != "none")
    throw Error(ErrorKind::unsupported, "--network " + util::escape_text(request.network) + " is not supported yet", "use host or none");
  const auto options = container_options(request, container_id(request.name));
  const auto runtime = runtime::choose_runtime(request.runtime);
  parts.isolate();
  const auto base = build::load_base(parts.store(), oci::ImageName::parse(request.image), oci::Platform::host(),
                                     parts.base_access(parts.commit_options("zstd")), parts.progress(), 0);
  const ContainerDirectory directory(parts.store(), options.id);
  std::vector<util::Root> lowers;
  for (auto layer = base.layers.rbegin(); layer != base.layers.rend(); ++layer) lowers.push_back(parts.store().tree(layer->tree()));
  std::vector<const util::Root*> pointers;
  for (const auto& lower : lowers) pointers.push_back(&lower);
  const auto rootfs = directory.make("rootfs");
  const sandbox::OverlayMount mount(pointers, directory.make("upper"), directory.make("work"), rootfs);
  const bool in_user_namespace = sandbox::enter_isolation().tier != sandbox::Tier::root;
  const auto spec = runtime::make_spec(base.config, options, rootfs, in_user_namespace);
  RunResult result;
  result.spec = util::to_pretty_text(spec);
  if (request.dry_run) return result;
  util::Root::open(directory.path()).write_file("config.json", result.spec, 0600);
  result.exit_code = runtime::run_bundle(runtime, directory.path(), options, &result.failure);
  return result;
}

}  // namespace jcb
