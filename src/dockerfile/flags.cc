// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/flags.h"

#include "dockerfile/duration.h"
#include "dockerfile/forms.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace jcb::dockerfile {
namespace {

enum class Kind {
  text,
  list,     // may be repeated
  boolean,  // --x, --x=true, --x=false
  duration,
  count,
};

struct Flag {
  const char* name;
  Kind kind;
};

const std::vector<Flag>& flags_of(Keyword keyword) {
  static const std::vector<Flag> k_none;
  static const std::vector<Flag> k_from{{"platform", Kind::text}};
  static const std::vector<Flag> k_run{{"mount", Kind::list}, {"network", Kind::text}, {"security", Kind::text}, {"device", Kind::list}};
  static const std::vector<Flag> k_copy{{"from", Kind::text},    {"chown", Kind::text},      {"chmod", Kind::text},
                                        {"link", Kind::boolean}, {"parents", Kind::boolean}, {"exclude", Kind::list}};
  static const std::vector<Flag> k_add{{"chown", Kind::text},           {"chmod", Kind::text},    {"link", Kind::boolean},
                                       {"keep-git-dir", Kind::boolean}, {"checksum", Kind::text}, {"unpack", Kind::boolean},
                                       {"exclude", Kind::list}};
  static const std::vector<Flag> k_healthcheck{{"interval", Kind::duration},
                                               {"timeout", Kind::duration},
                                               {"start-period", Kind::duration},
                                               {"start-interval", Kind::duration},
                                               {"retries", Kind::count}};
  switch (keyword) {
    case Keyword::from:
      return k_from;
    case Keyword::run:
      return k_run;
    case Keyword::copy:
      return k_copy;
    case Keyword::add:
      return k_add;
    case Keyword::healthcheck:
      return k_healthcheck;
    default:
      return k_none;
  }
}

// The cause of what is wrong with a flag's value; empty when nothing is.
std::string find_value_fault(Kind kind, bool has_value, const std::string& value) {
  if (kind == Kind::boolean) {
    const std::string lower = util::to_lower(value);
    const bool good = has_value ? lower == "true" || lower == "false" : true;
    return good ? "" : " takes true or false, not '" + util::escape_text(value) + "'";
  }
  if (!has_value) return " needs a value";
  if (value.empty() || (kind != Kind::duration && kind != Kind::count)) return {};
  try {
    if (kind == Kind::count) {
      if (util::parse_unsigned(value, "number") > 1'000'000) return " is too large";
    } else if (const auto duration = parse_duration(value, "duration"); duration.count() != 0 && duration < std::chrono::milliseconds(1)) {
      return " cannot be less than 1ms";
    }
  } catch (const Error& error) {
    return ": " + error.message();  // escaped by whoever threw it
  }
  return {};
}

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view name) {
  for (const Flag& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

[[noreturn]] void fail_unknown(const Instruction& instruction, const LogicalLine& line, std::size_t offset, const std::string& name) {
  std::vector<std::string> names;
  for (const Flag& flag : flags_of(instruction.keyword)) names.push_back("--" + std::string(flag.name));
  std::string hint = util::did_you_mean(util::nearest_names("--" + name, names));
  if (hint.empty() && !names.empty()) hint = "it has " + util::join(names, ", ");
  line.fail(offset, std::string(keyword_name(instruction.keyword)) + " has no flag '--" + util::escape_text(name) + "'", hint);
}

}  // namespace

void check_flags(const Instruction& instruction, const LogicalLine& line) {
  std::set<std::string> seen;
  std::size_t offset = 0;
  for (const std::string& text : instruction.flags) {
    const auto equals = text.find('=');
    const std::string name = text.substr(2, equals == std::string::npos ? equals : equals - 2);
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    // A flag whose name was written with quotes or escapes is not found: then the flag before it is pointed at.
    if (const auto found = line.text().find("--" + name, offset); found != std::string::npos) offset = found;
    const Flag* flag = find_flag(flags_of(instruction.keyword), name);
    if (flag == nullptr) fail_unknown(instruction, line, offset, name);
    if (!seen.insert(name).second && flag->kind != Kind::list) line.fail(offset, "the flag '--" + name + "' is given twice");
    const std::string fault = find_value_fault(flag->kind, equals != std::string::npos, value);
    if (!fault.empty()) line.fail(offset, "the flag '--" + name + "'" + fault);
    offset += 2 + name.size();
  }
}

}  // namespace jcb::dockerfile
