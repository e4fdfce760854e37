# SPDX-License-Identifier: BSD-3-Clause
"""Nobody is ended by force while he holds a lock of the EAL's, for which the group would wait for
ever; and everybody else is, in time."""

import signal

import pytest

import hotplug_mp as hm
import plan.outcome

GOES_ON = "it may hold a lock of the EAL's, for which its group would wait for ever, so it goes on"


def assert_goes_on(process):
    """It says why it has not left, and what it says is so."""
    hm.wait_until(lambda: GOES_ON in process.log(), "it says that it goes on")
    assert f"dpdk-hotplug_mp: pid {process.pid} was still busy after " in process.log()
    assert process.alive()


def assert_works(group):
    with group.one_more():
        for process in group.members():
            assert process.cmd("attach net_null0") == "attached device net_null0"
            group.assert_agree([(0, "net_null0")])
            assert process.cmd("detach net_null0") == "detached device net_null0"


@pytest.mark.parametrize("how", ["quit", "SIGTERM"])
def test_secondary_in_its_clean_up_goes_on(faulty, how):
    leaving = faulty.secondaries.pop()
    leaving.faults.set("memory", "block")
    if how == "quit":
        leaving.send("quit")
    else:
        leaving.kill(signal.SIGTERM)
    leaving.faults.wait_met("memory")
    assert_goes_on(leaving)
    leaving.faults.set("exit", "block")
    leaving.faults.clear("memory")
    leaving.faults.wait_met("exit")
    with pytest.raises(plan.outcome.Failed):
        hm.wait_until(lambda: not leaving.alive(), "it is ended by force", timeout=0.3)
    leaving.faults.clear("exit")
    assert leaving.wait() == (0 if how == "quit" else 128 + signal.SIGTERM)
    assert hm.BY_FORCE not in leaving.log()
    assert_works(faulty)


@pytest.mark.parametrize(
    "orders",
    [{"table": "block"}, {"grow": "block", "alloc": "now"}, {"attach": "block", "owner": "block"}],
    ids=["maps the memory", "asks for more memory", "attaches a port"],
)
def test_secondary_that_starts_goes_on(pair, make_faults, orders):
    """Ctrl-C while it has a lock on the group's memory, on a heap, or on the ports. To map much
    memory takes seconds."""
    assert pair.primary.cmd("attach net_ring0") == "attached device net_ring0"
    faults = make_faults()
    for call, order in orders.items():
        faults.set(call, order)
    starting = pair.start("secondary", faults=faults, wait=False)
    try:
        faults.wait_met(next(iter(orders)))
        starting.kill(signal.SIGINT)
        assert_goes_on(starting)
        faults.clear()
        assert starting.wait() == 128 + signal.SIGINT
    finally:
        starting.close()
    assert pair.primary.cmd("detach net_ring0") == "detached device net_ring0"
    assert_works(pair)


def test_secondary_that_starts_is_ended_after_its_primary(pair, make_faults):
    """The lock that it has matters to nobody any more."""
    faults = make_faults()
    faults.set("table", "block")
    starting = pair.start("secondary", faults=faults, wait=False)
    pair.secondaries.append(starting)
    faults.wait_met("table")
    pair.primary.die()
    starting.kill(signal.SIGINT)
    assert starting.wait() == 128 + signal.SIGINT
    assert hm.BY_FORCE in starting.log()
    assert pair.secondaries[0].quit() == 0


def test_primary_that_starts_is_ended(process, make_faults):
    """Nobody has joined its group yet."""
    faults = make_faults()
    faults.set("init", "block")
    starting = process("primary", faults=faults, wait=False)
    faults.wait_met("init")
    starting.kill(signal.SIGINT)
    assert starting.wait() == 128 + signal.SIGINT
    assert hm.BY_FORCE in starting.log()


def test_primary_in_its_clean_up_is_ended(faulty):
    """The memory ends with it, and nobody waits for its locks: the secondaries quit as well."""
    primary = faulty.primary
    primary.faults.set("memory", "block")
    primary.send("quit")
    primary.faults.wait_met("memory")
    assert primary.wait() == 1
    assert hm.BY_FORCE in primary.log()
    for secondary in faulty.secondaries:
        assert secondary.quit() == 0


@pytest.mark.parametrize("order", ["block", "print"])
def test_secondary_without_a_lock_is_ended(faulty, order):
    """In the middle of an attach that takes for ever, others may use the memory meanwhile; even if
    that thread keeps all others from printing."""
    (blocked, other) = faulty.secondaries
    blocked.faults.set("probe", order)
    blocked.send("attach net_null0")
    blocked.faults.wait_met("probe")
    blocked.kill(signal.SIGTERM)
    assert blocked.wait() == 128 + signal.SIGTERM
    assert hm.BY_FORCE in blocked.log()
    faulty.secondaries = [other]
    assert_works(faulty)
