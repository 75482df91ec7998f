// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "store/store.h"
#include "util/root.h"
namespace jcb::dockerfile { class IgnoreRules { public: bool has_exceptions() const { return false; } bool is_ignored(std::string_view) const { return false; } }; }
namespace jcb::build {
enum class ModePolicy { as_is, normalised };
class ContentCache { public: ContentCache(const std::filesystem::path&, const util::Root&) {} void save() {} };
struct ContextOptions { ModePolicy modes = ModePolicy::as_is; std::shared_ptr<const dockerfile::IgnoreRules> ignore; std::shared_ptr<ContentCache> digests; bool keep_owners = false; std::string name = "the build context"; };
class Context { public: Context(util::Root root, ContextOptions o) : m_root(std::move(root)), m_options(std::move(o)) {} const util::Root& root() const { return m_root; } const ContextOptions& options() const { return m_options; }
 std::uint32_t image_mode(std::uint32_t mode) const noexcept;
 private: util::Root m_root; ContextOptions m_options; };
inline std::shared_ptr<const dockerfile::IgnoreRules> find_ignore_rules(const util::Root&, const std::filesystem::path&) { return {}; }
}
