// SPDX-License-Identifier: Apache-2.0
#include "build/git_source.h"

#include <map>

#include "build/git_tree.h"
#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::build {
namespace {

namespace fs = std::filesystem;

using Refs = std::map<std::string, std::string>;

// Lines of ls-remote: "<object>\t<ref>", and before them with --symref "ref: <ref>\tHEAD".
Refs parse_refs(const std::string& output) {
  Refs refs;
  for (const auto& line : util::split(output, '\n')) {
    const auto tab = line.find('\t');
    if (tab == std::string::npos) continue;
    const std::string value = line.substr(0, tab), name = line.substr(tab + 1);
    if (value.starts_with("ref: ")) {
      refs["symref " + name] = value.substr(5);
    } else if (is_commit_id(value)) {
      refs[name] = value;
    }
  }
  return refs;
}

std::string find(const Refs& refs, const std::string& name) {
  const auto found = refs.find(name);
  return found == refs.end() ? "" : found->second;
}

GitCommit default_commit(const GitUrl& url, const Refs& refs) {
  const GitCommit commit{find(refs, "HEAD"), find(refs, "symref HEAD"), ""};
  if (commit.id.empty())
    throw Error(ErrorKind::not_found, url.remote + " has no default branch", "name a branch: " + url.remote + "#BRANCH");
  return commit;
}

// A name as given may be a full ref, a branch or a tag; branches come before tags, as in git checkout.
GitCommit named_commit(const GitUrl& url, const Refs& refs) {
  for (const std::string prefix : {"", "refs/", "refs/heads/", "refs/tags/"}) {
    const std::string name = prefix + url.ref, object = name.starts_with("refs/") ? find(refs, name) : "";
    if (object.empty()) continue;
    const std::string peeled = find(refs, name + "^{}");
    return peeled.empty() ? GitCommit{object, name, ""} : GitCommit{peeled, name, object};
  }
  throw Error(ErrorKind::not_found, url.remote + " has no branch or tag " + url.ref, "a commit must be given with all its digits");
}

void check_commit(const GitUrl& url, const GitCommit& commit, const std::string& expected) {
  if (expected.empty() || commit.id.starts_with(expected) || (!commit.tag_object.empty() && commit.tag_object.starts_with(expected)))
    return;
  const std::string what = url.ref.empty() ? "the default branch" : url.ref;
  throw Error(ErrorKind::invalid, what + " of " + url.remote + " is the commit " + commit.id + ", not " + expected);
}

bool keeps_git_dir(const GitUrl& url, const GitOptions& options) {
  return url.keep_git_dir.value_or(options.keep_git_dir) && util::trim(url.subdir).find_first_not_of("/.") == std::string_view::npos;
}

bool wants_submodules(const GitUrl& url, const GitOptions& options) { return url.submodules.value_or(options.submodules); }

// One checkout: repository and files in `m_tree`.
class Checkout {
 public:
  Checkout(const GitUrl& url, const GitCommit& commit, const fs::path& directory, const GitOptions& options)
      : m_url(url), m_commit(commit), m_options(options), m_git(url, directory, options.access), m_tree(directory / "tree") {}

  GitCheckout run() {
    initialise();
    fetch();
    m_git.run(m_tree, {"checkout", "--quiet", "--force", "--detach", m_commit.id, "--"});
    const util::Root root = util::Root::open(m_tree);
    if (wants_submodules(m_url, m_options) && root.find_stat(".gitmodules")) fetch_submodules();
    const bool keep = keeps_git_dir(m_url, m_options);
    const std::int64_t seconds = commit_time();
    if (keep) settle_git_dir(root);
    const std::string subdir = resolve_subdir(root, m_url.subdir);
    settle_checkout(root, seconds, keep);
    return {subdir.empty() ? m_tree : m_tree / subdir, m_commit.id, seconds};
  }

 private:
  void initialise() {
    std::vector<std::string> arguments{"init", "--quiet", "--template="};
    if (m_commit.id.size() == 64) arguments.push_back("--object-format=sha256");
    arguments.insert(arguments.end(), {"--", m_tree.native()});
    m_git.run({}, arguments);
    m_git.run(m_tree, {"remote", "add", "--", "origin", m_url.remote});
  }

