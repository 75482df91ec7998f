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

/// A heredoc attached to RUN, COPY or ADD. `content` has its final newline, as every line of it.
struct Heredoc {
  std::string name;
  std::string content;      ///< the lines up to the delimiter, leading tabs already removed where strip_tabs is set
  bool expand = true;       ///< the delimiter was not quoted
  bool strip_tabs = false;  ///< <<-
  bool operator==(const Heredoc&) const = default;
};

/// The heredoc that a word opens ("<<EOF", "<<-'END'"), content empty; nothing when the word is an ordinary one. Tells
/// the heredoc sources of COPY and ADD from paths, and the RUN that is one heredoc from a command line that uses one.
std::optional<Heredoc> find_heredoc(std::string_view word);

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
/// - FROM: image [AS name] as written; WORKDIR/USER/STOPSIGNAL/MAINTAINER: the rest of the line as one string;
/// - HEALTHCHECK: "NONE", or "CMD" and the command as for CMD (json_form is the command's);
/// - ONBUILD: the trigger's text as one string, its heredocs appended, as an image config stores it;
/// - the rest: words.
/// Quotes and escapes stay in the words: `expand` takes them off. Flags lose theirs here, as in BuildKit.
struct Instruction {
  Keyword keyword = Keyword::from;
  std::vector<std::string> flags;  ///< "--from=x", still to be expanded
  std::vector<std::string> arguments;
  bool json_form = false;
  bool legacy_form = false;  ///< `ENV K V` or `LABEL K V`, without the equals sign
  std::vector<Heredoc> heredocs;
  std::string original;  ///< the instruction's text as in the file, continuations joined, for history and messages
  Position position;
  std::size_t last_line = 0;                ///< the last line, heredocs included
  std::string keyword_text;                 ///< the keyword as written, "run"
  std::vector<std::string> comments;        ///< the comments in front of it, without `#`; an empty comment forgets those before it
  std::size_t empty_continuation_line = 0;  ///< the first blank line between its continued lines, 0 where there is none
};

/// A whole file.
struct Dockerfile {
  std::vector<Instruction> instructions;
  char escape = '\\';
  std::map<std::string, std::string> directives;  ///< syntax, escape, check
};

/// Parses and checks what can be checked without building: a file starts with FROM (only ARG may precede it), flags exist
/// and have their form, arguments are as many as the instruction takes. Throws Error(invalid) whose message begins "NAME:LINE:COLUMN: " and
/// whose details show the line and a caret. Limits: 4 MiB, 10,000 instructions, 1 MiB a line.
Dockerfile parse_dockerfile(std::string_view text, std::string_view name);

/// Parses without those checks: any sequence of well-formed instructions, as BuildKit's parser takes it; for tools that
/// show the tree. `escape` holds unless a directive says otherwise.
Dockerfile parse_instructions(std::string_view text, std::string_view name, char escape = '\\');

/// Parses and checks the one instruction of an ONBUILD trigger, as an image config stores it. Throws as parse_dockerfile.
Instruction parse_trigger(std::string_view text, std::string_view name, char escape = '\\');

/// "RUN", "FROM", ...
std::string_view keyword_name(Keyword keyword) noexcept;

}  // namespace jcb::dockerfile
