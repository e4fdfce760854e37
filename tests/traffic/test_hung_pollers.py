# SPDX-License-Identifier: BSD-3-Clause
"""A port is taken away while its poller, or the primary, is stopped, hangs or is slow."""

import re

import pexpect
import pytest

import hotplug_mp as hm
from traffic import (
    HUNG_PORTS,
    MBUFS,
    RINGS,
    assert_forwards,
    assert_whole,
    attach,
    detach,
    forward,
    received,
    start,
    taken,
)


def test_stopped_poller_is_named_and_nothing_changes(moving):
    primary, (one, other) = moving.primary, moving.secondaries
    one.stop()
    for asker in (primary, other):
        for verb in ("detach", "stop"):
            answer, seconds = asker.timed(f"{verb} net_ring0")
            reason = f"{one} is stopped; resume or end it"
            assert answer == f"failed to {verb} device net_ring0: {reason}"
            assert seconds < hm.SOON
    one.resume()
    assert_forwards(primary, one, "net_ring0")
    assert_forwards(primary, other, "net_ring1")
    assert_whole(primary)
    moving.assert_agree(RINGS)
    for process in moving.members():
        assert " ended: " not in process.transcript.getvalue()


def assert_polls(group, poller):
    """What comes in at port 0 it receives, none is missing."""
    before = received(group.primary, poller, "net_ring0")
    answer = group.primary.cmd("send net_ring0 100")
    assert answer == "sent through net_ring0 (100 packets of 60 bytes)"
    hm.wait_equal(lambda: received(group.primary, poller, "net_ring0"), before + 100)
    assert_whole(group.primary)


def test_sync_takes_no_port_from_a_hung_poller(hung):
    """The EAL has not found it when the others detached the port by force."""
    primary, one = hung.primary, hung.secondaries[0]
    answer = hung.cmd_unseen(primary, "detach --force net_ring0", "remove", one)
    assert answer.startswith(f"failed to detach device net_ring0: {one} still has it")
    alone = f"{one} alone has port 0 (net_ring0)"
    one.faults.set("remove", "refuse")
    assert primary.cmd("sync").startswith(f"failed to sync: {alone}; ")
    assert not one.faults.met("remove")
    one.faults.clear("idle")
    one.news(taken("net_ring0", "net_null2", primary, 0))
    # Now it would be.
    assert primary.cmd("sync").startswith(f"failed to sync: {alone}; ")
    assert one.faults.met("remove")


@pytest.mark.parametrize("verb", ["detach", "stop"])
@pytest.mark.parametrize("who", hm.ROLES)
def test_hung_poller_is_named_and_nothing_changes(hung, who, verb):
    primary, (one, other) = hung.primary, hung.secondaries
    asker = hung.member(who)
    reason = f"{one} polls port 0 and does not let go of it"
    if verb == "detach":
        reason += "; nothing has changed"
    answer, seconds = asker.timed(f"{verb} net_ring0")
    assert answer == f"failed to {verb} device net_ring0: {reason}"
    assert 0.9 < seconds < hm.SOON
    hung.assert_agree(HUNG_PORTS)
    # The other port was not to be taken, and goes on; so does this one, when its poller does.
    assert_forwards(primary, other, "net_ring1")
    one.faults.clear()
    assert_polls(hung, one)
    for process in hung.members():
        assert " ended: " not in process.transcript.getvalue()
    detach(asker, "net_ring0")
    one.news(taken("net_ring0", "net_null2", asker, 0))
    assert_whole(primary)


def test_force_goes_on_without_the_one_that_hangs_alone(hung):
    """Whoever polls the port as it should leaves it alone until it has gone, and then ends."""
    primary, (one, other) = hung.primary, hung.secondaries
    assert other.cmd("forward off") == "forwarding is off"
    attach(primary, "net_null3")
    start(primary, "net_null3", queues=" rxq 2 txq 2")
    one.faults.clear()
    assert one.cmd("forward off") == "forwarding is off"
    forward(one, "net_ring0", "net_null3")
    one.faults.set("idle", "block")
    one.faults.wait_met("idle")
    forward(other, "net_null3", "net_null3")
    assert_forwards(other, other, "net_null3")
    primary.faults.set("stop", "block")
    primary.send("detach --force net_null3")
    primary.faults.wait_met("stop")
    before = received(other, other, "net_null3")
    for _ in range(20):
        assert received(other, other, "net_null3") == before
    primary.faults.clear()
    answer = primary.answer()
    assert answer == (
        f"note: {one} polls port 3 and does not let go of it; it may crash now\n"
        "detached device net_null3"
    )
    other.news(taken("net_null3", "net_null3", primary, 3))
    one.faults.clear()
    one.news(taken("net_ring0", "net_null3", primary, 3))
    hung.assert_agree(HUNG_PORTS)
    detach(primary, "net_ring1")
    for process in hung.members():
        assert process.alive()


