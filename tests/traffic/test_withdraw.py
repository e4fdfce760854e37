# SPDX-License-Identifier: BSD-3-Clause
"""A port is taken away while packets run through it, in whichever process."""

import os
import re
import signal
import time

import pexpect
import pytest

import hotplug_mp as hm

MBUFS = 8192
ROUND = 500  # packets that go round
BURST = 64  # that a killed poller may have in its hands
NONE = hm.Counts(0, 0, 0, 0, 0, 0)
RINGS = [(0, "net_ring0"), (1, "net_ring1")]
HUNG_PORTS = [*RINGS, (2, "net_null2")]


def attach(process, *names):
    for name in names:
        assert process.cmd(f"attach {name}") == f"attached device {name}"


def start(process, *names, queues=""):
    for name in names:
        assert process.cmd(f"start {name}{queues}") == f"started device {name}"


def detach(process, name):
    assert process.cmd(f"detach {name}") == f"detached device {name}"


def forward(process, source, target):
    assert process.cmd(f"forward {source} {target}") == f"forwarding {source} to {target}"


def received(asker, poller, name):
    return asker.stats().counts.get((name, poller.pid), NONE).rx_packets


def assert_forwards(asker, poller, name):
    """More and more packets come by."""
    before = received(asker, poller, name)
    hm.wait_until(lambda: received(asker, poller, name) > before + ROUND, "it forwards")


def assert_off(process):
    assert process.cmd("forward off") == "failed to forward: it is off already"


def taken(source, target, by, port):
    return f"forward {source} {target} ended: pid {by.pid} has taken port {port} away"


def circulate(group, one, other):
    """500 packets go round through two ports, by one process there and by another back."""
    attach(group.primary, "net_ring0", "net_ring1")
    start(group.primary, "net_ring0", "net_ring1")
    answer = group.primary.cmd(f"send net_ring0 {ROUND}")
    assert answer == f"sent through net_ring0 ({ROUND} packets of 60 bytes)"
    forward(one, "net_ring0", "net_ring1")
    forward(other, "net_ring1", "net_ring0")
    assert_forwards(group.primary, other, "net_ring1")


def assert_whole(asker, running=True):
    """None was lost: no gap in the numbers, no drop, no mbuf that is not where it should be."""
    stats = asker.stats()
    assert stats.lost() == 0, stats
    assert stats.free == MBUFS - (ROUND if running else 0)


@pytest.fixture
def moving(faulty):
    """A group with packets that go round through both of its secondaries."""
    circulate(faulty, *faulty.secondaries)
    return faulty


@pytest.fixture
def crowd(make_faults):
    """A primary and four secondaries; packets go round through the first two of them."""
    group = hm.Group(secondaries=4, make_faults=make_faults)
    try:
        circulate(group, *group.secondaries[:2])
        yield group
    finally:
        group.close()


@pytest.mark.parametrize("verb, done", [("detach", "detached"), ("stop", "stopped")])
@pytest.mark.parametrize("who", hm.ROLES)
def test_pollers_let_go_and_say_why(moving, who, verb, done):
    primary, (one, other) = moving.primary, moving.secondaries
    asker = moving.member(who)
    assert asker.cmd(f"{verb} net_ring1") == f"{done} device net_ring1"
    one.news(taken("net_ring0", "net_ring1", asker, 1))
    other.news(taken("net_ring1", "net_ring0", asker, 1))
    moving.assert_agree(RINGS if verb == "stop" else RINGS[:1])
    for process in moving.secondaries:
        assert_off(process)
    assert primary.stats().lost() == 0
    assert primary.cmd("stop net_ring0") == "stopped device net_ring0"
    assert primary.stats().free == MBUFS


@pytest.mark.parametrize("name, port", [("net_ring0", 0), ("net_ring1", 1)])
def test_either_port_ends_a_forward(moving, name, port):
    """The one it receives from, or the one it sends to."""
    detach(moving.primary, name)
    moving.secondaries[0].news(taken("net_ring0", "net_ring1", moving.primary, port))
    moving.secondaries[1].news(taken("net_ring1", "net_ring0", moving.primary, port))
    detach(moving.primary, "net_ring0" if port == 1 else "net_ring1")
    assert moving.primary.stats().free == MBUFS
    moving.assert_agree([])


