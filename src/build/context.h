// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "store/store.h"
#include "util/root.h"
namespace jcb::dockerfile { class IgnoreRules; }
namespace jcb::build {
enum class ModePolicy { as_is, normalised };
class ContentCache { public: ContentCache(const std::filesystem::path&, const util::Root&); void save(); };
struct ContextOptions { ModePolicy modes = ModePolicy::as_is; std::shared_ptr<const dockerfile::IgnoreRules> ignore; std::shared_ptr<ContentCache> digests; bool keep_owners = false; std::string name = "the build context"; };
class Context { public: Context(util::Root root, ContextOptions); const util::Root& root() const { return m_root; } private: util::Root m_root; };
std::shared_ptr<const dockerfile::IgnoreRules> find_ignore_rules(const util::Root&, const std::filesystem::path&);
}
