# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# To be sourced, in a mount namespace of one's own.

# Every DPDK program loads all drivers there are, which takes long in software emulation and with a
# sanitizer: leave those named, and what everyone needs. The others stay for programs that are
# linked with them.
few_drivers()
{
    mount -t tmpfs -o mode=755 drivers /mnt
    for place in /usr/lib/*/dpdk/pmds-*; do
        mkdir -p /mnt/all /mnt/few
        mount --bind "$place" /mnt/all
        for driver in bus_pci bus_vdev mempool_ring mempool_stack "$@"; do
            ln -s "/mnt/all/librte_$driver.so" /mnt/few
        done
        mount --bind /mnt/few "$place"
        export LD_LIBRARY_PATH=/mnt/all
    done
}
