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
# The example in the header's first comment, as its reader would take it over.
example=$(sed -n '/^ \* Ten lines/,/^ \*\//s/^ \*     //p' "$include/ncdclass.h")
[ -n "$example" ] || {
    echo "the header has no example"
    exit 1
}

# shellcheck disable=SC2086 # flags are several words
"$@" -x "$language" $flags -Wall -Wextra -pedantic -Werror -fsyntax-only \
    -I"$include" - <<END
#include <ncdclass.h>
#include <ncdclass.h>

static void example(void)
{
$example
}

int main(void)
{
    example();
    ncd_options options;
    ncd_options_init(&options);
    return options.k == 0 || ncd_version() == NULL;
}
END
