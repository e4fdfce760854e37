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

if [ "${1-}" = --report ]; then
    shift
    mkdir -p doc
    export HM_REPORT="$PWD/doc/test-report.rst"
fi
# After the set-up there is no excuse left for a test that cannot run.
export HM_STRICT=1

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

part()
{
    name=$1
    shift
    echo "test: $name"
    begin=$(date +%s)
    "$@"
    times="${times-}${times:+, }$name $(($(date +%s) - begin)) s"
}

# shellcheck disable=SC2317,SC2086 # part runs it; an option, or none
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

# Tests mostly wait, so one part can run beside another.
beside()
{
    name=$1
    shift
    (
        begin=$(date +%s)
        status=0
        "$@" >"$logs/$name" 2>&1 </dev/null || status=$?
        echo "$status $(($(date +%s) - begin))" >"$logs/$name.end"
    ) &
    all_beside="${all_beside-} $name"
}

if [ ! -d tests ]; then
    echo "test: no tests/ here" >&2
    exit 1
fi
part setup scripts/setup.sh --test
part build build
part lint scripts/lint.sh
echo "test: tests"
begin=$(date +%s)
# Debian's python3, which has the packages set up, whatever else is first in PATH.
{
    failed=0
    /usr/bin/python3 -m pytest tests "$@" || failed=$?
    echo "$failed" >"$logs/tests.end"
} | tee "$logs/tests"
times="$times, tests $(($(date +%s) - begin)) s"
failed=$(cat "$logs/tests.end")
# After the others, whose guest takes a processor for itself.
if [ $# -eq 0 ]; then
    beside address scripts/sanitize.sh address
    beside thread scripts/sanitize.sh thread
fi
wait
for name in ${all_beside-}; do
    read -r status took <"$logs/$name.end"
    times="$times, $name $took s"
    if [ "$status" -eq 0 ]; then
        echo "test: $name: $(grep -E '^=+ .* in .* =+$' "$logs/$name" | tr -d '=')"
        sed -n '/GCC Code Coverage/,$p' "$logs/$name"
    else
        echo "test: $name: FAILED"
        cat "$logs/$name"
        failed=1
    fi
done
echo "test: took: $times"
tail -n 1 "$logs/tests"
exit "$failed"
