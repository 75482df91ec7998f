// SPDX-License-Identifier: Apache-2.0
// Resolution in four steps:
//   1. pins: the versions that the request names; then the closure is walked, and where an entry of `depends` names a
//      version of a family that others want in whatever version, it becomes a pin too and the walk begins again;
//   2. order: for each request in turn what it needs and is not there yet, dependencies first, by name where nothing else
//      decides. A package added at the end of a request is thus stacked on top, and nothing below it is built anew;
//   3. conflicts: two packages of one family are fine when one is built on the other, else refused with both chains;
//   4. reasons and the image's name.
// Upstream rewrites a list until it stops changing; the outcome depends on the order of the request and drops pins.
#include "packages/resolver.h"

#include "jcbuild/error.h"
#include "packages/image_name.h"
#include "packages/pins.h"
#include "packages/settings.h"
#include "util/text.h"

#include <algorithm>
#include <set>

namespace jcb::packages {
namespace {

/// Packages (positions in the catalog) and what each needs; sorted by name, as the catalog is.
struct Graph {
  std::vector<std::size_t> requested;  ///< in the order of the request
  std::map<std::size_t, std::set<std::size_t>> needs;
  std::set<std::size_t> versioned;  ///< asked for by a name with a version
  std::set<std::size_t> usual;      ///< asked for without one
};

// A package with all that it needs.
std::set<std::size_t> find_closure(const Graph& graph, std::size_t package) {
  std::set<std::size_t> found{package};
  std::vector<std::size_t> open{package};
  while (!open.empty()) {
    const std::size_t current = open.back();
    open.pop_back();
    for (const std::size_t need : graph.needs.at(current)) {
      if (found.insert(need).second) open.push_back(need);
    }
  }
  return found;
}

class GraphBuilder {
 public:
  GraphBuilder(const Catalog& catalog, const std::vector<std::string>& request) : m_catalog(catalog), m_request(request), m_pins(catalog) {
    for (const auto& wish : request) {
      if (Pins::names_version(wish)) m_pins.pin(m_pins.choose(wish, std::nullopt));
    }
  }

  Graph build() {
    for (;;) {
      Graph graph = walk();
      if (!pin_versions_of(graph)) return graph;
    }
  }

 private:
  Graph walk() const {
    Graph graph;
    std::vector<std::size_t> open;
    for (const auto& wish : m_request) {
      const std::size_t package = choose(graph, wish, std::nullopt);
      graph.requested.push_back(package);
      open.push_back(package);
    }
    while (!open.empty()) {
      const std::size_t package = open.back();
      open.pop_back();
      const auto [node, is_new] = graph.needs.try_emplace(package);
      if (!is_new) continue;
      for (const auto& wish : m_catalog.packages()[package].depends) node->second.insert(choose(graph, wish, package));
      open.insert(open.end(), node->second.begin(), node->second.end());
    }
    return graph;
  }

  std::size_t choose(Graph& graph, const std::string& wish, std::optional<std::size_t> asker) const {
    try {
      const std::size_t package = m_pins.choose(wish, asker);
      (Pins::names_version(wish) ? graph.versioned : graph.usual).insert(package);
      return package;
    } catch (const Error& error) {
      if (!asker) throw;
      throw Error(error.kind(), m_catalog.packages()[*asker].name + " needs " + wish + ": " + error.message(), error.hint());
    }
  }

  // Pins the versions of families of which another version was taken only because nobody had said which. True where
  // something changed; every call adds a family, so there is an end.
  bool pin_versions_of(const Graph& graph) {
    std::set<std::string_view> undecided;
    for (const std::size_t package : graph.usual) {
      if (!m_pins.has_pins_of(package) && graph.versioned.count(package) == 0) undecided.insert(family(package));
    }
    bool changed = false;
    for (const std::size_t package : graph.versioned) {
      if (undecided.count(family(package)) == 0 || is_part_of_usual(graph, package)) continue;
      m_pins.pin(package);
      changed = true;
    }
    return changed;
  }

  // ros:noetic-ros-core, named by ros:noetic-ros-base, does not say which ros is wanted: the base is.
  bool is_part_of_usual(const Graph& graph, std::size_t package) const {
    return std::any_of(graph.usual.begin(), graph.usual.end(), [&](std::size_t usual) {
      return usual != package && family(usual) == family(package) && find_closure(graph, usual).count(package) != 0;
    });
  }

  std::string_view family(std::size_t package) const { return family_of(m_catalog.packages()[package].name); }

