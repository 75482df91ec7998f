#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the borders between the layers (docs/architecture.md) and prints one line for each breach.

1. Every #include of include/, src/ and oci/ is one that the table below allows.
2. The subdir() lines of the build files stand in the order of the table, and each layer links only what it may include.
3. Headers of third-party libraries appear only in the files that wrap them.
4. No header includes itself through others.
"""
import fnmatch
import os
import re
import sys

# Bottom first. A layer may include itself, the vocabulary of include/jcbuild, and the layers named after it.
LAYERS = {
    "public": ("include/jcbuild", []),
    "util": ("src/util", []),
    "oci": ("oci", ["util"]),
    "oci_layer": ("oci/layer", ["util", "oci"]),
    "oci_registry": ("oci/registry", ["util", "oci"]),
    "oci_server": ("oci/server", ["util", "oci", "oci_registry"]),
    "platform": ("src/platform", ["util"]),
    "dockerfile": ("src/dockerfile", ["util"]),
    "packages": ("src/packages", ["util", "platform"]),
    "cdi": ("src/cdi", ["util"]),
    "store": ("src/store", ["util", "oci", "oci_layer", "oci_registry"]),
    "sandbox": ("src/sandbox", ["util"]),
    "build": ("src/build", ["util", "oci", "oci_layer", "oci_registry", "dockerfile", "cdi", "store", "sandbox"]),
    "compose": ("src/compose", ["util", "oci", "oci_layer", "packages", "store", "build"]),
    "runtime": ("src/runtime", ["util", "oci", "platform", "cdi", "store", "sandbox"]),
    "api": ("src/api", ["util", "oci", "oci_layer", "oci_registry", "oci_server", "platform", "dockerfile", "packages", "cdi", "store", "sandbox", "build",
                        "compose", "runtime"]),
    "cli": ("src/cli", []),
}
# The public headers that every layer may include; the other public headers are for api and cli alone.
VOCABULARY = {"jcbuild/error.h", "jcbuild/progress.h", "jcbuild/types.h"}
SEES_ALL_PUBLIC = {"public", "api", "cli"}

# Third-party headers and the files that wrap them. A new pattern here is a new wrapper: say why in docs/architecture.md.
THIRD_PARTY = {
    "openssl/*": ["src/util/hash.cc"],
    "nlohmann/*": ["src/util/json.h", "src/util/json_fwd.h"],
    "zstd*.h": ["oci/layer/*.cc"],
    "zlib.h": ["oci/layer/*.cc"],
    "lzma.h": ["oci/layer/*.cc"],
    "bzlib.h": ["oci/layer/*.cc"],
    "isa-l/*": ["oci/layer/*.cc"],
    "isa-l.h": ["oci/layer/*.cc"],
    "yaml-cpp/*": ["src/util/yaml.cc"],
    "toml++/*": ["oci/registry/registries_conf.cc"],
    "curl/*": ["oci/registry/*.cc"],
    "microhttpd.h": ["oci/server/http_daemon.cc"],
    "seccomp.h": ["src/sandbox/*.cc", "src/runtime/*.cc"],
    "CLI/*": ["src/cli/*.cc", "src/cli/commands/*.cc", "src/cli/*.h", "src/cli/commands/*.h"],
}
# At most this many files may include the headers of one library.
MOST_WRAPPERS = {"CLI/*": 100}
USUAL_WRAPPERS = 3
SYSTEM = ["sys/*.h", "linux/*.h", "net/*.h", "netinet/*.h", "arpa/*.h"] + [
    name + ".h" for name in
    "fcntl unistd dlfcn signal dirent poll sched grp pwd termios fnmatch stdlib stdio string errno time spawn elf locale pthread "
    "netdb langinfo wchar glob ftw utime limits stddef stdint getopt".split()]

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def source_files(root):
    for top in ("include", "src", "oci"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".cc", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def layer_of(path):
    """The layer whose folder holds `path`; the longest folder wins (oci/layer before oci)."""
    best = None
    for layer, (folder, _) in LAYERS.items():
        if path.startswith(folder + "/") and (best is None or len(folder) > len(LAYERS[best][0])):
            best = layer
    return best


def find_header(root, name):
    """Where `#include "name"` leads, as a path from the root of the tree."""
    for base in ("include", "src", ""):
        path = os.path.join(base, name)
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def may_include(layer, target, name):
    if target == layer:
        return True
    if target == "public":
        return name in VOCABULARY or layer in SEES_ALL_PUBLIC
    return target in LAYERS[layer][1]


def check_own(root, path, layer, name):
    target_path = find_header(root, name)
    if target_path is None:
        return f'{path}: "{name}" is no header of the tree (write it as "layer/file.h")'
    target = layer_of(target_path)
    if not may_include(layer, target, name):
        return f"{path}: {layer} may not include {target} ({name})"
    return None


def check_foreign(path, name, users):
    if "/" not in name and "." not in name:
        return None  # the C++ standard library
    for pattern, wrappers in THIRD_PARTY.items():
        if fnmatch.fnmatch(name, pattern):
            users.setdefault(pattern, set()).add(path)
            if any(fnmatch.fnmatch(path, wrapper) and path.count("/") == wrapper.count("/") for wrapper in wrappers):
                return None
            return f"{path}: <{name}> belongs in {' or '.join(wrappers)}"
    if any(fnmatch.fnmatch(name, pattern) for pattern in SYSTEM):
        return None
    return f"{path}: <{name}> is neither a system header nor in the table of third-party headers"


def check_includes(root):
    users, graph = {}, {}
    for path in source_files(root):
        layer = layer_of(path)
        if layer is None:
            yield f"{path}: in no layer; a new folder needs a line in tests/layers.py and docs/architecture.md"
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for kind, name in INCLUDE.findall(text):
            fault = check_own(root, path, layer, name) if kind == '"' else check_foreign(path, name, users)
            if fault:
                yield fault
            if kind == '"' and find_header(root, name):
                graph.setdefault(path, []).append(find_header(root, name))
    for pattern, files in users.items():
        if len(files) > MOST_WRAPPERS.get(pattern, USUAL_WRAPPERS):
            yield f"<{pattern}> is included by {len(files)} files: {', '.join(sorted(files))}"
    yield from check_cycles(graph)


def check_cycles(graph):
    done, trail = set(), []

    def visit(path):
        if path in trail:
            return [" -> ".join(trail[trail.index(path):] + [path])]
        if path in done:
            return []
        trail.append(path)
        found = [cycle for target in graph.get(path, []) for cycle in visit(target)]
        trail.pop()
        done.add(path)
        return found

    for path in sorted(graph):
        for cycle in visit(path):
            yield f"include cycle: {cycle}"


def subdirs(root, folder=""):
    """The folders that the build enters, in order, from the root meson.build down."""
    path = os.path.join(root, folder, "meson.build")
    if not os.path.isfile(path):
        return
    with open(path, encoding="utf-8") as file:
        for name in re.findall(r"^\s*subdir\('([^']+)'\)", file.read(), re.M):
            inner = os.path.join(folder, name)
            yield inner
            yield from subdirs(root, inner)


def check_order(root):
    wanted = [folder for folder, _ in LAYERS.values()]
    by_folder = {("include" if folder.startswith("include") else folder): layer for layer, (folder, _) in LAYERS.items()}
    seen = [folder for folder in subdirs(root) if folder in by_folder]
    expected = ["include" if folder.startswith("include") else folder for folder in wanted]
    if seen != expected:
        yield f"meson.build: subdir() order is {seen}, the table says {expected}"
    for layer, (_, allowed) in LAYERS.items():
        for target in allowed:
            if list(LAYERS).index(target) >= list(LAYERS).index(layer):
                yield f"tests/layers.py: {layer} may not stand below {target}"


def check_links(root):
    for layer, (folder, allowed) in LAYERS.items():
        path = os.path.join(root, folder, "meson.build")
        if not os.path.isfile(path) or layer in ("public", "cli"):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for names in re.findall(r"dependencies: \[([^\]]*)\]", text):
            for name in re.findall(r"\w+", names):
                if name in LAYERS and name not in allowed:
                    yield f"{folder}/meson.build: {layer} may not link {name}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    faults = [*check_includes(root), *check_order(root), *check_links(root)]
    for fault in faults:
        print(fault)
    print(f"layers: {len(list(source_files(root)))} files, {len(faults)} breaches")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
