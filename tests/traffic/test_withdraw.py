# SPDX-License-Identifier: BSD-3-Clause
"""A port is taken away while packets run through it, in whichever process."""

import signal

import pytest

import hotplug_mp as hm
from traffic import (
    MBUFS,
    RINGS,
    assert_forwards,
    assert_off,
    assert_whole,
    attach,
    circulate,
    detach,
    forward,
    received,
    start,
    taken,
)


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


def test_many_pairs_beside_a_forward_lose_no_packet(moving):
    """By each process in turn, of a device that nobody polls."""
    primary, members = moving.primary, moving.members()
    for number in range(hm.rounds(1000)):
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
    """Again and again: attached, started, polled, detached under its poller."""
    primary, (_, _, poller, other) = crowd.primary, crowd.secondaries
    for number in range(hm.rounds(100)):
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
    for number in range(hm.rounds(50)):
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
