#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every header alone, twice included, with the project's own flags: headers.py BUILD_DIRECTORY.
The public headers see nothing but include/ and the standard library."""
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def headers():
    for top in ("include", "src", "oci"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(".h"):
                    yield os.path.join(folder, name)


def project_command(build):
    """The compiler and flags of a source of ours, without its input, output and dependency file."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entry = next(entry for entry in json.load(file) if "/src/util/" in os.path.abspath(os.path.join(entry["directory"], entry["file"])))
    words, kept, skip = shlex.split(entry["command"]), [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MQ"):
            skip = True
        elif word not in ("-c", "-MD", entry["file"]):
            kept.append(word)
    return kept, entry["directory"]


def compile_alone(command, directory, header):
    if header.startswith(os.path.join(ROOT, "include") + os.sep):
        command = [word for word in command if not word.startswith("-I")] + ["-I", os.path.join(ROOT, "include")]
    text = f'#include "{header}"\n' * 2
    run = subprocess.run(command + ["-fsyntax-only", "-x", "c++", "-"], input=text, capture_output=True, text=True, cwd=directory)
    return None if run.returncode == 0 else f"{os.path.relpath(header, ROOT)} does not compile alone:\n{run.stderr.strip()}"


def main():
    command, directory = project_command(sys.argv[1])
    command = [word for word in command if os.path.basename(word) != "ccache"]
    found = list(headers())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [fault for fault in pool.map(lambda header: compile_alone(command, directory, header), found) if fault]
    for fault in faults:
        print(fault)
    print(f"headers: {len(found)} compiled alone, {len(faults)} faults")
    return 1 if faults or not found else 0


if __name__ == "__main__":
    sys.exit(main())
