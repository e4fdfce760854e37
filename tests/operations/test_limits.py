# SPDX-License-Identifier: BSD-3-Clause
"""A device that cannot be attached leaves nothing behind; and devices without a port."""

import os

import pytest

from hotplug_mp import Group

MAX_PORTS = 32  # RTE_MAX_ETHPORTS of Debian's DPDK
HIGH_INDEX = 1 << 22  # an interface's, above all pids

roles = pytest.mark.parametrize("role", ["primary", "secondary 1"])


@roles
def test_one_port_too_many_works_once_another_is_detached(role):
    group = Group(secondaries=1)
    process = group.member(role)
    ports = [(i, f"net_null{i}") for i in range(MAX_PORTS)]
    try:
        for _, name in ports:
            assert process.cmd(f"attach {name}") == f"attached device {name}"
        group.assert_lists(ports)
        for _ in range(2):
            answer = process.cmd("attach net_ring99")
            assert answer.startswith("failed to attach device net_ring99: ")
            assert f"all {MAX_PORTS} ethernet ports are in use" in answer
            group.assert_lists(ports)
        answer = process.cmd("attach net_null0")
        assert answer == "failed to attach device net_null0: already attached (port 0)"
        assert process.cmd("detach net_null7") == "detached device net_null7"
        assert process.cmd("attach net_ring99") == "attached device net_ring99"
        ports[7] = (7, "net_ring99")
        group.assert_lists(ports)
    finally:
        group.close()


@roles
def test_attach_works_once_the_interface_is_there(pair, veth_pair, role):
    process = pair.member(role)
    interface = f"hmt{os.getpid()}x"
    line = f"attach net_af_packet,iface={interface}"
    for _ in range(2):
        answer = process.cmd(line)
        assert answer.startswith("failed to attach device net_af_packet: ")
        assert "already" not in answer
        pair.assert_lists([])
    assert process.cmd("detach net_af_packet") == (
        "failed to detach device net_af_packet: not attached"
    )
    veth_pair(interface)
    assert process.cmd(line) == "attached device net_af_packet"
    pair.assert_lists([(0, "net_af_packet")])
    assert process.cmd("detach net_af_packet") == "detached device net_af_packet"
    pair.assert_lists([])


def test_two_groups_can_have_the_same_fanout_number(veth_pair):
    """With several queues, because a driver may have no use for a number with a single one."""
    groups = [Group(secondaries=1) for _ in range(2)]
    first, second = (group.primary.pid for group in groups)
    same = HIGH_INDEX ^ first ^ second
    names = [
        veth_pair(f"hmt{os.getpid()}{letter}", "index", f"{index}")
        for letter, index in (("a", HIGH_INDEX), ("b", same), ("c", same ^ 1))
    ]
    try:
        lines = [f"attach net_af_packet,iface={name},qpairs=2" for name in names]
        assert groups[0].primary.cmd(lines[0]) == "attached device net_af_packet"
        for process in groups[1].members():
            answer = process.cmd(lines[1])
            assert answer.startswith(
                f"failed to attach device net_af_packet: pid {second} (primary): "
            )
            assert "PACKET_FANOUT" in answer
            groups[1].assert_lists([])
        assert groups[1].secondaries[0].cmd(lines[2]) == "attached device net_af_packet"
        for group in groups:
            group.assert_lists([(0, "net_af_packet")])
    finally:
        for group in groups:
            group.close()


@roles
def test_attach_works_once_the_arguments_are_right(pair, role):
    process = pair.member(role)
    for line in ("attach net_null0,nosuch=1", "attach net_pcap0"):
        name = line.split()[1].split(",")[0]
        assert process.cmd(line).startswith(f"failed to attach device {name}: ")
        pair.assert_lists([])
    assert process.cmd("attach net_null0") == "attached device net_null0"
    pair.assert_lists([(0, "net_null0")])


@pytest.mark.parametrize(
    "attacher, detacher", [("primary", "secondary 1"), ("secondary 1", "primary")]
)
def test_device_without_ethernet_port(pair, attacher, detacher):
    name = "crypto_null0"
    attacher, detacher = pair.member(attacher), pair.member(detacher)
    for _ in range(2):
        assert attacher.cmd(f"attach {name}") == f"attached device {name} (no ethernet port)"
        pair.assert_lists([])
        for process in pair.members():
            assert process.cmd(f"attach {name}") == (
                f"failed to attach device {name}: already attached (no ethernet port)"
            )
        assert detacher.cmd(f"detach {name}") == f"detached device {name}"
        for process in pair.members():
            assert process.cmd(f"detach {name}") == (
                f"failed to detach device {name}: not attached"
            )


def test_ports_of_several_devices_keep_their_ids(pair):
    primary, secondary = pair.members()
    for number, process in enumerate((primary, secondary, primary)):
        name = f"net_null{number}"
        assert process.cmd(f"attach {name}") == f"attached device {name}"
    assert secondary.cmd("detach net_null1") == "detached device net_null1"
    pair.assert_lists([(0, "net_null0"), (2, "net_null2")])
    assert primary.cmd("attach net_ring5") == "attached device net_ring5"
    pair.assert_lists([(0, "net_null0"), (1, "net_ring5"), (2, "net_null2")])


def test_secondary_that_joins_later_has_the_ports(pair):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert pair.secondaries[0].cmd("attach net_ring0") == "attached device net_ring0"
    late = pair.add_secondary()
    pair.assert_lists([(0, "net_null0"), (1, "net_ring0")])
    assert late.cmd("detach net_null0") == "detached device net_null0"
    pair.assert_lists([(1, "net_ring0")])
