#!/bin/sh
# SPDX-License-Identifier: MIT
# The layers of src, each of which uses only those before it; the command, which
# uses the public header; and the top level, which holds what belongs there.
#
# usage: layers.sh SOURCE_ROOT
set -eu
cd "$1"

layers='util text codec ncd knn classmodel model explain eval'
failed=0

complain() {
    echo "$*"
    failed=1
}

# "file:line included" of each #include, quotes or brackets taken away.
includes() {
    grep -Hn '^[[:space:]]*#[[:space:]]*include' "$@" |
        sed 's/^\([^:]*:[0-9]*\):[^"<]*["<]\([^">]*\)[">].*/\1 \2/'
}

allowed=
for layer in $layers; do
    allowed="$allowed $layer"
    [ -d "src/$layer" ] || continue
    # shellcheck disable=SC2046 # names have no blanks
    for use in $(includes $(find "src/$layer" -name '*.[ch]') | tr ' ' '|'); do
        where=${use%|*} what=${use#*|}
        case $what in
        cli/* | cli.h) complain "$where: $what: the library uses the command" ;;
        */*) ;;
        *) continue ;;
        esac
        folder=${what%%/*}
        # <sys/stat.h> and its like belong to no folder of ours.
        [ -d "src/$folder" ] || continue
        case " $allowed " in
        *" $folder "*) ;;
        *) complain "$where: $what: $layer may use:$allowed" ;;
        esac
        [ -f "src/$what" ] || complain "$where: $what: there is no such header"
    done
done

command=$(find src/cli -name '*.[ch]')
# shellcheck disable=SC2086 # names have no blanks
for use in $(includes $command | tr ' ' '|'); do
    where=${use%|*} what=${use#*|}
    case $what in
    ncdclass.h) continue ;;
    */*) [ ! -d "src/${what%%/*}" ] || complain "$where: $what: the command uses ncdclass.h only" ;;
    *) # A private header, found by its bare name.
        [ -f "src/cli/$what" ] || [ -z "$(find src -name "$what")" ] ||
            complain "$where: $what: the command uses ncdclass.h only"
        ;;
    esac
done
# shellcheck disable=SC2086
for use in $(grep -Hn '#include "' $command | tr ' ' '|'); do
    what=${use#*\"}
    [ -f "src/cli/${what%\"*}" ] ||
        complain "$use: quotes in src/cli are for its own headers"
done

for entry in src/*; do
    case " $layers cli meson.build " in
    *" ${entry#src/} "*) ;;
    *) complain "$entry: no layer of that name" ;;
    esac
done
[ "$(ls include)" = ncdclass.h ] || complain "include: ncdclass.h is the only public header"

# What version control knows; in an unpacked archive, what is there.
top=$(git ls-files 2>/dev/null | cut -d / -f 1 | sort -u)
for entry in ${top:-$(ls -A | grep -v -e '^build' -e '^\.git$')}; do
    case $entry in
    meson.build | meson_options.txt | LICENSE | README.md | TUTORIAL.md | CHANGELOG.md | CONTRIBUTING.md) ;;
    .clang-format | .ci | .gitignore | .gitattributes) ;;
    src | include | datasets | tests | tools | results) ;;
    *) complain "$entry: does not belong at the top level" ;;
    esac
done
exit $failed
