#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Set this machine up, build, lint and run the tests, those of cards in a guest included. The last
# line is pytest's count.
#
# usage: scripts/test.sh [--all] [--report] [pytest's arguments]    as root
#   --all     take the time for clang-tidy, long walks and fuzzing; then run the tests with the
#             sanitizers and on the other releases of Debian, and build for other processors
#   --report  write what was seen to doc/test-report.rst
set -eu
cd "$(dirname "$0")/.."

all=no report=
while :; do
    case ${1-} in
    --all) all=yes ;;
    --report) report=$PWD/doc/test-report.rst ;;
    *) break ;;
    esac
    shift
done
# After the set-up there is no excuse left for a test that cannot run.
export HM_STRICT=1

logs=$(mktemp -d)
lint='' roots=''
# A shell that a signal ends does nothing at its exit, and what goes on in the background takes no
# notice of Ctrl-C.
trap 'exit 1' HUP INT TERM
trap 'end_beside "$lint" "$roots"; rm -rf "$logs"' EXIT

# End these groups of processes, if there are any.
# shellcheck disable=SC2317,SC2329 # a trap runs it
end_beside()
{
    for group in "$@"; do
        if [ -n "$group" ] && kill -s 0 -- "-$group" 2>/dev/null; then kill -- "-$group"; fi
    done
}

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

# shellcheck disable=SC2317,SC2329,SC2086 # part runs it; an option, or none
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
# shellcheck disable=SC2317,SC2329 # part runs it
tests()
{
    {
        ended=0
        HM_REPORT=$report HM_CHAPTERS=$logs/0.json /usr/bin/python3 -m pytest \
            -n "$((3 * $(nproc)))" --dist loadgroup "$@" || ended=$?
        echo "$ended" >"$logs/tests.end"
    } | tee -i "$logs/tests"
    return "$(cat "$logs/tests.end")"
}

part setup scripts/setup.sh --test
part build build
failed=0
# While the tests wait, the tools that look at the sources have the processors.
quick=--quick
if [ $all = yes ]; then quick=; fi
# shellcheck disable=SC2086 # an option, or none
setsid nice scripts/lint.sh $quick >"$logs/lint" 2>&1 &
lint=$!
if [ $all = yes ]; then export HM_THOROUGH=1; fi
part tests tests "$@" || failed=1
unset HM_THOROUGH
part lint wait "$lint" || failed=1
lint=
cat "$logs/lint"
if [ $all = yes ]; then
    # Most tests once more, one kind of fault after the other. They do not ask how soon something
    # comes, so other things may go on beside them.
    setsid nice scripts/releases.sh --prepare >"$logs/roots" 2>&1 &
    roots=$!
    part address scripts/sanitize.sh address || failed=1
    part thread scripts/sanitize.sh thread || failed=1
    part roots wait "$roots" || {
        cat "$logs/roots"
        failed=1
    }
    roots=
    HM_RESULTS=$logs part releases scripts/releases.sh --prepared || failed=1
    part arm64 scripts/arm64.sh || failed=1
fi
# The report keeps its table of the releases if only this one was tested.
if [ $all = yes ] && [ -n "$report" ]; then
    /usr/bin/python3 tests/helpers/chapters.py "$report" "$logs"/*.json || failed=1
fi
echo "test: took: $times; in all $(($(date +%s) - all_begin)) s"
tail -n 1 "$logs/tests"
exit "$failed"