  const Catalog& m_catalog;
  const std::vector<std::string>& m_request;
  Pins m_pins;
};

// Every remaining package needs another remaining one (or itself), so a walk along them must come round.
std::vector<std::size_t> find_cycle(const Graph& graph, const std::set<std::size_t>& remaining) {
  std::vector<std::size_t> path{*remaining.begin()};
  for (;;) {
    const auto& needs = graph.needs.at(path.back());
    const std::size_t next = *std::find_if(needs.begin(), needs.end(), [&](std::size_t need) { return remaining.count(need) != 0; });
    const auto seen = std::find(path.begin(), path.end(), next);
    if (seen != path.end()) return {seen, path.end()};
    path.push_back(next);
  }
}

[[noreturn]] void throw_cycle(const Catalog& catalog, const Graph& graph, const std::set<std::size_t>& remaining) {
  auto cycle = find_cycle(graph, remaining);
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  cycle.push_back(cycle.front());
  std::vector<std::string> names;
  for (const std::size_t package : cycle) names.push_back(catalog.packages()[package].name);
  throw Error(ErrorKind::refused, "packages need each other: " + util::join(names, " -> "));
}

// Dependencies first; of what is ready the first by name.
std::vector<std::size_t> sort_by_name(const Catalog& catalog, const Graph& graph) {
  std::set<std::size_t> remaining;
  for (const auto& [package, needs] : graph.needs) remaining.insert(package);
  std::vector<std::size_t> order;
  while (!remaining.empty()) {
    const auto is_ready = [&](std::size_t package) {
      const auto& needs = graph.needs.at(package);
      return std::none_of(needs.begin(), needs.end(), [&](std::size_t need) { return remaining.count(need) != 0; });
    };
    const auto ready = std::find_if(remaining.begin(), remaining.end(), is_ready);
    if (ready == remaining.end()) throw_cycle(catalog, graph, remaining);
    order.push_back(*ready);
    remaining.erase(ready);
  }
  return order;
}

// Each request's closure in turn, less what earlier ones have brought.
std::vector<std::size_t> sort_graph(const Catalog& catalog, const Graph& graph) {
  const auto by_name = sort_by_name(catalog, graph);
  std::vector<std::size_t> order;
  for (const std::size_t request : graph.requested) {
    const auto closure = find_closure(graph, request);
    for (const std::size_t package : by_name) {
      const bool taken = std::find(order.begin(), order.end(), package) != order.end();
      if (closure.count(package) != 0 && !taken) order.push_back(package);
    }
  }
  return order;
}

std::string make_reason(const Catalog& catalog, const Graph& graph, std::size_t package) {
  if (std::find(graph.requested.begin(), graph.requested.end(), package) != graph.requested.end()) return "requested";
  for (const auto& [asker, needs] : graph.needs) {
    if (needs.count(package) != 0) return "needed by " + catalog.packages()[asker].name;
  }
  return "requested";
}

std::vector<Resolved> make_order(const Catalog& catalog, const Graph& graph) {
  const std::vector<std::size_t> order = sort_graph(catalog, graph);
  std::map<std::size_t, std::size_t> position;
  for (std::size_t i = 0; i < order.size(); ++i) position[order[i]] = i;
  std::vector<Resolved> resolved;
  for (const std::size_t package : order) {
    Resolved one{.package = catalog.packages()[package], .depends = {}, .reason = make_reason(catalog, graph, package)};
    for (const std::size_t need : graph.needs.at(package)) one.depends.push_back(position[need]);
    std::sort(one.depends.begin(), one.depends.end());
    resolved.push_back(std::move(one));
  }
  return resolved;
}

// "nano_llm needs mlc, which needs llvm:22": the shortest way from the request.
std::string explain(const Resolution& resolution, std::size_t wanted) {
  const auto& order = resolution.order;
  std::vector<std::size_t> asker(order.size(), order.size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i].reason == "requested") open.push_back(i);
  }
  if (std::find(open.begin(), open.end(), wanted) != open.end()) return order[wanted].package.name + " is requested";
  for (std::size_t next = 0; next < open.size() && asker[wanted] == order.size(); ++next) {
    for (const std::size_t need : order[open[next]].depends) {
      if (asker[need] != order.size()) continue;
      asker[need] = open[next];
      open.push_back(need);
    }
  }
  std::vector<std::string> names{order[wanted].package.name};
  for (std::size_t i = asker[wanted]; i < order.size(); i = asker[i]) names.insert(names.begin(), order[i].package.name);
  std::string text = names[0] + " needs " + names[1];
  for (std::size_t i = 2; i < names.size(); ++i) text += ", which needs " + names[i];
  return text;
}

[[noreturn]] void throw_conflict(const Resolution& resolution, std::size_t a, std::size_t b) {
  const auto& order = resolution.order;
  if (order[b].package.name < order[a].package.name) std::swap(a, b);
  const std::string family(family_of(order[a].package.name));
  throw Error(ErrorKind::refused, "two versions of " + family + ": " + explain(resolution, a) + "; " + explain(resolution, b),
              "one image holds one " + family + ": ask for packages that agree on it, or compose two images");
}

void refuse_conflicts(const Resolution& resolution) {
  const auto& order = resolution.order;
  std::map<std::string, std::vector<std::size_t>> families;
  for (std::size_t i = 0; i < order.size(); ++i) families[std::string(family_of(order[i].package.name))].push_back(i);
  for (const auto& [family, members] : families) {
    // Dependencies come first in the order: only the later of two can be built on the earlier.
    for (std::size_t later = 1; later < members.size(); ++later) {
      const auto closure = resolution.closure(members[later]);
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        if (!std::binary_search(closure.begin(), closure.end(), members[earlier]))
          throw_conflict(resolution, members[earlier], members[later]);
      }
    }
  }
}

}  // namespace

std::vector<std::size_t> Resolution::closure(std::size_t index) const {
  std::set<std::size_t> found;
  std::vector<std::size_t> open{index};
  while (!open.empty()) {
    const std::size_t current = open.back();
    open.pop_back();
    for (const std::size_t need : order.at(current).depends) {
      if (found.insert(need).second) open.push_back(need);
    }
  }
  return {found.begin(), found.end()};
}

Resolution resolve(const Catalog& catalog, const std::vector<std::string>& request) {
  if (request.empty()) throw Error(ErrorKind::usage, "no package named");
  const Graph graph = GraphBuilder(catalog, request).build();
  Resolution resolution;
  resolution.request = request;
  resolution.order = make_order(catalog, graph);
  resolution.default_image_name = make_image_name(request, catalog.target());
  refuse_conflicts(resolution);
  return resolution;
}

}  // namespace jcb::packages
