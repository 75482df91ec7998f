#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -e
test -x /opt/beta/tool
test "$(readlink /opt/beta/link)" = tool
test -n "$ALPHA"
