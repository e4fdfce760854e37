# SPDX-License-Identifier: BSD-3-Clause
"""A process that its control group has frozen, as in a container that is paused: others say so, and
come, go and operate without waiting for it; when it is thawed, all goes on."""

import time

import pytest

import hotplug_mp as hm
from starts import why

FROZEN = "frozen by its control group; thaw or end it"
PORT = [(0, "net_null0")]

roles = pytest.mark.parametrize("role", hm.ROLES[:2])


def assert_works(group):
    for process in group.members():
        assert process.cmd("attach net_null0") == "attached device net_null0"
        group.assert_agree(PORT)
        assert process.cmd("detach net_null0") == "detached device net_null0"
    group.assert_agree([])


@roles
def test_many_quit_beside_a_frozen_one(pair, freezer, role):
    """The EAL would ask it to free hugepages, until its socket is full."""
    for _ in range(14):
        pair.add_secondary()
    _, first, *others = pair.members()
    frozen = pair.member(role)
    freezer.freeze(frozen.pid)
    for other in others:
        assert other.quit() == 0
        assert f"dpdk-hotplug_mp: left behind: {frozen} is {FROZEN}\n" in other.log()
        assert hm.BY_FORCE not in other.log()
    freezer.thaw()
    assert first.alive()
    pair.add_secondary()
    assert_works(pair)


@roles
def test_start_beside_a_frozen_one_is_refused(start, pair, freezer, role):
    """At once, and without a message to it."""
    frozen = pair.member(role)
    freezer.freeze(frozen.pid)
    for _ in range(12):
        said = f"dpdk-hotplug_mp: cannot start: {frozen} is {FROZEN}"
        assert why(start("secondary", prefix=pair.prefix)) == said
    freezer.thaw()
    pair.add_secondary()
    assert_works(pair)


@roles
def test_operation_beside_a_frozen_one_is_refused(group, freezer, role):
    frozen = group.member(role)
    asker = group.member("secondary 2")
    freezer.freeze(frozen.pid)
    # At once, before it has missed a beat.
    answer, seconds = asker.timed("attach net_null0")
    assert answer == f"failed to attach device net_null0: {frozen} is {FROZEN}"
    assert seconds < hm.SOON
    hm.wait_until(lambda: asker.peers()[0][frozen.pid].state == "frozen", "it is seen")
    freezer.thaw()
    hm.wait_until(lambda: asker.peers()[0][frozen.pid].state == "ok", "it runs again")
    assert_works(group)


def test_frozen_with_the_turn_is_named(faulty, freezer):
    holder, asker = (faulty.primary, faulty.secondaries[0])
    holder.faults.set("attach", "block")
    holder.send("attach net_null0")
    holder.faults.wait_met("attach")
    freezer.freeze(holder.pid)
    answer = asker.cmd("attach net_null1")
    assert answer == (
        f"failed to attach device net_null1: {holder}: attach net_null0 has the turn and is {FROZEN}"
    )
    holder.faults.clear("attach")
    freezer.thaw()
    assert holder.answer() == "attached device net_null0"
    faulty.assert_agree(PORT)


def test_primary_leaves_beside_a_frozen_secondary(pair, freezer):
    """In time, with its devices closed; the secondary learns of it when it is thawed."""
    primary, (frozen,) = pair.primary, pair.secondaries
    for _ in range(14):
        pair.add_secondary()
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    freezer.freeze(frozen.pid)
    begin = time.monotonic()
    assert primary.quit() == 0
    assert time.monotonic() - begin < 2 * hm.SOON
    assert f"dpdk-hotplug_mp: left behind: {frozen} is {FROZEN}\n" in primary.log()
    assert hm.BY_FORCE not in primary.log()
    freezer.thaw()
    left = f"the primary (pid {primary.pid}) has left; quit this process"
    frozen.child.expect_exact(f"{left}\r\n")
    for secondary in pair.secondaries:
        assert secondary.quit() == 0


def test_primary_of_another_program_that_is_frozen(start, process, freezer, testpmd, prefix):
    """It has no beats that could be missed."""
    asker, leaving = (process("secondary", eal=["--no-pci"]) for _ in range(2))
    freezer.freeze(testpmd.pid)
    said = f"pid {testpmd.pid} (primary) is {FROZEN}"
    assert asker.cmd("attach net_null0") == f"failed to attach device net_null0: {said}"
    line = why(start("secondary", eal=["--no-pci"]))
    assert line == f"dpdk-hotplug_mp: cannot start: {said}"
    assert leaving.quit() == 0
    assert f"dpdk-hotplug_mp: left behind: {said}\n" in leaving.log()
    freezer.thaw()
    process("secondary", eal=["--no-pci"])
    assert asker.cmd("attach net_null0") == "attached device net_null0"
