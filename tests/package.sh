#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian packages build, lintian finds no errors, and what they hold, unpacked
# into a clean root, can be used from there: command, library and Python package.
#
# usage: package.sh SOURCE COMPILER...
#
# Exit 77 where a tool is missing, or a package that building needs.
set -eu
source=$1
shift
for tool in dpkg-buildpackage dh lintian pkg-config; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset LD_LIBRARY_PATH MALLOC_PERTURB_

# The tests that are part of the packages' build are those that run beside this.
export DEB_BUILD_OPTIONS=nocheck
missing=$(cd "$scratch" && mkdir -p debian && cp "$source"/tools/debian/control debian &&
    dpkg-checkbuilddeps -P nocheck 2>&1) || { echo "skipped: $missing"; exit 77; }
"$source/tools/deb" "$scratch/built" --build-profiles=nocheck >"$scratch/log" 2>&1 ||
    { tail -n 50 "$scratch/log"; exit 1; }
lintian --allow-root --fail-on error "$scratch"/built/*.changes

for package in "$scratch"/built/*.deb; do
    dpkg-deb -x "$package" "$scratch/root"
done
libdir=lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
"$source/tests/use_installed.sh" "$scratch/root" /usr "$libdir" "$source" "$@"

for file in bin/ncdclass share/man/man1/ncdclass.1.gz share/man/man3/libncdclass.3.gz \
    share/bash-completion/completions/ncdclass \
    share/fish/vendor_completions.d/ncdclass.fish \
    share/zsh/vendor-completions/_ncdclass share/doc/libncdclass-dev/README.md.gz; do
    [ -e "$scratch/root/usr/$file" ] || { echo "no /usr/$file"; exit 1; }
done

python='/usr/bin/python3 -B'
if $python -c 'import numpy, sklearn' 2>/dev/null; then
    said=$(PYTHONPATH=$scratch/root/usr/lib/python3/dist-packages \
        LD_LIBRARY_PATH=$scratch/root/usr/$libdir $python -c '
from ncdclass import NCDClassifier
texts = ["the keeper saved a penalty", "parliament passed the budget"]
print(*NCDClassifier(n_neighbors=1).fit(texts, [1, 2]).predict(texts))')
    [ "$said" = '1 2' ] || { echo "Python package: \"$said\""; exit 1; }
fi
