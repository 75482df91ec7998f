#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the checks: each fault planted in a copy of the tree must be found by the script that guards against it."""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"

# (script, file to append to or make, text, what the report must say)
FAULTS = [
    ("layers.py", "src/util/text.cc", '#include "oci/digest.h"\n', "util may not include oci"),
    ("layers.py", "oci/digest.h", '#include "store/store.h"\n', "no header of the tree|oci may not include store"),
    ("layers.py", "src/cli/planted.cc", LICENCE + '#include "util/fd.h"\n', "cli may not include util"),
    ("layers.py", "src/util/planted.h", LICENCE + "#include <openssl/sha.h>\n", "belongs in src/util/hash.cc"),
    ("layers.py", "src/util/fd.h", '#include "util/root.h"\n', "include cycle"),
    ("layers.py", "src/util/planted.cc", LICENCE + "#include <archive.h>\n", "neither a system header"),
    ("layers.py", "src/planted/planted.cc", LICENCE, "in no layer"),
    ("layers.py", "src/util/meson.build", "x = declare_dependency(dependencies: [store])\n", "util may not link store"),
    ("size.py", "src/util/planted.cc", LICENCE + "void planted() {\n" + "  step();\n" * 60 + "}\n", "has 62 lines, above 60"),
    ("size.py", "src/util/planted.cc", LICENCE + "\n" * 450, "451 lines, above 450"),
    ("lint.py", "src/util/planted.cc", "int x;\n", "no SPDX line"),
    ("lint.py", "src/util/planted.cc", LICENCE + 'void f() { system("true"); }\n', "starts a shell"),
    ("lint.py", "oci/planted.cc", LICENCE + "std::filesystem::directory_iterator f();\n", "walks a directory by path"),
    ("lint.py", "src/util/planted.cc", LICENCE + "// TO" "DO later\n", "unfinished"),
]


def copy_tree(target):
    for name in ("include", "src", "oci"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(target, name))
    shutil.copy(os.path.join(ROOT, "meson.build"), target)


def run(script, tree):
    result = subprocess.run([sys.executable, os.path.join(ROOT, "tests", script), tree], capture_output=True, text=True)
    return result.returncode, result.stdout


def bites(script, path, text, expected):
    with tempfile.TemporaryDirectory() as tree:
        copy_tree(tree)
        planted = os.path.join(tree, path)
        os.makedirs(os.path.dirname(planted), exist_ok=True)
        with open(planted, "a", encoding="utf-8") as file:
            file.write(text)
        status, output = run(script, tree)
        return status == 1 and any(part in output for part in expected.split("|"))


def main():
    missed = [f"{script} does not see the fault in {path} ({expected})" for script, path, text, expected in FAULTS
              if not bites(script, path, text, expected)]
    for line in missed:
        print(line)
    print(f"checks: {len(FAULTS)} planted faults, {len(missed)} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
