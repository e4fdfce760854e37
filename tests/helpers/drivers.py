# SPDX-License-Identifier: BSD-3-Clause
"""Which drivers' ports a secondary can poll, as doc/limits.rst has it too; and whether one does.
And what a driver is to be told."""

from hotplug_mp.answers import devices

#: Fewer than any queue holds.
PACKETS = 32

#: By driver, whether it joined before the ports were started or after.
VIRTUAL = {
    "net_null": True,
    "net_ring": True,
    "net_tap": True,
    "net_memif": True,
    "net_pcap": True,
    "net_virtio_user": True,
    "net_af_packet": False,
    "net_vhost": False,
}
#: By the card's name in tests/physical.
PHYSICAL = {"e1000e": "net_e1000_em", "virtio": "net_virtio", "vmxnet3": "net_vmxnet3"}


def carried(process, device):
    """Packets this process has received there, and sent."""
    for line in process.cmd("stats").split("\n"):
        fields = line.split()
        if len(fields) == 9 and fields[1:3] == [device, str(process.pid)]:
            return int(fields[3]), int(fields[5])
    return 0, 0


def bonding(process, device):
    """devargs of a net_bonding made of this device; DPDK 23.11 gave the parameter another name."""
    _, virtual = devices(process)
    parameter = virtual["net_bonding"].split("=")[0]
    assert parameter in ("slave", "member")
    return f"net_bonding0,mode=1,{parameter}={device}"
