#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a .cc file that holds a data file: embed.py INPUT OUTPUT DECLARATION.

DECLARATION is "namespace::function"; the function returns the bytes as std::string_view. Bytes are written as numbers:
a string literal would meet the compilers' length limits.
"""

import sys


def main() -> None:
    source, target, declaration = sys.argv[1:]
    namespace, _, function = declaration.rpartition("::")
    with open(source, "rb") as file:
        data = file.read()
    rows = [", ".join(str(byte) for byte in data[start:start + 32]) for start in range(0, len(data), 32)]
    text = "\n".join([
        "// SPDX-License-Identifier: Apache-2.0",
        "// Written by embed.py at build time.",
        "#include <string_view>",
        f"namespace {namespace} {{",
        f"std::string_view {function}();",
        f"std::string_view {function}() {{",
        "  static constexpr char k_data[] = {",
        ",\n".join(rows),
        "  };",
        "  return {k_data, sizeof k_data};",
        "}",
        "}",
        "",
    ])
    with open(target, "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    main()
