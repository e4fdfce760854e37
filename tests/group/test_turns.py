# SPDX-License-Identifier: BSD-3-Clause
"""Operations take turns: each waits for its turn, and its answer is true."""

import os
import re
import signal
import subprocess
import time

import pexpect
import pytest

import hotplug_mp as hm

PAIRS = 50


@pytest.fixture
def four():
    """A primary and three secondaries."""
    group = hm.Group(secondaries=3)
    yield group
    group.close()


def test_four_terminals_on_different_devices_always_succeed(four):
    def pairs(process, device):
        answers = []
        for _ in range(PAIRS):
            answers.append(process.cmd(f"attach {device}"))
            answers.append(process.cmd(f"detach {device}"))
        return answers

    calls = [
        lambda process=process, number=number: pairs(process, f"net_null{number}")
        for number, process in enumerate(four.members())
    ]
    for number, answers in enumerate(hm.together(*calls)):
        device = f"net_null{number}"
        assert answers == [f"attached device {device}", f"detached device {device}"] * PAIRS
    four.assert_agree([])


def test_four_terminals_on_the_same_device_have_one_winner(four):
    for _ in range(15):
        calls = [lambda p=process: p.cmd("attach net_null0") for process in four.members()]
        assert sorted(hm.together(*calls)) == (
            ["attached device net_null0"]
            + ["failed to attach device net_null0: already attached (port 0)"] * 3
        )
        four.assert_agree([(0, "net_null0")])
        calls = [lambda p=process: p.cmd("detach net_null0") for process in four.members()]
        assert sorted(hm.together(*calls)) == (
            ["detached device net_null0"]
            + ["failed to detach device net_null0: not attached"] * 3
        )
        four.assert_agree([])


def test_attach_against_detach_of_the_same_device(four):
    """Whoever comes first: each answer fits the order of some turns, and all agree after it."""
    ports = []
    for _ in range(15):
        calls = [
            lambda p=process, verb=verb: p.cmd(f"{verb} net_null0")
            for process, verb in zip(four.members(), ("attach", "detach", "attach", "detach"))
        ]
        answers = hm.together(*calls)
        attached = answers.count("attached device net_null0")
        detached = answers.count("detached device net_null0")
        again = answers.count("failed to attach device net_null0: already attached (port 0)")
        not_there = answers.count("failed to detach device net_null0: not attached")
        assert attached + again == 2 and detached + not_there == 2, answers
        ports = [(0, "net_null0")] * (len(ports) + attached - detached)
        assert len(ports) <= 1, answers
        four.assert_agree(ports)


@pytest.mark.parametrize("waiter", ["secondary 1", "secondary 2"])
def test_wait_of_more_than_a_second_is_told_once(faulty, waiter):
    """A primary that is slow in its own part keeps the turn, and nobody is harmed."""
    primary, waiter = faulty.primary, faulty.member(waiter)
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    begin = time.monotonic()
    waiter.send("attach net_null1")
    told = f"waiting for {primary}: attach net_null0"
    waiter.child.expect_exact(told)
    assert time.monotonic() - begin >= 1
    # It is still waiting in its next second, and says no more about it.
    with pytest.raises(pexpect.TIMEOUT):
        waiter.child.expect("waiting|example>", timeout=1)
    primary.faults.clear("attach")
    freed = time.monotonic()
    assert primary.answer() == "attached device net_null0"
    assert waiter.rest() == "attached device net_null1"
    assert time.monotonic() - freed < hm.SOON
    faulty.assert_agree([(0, "net_null0"), (1, "net_null1")])