  bool has_commit() const { return m_git.try_run(m_tree, {"cat-file", "-e", m_commit.id + "^{commit}"}); }

  static std::vector<std::string> fetch_of(std::vector<std::string> options, std::vector<std::string> refs) {
    std::vector<std::string> arguments{"fetch", "--quiet", "--force", "--no-recurse-submodules", "--update-head-ok"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--", "origin"});
    arguments.insert(arguments.end(), refs.begin(), refs.end());
    return arguments;
  }

  bool try_fetch(const std::vector<std::string>& options, const std::string& ref) {
    return m_git.try_run(m_tree, fetch_of(options, {ref})) && has_commit();
  }

  void fetch() {
    // With .git kept, the ref that was asked for is to be seen in it.
    const bool by_ref = !m_commit.ref.empty(), ref_first = by_ref && keeps_git_dir(m_url, m_options);
    const std::string ref = "+" + m_commit.ref + ":" + m_commit.ref;
    if (ref_first && try_fetch({"--depth=1", "--no-tags"}, ref)) return;
    if (try_fetch({"--depth=1", "--no-tags"}, m_commit.id)) return;
    if (by_ref && (try_fetch({"--depth=1", "--no-tags"}, ref) || try_fetch({"--no-tags"}, ref))) return;
    m_git.run(m_tree, fetch_of({"--no-tags"}, {"+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"}));
    if (!has_commit()) throw Error(ErrorKind::not_found, m_url.remote + " has no commit " + m_commit.id);
  }

  void fetch_submodules() {
    const std::vector<std::string> update{"submodule", "--quiet", "update", "--init", "--recursive", "--force"};
    auto shallow = update;
    shallow.push_back("--depth=1");
    // Not every server gives a submodule's commit without its history.
    if (!m_git.try_run(m_tree, shallow)) m_git.run(m_tree, update);
  }

  std::int64_t commit_time() const {
    const std::string text = m_git.run(m_tree, {"show", "--no-patch", "--no-show-signature", "--format=%ct", m_commit.id, "--"});
    return static_cast<std::int64_t>(util::parse_unsigned(util::trim(text), "the time of a commit"));
  }

  // What would tell one run from another: times in the index, logs, what was fetched last.
  void settle_git_dir(const util::Root& root) const {
    m_git.run(m_tree, {"read-tree", m_commit.id});
    for (const char* name : {".git/FETCH_HEAD", ".git/ORIG_HEAD", ".git/logs"}) root.remove_tree(name);
  }

  const GitUrl& m_url;
  const GitCommit& m_commit;
  const GitOptions& m_options;
  GitCommand m_git;
  fs::path m_tree;
};

}  // namespace

GitCommit resolve_git_ref(const GitUrl& url, const fs::path& directory, const GitOptions& options) {
  return in_step("asking " + url.remote + " for " + (url.ref.empty() ? "its default branch" : url.ref), [&] {
    GitCommit commit{url.ref, "", ""};
    if (!is_commit_id(url.ref)) {
      const GitCommand git(url, directory, options.access);
      commit = url.ref.empty() ? default_commit(url, parse_refs(git.run({}, {"ls-remote", "--symref", "--", url.remote, "HEAD"})))
                               : named_commit(url, parse_refs(git.run({}, {"ls-remote", "--", url.remote, url.ref, url.ref + "^{}"})));
    }
    check_commit(url, commit, url.checksum);
    check_commit(url, commit, options.checksum);
    return commit;
  });
}

GitCheckout check_out(const GitUrl& url, const GitCommit& commit, const fs::path& directory, const GitOptions& options) {
  return in_step("checking out " + commit.id.substr(0, 12) + " of " + url.remote,
                 [&] { return Checkout(url, commit, directory, options).run(); });
}

std::vector<std::string> git_key_fields(const GitUrl& url, const GitCommit& commit, const GitOptions& options) {
  const bool keep = keeps_git_dir(url, options);
  return {"git",
          url.remote,
          commit.id,
          url.subdir,
          keep ? "keep " + commit.ref + " " + commit.tag_object : "",
          wants_submodules(url, options) ? "submodules" : ""};
}

}  // namespace jcb::build
