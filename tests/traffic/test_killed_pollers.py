# SPDX-License-Identifier: BSD-3-Clause
"""A port is taken away while its poller, or the process that detaches it, is killed."""

import signal
import time

import pytest

import hotplug_mp as hm
from traffic import (
    BURST,
    HUNG_PORTS,
    MBUFS,
    NONE,
    RINGS,
    ROUND,
    assert_forwards,
    assert_whole,
    attach,
    detach,
    forward,
    received,
    start,
    taken,
)


#: How long a poller has to let go of a port, in s.
LIMIT = 1


@pytest.mark.parametrize("when", ["before", "meanwhile", "late"])
@pytest.mark.parametrize("who", ["primary", "secondary 2"])
def test_poller_that_has_died_is_not_waited_for(hung, who, when):
    primary, (one, other) = hung.primary, hung.secondaries
    asker = hung.member(who)
    if when == "before":
        one.die()
    begin = time.monotonic()
    asker.faults.set("wait", "block")
    asker.send("detach net_ring0")
    if when != "before":
        asker.faults.wait_met("wait")
        one.die()
    if when == "late":
        # The asker has not run, so it has not seen the other one die.
        hm.wait_until(lambda: time.monotonic() - begin > LIMIT, "nobody living is waited for")
    asker.faults.clear("wait")
    assert asker.answer() == "detached device net_ring0"
    assert time.monotonic() - begin < hm.SOON
    hung.assert_agree(HUNG_PORTS[1:])
    assert_forwards(primary, other, "net_ring1")
    assert_whole(primary)


def test_many_pairs_with_a_poller_killed_in_the_middle(crowd):
    """What the killed one had in its hands is lost, and no more; the others have not noticed."""
    primary, (one, other, third, fourth) = crowd.primary, crowd.secondaries
    attach(primary, "net_ring2")
    start(primary, "net_ring2")
    assert primary.cmd("send net_ring2 300").startswith("sent ")
    forward(third, "net_ring2", "net_ring2")
    rounds = hm.rounds(1000)
    for number in range(rounds):
        asker = (primary, fourth)[number % 2]
        if number == rounds // 2:
            assert_forwards(primary, third, "net_ring2")
            third.kill()
        assert asker.cmd("attach net_null3").split("\n")[-1] == "attached device net_null3"
        assert asker.cmd("detach net_null3").split("\n")[-1] == "detached device net_null3"
    assert third.wait() == -signal.SIGKILL
    assert_forwards(primary, one, "net_ring0")
    assert_forwards(primary, other, "net_ring1")
    counts = primary.stats().counts
    for poller in (one, other):
        for name in ("net_ring0", "net_ring1"):
            count = counts.get((name, poller.pid), NONE)
            assert (count.drops, count.gaps) == (0, 0)
    # Its queue is free, and what has not been lost is in it.
    forward(fourth, "net_ring2", "net_ring2")
    assert_forwards(primary, fourth, "net_ring2")
    detach(primary, "net_ring2")
    fourth.news(taken("net_ring2", "net_ring2", primary, 2))
    crowd.assert_agree(RINGS)
    for name in ("net_ring0", "net_ring1"):
        detach(primary, name)
    assert MBUFS - BURST <= primary.stats().free <= MBUFS