def test_terminal_that_stands_still_keeps_no_place_in_line(faulty):
    """After Ctrl-S it cannot say for whom it waits. It is the next in line, and gets its turn."""
    primary, (held, other) = faulty.primary, faulty.secondaries
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    held.send("attach net_null1")
    hm.wait_until(lambda: hm.waits_for_lock(held.pid), "it is the next in line")
    held.hold_output()
    other.send("attach net_null2")
    # The other one came later, so each of them has waited for more than a second now.
    other.child.expect_exact(f"waiting for {primary}: attach net_null0")
    primary.faults.clear("attach")
    freed = time.monotonic()
    assert primary.answer() == "attached device net_null0"
    assert other.rest() == "attached device net_null2"
    assert time.monotonic() - freed < hm.SOON
    faulty_ports = [(0, "net_null0"), (1, "net_null1"), (2, "net_null2")]
    assert primary.list() == other.list() == faulty_ports
    held.release_output()
    held.child.expect_exact(f"waiting for {primary}: attach net_null0")
    assert held.rest() == "attached device net_null1"
    faulty.assert_agree(faulty_ports)


def test_stopped_holder_is_named_within_a_second(faulty):
    """Its peers are free; they must not wait for one who may never run again."""
    holder, other = faulty.primary, faulty.secondaries[0]
    holder.faults.set("attach", "block")
    holder.send("attach net_null0")
    holder.faults.wait_met("attach")
    holder.stop()
    for asker in faulty.secondaries:
        for verb in ("attach", "detach"):
            answer, seconds = asker.timed(f"{verb} net_null1")
            assert answer == (
                f"failed to {verb} device net_null1: {holder}: attach net_null0 "
                "has the turn and is stopped; resume or end it"
            )
            assert seconds < hm.SOON
            assert asker.list() == []
    holder.resume()
    holder.faults.clear("attach")
    assert holder.answer() == "attached device net_null0"
    faulty.assert_agree([(0, "net_null0")])
    assert other.cmd("detach net_null0") == "detached device net_null0"
    faulty.assert_agree([])


def test_secondary_killed_while_the_primary_works_for_it(faulty):
    """The turn is free at once; what the dead one asked for is waited for, and done or undone."""
    dead, asker = faulty.secondaries
    faulty.primary.faults.set("attach", "block")
    dead.send("attach net_null0")
    faulty.primary.faults.wait_met("attach")
    dead.die()
    asker.send("attach net_null1")
    asker.child.expect_exact(f"waiting for {faulty.primary}: busy with an earlier request")
    faulty.primary.faults.clear("attach")
    freed = time.monotonic()
    # They do not differ, so there is no note about it.
    assert asker.rest() == "attached device net_null1"
    assert time.monotonic() - freed < hm.SOON
    ports = asker.list()
    assert [name for _, name in ports] in (["net_null1"], ["net_null0", "net_null1"])
    faulty.assert_agree(ports)


def test_what_the_dead_one_asked_for_is_over_before_the_next_one_acts(faulty):
    """Two things are due in the primary's interrupt thread, and what it was asked for is the
    second: that the thread runs again is not all that is waited for."""
    primary, (dead, asker) = faulty.primary, faulty.secondaries
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    dead.faults.set("remove", "block")
    dead.send("detach net_null0")
    dead.faults.wait_met("remove")
    primary.faults.set("interrupt", "block")
    primary.faults.wait_met("interrupt")
    primary.faults.set("release", "block")
    dead.faults.clear()
    hm.wait_until(lambda: hm.waits_for_answer(dead.pid), "it has asked the primary")
    dead.die()
    asker.send("attach net_null1")
    asker.child.expect_exact(f"waiting for {primary}: busy with an earlier request")
    primary.faults.clear("interrupt")
    primary.faults.wait_met("release")
    with pytest.raises(pexpect.TIMEOUT):
        asker.child.expect_exact(hm.PROMPT, timeout=0.7)
    primary.faults.clear()
    # Of one that had the port still there would be a note.
    assert asker.rest() == "attached device net_null1"
    faulty.assert_agree([(0, "net_null1")])


