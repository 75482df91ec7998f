// SPDX-License-Identifier: Apache-2.0
// yaml-cpp's events become Nodes; its own node tree is not used, because it resolves aliases (a bomb of a few lines is
// then gigabytes) and has no limits. The handler refuses what could grow before it grows.
#include "util/yaml.h"

#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace jcb::util {
namespace {

// Turns marks of yaml-cpp (from 0, in the cut text) into positions in the file.
class Positions {
 public:
  explicit Positions(const SourceText& source) : m_source(source), m_file(std::make_shared<const std::string>(source.file)) {}
  SourcePosition at(int line, int column) const {
    const auto index = static_cast<std::size_t>(std::max(line, 0));
    // An error at the end of the text is past the last line: it is shown on the line after the block.
    const int in_file = m_source.lines.empty()          ? line + 1
                        : index < m_source.lines.size() ? m_source.lines[index]
                                                        : m_source.lines.back() + 1;
    return {m_file, in_file, std::max(column, 0) + 1 + m_source.cut_columns};
  }
  SourcePosition at(const YAML::Mark& mark) const { return at(mark.line, mark.column); }

 private:
  const SourceText& m_source;
  std::shared_ptr<const std::string> m_file;
};

class NodeBuilder final : public YAML::EventHandler {
 public:
  NodeBuilder(const Positions& positions, const NodeLimits& limits) : m_positions(positions), m_limits(limits) {}
  Node take() { return std::move(m_root); }
  bool has_document() const { return m_documents > 0; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++m_documents > 1) reject(m_positions.at(mark), "a second YAML document");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { reject(m_positions.at(mark), "YAML anchors are not allowed"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { reject(m_positions.at(mark), "YAML aliases are not allowed"); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(make(Node::Kind::null, mark)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    refuse_tag(mark, tag);
    Node node = make(Node::Kind::scalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(Node::Kind::list, mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(Node::Kind::mapping, mark);
  }
  void OnMapEnd() override { close(); }

 private:
  // A collection under construction; a mapping with a key that still waits for its value.
  struct Frame {
    Node node;
    bool has_key = false;
    std::string key;
    SourcePosition key_at;
  };

  Node make(Node::Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind = kind;
    node.at = m_positions.at(mark);
    if (++m_values > m_limits.values) reject(node.at, "more than " + std::to_string(m_limits.values) + " values");
    return node;
  }
  // Untagged values come as "?" (plain) or "!" (quoted).
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") reject(m_positions.at(mark), "YAML tags are not allowed");
  }
  void open(Node::Kind kind, const YAML::Mark& mark) {
    Node node = make(kind, mark);
    if (m_frames.size() == m_limits.depth) reject(node.at, "nested deeper than " + std::to_string(m_limits.depth));
    m_frames.push_back({.node = std::move(node), .has_key = false, .key = {}, .key_at = {}});
  }
  void close() {
    Node node = std::move(m_frames.back().node);
    m_frames.pop_back();
    add(std::move(node));
  }
  void add(Node node) {
    if (m_frames.empty()) {
      m_root = std::move(node);
    } else if (m_frames.back().node.kind == Node::Kind::list) {
      m_frames.back().node.items.push_back(std::move(node));
    } else if (m_frames.back().has_key) {
      Frame& frame = m_frames.back();
      frame.has_key = false;
      frame.node.entries.push_back({std::move(frame.key), std::move(frame.key_at), std::move(node)});
    } else {
      set_key(node);
    }
  }
  void set_key(const Node& node) {
    Frame& frame = m_frames.back();
    if (node.kind != Node::Kind::scalar) reject(node.at, "a key must be a plain word");
    if (frame.node.find(node.text) != nullptr) reject(node.at, "the key '" + escape_text(node.text) + "' occurs twice");
    if (frame.node.entries.size() == m_limits.keys) reject(node.at, "more than " + std::to_string(m_limits.keys) + " keys in one mapping");
    frame.has_key = true;
    frame.key = node.text;
    frame.key_at = node.at;
  }

  const Positions& m_positions;
  const NodeLimits& m_limits;
  std::vector<Frame> m_frames;
  Node m_root;
  std::size_t m_values = 0;
  int m_documents = 0;
};

// yaml-cpp takes byte 4 for the end of the file and guesses encodings; and a terminal obeys what a reader cannot see.
void refuse_control_characters(const SourceText& source, const Positions& positions) {
  int line = 0;
  for (const std::string& text : split(source.text, '\n')) {
    if (escape_text(text, true) != text) reject(positions.at(line, 0), "a control character or bytes that are not UTF-8 text");
    ++line;
  }
}

Node parse_document(const std::string& text, const Positions& positions, const NodeLimits& limits) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  NodeBuilder builder(positions, limits);
  while (parser.HandleNextDocument(builder)) {
  }
  return builder.take();
}

Node from_json(const Json& json, const SourcePosition& at) {
  Node node;
  node.at = at;
  if (json.is_object()) {
    node.kind = Node::Kind::mapping;
    for (const auto& [key, value] : json.items()) node.entries.push_back({key, at, from_json(value, at)});
  } else if (json.is_array()) {
    node.kind = Node::Kind::list;
    for (const auto& value : json) node.items.push_back(from_json(value, at));
  } else if (!json.is_null()) {
    node.kind = Node::Kind::scalar;
    node.text = json.is_string() ? json.get<std::string>() : to_text(json);
    node.quoted = json.is_string();
  }
  return node;
}

}  // namespace

Node parse_yaml(const SourceText& source, const NodeLimits& limits) {
  const Positions positions(source);
  if (source.text.size() > limits.bytes)
    throw Error(ErrorKind::invalid, source.file + ": larger than " + std::to_string(limits.bytes >> 10) + " KiB");
  refuse_control_characters(source, positions);
  try {
    return parse_document(source.text, positions, limits);
  } catch (const YAML::Exception& error) {
    reject(positions.at(error.mark), error.msg);
  }
}

Node parse_json_node(const std::string& file, std::string_view text, const NodeLimits& limits) {
  const JsonLimits json{.bytes = limits.bytes, .depth = limits.depth, .values = limits.values, .keys = limits.keys};
  return from_json(parse_json(text, file, json), {std::make_shared<const std::string>(file), 0, 0});
}

}  // namespace jcb::util
