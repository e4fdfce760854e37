# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# To be sourced, in a mount namespace of one's own.

# Every DPDK program loads all drivers there are, which takes long in software emulation and with a
# sanitizer: leave those named, and what everyone needs. The others stay for programs that are
# linked with them. The first argument is an empty directory, which is mounted over.
few_drivers()
{
    drivers=$1
    shift
    mount -t tmpfs -o mode=755 drivers "$drivers"
    for place in /usr/lib/*/dpdk/pmds-* /usr/local/lib/*/dpdk/pmds-*; do
        [ -d "$place" ] || continue
        mkdir "$drivers/all" "$drivers/few"
        mount --bind "$place" "$drivers/all"
        for driver in bus_pci bus_vdev mempool_ring mempool_stack "$@"; do
            ln -s "$drivers/all/librte_$driver.so" "$drivers/few"
        done
        mount --bind "$drivers/few" "$place"
        export LD_LIBRARY_PATH="$drivers/all"
        return
    done
    echo "few_drivers: DPDK's drivers are not where they are looked for" >&2
    return 1
}