@pytest.mark.parametrize("dead", ["secondary 1", "secondary 2"])
def test_what_the_dead_one_left_is_told(faulty, dead):
    """Killed in the middle of a detach of which one process has not done its part."""
    dead = faulty.member(dead)
    asker = faulty.add_secondary()
    (other,) = [s for s in faulty.secondaries if s not in (dead, asker)]
    assert asker.cmd("attach net_null0") == "attached device net_null0"
    faulty.assert_agree([(0, "net_null0")])
    other.faults.set("release", "refuse")
    faulty.primary.faults.set("release", "block")
    dead.send("detach net_null0")
    faulty.primary.faults.wait_met("release")
    assert other.faults.met("release")
    dead.die()
    faulty.primary.faults.clear("release")
    # They differ, and each list shows the truth: the port is gone but in that one.
    answer, seconds = asker.timed("detach net_null0")
    assert answer == (
        f"note: pid {dead.pid} died during: detach net_null0; "
        f"{other} alone has port 0 (net_null0); run sync\n"
        f"failed to detach device net_null0: not attached in this process, but in {other}; run sync"
    )
    assert seconds < hm.SOON

    def assert_differ():
        for process in faulty.members():
            assert process.list() == ([(0, "net_null0")] if process is other else [])
            assert process.peers()[1] == f"{other} alone has port 0 (net_null0)"

    assert_differ()
    # The note is printed once. The driver in that process has let go of its device, so that
    # nobody can remove the port that stays.
    for process in faulty.members():
        answer = process.cmd("sync")
        assert answer.startswith(f"failed to sync: {other} alone has port 0 (net_null0); ")
        assert "restart" in answer
        assert_differ()
    assert other.quit() == 0
    faulty.assert_agree([])
    assert asker.cmd("attach net_null1") == "attached device net_null1"
    faulty.assert_agree([(0, "net_null1")])


@pytest.mark.parametrize("line", ["send net_ring1 1", "forward net_ring1 net_ring1"])
def test_who_polls_is_told_what_the_dead_one_left(faulty, line):
    """Once, and the next one neither waits for it nor is told again."""
    primary, (dead, other) = faulty.primary, faulty.secondaries
    for name in ("net_null0", "net_ring1"):
        assert primary.cmd(f"attach {name}") == f"attached device {name}"
    assert primary.cmd("start net_ring1") == "started device net_ring1"
    other.faults.set("release", "refuse")
    primary.faults.set("release", "block")
    dead.send("detach net_null0")
    primary.faults.wait_met("release")
    dead.die()
    primary.faults.clear("release")
    note, answer = primary.cmd(line).split("\n")
    assert note == (
        f"note: pid {dead.pid} died during: detach net_null0; "
        f"{other} alone has port 0 (net_null0); run sync"
    )
    assert not answer.startswith("failed")
    assert primary.cmd("stop net_ring1").split("\n")[-1] == "stopped device net_ring1"
    assert "note: " not in primary.transcript.getvalue().partition(answer)[2]
    assert other.quit() == 0


@pytest.mark.parametrize("rounds", range(3))
def test_killed_at_some_moment(group, rounds):
    """Killed while it attaches and detaches without pause, each time at another moment."""
    dead, asker = group.secondaries
    dead.child.send("attach net_null0\rdetach net_null0\r" * 10)
    for _ in range(rounds):
        dead.child.expect_exact("detached device net_null0")
    dead.kill()
    begin = time.time()
    *said, result = asker.cmd("attach net_null1").split("\n")
    end = time.time()
    assert dead.wait() == -signal.SIGKILL
    assert result == "attached device net_null1"
    # The primary may have asked the dead one, and the EAL have it wait 5 s for the answer;
    # what it says then is the last thing in its log.
    free = max(begin, os.stat(group.primary.log_path).st_mtime)
    assert end - free < hm.SOON and end - begin < 5 + hm.SOON
    for line in said:
        assert re.fullmatch(
            rf"note: pid {dead.pid} died during: (at|de)tach net_null0; .+; run sync", line
        )
    if said:
        assert asker.cmd("sync").startswith("synced: ")
    group.assert_agree(asker.list())


