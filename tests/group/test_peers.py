# SPDX-License-Identifier: BSD-3-Clause
"""peers: it shows every process of the group, its state and what it sees."""

import os
import struct

import pytest

import hotplug_mp as hm
from insides import offset, shared

PROGRAM = "dpdk-hotplug_mp"


def peers(process):
    """peers() of a process, which answers within a second whatever the others do."""
    answer, seconds = process.timed("peers")
    assert seconds < hm.SOON, answer
    return process.peers()


def state(process, pid):
    return peers(process)[0][pid].state


@pytest.fixture
def four(make_faults):
    """A primary and three secondaries that can be given faults."""
    group = hm.Group(secondaries=3, make_faults=make_faults)
    yield group
    group.close()


def test_healthy_group(group):
    assert group.primary.cmd("attach net_null0") == "attached device net_null0"
    assert group.secondaries[0].cmd("attach net_null1") == "attached device net_null1"
    for process in group.members():
        table = {
            one.pid: hm.Peer(one is process, one.role, PROGRAM, "ok", "0,1")
            for one in group.members()
        }
        hm.wait_equal(process.peers, (table, "all 3 processes agree: 2 ports"))
    assert group.primary.cmd("detach net_null0") == "detached device net_null0"
    group.assert_agree([(1, "net_null1")])


def test_alone(process):
    alone = process("primary")
    expected = {alone.pid: hm.Peer(True, "primary", PROGRAM, "ok", "-")}
    hm.wait_equal(alone.peers, (expected, "all 1 processes agree: 0 ports"))


def test_one_who_leaves_is_not_shown(group):
    assert group.secondaries[0].quit() == 0
    for process in group.members():
        assert sorted(process.peers()[0]) == sorted(one.pid for one in group.members())
    group.assert_agree([])


def test_states(four):
    """One is stopped, one hangs, one is killed; those who can be asked say so."""
    primary, (stopped, hung, gone) = four.primary, four.secondaries
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    four.assert_agree([(0, "net_null0")])
    stopped.stop()
    for asked in (primary, hung, gone):
        assert state(asked, stopped.pid) == "stopped"
    hung.faults.set("interrupt", "block")
    hung.faults.wait_met("interrupt")
    hm.wait_until(lambda: state(primary, hung.pid) == "hung", "it is seen to hang")
    gone.die()
    # The terminal of the one that hangs still works.
    for asked in (primary, hung):
        table = {
            one.pid: hm.Peer(one is asked, one.role, program, name, "0")
            for one, program, name in (
                (primary, PROGRAM, "ok"),
                (stopped, PROGRAM, "stopped"),
                (hung, PROGRAM, "hung"),
                (gone, "?", "gone"),
            )
        }
        # The dead see nothing any more; the others still have the port.
        hm.wait_equal(lambda: peers(asked), (table, "all 3 processes agree: 1 ports"))
        assert asked.list() == [(0, "net_null0")]
    stopped.resume()
    hung.faults.clear()
    hm.wait_until(lambda: state(primary, hung.pid) == "ok", "it is seen to run")
    hm.wait_until(lambda: state(primary, stopped.pid) == "ok", "it is seen to run")
    four.assert_agree([(0, "net_null0")])
    assert stopped.cmd("detach net_null0") == "detached device net_null0"
    assert gone.pid not in primary.peers()[0]
    four.assert_agree([])


def test_stopped_and_hung_primary(faulty):
    primary, (one, other) = faulty.primary, faulty.secondaries
    primary.stop()
    for asked in (one, other):
        assert state(asked, primary.pid) == "stopped"
    primary.resume()
    primary.faults.set("interrupt", "block")
    primary.faults.wait_met("interrupt")
    hm.wait_until(lambda: state(one, primary.pid) == "hung", "it is seen to hang")
    hm.wait_until(lambda: state(primary, primary.pid) == "hung", "it sees that itself")
    primary.faults.clear()
    hm.wait_until(lambda: state(one, primary.pid) == "ok", "it is seen to run")
    faulty.assert_agree([])


