#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Build for arm64 against Debian's DPDK, warnings being errors: with the cache lines of 128 bytes
# that DPDK has there, and with lines of 64. Then run the program that has DPDK's own lines in qemu,
# as a primary that attaches a device and forwards. qemu keeps to the processor's instructions, but
# not to its order of memory. Compiler and libraries lie in a root of their own (scripts/roots.sh).
#
# usage: scripts/arm64.sh [SUITE]    as root; bookworm by default
set -eu
cd "$(dirname "$0")/.."
. scripts/roots.sh

packages="gcc-aarch64-linux-gnu libc6-dev:arm64 libdpdk-dev:arm64 libjansson-dev:arm64 pkgconf
    meson ninja-build qemu-user-static"

# usage: build BYTES, in the root
build()
{
    cat >/tmp/line.h <<END
/* The compiler is also tried without DPDK. */
#if __has_include(<rte_build_config.h>)
#include <rte_build_config.h>
#undef RTE_CACHE_LINE_SIZE
#define RTE_CACHE_LINE_SIZE $1
#endif
END
    meson setup --werror --cross-file /tmp/arm64 -Dc_args="['-include', '/tmp/line.h']" \
        "/tmp/build-$1" /src && ninja -C "/tmp/build-$1" dpdk-hotplug_mp
}

# usage: run PROGRAM, in the root
run()
{
    printf '%s\n' 'attach net_null0' 'start net_null0' 'forward net_null0 net_null0' \
        'forward off' 'detach net_null0' >/tmp/commands
    qemu-aarch64-static "$1" --no-huge --no-pci --no-telemetry -m 64 -l 0 -- \
        --cmdline-file /tmp/commands
}

# usage: must WHAT COMMAND [ARGUMENT]...
# Show what a command says only if it fails.
must()
{
    what=$1
    shift
    if ! log=$("$@" 2>&1); then
        printf '%s\n' "$log" >&2
        echo "arm64: $what: FAILED" >&2
        exit 1
    fi
}

in_root()
{
    cat >/tmp/arm64 <<'END'
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
pkgconfig = 'aarch64-linux-gnu-pkg-config'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
    of_debian=$(sed -n 's/^#define RTE_CACHE_LINE_SIZE //p' \
        /usr/include/aarch64-linux-gnu/dpdk/rte_build_config.h)
    must "cache lines of 64 bytes" build 64
    must "cache lines of 128 bytes" build 128
    must "run in qemu" run "/tmp/build-$of_debian/dpdk-hotplug_mp"
    echo "arm64: Debian $(cat /etc/debian_version)," \
        "DPDK $(aarch64-linux-gnu-pkg-config --modversion libdpdk) with cache lines of" \
        "$of_debian bytes, gcc $(aarch64-linux-gnu-gcc -dumpfullversion): built with lines of 64" \
        "and 128 bytes, and run in qemu"
}

case "$#:${1-}" in
1:--in) in_root ;;
0: | 1:[a-z]*)
    suite=${1:-bookworm}
    root_make "arm64-$suite" "$suite" "$packages" --architectures=amd64,arm64
    root_run "arm64-$suite" /src/scripts/arm64.sh --in
    ;;
*)
    echo "usage: scripts/arm64.sh [SUITE]" >&2
    exit 2
    ;;
esac