def test_stopped_next_one_is_named(faulty):
    """The one that is to have the turn when its holder has died."""
    primary, (holder, following) = faulty.primary, faulty.secondaries
    other = faulty.add_secondary()
    primary.faults.set("attach", "block")
    holder.send("attach net_null0")
    primary.faults.wait_met("attach")
    following.send("attach net_null1")
    following.child.expect_exact(f"waiting for {holder}: attach net_null0")
    following.stop()
    other.send("attach net_null2")
    other.child.expect_exact(f"waiting for {holder}: attach net_null0")
    holder.die()
    assert other.rest() == (
        f"failed to attach device net_null2: pid {following.pid} is the next to have the turn and "
        "is stopped; resume or end it"
    )
    following.resume()
    primary.faults.clear()
    assert following.rest().endswith("attached device net_null1")
    ports = primary.list()  # what the dead one wanted may be there, too
    assert ports[-1][1] == "net_null1"
    faulty.assert_agree(ports)


@pytest.mark.parametrize("line", ["show net_null0", "devices", "peers", "stats", "list"])
def test_nobody_waits_for_a_slow_reader(pair, tmp_path, line):
    """Of what another process shows: what it looks at with the turn, it prints without."""
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    file = tmp_path / "lines"
    file.write_text(f"{line}\n" * 10000)
    own = ["--cmdline-file", str(file)]
    slow = subprocess.Popen(
        hm.command_line("secondary", pair.prefix, own=own), stdout=subprocess.PIPE
    )

    def full():
        """The pipe is, as far as lines of any length fill it."""
        return hm.unread(slow.stdout.fileno()) > 48 * 1024

    try:
        hm.wait_until(full, "it has written more than anyone reads")
        for process in pair.members():
            answer, seconds = process.timed("attach net_null1")
            assert answer == "attached device net_null1"
            assert seconds < hm.SOON
            assert process.cmd("detach net_null1") == "detached device net_null1"
        assert full()
    finally:
        slow.terminate()
        slow.stdout.close()
        slow.wait(hm.TIMEOUT)


#: At a terminal they are characters and no signals.
KEYS = {"Ctrl-C": "\x03", "Ctrl-Z": "\x1a", "Ctrl-\\": "\x1c"}
LEAVE = "\x04"

keys = pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, id=name, marks=() if name == "Ctrl-C" else pytest.mark.thorough)
        for name, key in KEYS.items()
    ],
)


@pytest.fixture
def busy(faulty):
    """The primary attaches a device, until .clear() of its faults."""
    faulty.primary.faults.set("attach", "block")
    faulty.primary.send("attach net_null0")
    faulty.primary.faults.wait_met("attach")
    return faulty


def done(group):
    """What the primary has begun, and nothing else, is done everywhere."""
    group.primary.faults.clear("attach")
    assert group.primary.answer() == "attached device net_null0"
    group.assert_agree([(0, "net_null0")])


@keys
@pytest.mark.parametrize("told", [False, True], ids=["at once", "after a second"])
def test_wait_for_the_turn_that_is_given_up(busy, key, told):
    """The prompt is back, and nothing is done later."""
    waiter, other = busy.secondaries
    holder = f"{busy.primary}: attach net_null0"
    for line, failed in (
        ("attach net_null1", "attach device net_null1"),
        ("lock net_null0", "lock device net_null0"),
        ("show net_null0", "show device net_null0"),
    ):
        waiter.send(line)
        hm.wait_until(lambda: hm.waits_for_lock(waiter.pid), "it waits for its turn")
        if told:
            waiter.child.expect_exact(f"waiting for {holder}")
        # What was typed before that key goes with it.
        waiter.child.send(f"detach net_null0\r{key}")
        begin = time.monotonic()
        answer = waiter.rest() if told else waiter.answer()
        assert answer == f"failed to {failed}: gave up waiting for {holder}"
        assert time.monotonic() - begin < hm.SOON
    # Its place in line is free.
    other.send("list")
    assert other.answer() == "list all etherdev"
    done(busy)
    assert waiter.cmd("attach net_null1") == "attached device net_null1"