def test_beside_an_operation(faulty):
    """It does not wait for its turn, but says what may be about to change."""
    primary = faulty.primary
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    for asked in faulty.secondaries:
        assert len(peers(asked)[0]) == 3
        assert f"{primary}: attach net_null0" in asked.cmd("peers").split("\n")[0]
        assert asked.list() == []
    primary.faults.clear()
    assert primary.answer() == "attached device net_null0"
    faulty.assert_agree([(0, "net_null0")])


def test_who_differs_and_how(faulty):
    assert faulty.primary.cmd("attach net_null0") == "attached device net_null0"
    assert faulty.primary.cmd("attach net_null1") == "attached device net_null1"
    faults = faulty.make_faults()
    faults.set("attach", "refuse")
    lacking = faulty.add_secondary(faults=faults)
    for process in faulty.members():
        table, last = process.peers()
        assert last == f"{lacking} lacks port 0 (net_null0); {lacking} lacks port 1 (net_null1)"
        for one in faulty.members():
            assert table[one.pid].ports == ("-" if one is lacking else "0,1")
    for process in faulty.members():
        ports = [] if process is lacking else [(0, "net_null0"), (1, "net_null1")]
        assert process.list() == ports


def ports_shown(f, at):
    """The ports that a process shows, as bits."""
    return struct.unpack("=Q", os.pread(f.fileno(), 8, at + 16))[0]


def assert_stays(f, at, expected):
    """What a process shows of its ports stays the same for three beats."""
    for _ in range(3):
        last = os.pread(f.fileno(), 8, at)

        def beats(last=last):
            assert ports_shown(f, at) == expected
            return os.pread(f.fileno(), 8, at) != last

        hm.wait_until(beats, "the next beat")


@pytest.mark.parametrize("late", ["beat", "ethdev"])
@pytest.mark.parametrize("verb, ports", [("attach", 1), ("detach", 0)])
def test_port_that_comes_or_goes_beside_a_beat(faulty, tmp_path, verb, ports, late):
    """The beat has looked before it, or before ethdev itself shows it. What was told stays."""
    primary = faulty.primary
    if verb == "detach":
        assert primary.cmd("attach net_null0") == "attached device net_null0"
    at = offset("members[0].state", tmp_path)
    call = "probe" if verb == "attach" else "remove"
    primary.faults.set(call, "block")
    primary.send(f"{verb} net_null0")
    primary.faults.wait_met(call)
    primary.faults.set("look", "block")
    primary.faults.wait_met("look")
    if late == "ethdev":
        primary.faults.set("event", "block")
    primary.faults.clear(call)
    with shared(faulty.prefix) as f:
        if late == "ethdev":
            primary.faults.wait_met("event")
            # That beat ends. The next one looks once ethdev shows it, too.
            primary.faults.set("beat", "block")
            primary.faults.clear("look")
            primary.faults.wait_met("beat")
            assert ports_shown(f, at) == ports
            primary.faults.clear("event")
            answer = primary.answer()
            primary.faults.clear("beat")
        else:
            answer = primary.answer()
            primary.faults.clear("look")
        assert_stays(f, at, ports)
    assert answer == f"{verb}ed device net_null0"
    faulty.assert_agree([(0, "net_null0")] if ports else [])


def test_foreign(testpmd, process):
    """A dpdk-testpmd is shown, but what it sees is not known."""
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    assert ours[0].cmd("attach net_null0") == "attached device net_null0"
    for name in ("foreign", "stopped"):
        for asked in ours:
            table = {
                one.pid: hm.Peer(one is asked, "secondary", PROGRAM, "ok", "0") for one in ours
            }
            table[testpmd.pid] = hm.Peer(False, "primary", "dpdk-testpmd", name, "?")
            hm.wait_equal(lambda: peers(asked), (table, "all 2 processes agree: 1 ports"))
            assert asked.list() == [(0, "net_null0")]
        if name == "foreign":
            hm.stop(testpmd.pid)
