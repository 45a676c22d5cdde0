#!/bin/sh
# SPDX-License-Identifier: MIT
# src/codec/ppm_tables.c is what ppm_fit wrote, byte for byte, and what it fits
# hangs on its texts alone. Fitting to the real sets takes minutes and the sets:
# ppm_fit --check with the files that the tables name.
#
# usage: ppm_fit.sh PPM_FIT SOURCE_ROOT
set -eu
ppm_fit=$(realpath "$1")
source=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The command fails, and says so.
fails() { # MESSAGE COMMAND...
    message=$1
    shift
    if "$@" 2>log; then
        echo "$*: did not fail"
        exit 1
    fi
    grep -q "$message" log
}

"$ppm_fit" --print | cmp - "$source/src/codec/ppm_tables.c"

mkdir "$scratch/languages" "$scratch/news"
sample=$source/datasets/sample/train.tsv
cp "$sample" "$scratch/languages/a.tsv"
sed -n '1,200p' "$sample" >"$scratch/news/b.tsv"
cd "$scratch"
"$ppm_fit" --rounds=0 languages/a.tsv news/b.tsv >once.c 2>log
"$ppm_fit" --rounds=0 ./languages/a.tsv "$PWD/news/b.tsv" >twice.c 2>log
cmp once.c twice.c
grep -q '"languages "' once.c
"$ppm_fit" --rounds=0 news/b.tsv languages/a.tsv >swapped.c 2>log
if cmp -s once.c swapped.c; then
    echo "the order of sets means nothing"
    exit 1
fi

# Other texts than the tables' are told from theirs.
fails 'other tables' "$ppm_fit" --check --rounds=0 languages/a.tsv news/b.tsv

# Seven lengths of each set, and letters cost less than the 8 bits they take.
"$ppm_fit" --costs news/b.tsv >costs.csv
test "$(wc -l <costs.csv)" -eq 8
awk -F, 'NR > 1 && !($1 == "news" && $3 > 0.5 && $3 < 6) { exit 1 }' costs.csv

fails 'nosuch.tsv' "$ppm_fit" languages/a.tsv nosuch.tsv
fails 'wrong use' "$ppm_fit" languages/a.tsv
