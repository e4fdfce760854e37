# SPDX-License-Identifier: BSD-3-Clause
"""A started port gets every packet of its interface, and leaves the interface as its owner has set
it, however the port ends."""

import os
import re
import subprocess

import pytest

import hotplug_mp as hm
from traffic import attach, detach, start

NAME = f"hmp{os.getpid()}"
#: What must be loaded for the tests of a driver, beside the few that they all load.
MORE = {"net_af_xdp": ("-d", "librte_net_af_xdp.so")}


def ip(line):
    return subprocess.run(
        ["ip", *line.split()], check=True, timeout=hm.TIMEOUT, capture_output=True, text=True
    ).stdout


def promiscuous():
    """Is it, and has its owner set the flag?"""
    shown = ip(f"-d link show {NAME}")
    return int(re.search(r"promiscuity (\d+)", shown)[1]) > 0, "PROMISC" in shown.split(">")[0]


OFF, ON, FLAG = (False, False), (True, False), (True, True)


@pytest.fixture(params=["net_af_packet", "net_af_xdp", "net_pcap"])
def port(request):
    """A driver's port on one end of a veth pair, in a group of two."""
    hm.veth_add(NAME, f"{NAME}p")
    group = None
    try:
        group = hm.Group(secondaries=1, eal=("--no-pci", *MORE.get(request.param, ())))
        attach(group.secondaries[0], f"{request.param}0,iface={NAME}")
        yield group, f"{request.param}0"
    finally:
        try:
            if group:
                group.close()
        finally:
            ip(f"link del {NAME}")


@pytest.mark.parametrize("end", ["detach", "quit", "kill"])
def test_interface_is_as_it_was(port, end):
    group, name = port
    start(group.secondaries[0], name)
    assert promiscuous() == ON
    if end == "detach":
        assert group.secondaries[0].cmd(f"stop {name}") == f"stopped device {name}"
        # A net_pcap still listens in the secondary, until it is detached.
        assert promiscuous()[1] is False
        detach(group.primary, name)
    elif end == "quit":
        assert group.secondaries[0].quit() == 0
        assert group.primary.quit() == 0
    else:
        assert group.secondaries[0].quit() == 0
        group.primary.die()
        group.remove_traces()
    assert promiscuous() == OFF


def test_flag_is_its_owners(port):
    """Set before the start, or cleared and set while the port is started."""
    group, name = port
    ip(f"link set {NAME} promisc on")
    start(group.primary, name)
    assert promiscuous() == FLAG
    ip(f"link set {NAME} promisc off")
    assert promiscuous() == ON
    ip(f"link set {NAME} promisc on")
    assert group.primary.cmd(f"stop {name}") == f"stopped device {name}"
    assert promiscuous() == FLAG
    detach(group.primary, name)
    assert promiscuous() == FLAG
