#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Look at the sources with every tool there is for it, and build them with each
# compiler, warnings being errors. All are run, whatever the first ones find.
#
# usage: scripts/lint.sh [--quick], or: meson compile -C build lint
#   --quick  without clang-tidy, which takes longer than all others together
set -u
cd "$(dirname "$0")/.." || exit 1

failed=

check()
{
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "lint: $name: ok"
    else
        echo "lint: $name: FAILED"
        printf '%s\n' "$output"
        failed="$failed $name"
    fi
}

build()
{
    [ -f "build-$1/build.ninja" ] || CC=$1 meson setup --werror "build-$1" || return
    ninja -C "build-$1"
}

tidy()
{
    files=$(scripts/layout.py --list) || return
    # One file a run: with several, version 14 takes what it saw in one for the state of the next.
    printf '%s\n' "$files" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build-clang
}

sources=$(find . -path './build*' -prune -o -name '*.[ch]' -print)

check layout scripts/layout.py
check build-gcc build gcc
check build-clang build clang
# shellcheck disable=SC2086 # one word a file
check clang-format clang-format --dry-run -Werror $sources
[ "${1-}" = --quick ] || check clang-tidy tidy
# variableScope: the style here, DPDK's, is to declare variables at the top of a function.
# readdirCalled: readdir_r(3) is deprecated; readdir(3) of a directory of one's own is safe.
# The others are of newer versions: how far it looked, what the compilers see better, and an mmap(2)
# that returns NULL.
# shellcheck disable=SC2086
check cppcheck cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -D_GNU_SOURCE -I. \
    '-DRTE_STR(x)=#x' '-DPROGRAM="program"' '-DPROGRAM_VERSION="version"' \
    --library=posix --enable=warning,style,performance,portability \
    --suppress=variableScope --suppress=readdirCalled \
    --suppress=normalCheckLevelMaxBranches --suppress=unusedStructMember \
    --suppress=constVariablePointer --suppress=constParameterCallback \
    --suppress=nullPointerOutOfMemory $sources
check codespell codespell --skip './build*,./.git,./tests/fuzz/corpus,*.pyc' .
check shellcheck shellcheck -x scripts/*.sh scripts/*.bash .ci/run tests/helpers/*.sh \
    tests/helpers/vm/init tests/helpers/vm/run.sh

if [ -n "$failed" ]; then
    echo "lint: failed:$failed" >&2
    exit 1
fi