def test_poller_that_is_slow_is_waited_for(hung):
    """Less than a second. On a machine that is slow itself, that may become more."""
    primary, one = hung.primary, hung.secondaries[0]
    for _ in range(20):
        one.faults.set("idle", "block")
        one.faults.wait_met("idle")
        primary.faults.set("wait", "sleep 0")
        primary.send("detach net_ring0")
        primary.faults.wait_met("wait")
        one.faults.clear()
        answer = primary.answer()
        if answer == "detached device net_ring0":
            break
        assert "does not let go of it" in answer
    assert answer == "detached device net_ring0"
    one.news(taken("net_ring0", "net_null2", primary, 0))
    hung.assert_agree(HUNG_PORTS[1:])


@pytest.mark.parametrize("verb", ["detach", "stop"])
def test_primary_that_stops_a_port_too_late(faulty, verb):
    """It has been told to, and does it: nobody polls the port any more, nor begins to."""
    primary, (one, other) = faulty.primary, faulty.secondaries
    attach(primary, "net_null0")
    start(primary, "net_null0", queues=" rxq 2 txq 2")
    forward(one, "net_null0", "net_null0")
    assert_forwards(one, one, "net_null0")
    primary.faults.set("stop", "block")
    answer = other.cmd(f"{verb} net_null0")
    late = f"{primary} did not answer within 5 s, and may do it still; show tells"
    assert answer == f"failed to {verb} device net_null0: the {role_last(late)}"
    one.news(taken("net_null0", "net_null0", other, 0))
    busy = f"the {role_last(str(primary))} is still busy with an earlier start or stop"
    # On a busy machine a beat may be late, and then all requests are waited for, for 20 s.
    unlucky = f"{primary} is still busy with an earlier request; try again later"
    for _ in range(5):
        answer = one.cmd("stop net_null0")
        if answer != f"failed to stop device net_null0: {unlucky}":
            break
    assert answer == f"failed to stop device net_null0: {busy}"
    other.send("forward net_null0 net_null0")
    with pytest.raises(pexpect.TIMEOUT):
        other.child.expect_exact(hm.PROMPT, timeout=0.5)
    primary.faults.clear()
    assert "port 0 is not started; start its device first" in other.answer()
    assert "state: stopped" in one.cmd("show net_null0").split("\n")
    faulty.assert_agree([(0, "net_null0")])
    detach(other, "net_null0")
    assert primary.stats().free == MBUFS


def role_last(text):
    """ "primary (pid 1)" of "pid 1 (primary)"."""
    return re.sub(r"^pid (\d+) \((\w+)\)", r"\2 (pid \1)", text)


def test_primary_that_hears_of_it_too_late(hung):
    """It was stopped itself when it was asked: what was given up is not done when it wakes."""
    primary, (one, other) = hung.primary, hung.secondaries
    other.send("stop net_ring0")
    hm.wait_until(lambda: "stop net_ring0" in one.cmd("peers"), "it has the turn")
    primary.stop()
    one.faults.clear()
    late = f"{primary} did not answer within 5 s, and may do it still; show tells"
    assert other.answer() == f"failed to stop device net_ring0: the {role_last(late)}"
    primary.resume()
    primary.list()
    for verb, done in (("stop", "stopped"), ("start", "started")):
        assert other.cmd(f"{verb} net_null2") == f"{done} device net_null2"
    assert "state: started" in primary.cmd("show net_ring0").split("\n")
    one.news(taken("net_ring0", "net_null2", other, 0))


def test_primary_that_starts_a_port_too_late(faulty):
    primary, asker = faulty.primary, faulty.secondaries[0]
    attach(primary, "net_null0")
    primary.faults.set("start", "block")
    late = f"{primary} did not answer within 5 s, and may do it still; show tells"
    answer = asker.cmd("start net_null0")
    assert answer == f"failed to start device net_null0: the {role_last(late)}"
    primary.faults.clear()
    hm.wait_until(
        lambda: "state: started" in asker.cmd("show net_null0").split("\n"), "it is started"
    )
    assert asker.cmd("start net_null0").endswith(": already started (port 0)")
