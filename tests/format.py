#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Formats every C++ file as .clang-format says; with --check only tells which are not.
Versions format differently, so the check wants clang-format 14 (Debian 12's) and is skipped (77) without it."""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VERSION = 14


def sources():
    for top in ("include", "src", "oci", "tests"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".cc", ".h")):
                    yield os.path.join(folder, name)


def version_of(program):
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"version (\d+)", text).group(1))


def main():
    programs = [name for name in (f"clang-format-{VERSION}", "clang-format") if shutil.which(name) and version_of(name) == VERSION]
    if not programs:
        print(f"skip: clang-format {VERSION} is not installed")
        return 77
    mode = ["--dry-run", "-Werror"] if "--check" in sys.argv else ["-i"]
    return subprocess.run(programs[:1] + mode + list(sources()), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
