#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what no compiler does and prints one line for each breach:

- every text file names its licence (SPDX) in its first three lines;
- the program starts no shell: no system(), no popen();
- src/ and oci/ walk no directory by path: no std::filesystem iterators (util/root.h instead);
- no unfinished work, no path of a developer's machine, no host of a package mirror.
"""
import os
import re
import subprocess
import sys

NO_LICENCE_LINE = re.compile(r"(^|/)(LICENSE|\.gitkeep)$|\.(json|golden|txt|csv|asc)$|^tests/golden/|^tests/functional/trees/.*/files/|^oci/data/|^tests/fuzz/(corpus|dictionaries)/")
# Spelled so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"/wo" r"rk/(main|shared)|/tmp/j" r"w/")
MIRROR_HOST = re.compile(r"\b((deb|snapshot|security|ftp)\.deb" r"ian\.org|(archive|ports|security)\.ubun" r"tu\.com)\b")
SHELL = re.compile(r"\b(system|popen)\s*\(")
WALK = re.compile(r"\b(recursive_)?directory_iterator\b")


def tracked_files(root):
    """Files that git tracks or would track; all files where there is no git."""
    run = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True)
    if run.returncode == 0:
        names = run.stdout.decode().split("\0")
        return sorted({name for name in names if name and os.path.isfile(os.path.join(root, name))})
    return sorted(os.path.relpath(os.path.join(folder, name), root) for folder, folders, names in os.walk(root) for name in names
                  if not folder.startswith((os.path.join(root, "build"), os.path.join(root, ".git"))))


def read_text(path):
    with open(path, "rb") as file:
        data = file.read()
    return None if b"\0" in data[:4096] else data.decode("utf-8", errors="replace")


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match.group().count("\n"), text, flags=re.S)
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//[^\n]*", "", text)


def hits(pattern, text):
    for number, line in enumerate(text.split("\n"), 1):
        if pattern.search(line):
            yield number, line.strip()


def check_code(path, text):
    code = without_comments(text)
    for number, _ in hits(SHELL, code):
        yield f"{path}:{number}: starts a shell; use util/child.h"
    if path.startswith(("src/", "oci/")):
        for number, _ in hits(WALK, code):
            yield f"{path}:{number}: walks a directory by path; use util/root.h"


def check(path, text):
    if not NO_LICENCE_LINE.search(path) and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.split("\n")[:3]):
        yield f"{path}: no SPDX line in its first three lines"
    for number, line in hits(UNFINISHED, text):
        yield f"{path}:{number}: unfinished: {line[:80]}"
    for number, line in hits(MACHINE_PATH, text):
        yield f"{path}:{number}: a path of one machine: {line[:80]}"
    for number, line in hits(MIRROR_HOST, text):
        yield f"{path}:{number}: a package mirror's host: {line[:80]}"
    if path.endswith((".cc", ".h")):
        yield from check_code(path, text)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    files = tracked_files(root)
    faults = []
    for path in files:
        text = read_text(os.path.join(root, path))
        if text:
            faults += check(path, text)
    for fault in faults:
        print(fault)
    print(f"lint: {len(files)} files, {len(faults)} breaches")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
