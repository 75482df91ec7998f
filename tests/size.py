#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the size budget of docs/style.md with universal-ctags: functions with a median of at most 8 lines and a 90th
percentile of at most 30, none above 60; files of at most 450 lines."""
import json
import os
import statistics
import subprocess
import sys

MEDIAN, P90, LONGEST, FILE = 8, 30, 60, 450


def source_files(root):
    for top in ("include", "src", "oci"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".cc", ".h")):
                    yield os.path.join(folder, name)


def functions(files):
    """(lines, path, line, name) of every function with a body; lambdas count as part of the function around them."""
    tags = subprocess.run(["ctags", "--output-format=json", "--fields=+ne", "--kinds-c++=f", "--language-force=C++", "-L", "-", "-f", "-"],
                          input="\n".join(files), capture_output=True, text=True, check=True).stdout
    for line in tags.splitlines():
        tag = json.loads(line)
        if not tag["name"].startswith("__anon") and "end" in tag:
            yield tag["end"] - tag["line"] + 1, tag["path"], tag["line"], tag["name"]


def percentile(sizes, share):
    return sorted(sizes)[min(len(sizes) - 1, int(len(sizes) * share))]


def line_count(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    files = sorted(source_files(root))
    found = list(functions(files))
    sizes = [size for size, *_ in found]
    if len(sizes) < 1:
        print("size: ctags found no function")
        return 1
    lines = {os.path.relpath(path, root): line_count(path) for path in files}
    median, p90 = statistics.median(sizes), percentile(sizes, 0.9)
    faults = [f"{os.path.relpath(path, root)}:{line}: {name} has {size} lines, above {LONGEST}"
              for size, path, line, name in sorted(found, reverse=True) if size > LONGEST]
    faults += [f"{path}: {count} lines, above {FILE}" for path, count in lines.items() if count > FILE]
    if median > MEDIAN:
        faults.append(f"median of the functions is {median} lines, above {MEDIAN}")
    if p90 > P90:
        faults.append(f"90th percentile of the functions is {p90} lines, above {P90}")
    for fault in faults:
        print(fault)
    print(f"size: {len(sizes)} functions, median {median:g}, p90 {p90}, longest {max(sizes)}; "
          f"{len(lines)} files, median {statistics.median(lines.values()):g}, longest {max(lines.values())}; {len(faults)} breaches")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
