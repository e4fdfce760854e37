#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Set this machine up, build, lint and run every test. The last line is pytest's count.
#
# usage: scripts/test.sh [--report] [pytest's arguments]    as root
#   --report  write what was seen to doc/test-report.rst
set -eu
cd "$(dirname "$0")/.."

if [ "${1-}" = --report ]; then
    shift
    mkdir -p doc
    export HM_REPORT="$PWD/doc/test-report.rst"
fi
# After the set-up there is no excuse left for a test that cannot run.
export HM_STRICT=1

part()
{
    name=$1
    shift
    echo "test: $name"
    begin=$(date +%s)
    "$@"
    times="${times-}${times:+, }$name $(($(date +%s) - begin)) s"
}

build()
{
    reconfigure=
    if [ -f build/build.ninja ]; then reconfigure=--reconfigure; fi
    log=$(meson setup $reconfigure --werror build 2>&1) || {
        printf '%s\n' "$log"
        return 1
    }
    ninja -C build --quiet
}

if [ ! -d tests ]; then
    echo "test: no tests/ here" >&2
    exit 1
fi
part setup scripts/setup.sh --test
part build build
part lint scripts/lint.sh
echo "test: took: $times; the tests' own time is in the last line"
# Debian's python3, which has the packages set up, whatever else is first in PATH.
exec /usr/bin/python3 -m pytest tests "$@"
