#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -e
grep -q built /opt/alpha/built
test ! -e /opt/alpha/two
