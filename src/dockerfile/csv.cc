// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/csv.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : m_text(text) {}

  std::vector<std::string> run() {
    if (m_text.empty()) fail("is empty");
    if (m_text.find(char{0}) != std::string_view::npos) fail("holds a NUL byte");
    std::vector<std::string> fields{read_field()};
    while (m_at < m_text.size()) {
      ++m_at;  // the comma
      fields.push_back(read_field());
    }
    return fields;
  }

 private:
  [[noreturn]] void fail(const char* fault) const {
    throw Error(ErrorKind::invalid, "the value '" + util::escape_text(m_text) + "' " + fault, "write key=value,key=value");
  }

  std::string read_field() { return m_at < m_text.size() && m_text[m_at] == '"' ? read_quoted() : read_plain(); }

  // Up to a comma or the end.
  std::string read_plain() {
    const auto end = std::min(m_text.find(',', m_at), m_text.size());
    std::string field(m_text.substr(m_at, end - m_at));
    if (field.find('"') != std::string::npos) fail("has a quote inside an unquoted field");
    if (field.find_first_of("\r\n") != std::string::npos) fail("has a line end");
    m_at = end;
    return field;
  }

  std::string read_quoted() {
    std::string field;
    for (++m_at; m_at < m_text.size(); ++m_at) {
      if (m_text[m_at] != '"') {
        field += m_text[m_at];
        continue;
      }
      ++m_at;
      if (m_at == m_text.size() || m_text[m_at] == ',') return field;
      if (m_text[m_at] != '"') fail("goes on after a closing quote");
      field += '"';
    }
    fail("has a quote that is never closed");
  }

  std::string_view m_text;
  std::size_t m_at = 0;
};

std::string quote(const std::string& field) {
  if (field.find_first_of("\",\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

}  // namespace

std::vector<std::string> parse_csv_record(std::string_view text) { return Reader(text).run(); }

std::string make_csv_record(const std::vector<std::string>& fields) {
  std::vector<std::string> quoted;
  for (const auto& field : fields) quoted.push_back(quote(field));
  return util::join(quoted, ",");
}

}  // namespace jcb::dockerfile
