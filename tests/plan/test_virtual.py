# SPDX-License-Identifier: BSD-3-Clause
"""The plan's cases for virtual devices, by each process."""

import struct

import pytest

from plan.devices import Device
from plan_report import ways

PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
WAYS = [(case, *way) for case in ("attach", "detach", "repeat") for way in ways(case)]


@pytest.fixture(params=["net_null0", "net_ring0", "net_tap0", "net_pcap0", "net_af_packet"])
def device(request, short_dir):
    """A virtual device that can be attached here."""
    name = request.param
    if name == "net_af_packet":
        return Device(f"{name},iface={request.getfixturevalue('veth')}")
    if name == "net_pcap0":
        with open(f"{short_dir}/rx.pcap", "wb") as f:
            f.write(PCAP_HEADER)
        return Device(f"{name},rx_pcap={short_dir}/rx.pcap,tx_pcap={short_dir}/tx.pcap")
    return Device(name)


@pytest.mark.parametrize("case, attacher, detacher", WAYS)
def test_case(lent_group, device, case, attacher, detacher, plan):
    plan(case, lent_group, device, attacher, detacher)
