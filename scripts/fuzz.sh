#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Build the fuzz targets with clang's libFuzzer and run them one after the other,
# beginning with the inputs of tests/fuzz/corpus. What is found lies in
# build-fuzz/findings. The last line says what it came to.
#
# usage: scripts/fuzz.sh [SECONDS]    as root; for all targets together, 60 by default
#        scripts/fuzz.sh --replay     run those inputs once, and nothing else
set -eu
cd "$(dirname "$0")/.."

targets="line message shared join"
build="build-fuzz"
findings=$build/findings

build()
{
    [ -f $build/build.ninja ] ||
        CC=clang meson setup -Dfuzz=true -Db_lundef=false -Dman=disabled $build
    ninja -C $build fuzz
}

# What a target says at its end, by its name there.
stat()
{
    sed -n "s/^stat::$1: *//p" "$log"
}

# Edges of this program's own files that an input has gone through, and all there are. The files of
# the targets themselves and the headers of DPDK do not count.
edges()
{
    sed -n 's|^[A-Z]*COVERED_FUNC: .*edges: \([0-9]*\)/\([0-9]*\) [^ ]* \(.*\.c\):.*|\1 \2 \3|p' \
        "$log" | awk '$3 !~ /(^|\/)tests\/fuzz\// { in_ += $1; all += $2 }
            END { printf "%d of %d edges", in_, all }'
}

fuzz()
{
    target=$1
    log=$build/$target.log
    mkdir -p $findings "$build/corpus/$target"
    [ "$target" != line ] || set -- "$@" -dict=tests/fuzz/line.dict
    shift
    status=0
    "$build/tests/fuzz/fuzz-$target" -timeout=20 -max_len=1024 -len_control=0 \
        -print_final_stats=1 -artifact_prefix="$findings/$target-" "$@" >"$log" 2>&1 || status=$?
    if [ $status -ne 0 ]; then
        echo "fuzz: $target: FAILED"
        cat "$log"
        failed="$failed $target"
    fi
}

case "$#:${1-}" in
0:) seconds=60 ;;
1:--replay) seconds=0 ;;
1:*[!0-9]* | 1:) seconds= ;;
1:*) seconds=$1 ;;
*) seconds= ;;
esac
if [ -z "$seconds" ]; then
    echo "usage: scripts/fuzz.sh [SECONDS | --replay]" >&2
    exit 2
fi

if ! output=$(build 2>&1); then
    printf '%s\n' "$output"
    exit 1
fi
failed=
for target in $targets; do
    if [ "$seconds" -eq 0 ]; then
        fuzz "$target" tests/fuzz/corpus/"$target"/*
        echo "fuzz: $target: $(grep -c '^Executed ' "$log") inputs replayed"
    else
        fuzz "$target" -max_total_time=$((seconds / 4 + 1)) -print_coverage=1 \
            "$build/corpus/$target" "tests/fuzz/corpus/$target"
        echo "fuzz: $target: $(stat number_of_executed_units) executions," \
            "$(stat average_exec_per_sec) per second, $(edges)"
    fi
done
if [ -n "$failed" ]; then
    echo "fuzz: findings:$failed; see $findings" >&2
    exit 1
fi
echo "fuzz: no finding"
