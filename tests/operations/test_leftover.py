# SPDX-License-Identifier: BSD-3-Clause
"""Nothing is left where only the primary has it, and a port that has lost its device is not asked.

net_ring with nodeaction gives its ports names of their own. No secondary finds such a port, and the
driver leaves it behind when it lets go of the device."""

import signal

import pytest

import hotplug_mp as hm

RING = "net_ring0"
ONE = f"{RING},nodeaction=r0:0:CREATE"
TWO = f"{ONE},nodeaction=r1:0:CREATE"
#: A secondary finds the first port, by the name of the device, and not the second.
HALF = f"{RING},nodeaction={RING}:0:CREATE,nodeaction=r1:0:CREATE"


def assert_as_good_as_new(group):
    """Each process agrees that there is nothing, and attaches and detaches this and other
    devices."""
    group.assert_agree([])
    for process in group.members():
        for name in (RING, "net_null0"):
            assert process.cmd(f"attach {name}") == f"attached device {name}"
            group.assert_agree([(0, name)])
            assert process.cmd(f"detach {name}") == f"detached device {name}"
            group.assert_agree([])


def show(process, what):
    """What `show` says, as a dictionary."""
    return dict(line.split(": ", 1) for line in process.cmd(f"show {what}").split("\n"))


def test_ports_with_names_of_their_own_go_with_their_device(process):
    alone = process("primary")
    for again in range(2):
        assert alone.cmd(f"attach {TWO}") == f"attached device {RING}"
        # The driver forgets the rings of a port that was started, and cannot make them anew.
        if again:
            assert alone.cmd(f"start {RING}") == f"started device {RING}"
        assert alone.cmd(f"detach {RING}") == f"detached device {RING}"
        assert alone.list() == []
    assert alone.cmd("attach net_null0") == "attached device net_null0"
    assert alone.list() == [(0, "net_null0")]


@pytest.mark.parametrize("devargs", [ONE, TWO, HALF])
@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_attach_that_fails_leaves_nothing_in_the_primary(lent_pair, asker, devargs):
    answer = lent_pair.member(asker).cmd(f"attach {devargs}").split("\n")[-1]
    assert answer.startswith(f"failed to attach device {RING}: ")
    assert "still attached" not in answer
    assert_as_good_as_new(lent_pair)


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_device_that_no_secondary_can_have_is_detached(process, prefix, asker):
    """They joined after it was attached. Their bus has it, their driver refuses it."""
    group = hm.Group(secondaries=0, prefix=prefix)
    try:
        assert group.primary.cmd(f"attach {TWO}") == f"attached device {RING}"
        for _ in range(2):
            group.add_secondary()
        asker = group.member(asker)
        assert asker.cmd("sync").endswith("; restart it, or detach the device")
        assert asker.cmd(f"detach {RING}") == f"detached device {RING}"
        assert_as_good_as_new(group)
    finally:
        group.close()


@pytest.mark.parametrize("asker", hm.ROLES[:2])
@pytest.mark.parametrize("mend", ["sync", "detach net_null0"])
def test_port_of_the_primary_that_lost_its_device(faulty, asker, mend):
    """It is not asked, what is shown of it is true, and every process can have it closed."""
    primary, asker = faulty.primary, faulty.member(asker)
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    assert primary.cmd("start net_null0") == "started device net_null0"
    primary.faults.set("release", "refuse")
    failed = (
        f"failed to detach device net_null0: {primary} still has it: port 0 has lost its device, "
        "and its driver does not close it; run sync, or restart it"
    )
    for _ in range(2):
        assert asker.cmd("detach net_null0") == failed
    shown = show(primary, "0")
    assert (shown["name"], shown["state"]) == ("net_null0", "lost")
    assert shown["processes"] == str(primary.pid)
    assert hm.telemetry(faulty.prefix, "/hotplug_mp/show,0")[0]["state"] == "lost"
    for process in faulty.members():
        for line in ("start net_null0", "stop net_null0", "show net_null0"):
            assert process.cmd(line).endswith(": not attached")
    assert asker.cmd("sync").endswith(
        f"; in {primary} port 0 has lost its device, and its driver does not close it; restart the "
        "group"
    )
    primary.faults.clear()
    answer = asker.cmd(mend)
    if mend == "sync":
        agree, mended = answer.split(" mended: ")
        assert agree == "synced: all 3 processes agree: 0 ports;"
        # In the order of their slots, which they have taken as they came to it.
        assert set(mended.split("; ")) == {
            f"{other} lacks port 0 (net_null0)" for other in faulty.secondaries
        }
    else:
        assert answer == "detached device net_null0"
    assert_as_good_as_new(faulty)


def test_lost_port_of_one_that_is_alone_is_closed_by_sync(process, make_faults):
    alone = process("primary", faults=make_faults())
    assert alone.cmd("attach net_null0") == "attached device net_null0"
    alone.faults.set("release", "refuse")
    assert alone.cmd("detach net_null0").startswith("failed to detach device net_null0: ")
    alone.faults.clear()
    assert alone.cmd("sync") == (
        f"synced: all 1 processes agree: 0 ports; mended: {alone} had lost the device of "
        "port 0 (net_null0)"
    )
    assert alone.list() == []


def test_asker_dies_before_its_attach_is_undone(faulty):
    """The primary has made the port, and undoes the attach without it."""
    asker, other = faulty.secondaries
    asker.faults.set("attach", "block")
    asker.send(f"attach {ONE}")
    asker.faults.wait_met("attach")
    asker.kill(signal.SIGKILL)
    asker.wait()
    answer = other.cmd("sync").split("\n")[-1]
    assert answer == "synced: all 2 processes agree: 0 ports; nothing to do"
    assert_as_good_as_new(faulty)
