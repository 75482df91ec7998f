// SPDX-License-Identifier: Apache-2.0
// A parsed Dockerfile (Dockerfile reference, front end docker/dockerfile:1). Pure: no I/O, no expansion yet.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// Where something stands, for messages: 1-based line and column (bytes).
struct Position {
  std::size_t line = 0;
  std::size_t column = 0;
  bool operator==(const Position&) const = default;
};

/// A heredoc attached to RUN, COPY or ADD.
struct Heredoc {
  std::string name;
  std::string content;
  bool expand = true;       ///< the delimiter was not quoted
  bool strip_tabs = false;  ///< <<-
};

enum class Keyword {
  from,
  arg,
  env,
  run,
  copy,
  add,
  workdir,
  user,
  shell,
  cmd,
  entrypoint,
  label,
  expose,
  volume,
  stopsignal,
  healthcheck,
  onbuild,
  maintainer
};

/// One instruction. `arguments` are words before expansion:
/// - exec (JSON) forms of RUN/CMD/ENTRYPOINT/SHELL/VOLUME/COPY/ADD: the decoded strings, `json_form` true;
/// - shell form of RUN/CMD/ENTRYPOINT: exactly one string, the command text with continuations joined as BuildKit joins
///   them (comment lines inside dropped);
/// - ENV/LABEL: key, value, key, value, ... ; ARG: "NAME" or "NAME=VALUE" each;
/// - FROM: image [AS name] as written; the rest: words.
/// Quotes and escapes stay in the words: `expand` takes them off.
struct Instruction {
  Keyword keyword = Keyword::from;
  std::vector<std::string> flags;  ///< "--from=x" as written
  std::vector<std::string> arguments;
  bool json_form = false;
  std::vector<Heredoc> heredocs;
  std::string original;  ///< the instruction's text as in the file, continuations joined, for history and messages
  Position position;
};

/// A whole file.
struct Dockerfile {
  std::vector<Instruction> instructions;
  char escape = '\\';
  std::map<std::string, std::string> directives;  ///< syntax, escape, check
};

/// Parses. Throws Error(invalid) whose message begins "NAME:LINE:COLUMN: " and whose details show the line and a caret.
/// Limits: 4 MiB, 10,000 instructions, 1 MiB a line.
Dockerfile parse_dockerfile(std::string_view text, std::string_view name);

/// "RUN", "FROM", ...
std::string_view keyword_name(Keyword keyword) noexcept;

}  // namespace jcb::dockerfile