def test_wait_for_the_turn_that_is_given_up_to_leave(busy):
    """Ctrl-D leaves then, as at any prompt."""
    waiter = busy.secondaries[0]
    waiter.send("attach net_null1")
    waiter.child.expect_exact(f"waiting for {busy.primary}: attach net_null0")
    waiter.child.send(LEAVE)
    waiter.child.expect_exact("failed to attach device net_null1: gave up waiting for")
    assert waiter.wait(hm.SOON) == 0
    done(busy)


def test_wait_for_what_a_dead_one_has_begun_is_given_up(faulty):
    """The next one waits for it in its place."""
    primary, (dead, waiter) = faulty.primary, faulty.secondaries
    primary.faults.set("attach", "block")
    dead.send("attach net_null0")
    primary.faults.wait_met("attach")
    dead.die()
    waiter.send("attach net_null1")
    waiter.child.expect_exact(f"waiting for {primary}: busy with an earlier request")
    waiter.child.send(KEYS["Ctrl-C"])
    assert waiter.rest() == (
        "failed to attach device net_null1: gave up waiting until every process is done with what "
        f"was left: pid {dead.pid} died during: attach net_null0"
    )
    primary.faults.clear("attach")
    assert waiter.cmd("attach net_null2") == "attached device net_null2"
    names = [name for _, name in waiter.list()]
    assert "net_null2" in names and "net_null1" not in names
    faulty.assert_agree(waiter.list())


@keys
@pytest.mark.parametrize("role", hm.ROLES[:2])
def test_operation_that_cannot_be_cancelled_says_so(faulty, role, key):
    """At each such key, while it waits; then its answer comes."""
    process, primary = faulty.member(role), faulty.primary
    whom = "a driver in this process" if role == "primary" else str(primary)
    primary.faults.set("attach", "block")
    process.send("attach net_null0")
    primary.faults.wait_met("attach")
    for _ in range(2):
        process.child.send(f"list\r{key}")
        process.child.expect_exact(f"attach net_null0 cannot be cancelled: waiting for {whom}")
    primary.faults.clear("attach")
    assert process.rest().endswith("attached device net_null0")
    faulty.assert_agree([(0, "net_null0")])


def test_stopped_process_that_cannot_be_waited_away_is_named(attached):
    primary, (asker, stopped) = attached.primary, attached.secondaries
    stopped.faults.set("attach", "block")
    asker.send("attach net_null1")
    stopped.faults.wait_met("attach")
    stopped.stop()
    asker.child.send(KEYS["Ctrl-C"])
    text = f"attach net_null1 cannot be cancelled: waiting for {stopped}, which is stopped; "
    text += "resume or end it"
    asker.child.expect_exact(text)
    stopped.resume()
    stopped.faults.clear("attach")
    assert asker.rest() == "attached device net_null1"
    assert primary.list()[-1] == (1, "net_null1")


def test_leaving_after_an_operation_that_cannot_be_cancelled(faulty):
    """It is told once, and done then."""
    primary, asker = faulty.primary, faulty.secondaries[0]
    primary.faults.set("attach", "block")
    asker.send("attach net_null0")
    primary.faults.wait_met("attach")
    asker.child.send(LEAVE)
    asker.child.expect_exact("attach net_null0 cannot be cancelled: waiting for ")
    with pytest.raises(pexpect.TIMEOUT):
        asker.child.expect_exact("cannot be cancelled", timeout=1)
    primary.faults.clear("attach")
    asker.child.expect_exact("attached device net_null0")
    assert asker.wait(hm.SOON) == 0
    faulty.assert_agree([(0, "net_null0")])
