# SPDX-License-Identifier: BSD-3-Clause
"""attach: if one process refuses a device, no process keeps it."""

import pytest

from drivers import bonding
from traffic import shown


@pytest.fixture
def refusing(make_faults):
    """What a secondary needs to refuse every port."""
    faults = make_faults()
    faults.set("attach", "refuse not wanted here")
    return faults


@pytest.mark.parametrize("device", ["net_null0", "net_ring0", "net_af_packet"])
@pytest.mark.parametrize("asker", ["primary", "secondary 1", "secondary 2"])
def test_everyone_is_rolled_back(request, pair, refusing, asker, device):
    """Secondary 2 is the one that refuses."""
    devargs = device
    if device == "net_af_packet":
        devargs = f"{device},iface={request.getfixturevalue('veth')}"
    refuser = pair.add_secondary(faults=refusing)
    for _ in range(2):
        answer = pair.member(asker).cmd(f"attach {devargs}")
        assert answer.startswith(f"failed to attach device {device}: ")
        assert "already" not in answer
        pair.assert_lists([])
        for process in pair.members():
            assert process.cmd(f"detach {device}") == (
                f"failed to detach device {device}: not attached"
            )
    assert "not wanted here\n" in refuser.log()
    assert refuser.quit() == 0
    for process in pair.members():
        assert process.cmd(f"attach {devargs}") == f"attached device {device}"
        pair.assert_lists([(0, device)])
        assert process.cmd(f"detach {device}") == f"detached device {device}"
        pair.assert_lists([])


def test_ports_that_were_there_stay(pair, refusing):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    refuser = pair.add_secondary(faults=refusing)
    assert pair.primary.cmd("attach net_null1").startswith("failed to attach device net_null1: ")
    ports = [(0, "net_null0")]
    assert pair.primary.list() == pair.secondaries[0].list() == ports
    assert refuser.quit() == 0
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"
    pair.assert_lists([])


def test_who_was_told_to_leave_a_device_alone_refuses_it(pair):
    """By the EAL's -b, which an attach would lift. Nothing is sent."""
    refuser = pair.add_secondary(eal=["-b", "0000:88:00.0"])
    started = "was started with -b 0000:88:00.0; restart it without"
    for process in pair.members():
        who = "this process" if process is refuser else refuser
        for devargs in ("0000:88:00.0", "pci:0000:88:00.0"):
            answer = process.cmd(f"attach {devargs}")
            assert answer == f"failed to attach device 0000:88:00.0: {who} {started}"
    assert refuser.quit() == 0
    answer = pair.primary.cmd("attach 0000:88:00.0")
    assert answer == "failed to attach device 0000:88:00.0: no such device on the PCI bus"


@pytest.mark.parametrize("name", ["net_bonding0", "net_failsafe0"])
def test_port_that_another_device_uses_is_not_taken_from_it(process, name):
    """A group of one: DPDK's net_failsafe does not survive others."""
    primary = process("primary", eal=["--no-pci"])
    user = f"{name},dev(net_null1)"
    if name == "net_bonding0":
        assert primary.cmd("attach net_null1") == "attached device net_null1"
        user = bonding(primary, "net_null1")
    assert primary.cmd(f"attach {user}") == f"attached device {name}"
    if name == "net_bonding0":
        # Only then it takes what it is to use.
        assert primary.cmd(f"start {name}") == f"started device {name}"
    ports = primary.list()
    (port,) = [port for port, device in ports if device == "net_null1"]
    answer = primary.cmd("detach net_null1")
    assert answer == f"failed to detach device net_null1: port {port} " + (
        "is part of a net_bonding device, which lets go of it only when the group ends"
        if name == "net_bonding0"
        else "belongs to Fail-safe; detach that first"
    )
    assert primary.list() == ports
    # DPDK would crash at its end, with net_failsafe's device still there.
    assert primary.quit() == 0


def test_bus_without_a_driver_crashes_nobody(pair):
    """DPDK's other way to write devargs: the EAL gives the driver NULL instead of no arguments."""
    for process in pair.members():
        # This driver would look at them.
        answer = process.cmd("attach bus=vdev,name=net_af_packet0")
        assert answer.startswith("failed to attach device net_af_packet0: ")
        assert process.cmd("attach bus=vdev,name=net_null0") == "attached device net_null0"
        pair.assert_agree([(0, "net_null0")])
        assert process.cmd("detach bus=vdev,name=net_null0") == "detached device net_null0"
        answer = process.cmd("attach bus=vdev,name=net_null0/class=eth,mac=1")
        assert answer == (
            "failed to attach device net_null0: only arguments after /driver=NAME reach the driver; "
            "type vdev:net_null0,ARGUMENTS instead"
        )
        pair.assert_agree([])


def test_arguments_that_the_driver_would_not_get(pair):
    """In DPDK's other way to write devargs only those after the driver's name reach it."""
    for process in pair.members():
        for place in ("bus=vdev,name=net_null0,size=128", "bus=vdev,name=net_null0/class=eth,mac=1"):
            assert process.cmd(f"attach {place}") == (
                "failed to attach device net_null0: only arguments after /driver=NAME reach the "
                "driver; type vdev:net_null0,ARGUMENTS instead"
            )
        device = "bus=vdev,name=net_null0/driver=net_null,size=128"
        assert process.cmd(f"attach {device}") == "attached device net_null0"
        assert shown(process, "net_null0")["devargs"] == "vdev:net_null0,size=128"
        assert process.cmd("detach net_null0") == "detached device net_null0"
        pair.assert_agree([])


@pytest.mark.parametrize(
    "devargs", ["vdev:net_ring1,nodeaction", "net_pcap0,rx_iface", "net_af_packet0,iface=lo,qpairs"]
)
def test_argument_without_a_value_crashes_nobody(lent_pair, devargs):
    """Many drivers follow a pointer to it that is not there."""
    name, key = devargs.removeprefix("vdev:").split(",")[0], devargs.split(",")[-1]
    for process in lent_pair.members():
        assert process.cmd(f"attach {devargs}") == (
            f'failed to attach device {name}: the argument "{key}" has no value; type {key}=VALUE'
        )
    lent_pair.assert_agree([])
