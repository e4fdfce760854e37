#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Set this machine up, build, lint and run every test; then most of them with the sanitizers, too.
# The last line is pytest's count.
#
# usage: scripts/test.sh [--report] [pytest's arguments]    as root
#   --report  write what was seen to doc/test-report.rst
#   With arguments for pytest the sanitizers are left out.
set -eu
cd "$(dirname "$0")/.."

report=
if [ "${1-}" = --report ]; then
    shift
    mkdir -p doc
    report=$PWD/doc/test-report.rst
fi
# After the set-up there is no excuse left for a test that cannot run.
export HM_STRICT=1

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

all_begin=$(date +%s)

part()
{
    name=$1
    shift
    echo "test: $name"
    begin=$(date +%s)
    status=0
    "$@" || status=$?
    times="${times-}${times:+, }$name $(($(date +%s) - begin)) s"
    return "$status"
}

# shellcheck disable=SC2317,SC2086 # part runs it; an option, or none
build()
{
    reconfigure=
    if [ -f build/build.ninja ]; then reconfigure=--reconfigure; fi
    if ! meson setup $reconfigure --werror build >"$logs/build" 2>&1; then
        cat "$logs/build"
        return 1
    fi
    ninja -C build --quiet
}

# Tests mostly wait, so there are more at a time than processors. With Debian's python3, which has
# the packages set up, whatever else is first in PATH.
# shellcheck disable=SC2317 # part runs it
tests()
{
    {
        ended=0
        HM_REPORT=$report /usr/bin/python3 -m pytest -n "$((2 * $(nproc)))" --dist loadgroup \
            tests "$@" || ended=$?
        echo "$ended" >"$logs/tests.end"
    } | tee "$logs/tests"
    return "$(cat "$logs/tests.end")"
}

if [ ! -d tests ]; then
    echo "test: no tests/ here" >&2
    exit 1
fi
part setup scripts/setup.sh --test
part build build
failed=0
# While the tests wait, the tools that look at the sources have the processors.
nice scripts/lint.sh >"$logs/lint" 2>&1 &
lint=$!
part tests tests "$@" || failed=1
part lint wait "$lint" || failed=1
cat "$logs/lint"
# Most tests once more, one kind of fault after the other.
if [ $# -eq 0 ]; then
    part address scripts/sanitize.sh address || failed=1
    part thread scripts/sanitize.sh thread || failed=1
fi
echo "test: took: $times; in all $(($(date +%s) - all_begin)) s"
tail -n 1 "$logs/tests"
exit "$failed"
