#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -e
test -x /opt/delta/tool
test "$(readlink /opt/delta/link)" = tool
test -n "$ALPHA"
