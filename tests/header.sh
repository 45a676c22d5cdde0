#!/bin/sh
# SPDX-License-Identifier: MIT
# The public header compiles by itself, twice, without a warning, as C and C++.
#
# usage: header.sh INCLUDE_DIR c COMPILER...
#        header.sh INCLUDE_DIR c++
#
# Exit 77 where there is no C++ compiler.
set -eu
include=$1 language=$2
shift 2
if [ "$language" = c ]; then
    flags='-std=c11 -Wstrict-prototypes'
else
    flags=-std=c++11
    for compiler in ${CXX:-} c++ g++ clang++; do
        if command -v "$compiler" >/dev/null; then
            set -- "$compiler"
            break
        fi
    done
    [ $# -gt 0 ] || exit 77
fi
# shellcheck disable=SC2086 # flags are several words
"$@" -x "$language" $flags -Wall -Wextra -pedantic -Werror -fsyntax-only \
    -I"$include" - <<'END'
#include <ncdclass.h>
#include <ncdclass.h>

int main(void)
{
    ncd_options options;
    ncd_options_init(&options);
    return options.k == 0 || ncd_version() == NULL;
}
END
