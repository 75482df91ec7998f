#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -e
test -x /opt/gamma/tool
test "$(readlink /opt/gamma/link)" = tool
test -n "$ALPHA"