def test_reattached_device_is_not_forwarded_by_itself(moving):
    """Neither when it is attached nor when it is started; but it can be, by whoever wants to."""
    primary, (one, other) = moving.primary, moving.secondaries
    detach(other, "net_ring0")
    one.news(taken("net_ring0", "net_ring1", other, 0))
    other.news(taken("net_ring1", "net_ring0", other, 0))
    attach(primary, "net_ring0")
    start(primary, "net_ring0")
    primary.cmd("stats reset")
    answer = primary.cmd("send net_ring0 100")
    assert answer == "sent through net_ring0 (100 packets of 60 bytes)"
    for process in moving.secondaries:
        assert_off(process)
    assert received(primary, one, "net_ring0") == 0
    forward(other, "net_ring0", "net_ring1")
    hm.wait_equal(lambda: received(primary, other, "net_ring0"), 100)
    assert primary.stats().lost() == 0
    moving.assert_agree(RINGS)


def test_thousand_pairs_beside_a_forward_lose_no_packet(moving):
    """By each process in turn, of a device that nobody polls."""
    primary, members = moving.primary, moving.members()
    for number in range(1000):
        process = members[number % 3]
        attach(process, "net_null2")
        detach(process, "net_null2")
    assert_whole(primary)
    assert_forwards(primary, moving.secondaries[0], "net_ring0")
    assert_forwards(primary, moving.secondaries[1], "net_ring1")
    moving.assert_agree(RINGS)
    for name in ("net_ring0", "net_ring1"):
        detach(primary, name)
    assert primary.stats().free == MBUFS


def test_polled_port_comes_and_goes_beside_a_forward(crowd):
    """100 times: attached, started, polled, detached under its poller."""
    primary, (_, _, poller, other) = crowd.primary, crowd.secondaries
    for number in range(100):
        asker = (primary, poller, other)[number % 3]
        attach(asker, "net_null2")
        start(asker, "net_null2", queues=" rxq 2 txq 2")
        forward(poller, "net_null2", "net_null2")
        detach(asker, "net_null2")
        poller.news(taken("net_null2", "net_null2", asker, 2))
    assert_whole(primary)
    assert_forwards(other, crowd.secondaries[0], "net_ring0")
    crowd.assert_agree(RINGS)


def test_storm_of_three_terminals_on_polled_ports(crowd):
    """Three terminals detach the same polled device at once: for one it is detached, for the
    others it is not attached any more; nothing else has suffered."""
    primary, (_, _, poller, other) = crowd.primary, crowd.secondaries
    terminals = (primary, poller, other)
    said = {}
    for number in range(50):
        attach(terminals[number % 3], "net_null2")
        start(primary, "net_null2")
        forward(poller, "net_null2", "net_null2")
        answers = hm.together(*(lambda p=p: p.cmd("detach net_null2") for p in terminals))
        gone = "failed to detach device net_null2: not attached"
        assert sorted(answers) == ["detached device net_null2", gone, gone]
        winner = terminals[answers.index("detached device net_null2")]
        ended = taken("net_null2", "net_null2", winner, 2)
        said[ended] = said.get(ended, 0) + 1
        # It says so above its prompt, before its own answer or after.
        hm.wait_until(lambda: says(poller, ended) == said[ended], "it says why")
        poller.list()
    assert_whole(primary)
    assert_forwards(primary, crowd.secondaries[0], "net_ring0")
    assert_forwards(primary, crowd.secondaries[1], "net_ring1")
    crowd.assert_agree(RINGS)


def says(process, line):
    """How often it has said this so far; what it is to say, it says between two commands."""
    process.list()
    return process.transcript.getvalue().count(line)


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


