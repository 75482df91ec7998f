#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A second compose runs no step; one more package builds that package and nothing else.
. "$(dirname "$0")/common.sh"
export JCBUILD_PACKAGES=$tests/functional/trees/tiny
import_tiny
expect 0 jc compose gamma --base tiny -t result --metadata-file "$scratch/first"
first=$(cat "$scratch/out")
equal "$(jq -c '[.packages[] | {name, cached}]' "$scratch/first")" \
  '[{"name":"alpha","cached":false},{"name":"beta","cached":false},{"name":"gamma","cached":false}]' "first compose"
equal "$(jq -r .digest "$scratch/first")" "$first" "digest in the metadata"
expect 0 jc compose gamma --base tiny -t result --metadata-file "$scratch/second"
equal "$(cat "$scratch/out")" "$first" "digest of the second compose"
equal "$(jq -c '[.packages[].cached] | unique' "$scratch/second")" '[true]' "second compose"
expect 0 jc compose gamma delta --base tiny -t more --metadata-file "$scratch/third"
equal "$(jq -r '[.packages[] | select(.cached | not) | .name] | join(" ")' "$scratch/third")" delta "what one more package builds"
verify_image more
equal "$(jq '.layers | length' "$(blob "$(digest_of more)")")" $((1 + 4)) "a layer for each package above the base's"
equal "$(jc run --rm more cat /opt/gamma/built)" "gamma on alpha beta gamma " "content"
expect 0 jc compose gamma delta --base tiny --dry-run --format json
equal "$(jq -c '[.packages[].cached] | unique' "$scratch/out")" '[true]' "dry run of what is built"
