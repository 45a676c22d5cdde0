#!/bin/sh
# SPDX-License-Identifier: MIT
# The shared library exports what ncdclass.h declares: all of it and no more. All
# that is exported is listed, with the version it came in; what is listed may not
# go without a new soversion, since programs in the field call it. And the build,
# the header and the command state the same version.
#
# usage: symbols.sh LIBRARY HEADER VERSION NCDCLASS LIST
set -eu
library=$1 header=$2 version=$3 ncdclass=$4 list=$5
failed=0
command -v nm >/dev/null || exit 77

complain() {
    echo "$*"
    failed=1
}

# Names with a leading underscore are the toolchain's (sanitizers, profiling).
exported=$(nm -D --defined-only "$library" | awk '{ print $NF }' |
    sed 's/@.*//' | grep -v '^_' | sort)
# Every declaration begins with NCD_API and has its name before the first "(".
declared=$(tr '\n' ' ' <"$header" | tr ';' '\n' |
    sed -n 's/^.*NCD_API [^(]*[ *]\(ncd_[a-z0-9_]*\)(.*/\1/p' | sort)
[ -n "$declared" ] || complain "$header: no declaration found"

for name in $exported; do
    case $name in
    ncd_*) ;;
    *) complain "exported, and does not begin with ncd_: $name" ;;
    esac
    echo "$declared" | grep -qx "$name" || complain "exported, not declared: $name"
done
for name in $declared; do
    echo "$exported" | grep -qx "$name" || complain "declared, not exported: $name"
done

# LIST is in the form that Debian's dpkg-gensymbols reads.
listed=$(sed -n 's/^ \(.*\)@Base .*/\1/p' "$list")
for name in $exported; do
    echo "$listed" | grep -qx "$name" ||
        complain "exported, not in $list; add the line: $name@Base $version"
done
for name in $listed; do
    echo "$exported" | grep -qx "$name" || complain "in $list, not exported: $name"
done
soname=$(sed -n '1s/ .*//p' "$list")
readelf -d "$library" | grep -qF "soname: [$soname]" || complain "$library: soname is not $soname"

number() {
    sed -n "s/^#define NCD_VERSION_$1 *\([0-9]*\)$/\1/p" "$header"
}
in_header=$(number MAJOR).$(number MINOR).$(number PATCH)
[ "$in_header" = "$version" ] || complain "meson.build says $version, the header $in_header"
said=$("$ncdclass" --version | head -n 1)
[ "$said" = "ncdclass $version" ] || complain "meson.build says $version, --version \"$said\""
exit $failed