@pytest.fixture
def hung(faulty):
    """A group where the first secondary polls port 0, and its thread hangs; the other one has
    packets go round at port 1."""
    primary, (one, other) = faulty.primary, faulty.secondaries
    attach(primary, "net_ring0", "net_ring1", "net_null2")
    start(primary, "net_ring0", "net_ring1", "net_null2")
    answer = primary.cmd(f"send net_ring1 {ROUND}")
    assert answer == f"sent through net_ring1 ({ROUND} packets of 60 bytes)"
    forward(one, "net_ring0", "net_null2")
    forward(other, "net_ring1", "net_ring1")
    one.faults.set("idle", "block")
    one.faults.wait_met("idle")
    return faulty


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
    (path,) = [path for path in hung.sockets() if f"_{one.pid}_" in path]
    os.rename(path, f"{os.path.dirname(path)}/hidden")
    answer = primary.cmd("detach --force net_ring0").split("\n")[-1]
    os.rename(f"{os.path.dirname(path)}/hidden", path)
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
        primary.send("detach net_ring0")
        with pytest.raises(pexpect.TIMEOUT):
            primary.child.expect_exact(hm.PROMPT, timeout=0.3)
        one.faults.clear()
        answer = primary.answer()
        if answer == "detached device net_ring0":
            break
        assert "does not let go of it" in answer
    assert answer == "detached device net_ring0"
    one.news(taken("net_ring0", "net_null2", primary, 0))
    hung.assert_agree(HUNG_PORTS[1:])


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("who", ["primary", "secondary 2"])
def test_poller_that_has_died_is_not_waited_for(hung, who, when):
    primary, (one, other) = hung.primary, hung.secondaries
    asker = hung.member(who)
    if when == "before":
        one.die()
    begin = time.monotonic()
    asker.send("detach net_ring0")
    if when == "meanwhile":
        with pytest.raises(pexpect.TIMEOUT):
            asker.child.expect_exact(hm.PROMPT, timeout=0.2)
        one.die()
    assert asker.answer() == "detached device net_ring0"
    assert time.monotonic() - begin < hm.SOON
    hung.assert_agree(HUNG_PORTS[1:])
    assert_forwards(primary, other, "net_ring1")
    assert_whole(primary)


def test_thousand_pairs_with_a_poller_killed_in_the_middle(crowd):
    """What the killed one had in its hands is lost, and no more; the others have not noticed."""
    primary, (one, other, third, fourth) = crowd.primary, crowd.secondaries
    attach(primary, "net_ring2")
    start(primary, "net_ring2")
    assert primary.cmd("send net_ring2 300").startswith("sent ")
    forward(third, "net_ring2", "net_ring2")
    for number in range(1000):
        asker = (primary, fourth)[number % 2]
        if number == 500:
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
    other.send("detach net_ring0")
    with pytest.raises(pexpect.TIMEOUT):
        other.child.expect_exact(hm.PROMPT, timeout=0.2)
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


def test_detach_that_fails_leaves_the_port_attached_and_stopped(moving):
    """A process refuses to remove it, after all have let go: it can be started again."""
    primary, (one, other) = moving.primary, moving.secondaries
    primary.faults.set("release", "refuse")
    answer = primary.cmd("detach net_ring1").split("\n")[-1]
    primary.faults.clear()
    assert answer.startswith("failed to detach device net_ring1: ")
    one.news(taken("net_ring0", "net_ring1", primary, 1))
    other.news(taken("net_ring1", "net_ring0", primary, 1))
    assert primary.stats().lost() == 0
    for process in moving.members():
        assert process.alive()


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
    assert one.cmd("stop net_null0") == f"failed to stop device net_null0: {busy}"
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


def test_send_ends_before_its_port_goes(faulty):
    primary, (sender, asker) = faulty.primary, faulty.secondaries
    attach(primary, "net_null0")
    start(primary, "net_null0")
    sender.send("send net_null0 4294967295")
    hm.wait_until(lambda: ("net_null0", sender.pid) in primary.stats().counts, "it sends")
    asker.faults.set("remove", "block")
    asker.send("detach net_null0")
    asker.faults.wait_met("remove")
    try:
        assert "the port is being taken away; " in sender.answer(timeout=hm.SOON)
    finally:
        asker.faults.clear()
    assert asker.answer() == "detached device net_null0"
    faulty.assert_agree([])


def test_send_ends_when_its_port_is_taken(group):
    primary, (one, other) = group.primary, group.secondaries
    attach(primary, "net_null0")
    start(primary, "net_null0")
    for verb, done in (("stop", "stopped"), ("detach", "detached")):
        key = ("net_null0", one.pid)
        before = other.stats().counts[key]
        one.send("send net_null0 4294967295")
        hm.wait_until(lambda: other.stats().counts[key] != before, "it sends")
        assert other.cmd(f"{verb} net_null0") == f"{done} device net_null0"
        assert re.fullmatch(
            "failed to send through net_null0: the port is being taken away; "
            r"\d+ of 4294967295 packets were sent",
            one.answer(),
        )
        assert primary.stats().free == MBUFS
        if verb == "stop":
            start(primary, "net_null0")
    group.assert_agree([])


def test_signal_ends_a_send(pair):
    sender = pair.secondaries[0]
    attach(pair.primary, "net_null0")
    start(pair.primary, "net_null0")
    sender.send("send net_null0 4294967295")
    hm.wait_until(lambda: ("net_null0", sender.pid) in pair.primary.stats().counts, "it sends")
    sender.kill(signal.SIGTERM)
    assert sender.wait() == 128 + signal.SIGTERM
    detach(pair.primary, "net_null0")
    assert pair.primary.stats().free == MBUFS


