#!/bin/sh
# SPDX-License-Identifier: MIT
# What was installed into a root can be used from there: the command runs, and the
# example in the header compiles by what pkg-config says alone, shared and static,
# and by the CMake package.
#
# usage: use_installed.sh ROOT PREFIX LIBDIR SOURCE COMPILER...
#
# A missing cmake is only mentioned.
set -eu
root=$1 prefix=$2 libdir=$3 source=$4
shift 4
# Nothing may come from a build folder.
unset LD_LIBRARY_PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
libraries=$root$prefix/$libdir

# The ten lines at the head of the header, as a program.
cp "$source/datasets/sample/train.tsv" .
{
    printf '#include <ncdclass.h>\n#include <stdio.h>\n\nint main(void)\n{\n'
    sed -n '/^ \* Ten lines that/,/^ \*\//s/^ \*     //p' "$source/include/ncdclass.h"
    printf 'return 0;\n}\n'
} >example.c
[ "$(grep -c ncd_ example.c)" -ge 7 ] || { echo 'no example in the header'; exit 1; }

expect() { # NAME COMMAND...
    name=$1
    shift
    said=$("$@") || { echo "$name: exit $?"; exit 1; }
    [ "$said" = "$expected" ] || { echo "$name: \"$said\", not \"$expected\""; exit 1; }
    echo "$name: $said"
}

ncdclass=$root$prefix/bin/ncdclass
expected=$("$ncdclass" train -q -o m.ncd train.tsv >/dev/null &&
    "$ncdclass" predict m.ncd 'goal in the last minute')
[ -n "$expected" ]

export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
# Below this root even /usr/include is no folder that a compiler looks into.
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
# shellcheck disable=SC2046 # flags are several words
"$@" example.c -o shared $(pkg-config --cflags --libs ncdclass)
expect shared env LD_LIBRARY_PATH="$libraries" ./shared

# Without the shared library in the way, -lncdclass is the static one.
mkdir static
cp "$libraries/libncdclass.a" static
# shellcheck disable=SC2046
"$@" example.c -o archive -Lstatic \
    $(pkg-config --cflags ncdclass) -Wl,-Bstatic -lncdclass -Wl,-Bdynamic \
    $(pkg-config --static --libs ncdclass | sed 's/-lncdclass//')
expect static ./archive

if command -v cmake >/dev/null; then
    mkdir with-cmake
    cat >with-cmake/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.16)
project(example C)
find_package(ncdclass 0.1 REQUIRED)
add_executable(example ../example.c)
target_link_libraries(example ncdclass::ncdclass)
END
    # The package finds itself; the libraries behind it are the system's.
    unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
    {
        cmake -S with-cmake -B with-cmake/build -DCMAKE_PREFIX_PATH="$root$prefix" \
            -DCMAKE_C_COMPILER="$1" && cmake --build with-cmake/build
    } >log 2>&1 || { cat log; exit 1; }
    expect cmake with-cmake/build/example
    sed -i 's/ncdclass 0.1/ncdclass 99.0/' with-cmake/CMakeLists.txt
    if cmake -S with-cmake -B with-cmake/other -DCMAKE_PREFIX_PATH="$root$prefix" \
        -DCMAKE_C_COMPILER="$1" >log 2>&1; then
        echo 'cmake: version 99.0 was found'
        exit 1
    fi
else
    echo 'cmake: not installed, not tried'
fi
