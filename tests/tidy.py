#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy with .clang-tidy over every source of ours in compile_commands.json: tidy.py BUILD_DIRECTORY [PATTERN]."""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    if not shutil.which("clang-tidy"):
        print("clang-tidy is not installed: apt-get install clang-tidy")
        return 1
    build, pattern = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        files = {os.path.normpath(os.path.join(entry["directory"], entry["file"])) for entry in json.load(file)}
    files = sorted(path for path in files if re.search(r"/(src|oci)/", path[len(ROOT):]) and pattern in path)

    def check(path):
        run = subprocess.run(["clang-tidy", "-p", build, "--quiet", path], capture_output=True, text=True)
        return run.returncode, run.stdout.strip()

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (status, text) in zip(files, pool.map(check, files)):
            if text:
                print(text, flush=True)
            failed += status != 0 or "warning:" in text
    print(f"tidy: {len(files)} files, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