def sends(sender, asker):
    """It is in the middle of a send that would take an hour."""
    sender.send("send net_null0 4294967295")
    hm.wait_until(lambda: ("net_null0", sender.pid) in asker.stats().counts, "it sends")


@pytest.mark.parametrize("who", hm.ROLES[:2])
def test_ctrl_c_ends_a_send(pair, who):
    """What was typed before that is gone, what comes after it is run."""
    sender, asker = pair.member(who), pair.members()[who == "primary"]
    attach(pair.primary, "net_null0")
    start(pair.primary, "net_null0", queues=" rxq 2 txq 2")
    sends(sender, asker)
    sender.child.send("quit\r\x03list\r")
    answer = sender.answer()
    sent = re.fullmatch(
        r"failed to send through net_null0: interrupted; (\d+) of 4294967295 packets were sent",
        answer,
    )
    counts = asker.stats().counts[("net_null0", sender.pid)]
    assert sent and counts.tx_packets == int(sent[1])
    sender.typed = "list"
    assert sender.answer() == "list all etherdev\n0\tnet_null0"
    detach(asker, "net_null0")
    assert asker.stats().free == MBUFS


def test_typed_beside_a_send_is_run_after_it(pair):
    sender = pair.primary
    attach(sender, "net_ring0")
    start(sender, "net_ring0")
    sender.send("send net_ring0 2000")
    hm.wait_until(lambda: pair.secondaries[0].stats().counts, "it sends")
    sender.child.send("list\r")
    assert "the port takes no more; 1023 of 2000" in sender.answer()
    sender.typed = "list"
    assert sender.answer() == "list all etherdev\n0\tnet_ring0"


def test_terminal_that_sends_is_told_what_happens(pair):
    sender, asker = pair.secondaries[0], pair.primary
    attach(asker, "net_null0")
    start(asker, "net_null0")
    sender.cmd("monitor on")
    sends(sender, asker)
    attach(asker, "net_null1")
    sender.child.expect_exact("attach net_null1: done")
    detach(asker, "net_null0")
    answer = sender.rest()
    assert "failed to send through net_null0: the port is being taken away; " in answer


@pytest.mark.parametrize("how", ["quit", "SIGTERM", "SIGKILL"])
def test_primary_leaves_while_others_forward(how):
    """They end, say so, and are alive; they leave well."""
    group = hm.Group()
    try:
        circulate(group, *group.secondaries)
        primary = group.primary
        if how == "quit":
            primary.send("quit")
            assert primary.wait() == 0
        elif how == "SIGTERM":
            primary.kill(signal.SIGTERM)
            assert primary.wait() == 128 + signal.SIGTERM
        else:
            primary.die()
        notice = f"the primary (pid {primary.pid}) has left; quit this process"
        for secondary, ports in zip(
            group.secondaries, ("net_ring0 net_ring1", "net_ring1 net_ring0")
        ):
            hm.wait_until(
                lambda: secondary.cmd("list") == notice
                and f"forward {ports} ended: " in secondary.transcript.getvalue(),
                "it says so",
            )
            assert_off(secondary)
            answer = secondary.cmd(f"forward {ports}")
            assert answer.startswith("failed to forward ")
        for secondary in group.secondaries:
            assert secondary.quit() == 0
    finally:
        assert hm.run("primary", group.prefix).returncode == 0
        group.close()


@pytest.mark.parametrize("how", ["quit", "SIGTERM"])
def test_poller_leaves(moving, how):
    """Its packets stay where they are; another goes on with them."""
    primary, (one, other) = moving.primary, moving.secondaries
    if how == "quit":
        assert one.quit() == 0
    else:
        one.kill(signal.SIGTERM)
        assert one.wait() == 128 + signal.SIGTERM
    assert_whole(primary)
    forward(primary, "net_ring0", "net_ring1")
    assert_forwards(primary, other, "net_ring1")
    assert_whole(primary)
    moving.assert_agree(RINGS)


def test_joining_and_leaving_beside_a_forward(moving):
    """Processes come and go; no packet is lost."""
    for _ in range(5):
        joined = moving.add_secondary()
        assert joined.list() == RINGS
        assert joined.quit() == 0
        moving.secondaries.remove(joined)
        joined.close()
    assert_whole(moving.primary)
    moving.assert_agree(RINGS)
