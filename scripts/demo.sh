#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Set this machine up, build, and show the program. On a terminal: a primary and
# a secondary side by side, to type at. Without one: a scripted run that checks
# what it sees.
#
# usage: scripts/demo.sh    as root
set -eu
cd "$(dirname "$0")/.."

scripts/setup.sh --demo
echo "demo: building"
if [ ! -f build/build.ninja ]; then
    log=$(meson setup build 2>&1) || {
        printf '%s\n' "$log"
        exit 1
    }
fi
ninja -C build --quiet
# Debian's python3, which has the packages set up, whatever else is first in PATH.
exec /usr/bin/python3 scripts/demo.py
