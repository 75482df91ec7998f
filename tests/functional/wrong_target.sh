#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A package that exists but not here says which targets it needs and what there is instead.
. "$(dirname "$0")/common.sh"
expect 1 jc compose ros:humble --dry-run --distro debian:12 --arch x86_64
first_line_says ros:humble
says ubuntu 22.04 ros:noetic
expect 1 jc compose pytorch:no-such-version --dry-run --distro debian:12 --arch x86_64
first_line_says pytorch:no-such-version
expect 0 jc resolve ros:humble --format json --distro ubuntu:22.04 --arch x86_64
jq -e '.chain | any(startswith("ros:humble"))' "$scratch/out" > /dev/null || fail "no ros:humble on Ubuntu 22.04"
expect 0 jc resolve pytorch ros:noetic --format json --distro debian:12 --arch x86_64
jq -e '.base == "bootstrap:debian:bookworm" and (.chain | length > 3)' "$scratch/out" > /dev/null || fail "$(cat "$scratch/out")"
[ ! -e "$JCBUILD_STORE/oci/index.json" ] || equal "$(jq '.manifests | length' "$JCBUILD_STORE/oci/index.json")" 0 "tags"
