// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/session.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "api/parts.h"
#include "build/variables.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb {
namespace {

namespace fs = std::filesystem;

// The tree that was installed beside the running program, wherever its prefix has been moved to.
fs::path installed_tree() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  const auto beside = program.parent_path().parent_path() / "share" / "jcbuild" / "packages";
  if (!error && fs::is_directory(beside, error)) return beside;
  return JCB_PACKAGES_DIRECTORY;
}

}  // namespace

Session::Parts::Parts(SessionOptions given) : options(std::move(given)) {}

std::optional<std::string> Session::Parts::find_variable(const std::string& name) const {
  const auto found = options.environment.find(name);
  if (found == options.environment.end()) return std::nullopt;
  return found->second;
}

const store::Store& Session::Parts::store() {
  if (m_store) return *m_store;
  fs::path path = options.store;
  if (path.empty()) path = find_variable("JCBUILD_STORE").value_or("");
  if (path.empty() && ::geteuid() == 0 && !sandbox::is_isolated()) path = "/var/lib/jcbuild";
  if (path.empty()) {
    const auto data = find_variable("XDG_DATA_HOME"), home = find_variable("HOME");
    const bool usable = data && data->starts_with('/');
    if (!usable && (!home || !home->starts_with('/')))
      throw Error(ErrorKind::usage, "there is no place for the store: HOME is not set", "set JCBUILD_STORE, or give --store DIR");
    path = (usable ? fs::path(*data) : fs::path(*home) / ".local" / "share") / "jcbuild";
  }
  m_store.emplace(store::Store::open(path));
  return *m_store;
}

std::vector<fs::path> Session::Parts::package_trees() const {
  if (!options.packages.empty()) return options.packages;
  std::vector<fs::path> trees;
  for (const auto& part : util::split(find_variable("JCBUILD_PACKAGES").value_or(""), ':')) {
    if (!part.empty()) trees.emplace_back(part);
  }
  if (trees.empty()) trees.push_back(installed_tree());
  return trees;
}

platform::Target Session::Parts::target(const TargetOptions& given) const {
  utsname names{};
  ::uname(&names);
  auto overrides = platform::overrides_from_environment([&](const char* name) { return find_variable(name); });
  const auto prefer = [](std::string& value, const std::string& flag) {
    if (!flag.empty()) value = flag;
  };
  prefer(overrides.l4t, given.l4t);
  prefer(overrides.cuda, given.cuda);
  prefer(overrides.python, given.python);
  prefer(overrides.distro, given.distro);
  prefer(overrides.arch, given.arch);
  return platform::detect_target(util::Root::open("/"), names.machine, overrides);
}

packages::Catalog Session::Parts::catalog(const platform::Target& target) {
  return packages::Catalog::load(package_trees(), target, store().catalog_cache());
}

sandbox::IsolationChoice Session::Parts::isolation_choice() const {
  using sandbox::IsolationChoice;
  static const std::map<std::string, IsolationChoice> choices{
      {"", IsolationChoice::automatic},    {"auto", IsolationChoice::automatic},        {"root", IsolationChoice::root},
      {"userns", IsolationChoice::userns}, {"single-uid", IsolationChoice::single_uid}, {"chroot", IsolationChoice::chroot}};
  const auto name = options.isolation.empty() ? find_variable("JCBUILD_ISOLATION").value_or("") : options.isolation;
  const auto found = choices.find(name);
  if (found != choices.end()) return found->second;
  throw Error(ErrorKind::usage, "'" + util::escape_text(name) + "' is no isolation", "use auto, root, userns, single-uid or chroot");
}

void Session::Parts::enter_namespaces() {
  if (sandbox::is_isolated()) return;
  const auto path = store().path();  // its default place depends on who we were outside
  const auto& isolation = sandbox::enter_isolation(isolation_choice());
  ::umask(022);  // trees are the same whoever makes them
  // Descriptors from before belong to mounts of the old namespace, and nothing can be renamed between the two.
  const auto flavour = isolation.tier == sandbox::Tier::single_uid ? store::TreeFlavour::single
                       : isolation.tier == sandbox::Tier::chroot   ? store::TreeFlavour::copied
                                                                   : store::TreeFlavour::mapped;
  m_store.emplace(store::Store::open(path, flavour));
}

void Session::Parts::isolate() {
  if (m_sharing) return;
  enter_namespaces();
  store().reclaim();
  m_sharing.emplace(store().share());
}

oci::OverlayXattr Session::Parts::overlay_xattr() const {
  const bool root = sandbox::is_isolated() ? sandbox::enter_isolation().tier == sandbox::Tier::root : ::geteuid() == 0;
  return root ? oci::OverlayXattr::trusted : oci::OverlayXattr::user;
}

build::CommitOptions Session::Parts::commit_options(const std::string& compression) const {
  return {api::parse_compression(compression), overlay_xattr()};
}

std::map<std::string, std::string> Session::Parts::proxy_environment() const {
  std::map<std::string, std::string> variables;
  for (const char* name : build::k_proxy_variables) {
    if (const auto value = find_variable(name)) variables[name] = *value;
  }
  return variables;
}

oci::HttpProxies Session::Parts::proxies() const {
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);
  return oci::read_proxies(environment);
}

oci::HttpClient& Session::Parts::http() {
  if (!m_http) {
    oci::CurlOptions curl;
    curl.proxies = proxies();
    m_http = std::make_unique<oci::CurlHttp>(std::move(curl));
  }
  return *m_http;
}

build::BaseAccess Session::Parts::base_access(const build::CommitOptions& commit, bool always_ask) {
  return {commit, [this]() -> oci::Registries& { return registries(); }, always_ask, connections()};
}

void install_signal_handlers() { util::install_interrupt_handlers(); }

Session::Session(SessionOptions options) : m_parts(std::make_unique<Parts>(std::move(options))) {}
Session::~Session() = default;

namespace api {

oci::CompressionChoice parse_compression(const std::string& text) {
  const auto colon = text.find(':');
  const std::string method = text.substr(0, colon);
  const int level = colon == std::string::npos
                        ? 0
                        : static_cast<int>(std::min<std::uint64_t>(util::parse_unsigned(text.substr(colon + 1), "compression level"), 99));
  if (method == "zstd" && level <= 22) return {oci::Compression::zstd, level};
  if (method == "gzip" && level <= 9) return {oci::Compression::gzip, level};
  if (method == "none" && colon == std::string::npos) return {oci::Compression::none, 0};
  throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "' is no compression", "use zstd[:1-22], gzip[:1-9] or none");
}

void check_network(const std::string& network) {
  if (network != "host" && network != "none")
    throw Error(ErrorKind::usage, "--network " + util::escape_text(network) + " is not host or none");
}

std::string store_tag(const std::string& text) {
  const auto name = oci::ImageName::parse(text);
  if (name.transport != oci::Transport::store || name.reference->digest())
    throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "' cannot name an image of the store", "use NAME or NAME:TAG");
  return name.reference->store_name();
}

void set_store_tag(const store::Store& store, const std::string& name, const oci::Descriptor& manifest) {
  store.layout().set_tag(name, manifest);
}

}  // namespace api
}  // namespace jcb
