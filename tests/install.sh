#!/bin/sh
# SPDX-License-Identifier: MIT
# What `meson install` puts into a clean root can be used from there, and
# uninstalling leaves nothing.
#
# usage: install.sh BUILD PREFIX LIBDIR SOURCE COMPILER...
#
# Exit 77 where pkg-config is missing.
set -eu
build=$1
shift
command -v pkg-config >/dev/null || exit 77
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$scratch/root" \
    >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
"$(dirname "$0")/use_installed.sh" "$scratch/root" "$@"

ninja -C "$build" uninstall >"$scratch/log"
left=$(find "$scratch" -path "$scratch/root/*" ! -type d)
[ -z "$left" ] || { echo "left by uninstall:"; echo "$left"; exit 1; }
