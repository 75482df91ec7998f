#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks every shell script of ours with shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v shellcheck > /dev/null || { echo "skip: shellcheck is not installed"; exit 77; }
mapfile -t scripts < <(find run-tests quickstart .ci tests packages -type f ! -path 'tests/fuzz/corpus/*' ! -path 'tests/differential/cases/*' -print0 | xargs -0 grep -lE '^#!.*\b(ba)?sh\b' | sort)
scripts+=(tests/support/*.sh tests/functional/*.sh)
mapfile -t scripts < <(printf '%s\n' "${scripts[@]}" | sort -u)
# Sourced files are not followed (SC1091), so what they define looks unassigned (SC2154: set -u tells at run time), and
# that they say `set -e` is not seen (SC2164).
shellcheck --severity=warning --exclude=SC1091,SC2154,SC2164 "${scripts[@]}"
