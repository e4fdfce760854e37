#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The guest's second program, on the host's root: what a running system has that
# a root file system has not; then the job, and the end.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /dev/hugepages
mount -t devpts -o gid=5,mode=620 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t hugetlbfs -o pagesize=2M nodev /dev/hugepages
mount -t tmpfs -o mode=755 run /run
ip link set lo up
# The drivers of the network cards, which udev would load.
for class in /sys/bus/pci/devices/*/class; do
    case $(cat "$class") in
    0x02*) modprobe -q "$(cat "${class%class}modalias")" ;;
    esac
done
modprobe -q -a virtio_net

# shellcheck source=tests/helpers/few_drivers.sh
. "${0%/vm/*}/few_drivers.sh"
mkdir /run/drivers
few_drivers /run/drivers net_af_packet net_e1000 net_null net_virtio net_vmxnet3

# QEMU 7.2 sometimes leaves an emulated processor halted that has an interrupt to serve, until it
# gets another: each wakes the other one, once a second.
wake_each_second()
{
    taskset -c "$1" sh -c "while sleep 1; do taskset -c $2 true; done"
}
wake_each_second 0 1 &
wake_each_second 1 0 &

sh "$HM_JOB/command" </dev/null
echo "the job ended with status $?"
echo o >/proc/sysrq-trigger
while :; do :; done # until the power is off
