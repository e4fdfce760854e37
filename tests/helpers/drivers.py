# SPDX-License-Identifier: BSD-3-Clause
"""Which drivers' ports a secondary can poll, and what doc/limits.rst says of each driver; and whether
one is polled. And what a driver is to be told."""

import re

from hotplug_mp.answers import devices
from hotplug_mp.environment import REPO

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
    "net_af_xdp": False,
    "net_vhost": False,
}
#: Those whose packets dpdk-dumpcap was seen to capture.
CAPTURED = {"net_af_packet", "net_null", "net_pcap", "net_ring", "net_tap"}
#: Why a secondary cannot.
NO_FUNCTIONS = "it gives a secondary no functions to poll with"
#: By the card's name in tests/physical.
PHYSICAL = {
    "e1000e": "net_e1000_em",
    "virtio": "net_virtio",
    "vmxnet3": "net_vmxnet3",
    "igb": "net_e1000_igb",
    "igbvf": "net_e1000_igb_vf",
}
SECONDARY_POLLS = {**VIRTUAL, **dict.fromkeys(PHYSICAL.values(), True)}


def table():
    """The table of drivers in doc/limits.rst, {driver: {column: text}}."""
    with open(f"{REPO}/doc/limits.rst", encoding="utf-8") as f:
        text = f.read()
    text = text[text.index("\nDrivers in a group\n") : text.index("\nWhere the second column says")]
    rows = re.split(r"^   \* - ", text, flags=re.MULTILINE)[2:]
    columns = ("group", "polled", "captured", "leaks", "seen")
    listed = {}
    for row in rows:
        driver, *cells = [" ".join(cell.split()) for cell in re.split(r"^     -", row, flags=re.M)]
        assert driver not in listed
        listed[driver] = dict(zip(columns, cells, strict=True))
    return listed


def carried(process, device):
    """Packets this process has received there, and sent."""
    count = process.stats().counts[device, process.pid]
    return count.rx_packets, count.tx_packets


def bonding(process, device):
    """devargs of a net_bonding made of this device; DPDK 23.11 gave the parameter another name."""
    _, virtual = devices(process)
    parameter = virtual["net_bonding"].split("=")[0]
    assert parameter in ("slave", "member")
    return f"net_bonding0,mode=1,{parameter}={device}"
