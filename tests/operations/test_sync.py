# SPDX-License-Identifier: BSD-3-Clause
"""sync brings the group back together, or names the process to restart."""

import mmap
import signal
import struct

import pytest

import hotplug_mp as hm

PORTS = [(0, "net_null0"), (1, "net_ring0")]


@pytest.fixture
def working(faulty):
    """A primary and two secondaries with two ports."""
    for _, name in PORTS:
        assert faulty.primary.cmd(f"attach {name}") == f"attached device {name}"
    faulty.assert_agree(PORTS)
    return faulty


def join_without_ports(group):
    """A secondary that could make no port its own when it started."""
    faults = group.make_faults()
    faults.set("attach", "refuse")
    lacking = group.add_secondary(faults=faults)
    assert lacking.list() == []
    return lacking


@pytest.mark.parametrize("asker", hm.ROLES)
def test_healthy_group_has_nothing_to_do(working, asker):
    asker = working.member(asker)
    assert asker.cmd("sync") == "synced: all 3 processes agree: 2 ports; nothing to do"
    working.assert_agree(PORTS)
    for number, (_, name) in enumerate(PORTS, 1):
        assert asker.cmd(f"detach {name}") == f"detached device {name}"
        assert asker.cmd("sync") == (
            f"synced: all 3 processes agree: {2 - number} ports; nothing to do"
        )
        working.assert_agree(PORTS[number:])


@pytest.mark.parametrize("asker", [*hm.ROLES[:2], "secondary 3"])
def test_who_misses_a_port_gets_it(working, asker):
    """Secondary 3 misses both."""
    lacking = join_without_ports(working)
    lacking.faults.clear()
    assert working.member(asker).cmd("sync") == (
        "synced: all 4 processes agree: 2 ports; mended: "
        f"{lacking} lacks port 0 (net_null0); {lacking} lacks port 1 (net_ring0)"
    )
    working.assert_agree(PORTS)
    for process, (number, (_, name)) in zip((lacking, working.primary), enumerate(PORTS, 1)):
        assert process.cmd(f"detach {name}") == f"detached device {name}"
        working.assert_agree(PORTS[number:])


@pytest.mark.parametrize("asker", [*hm.ROLES[:2], "secondary 3"])
def test_who_cannot_have_it_is_to_be_restarted(working, asker):
    lacking = join_without_ports(working)
    differ = f"{lacking} lacks port 0 (net_null0); {lacking} lacks port 1 (net_ring0)"
    for _ in range(2):
        answer = working.member(asker).cmd("sync")
        assert answer.startswith(f"failed to sync: {differ}; ")
        assert answer.endswith("; restart it") and "mended" not in answer
        for process in working.members():
            assert process.list() == ([] if process is lacking else PORTS)
            assert process.peers()[1] == differ
    assert lacking.quit() == 0
    working.add_secondary()
    working.assert_agree(PORTS)


def test_arguments_of_the_device_are_kept(faulty, veth):
    """It is brought with the arguments it was attached with, which the bus does not keep."""
    asker, _ = faulty.secondaries
    port = [(0, "net_af_packet0")]
    devargs = f"net_af_packet0,iface={veth},blocksz=8192,framesz=4096"
    assert asker.cmd(f"attach {devargs}") == "attached device net_af_packet0"
    lacking = join_without_ports(faulty)
    lacking.faults.clear()
    assert asker.cmd("sync") == (
        "synced: all 4 processes agree: 1 ports; mended: "
        f"{lacking} lacks port 0 (net_af_packet0)"
    )
    faulty.assert_agree(port)
    assert lacking.cmd("detach net_af_packet0") == "detached device net_af_packet0"
    faulty.assert_agree([])


@pytest.mark.parametrize("asker", hm.ROLES)
def test_stale_port_is_removed(working, asker):
    """Secondary 2, which the EAL did not find, has kept its device."""
    asker, stale = working.member(asker), working.secondaries[1]
    answer = working.cmd_unseen(working.primary, "detach net_null0", "remove", stale)
    assert answer.startswith("failed to detach device net_null0: ")
    differ = f"{stale} alone has port 0 (net_null0)"
    for process in working.members():
        assert process.list() == (PORTS if process is stale else PORTS[1:])
        assert process.peers()[1] == differ
    mended = f"synced: all 3 processes agree: 1 ports; mended: {differ}"
    assert asker.cmd("sync") == mended
    working.assert_agree(PORTS[1:])


@pytest.mark.parametrize("asker", hm.ROLES)
def test_stale_port_without_a_device_is_closed(working, asker):
    """The driver in secondary 2 has let go of the device, but not of the port."""
    asker, stale = working.member(asker), working.secondaries[1]
    stale.faults.set("release", "refuse")
    assert working.primary.cmd("detach net_null0").startswith("failed to detach device net_null0: ")
    stale.faults.clear()
    differ = f"{stale} alone has port 0 (net_null0)"
    mended = f"synced: all 3 processes agree: 1 ports; mended: {differ}"
    assert asker.cmd("sync") == mended
    working.assert_agree(PORTS[1:])
    # The port is as good as any.
    assert stale.cmd("attach net_null0") == "attached device net_null0"
    working.assert_agree(PORTS)


#: Where the file of a group has the number of the last operation.
NUMBER = 24


def test_nothing_is_mended_for_one_that_has_given_up(faulty):
    """One of two that lack a port is stopped while the other one gets it, and sees what was wanted
    of it when nobody has the turn any more."""
    primary, (asker, _) = faulty.primary, faulty.secondaries
    port = [(0, "net_null0")]
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    first, second = join_without_ports(faulty), join_without_ports(faulty)
    first.faults.set("attach", "block")
    path = f"{hm.RUNTIME}/{faulty.prefix}/hotplug_mp_group"
    with open(path, "r+b") as f, mmap.mmap(f.fileno(), 0) as shared:
        # From now on a number that stands for nothing else.
        struct.pack_into("Q", shared, NUMBER, 1 << 40)
        asker.send("sync")
        first.faults.wait_met("attach")
        # A process's slot has its pid, whether it is the primary, and what it was asked for last.
        asked = struct.pack("iI", second.pid, 0) + shared[NUMBER : NUMBER + 8]
        second.faults.clear()
        second.stop()
        assert shared.find(asked) < 0
        first.faults.clear()
        hm.wait_until(lambda: shared.find(asked) >= 0, "the second one is asked")
    asker.kill(signal.SIGTERM)
    asker.wait()
    second.resume()
    # It has come by what it was asked for when it has told who has left.
    hm.wait_equal(lambda: primary.peers()[0][second.pid].state, "ok")
    answer = primary.cmd("peers").split("\n")[-1]
    assert answer == f"{second} lacks port 0 (net_null0)"
    assert first.list() == port and second.list() == []
    assert primary.cmd("sync").endswith(f"mended: {second} lacks port 0 (net_null0)")
    faulty.assert_agree(port)
