#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Build, and measure the program beside the EAL alone and dpdk-testpmd; what came
# of it is in doc/benchmark.rst then. bench/run.py says more.
#
# usage: scripts/bench.sh [--quick]    as root
set -eu
cd "$(dirname "$0")/.."

[ -f build/build.ninja ] || meson setup build
ninja -C build dpdk-hotplug_mp floor
exec /usr/bin/python3 bench/run.py "$@"
