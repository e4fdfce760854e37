#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Carry out the test plan on devices of your own; doc/plan.rst says how. Builds
# the program first, unless --program names another.
#
# usage: scripts/plan.sh [options] DEVARGS...    as root; --help shows the options
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)

build()
{
    if [ ! -f "$top/build/build.ninja" ]; then meson setup "$top/build" "$top"; fi
    ninja -C "$top/build" --quiet
}

own=yes
for word; do
    case $word in
    --program | --program=* | --list | --help | -h) own=no ;;
    esac
done
if [ $own = yes ]; then
    log=$(build 2>&1) || {
        printf '%s\n' "$log" >&2
        exit 2
    }
fi
export PLAN_NAME=scripts/plan.sh PLAN_PROGRAM="$top/build/dpdk-hotplug_mp"
export PYTHONDONTWRITEBYTECODE=1
# Debian's python3, which has pexpect, whatever else is first in PATH.
exec /usr/bin/python3 "$top/plan" "$@"
