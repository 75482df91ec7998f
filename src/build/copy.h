#pragma once
#include "build/context.h"
#include "util/owner_records.h"
namespace jcb::build {
struct CopyArgument {
  std::shared_ptr<const Context> from;
  std::string path;
  bool literal = false;
  bool unpack = false;
};
struct CopyRequest {
  std::vector<CopyArgument> arguments;
  std::string destination;
  std::string chown, chmod;
  bool parents = false;
  std::vector<std::string> excludes;
};
struct CopySource {
  std::size_t argument;
  std::string path;
  bool directory;
  std::string content;
};
std::vector<CopySource> select_sources(const CopyRequest&);
std::vector<std::string> key_fields(const CopyRequest&, const std::vector<CopySource>&);
void copy_into(const util::Root& merged, const CopyRequest&, const std::vector<CopySource>&);
void make_owned_directories(const util::Root& merged, const std::string& path, std::uint32_t uid, std::uint32_t gid,
                            util::OwnerRecords* records = nullptr);
}  // namespace jcb::build