def test_killed_pollers_of_the_port_that_goes(crowd):
    """Again and again one polls, is killed as it does, and the port is detached at once."""
    primary = crowd.primary
    for _ in range(10):
        poller = crowd.secondaries[2]
        attach(primary, "net_null2")
        start(primary, "net_null2")
        forward(poller, "net_null2", "net_null2")
        poller.kill()
        answer, seconds = primary.timed("detach net_null2")
        assert answer.split("\n")[-1] == "detached device net_null2"
        assert poller.wait() == -signal.SIGKILL
        crowd.secondaries.pop(2).close()
        crowd.add_secondary()
        crowd.secondaries.insert(2, crowd.secondaries.pop())
    counts = primary.stats()
    assert counts.lost() == 0
    assert counts.free >= MBUFS - ROUND - 10 * BURST
    assert_forwards(primary, crowd.secondaries[0], "net_ring0")
    crowd.assert_agree(RINGS)
    # They come back when nobody can have them any more.
    for name in ("net_ring0", "net_ring1"):
        detach(crowd.secondaries[3], name)
    assert primary.stats().free == MBUFS
    crowd.assert_agree([])
    # And are as good as any.
    attach(primary, "net_ring0")
    start(primary, "net_ring0")
    assert primary.cmd("send net_ring0 100") == "sent through net_ring0 (100 packets of 60 bytes)"
    forward(crowd.secondaries[0], "net_ring0", "net_ring0")
    assert_forwards(primary, crowd.secondaries[0], "net_ring0")
    detach(primary, "net_ring0")
    crowd.secondaries[0].news(taken("net_ring0", "net_ring0", primary, 0))
    assert primary.stats().free == MBUFS


def test_detacher_is_killed_while_it_waits_for_a_poller(hung):
    """The port stays. Who polled it ends, as it cannot know; and can begin again."""
    primary, (one, other) = hung.primary, hung.secondaries
    other.faults.set("wait", "sleep 0")
    other.send("detach net_ring0")
    other.faults.wait_met("wait")
    other.die()
    one.faults.clear()
    one.news(taken("net_ring0", "net_null2", other, 0))
    assert primary.list() == one.list() == HUNG_PORTS
    forward(one, "net_ring0", "net_null2")
    assert primary.cmd("send net_ring0 100").startswith("sent ")
    hm.wait_equal(lambda: received(primary, one, "net_ring0"), 100)
    assert primary.cmd("detach net_ring0").split("\n")[-1] == "detached device net_ring0"
    one.news(taken("net_ring0", "net_null2", primary, 0))
    hung.assert_agree(HUNG_PORTS[1:])


def test_detacher_is_killed_while_the_port_is_removed(crowd):
    """The primary goes on with what it was asked for; those who polled the port have let go."""
    primary, (one, other, asker, fourth) = crowd.primary, crowd.secondaries
    attach(primary, "net_null2")
    start(primary, "net_null2")
    forward(fourth, "net_null2", "net_null2")
    primary.faults.set("release", "block")
    asker.send("detach net_null2")
    primary.faults.wait_met("release")
    asker.die()
    fourth.news(taken("net_null2", "net_null2", asker, 2))
    primary.faults.clear()
    answer = fourth.cmd("detach net_null2").split("\n")[-1]
    assert answer == "failed to detach device net_null2: not attached"
    crowd.assert_agree(RINGS)
    assert_forwards(primary, one, "net_ring0")
    assert_forwards(primary, other, "net_ring1")
    assert_whole(primary)


def test_detacher_is_killed_and_another_has_the_turn_at_once(faulty):
    """The next operation ends the polling itself, before it does anything: while the turn is not
    free, nobody else may say that the one who had it has died."""
    primary, (dead, asker) = faulty.primary, faulty.secondaries
    attach(primary, "net_ring0")
    start(primary, "net_ring0")
    forward(primary, "net_ring0", "net_ring0")
    dead.faults.set("remove", "block")
    dead.send("detach net_ring0")
    dead.faults.wait_met("remove")
    asker.faults.set("probe", "block")
    asker.send("attach net_null1")
    hm.wait_until(lambda: hm.waits_for_lock(asker.pid), "it waits for its turn")
    dead.die()
    asker.faults.wait_met("probe")
    primary.news(taken("net_ring0", "net_ring0", dead, 0), hm.SOON)
    asker.faults.clear()
    assert asker.rest().split("\n")[-1] == "attached device net_null1"
    faulty.assert_agree([(0, "net_ring0"), (1, "net_null1")])
    start(primary, "net_ring0")
    forward(primary, "net_ring0", "net_ring0")
