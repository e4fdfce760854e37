# SPDX-License-Identifier: BSD-3-Clause
"""If a process cannot answer, attach and detach are refused before anything has changed."""

import contextlib
import glob
import itertools
import os
import re
import resource
import signal
import subprocess
import time

import pexpect
import pytest

import hotplug_mp as hm
from messages import datagram, send

PORT = [(0, "net_null0")]
LATE = 0.3  # seconds: HEARTBEAT_LATE_MS
NANOSLEEP = "230"  # clock_nanosleep(2)
STOPPED = "is stopped; resume or end it"
HUNG = "is hung: it has served no request for [0-9]+ ms; end it, or try again later"


def assert_refused(asker, reason):
    """Whatever it asks for is refused in time, and it sees nothing changed."""
    for line, device in (
        ("attach net_null1", "net_null1"),
        ("detach net_null0", "net_null0"),
        ("sync", None),
    ):
        answer, seconds = asker.timed(line)
        what = "sync" if device is None else f"{line.split()[0]} device {device}"
        assert re.fullmatch(f"failed to {what}: {reason}", answer), answer
        assert seconds < hm.SOON
        assert asker.list() == PORT


def assert_works(group):
    """Every process attaches and detaches, and all agree on it."""
    for process in group.members():
        assert process.cmd("attach net_null1") == "attached device net_null1"
        group.assert_agree([*PORT, (1, "net_null1")])
        assert process.cmd("detach net_null1") == "detached device net_null1"
        group.assert_agree(PORT)


@pytest.mark.parametrize("who", hm.ROLES)
def test_stopped(attached, who):
    stopped = attached.member(who)
    stopped.stop()
    for asker in attached.members():
        if asker is not stopped:
            assert_refused(asker, re.escape(f"{stopped} {STOPPED}"))
    stopped.resume()
    # No request is waiting for it: it is as it was.
    attached.assert_agree(PORT)
    assert_works(attached)


@pytest.mark.parametrize("who", hm.ROLES)
def test_hung(attached, who):
    """Its interrupt thread, which serves the requests, is busy with something else."""
    hung = attached.member(who)
    askers = [process for process in attached.members() if process is not hung]
    hung.faults.set("interrupt", "block")
    hung.faults.wait_met("interrupt")
    hm.wait_until(lambda: hung.peers()[0][hung.pid].state == "hung", "it hangs")
    for asker in askers:
        assert_refused(asker, f"{re.escape(str(hung))} {HUNG}")
    assert hung.list() == PORT
    hung.faults.clear()
    hm.wait_until(lambda: hung.peers()[0][hung.pid].state == "ok", "it runs")
    attached.assert_agree(PORT)
    assert_works(attached)


def descriptors(process):
    """The numbers of those that a process has open."""
    # A thread that runs may have one open for a moment.
    hm.wait_until(lambda: hm.sleeps(process.pid), "all threads wait")
    return {int(fd) for fd in os.listdir(f"/proc/{process.pid}/fd")}


def descriptors_limit(process, more):
    """From now on it can open so many files more; None for as many as before."""
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    used = descriptors(process)
    free = (number for number in itertools.count() if number not in used)
    limit = hard if more is None else next(itertools.islice(free, more, None))
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (limit, hard))


def done_unless_short(process, verb, short):
    """With none to spare, a file that a thread of that process has open for a moment is too many: the
    operation is refused then, and may be tried again."""
    refused = "this process" if process == short else str(short)
    refused = f"failed to {verb} device net_null1: {refused} may open fewer than 3 files more; "

    def is_done():
        answer = process.cmd(f"{verb} net_null1")
        assert answer == f"{verb}ed device net_null1" or answer.startswith(refused)
        return not answer.startswith(refused)

    hm.wait_until(is_done, f"{process} may {verb}")


@pytest.mark.parametrize("who", hm.ROLES)
def test_out_of_descriptors(attached, who):
    """Without a file for it, a hugepage that others have taken would be missing, and the EAL would go
    on as if it were there."""
    short = attached.member(who)
    asked = attached.member("secondary 1" if who == "primary" else "primary")
    for more in (2, 0):
        descriptors_limit(short, more)
        hm.wait_until(lambda: asked.peers()[0][short.pid].state == "short", "it is seen")
        for process in attached.members():
            said = "this process" if process == short else str(short)
            said += f" may open fewer than 3 files more; allow it more (prlimit -p {short.pid} "
            answer = f"failed to attach device net_null1: {said}-n1024)"
            assert process.cmd("attach net_null1") == answer
        attached.assert_lists(PORT)
    for more in (3, None):
        descriptors_limit(short, more)
        hm.wait_until(lambda: asked.peers()[0][short.pid].state == "ok", "it is seen")
        for process in attached.members():
            for verb in ("attach", "detach"):
                done_unless_short(process, verb, short)
    assert_works(attached)


def test_last_descriptors_are_left_to_the_eal(attached):
    """It keeps files of its peers open for the next look, but none that would make it short."""
    asker = attached.secondaries[0]
    attached.add_secondary()  # which it has not looked at yet
    descriptors_limit(asker, 5)
    before = descriptors(asker)
    assert asker.cmd("attach net_null1") == "attached device net_null1"
    assert descriptors(asker) == before
    descriptors_limit(asker, None)
    assert asker.cmd("detach net_null1") == "detached device net_null1"
    assert descriptors(asker) > before


@pytest.mark.parametrize("who", hm.ROLES)
@pytest.mark.parametrize("more", [0, 1, 2])
def test_out_of_descriptors_all_of_a_sudden(attached, who, more):
    """An operation is done or not, and the answer tells which; then there are some again."""
    descriptors_limit(attached.member(who), more)
    ports = PORT
    for process in attached.members():
        for line in ("attach net_null1", "detach net_null1"):
            answer = process.cmd(line)
            if not answer.startswith(f"failed to {line.split()[0]} device net_null1: "):
                assert answer == line.replace("ach ", "ached device ")
                ports = PORT + [(1, "net_null1")] * (line == "attach net_null1")
            attached.assert_lists(ports)
    descriptors_limit(attached.member(who), None)
    hm.wait_until(lambda: "short" not in attached.primary.cmd("peers"), "it is seen")
    if ports != PORT:
        assert attached.primary.cmd("detach net_null1") == "detached device net_null1"
    attached.assert_agree(PORT)
    assert_works(attached)


def test_deaf(attached):
    """Sent descriptors when it can have no more, a process of the EAL's hears nothing again."""
    primary, (deaf, other) = attached.primary, attached.secondaries
    assert primary.cmd("attach net_ring0") == "attached device net_ring0"
    assert primary.cmd("start net_ring0") == "started device net_ring0"
    (socket,) = glob.glob(f"{hm.RUNTIME}/{attached.prefix}/mp_socket_{deaf.pid}_*")
    descriptors_limit(deaf, 1)
    send(socket, datagram(b"eal_dev_mp_request", fds=2), fds=(0, 1))
    hm.wait_until(lambda: other.peers()[0][deaf.pid].state == "hung", "it hangs")
    descriptors_limit(deaf, None)
    for asker in (primary, other):
        for line in ("attach net_null1", "detach net_ring0", "stop net_ring0"):
            answer, seconds = asker.timed(line)
            assert re.fullmatch(
                rf"failed to \w+ device \w+: {re.escape(str(deaf))} {HUNG}", answer
            ), answer
            assert seconds < hm.SOON
    answer = deaf.cmd("attach net_null1")
    assert answer == (
        "failed to attach device net_null1: this process has lost the EAL's thread for "
        "messages; quit and restart it"
    )
    for _ in range(4):
        # Nor is anything sent to it when others come and go.
        assert hm.run("secondary", attached.prefix).returncode == 0
    assert deaf.quit() == 0
    assert other.cmd("detach net_ring0") == "detached device net_ring0"
    attached.assert_agree(PORT)
    assert_works(attached)


def test_busy_for_a_moment_is_waited_for(attached):
    """Less than a second is no reason to refuse. On a machine that is busy itself, the moment may
    become longer than that; then it is tried once more."""
    busy = attached.secondaries[0]
    for _ in range(20):
        busy.faults.set("interrupt", "block")
        busy.faults.wait_met("interrupt")
        attached.primary.send("attach net_null1")
        with pytest.raises(pexpect.TIMEOUT):
            attached.primary.child.expect_exact(hm.PROMPT, timeout=0.4)
        busy.faults.clear()
        answer = attached.primary.answer()
        if answer == "attached device net_null1":
            break
        reason = f"{re.escape(str(busy))} {HUNG}"
        assert re.fullmatch(f"failed to attach device net_null1: {reason}", answer)
    assert answer == "attached device net_null1"
    attached.assert_agree([*PORT, (1, "net_null1")])


def sleeps_of(thread):
    """How often it has waited for something so far."""
    with open(f"/proc/{thread}/status", encoding="utf-8") as f:
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", f.read(), re.MULTILINE)[1])


def test_nobody_is_hung_because_the_machine_stood_still(attached):
    """As a virtual one that is paused: the asker is told late what it had waited for. If the test
    itself is late, it is tried once more."""
    busy, asker = attached.secondaries[0], attached.primary
    for _ in range(20):
        busy.faults.set("interrupt", "block")
        busy.faults.wait_met("interrupt")
        begin = time.monotonic()
        hm.wait_until(lambda: time.monotonic() > begin + LATE, "its beat is late")
        asker.send("attach net_null1")
        hm.wait_until(lambda: hm.system_call(asker.pid)[0] == NANOSLEEP, "it waits for a beat")
        asker.stop()
        hm.wait_until(lambda: time.monotonic() > begin + LATE + 1, "a second is over")
        before, resumed = sleeps_of(asker.pid), time.monotonic()
        asker.resume()
        hm.wait_until(lambda: sleeps_of(asker.pid) > before, "it has looked")
        busy.faults.clear()
        in_time = time.monotonic() < resumed + 0.2
        answer = asker.answer()
        if in_time or answer == "attached device net_null1":
            break
    assert answer == "attached device net_null1"
    attached.assert_agree([*PORT, (1, "net_null1")])


@pytest.mark.parametrize("end", ["it is stopped", "the asker leaves"])
def test_busy_again_is_named(attached, end):
    """It was late, has shown that it runs, and is busy again. Whoever asks waits for it."""
    busy, asker = attached.secondaries
    busy.faults.set("interrupt", "sleep 1")

    def waits():
        # Not each time it is late, and then there is nothing to detach.
        asker.send("detach net_null1")
        waiting = f"waiting for {busy}: busy with an earlier request"
        return asker.child.expect_exact([waiting, hm.PROMPT]) == 0

    hm.wait_until(waits, "it is late when it is asked")
    failed = f"failed to detach device net_null1: {busy} "
    if end == "it is stopped":
        busy.stop()
        assert asker.rest() == failed + STOPPED
        busy.resume()
    else:
        asker.kill(signal.SIGINT)
        assert asker.wait() == 128 + signal.SIGINT
        gave_up = f"gave up waiting for {busy}: busy with an earlier request"
        assert f"failed to detach device net_null1: {gave_up}" in asker.child.before
        attached.secondaries.remove(asker)
    busy.faults.clear()
    attached.assert_agree(PORT)
    assert_works(attached)


def test_stopped_foreign(testpmd, process):
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    assert ours[0].cmd("attach net_null0") == "attached device net_null0"
    hm.assert_agree(ours, PORT)
    hm.stop(testpmd.pid)
    for asker in ours:
        assert_refused(asker, re.escape(f"pid {testpmd.pid} (primary) {STOPPED}"))
    testpmd.resume()
    hm.assert_agree(ours, PORT)
    assert ours[1].cmd("detach net_null0") == "detached device net_null0"
    hm.assert_agree(ours, [])


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_dead_is_no_reason_to_refuse(attached, asker):
    asker, dead = attached.member(asker), attached.secondaries[1]
    dead.die()
    answer, seconds = asker.timed("attach net_null1")
    assert answer == "attached device net_null1"
    assert seconds < hm.SOON
    attached.assert_agree([*PORT, (1, "net_null1")])
    answer, seconds = asker.timed("detach net_null1")
    assert answer == "detached device net_null1"
    assert seconds < hm.SOON
    attached.assert_agree(PORT)


def test_dead_that_its_parent_has_not_noticed(attached):
    """/proc has it still."""
    dead = attached.secondaries[1]
    os.kill(dead.pid, signal.SIGKILL)
    hm.wait_until(lambda: hm.is_dead(dead.pid), "it has died")
    assert attached.primary.peers()[0][dead.pid].state == "gone"
    assert attached.primary.cmd("attach net_null1") == "attached device net_null1"
    attached.assert_agree([*PORT, (1, "net_null1")])


def stopped_with_pid(pid):
    """A stopped process that has nothing to do with any group, with this pid."""
    for _ in range(1000):
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as f:
            f.write(str(pid - 1))
        process = subprocess.Popen(["sleep", "1000"])
        if process.pid == pid:
            hm.stop(pid)
            return process
        process.kill()
        process.wait()
    raise RuntimeError(f"no process got pid {pid}")


def test_another_process_has_the_pid_of_a_dead_one(attached):
    """It is not taken for the one that died, and what it does is no matter."""
    dead = attached.secondaries[1]
    dead.die()
    with stopped_with_pid(dead.pid) as stranger:
        try:
            for asker in (attached.primary, attached.secondaries[0]):
                assert asker.peers()[0][dead.pid].state == "gone"
            assert attached.primary.cmd("attach net_null1") == "attached device net_null1"
            attached.assert_agree([*PORT, (1, "net_null1")])
        finally:
            stranger.kill()


def send_and_block(asker, verb, peer):
    """Have the peer block in the middle of its part. Returns the device."""
    call, device = ("attach", "net_null1") if verb == "attach" else ("release", "net_null0")
    peer.faults.set(call, "block")
    asker.send(f"{verb} {device}")
    peer.faults.wait_met(call)
    return device


@pytest.mark.parametrize("asker, verb", [("primary", "attach"), ("secondary 1", "detach")])
def test_dies_in_the_middle(attached, asker, verb):
    """The EAL waits 5 s for its answer; then the operation is done without it."""
    asker, dead = attached.member(asker), attached.secondaries[1]
    device = send_and_block(asker, verb, dead)
    dead.die()
    assert asker.answer().split("\n")[-1] == f"{verb}ed device {device}"
    attached.assert_agree([*PORT, (1, "net_null1")] if verb == "attach" else [])


@pytest.mark.parametrize("asker, verb", [("primary", "detach"), ("secondary 1", "attach")])
def test_stops_in_the_middle(attached, asker, verb):
    """It is named, and what is said is true; once it is resumed, the group is mended."""
    asker, stopped = attached.member(asker), attached.secondaries[1]
    device = send_and_block(asker, verb, stopped)
    stopped.stop()
    stopped.faults.clear()
    answer = asker.answer().split("\n")[-1]
    assert answer.startswith(
        f"failed to {verb} device {device}: {stopped} did not answer: it is stopped; "
    )
    others = [process for process in attached.members() if process is not stopped]
    for process in others:
        assert process.list() == PORT
        assert process.peers()[0][stopped.pid].state == "stopped"
        # In particular, no answer claims what the stopped one may do otherwise later.
        refused = f"failed to {verb} device {device}: {stopped} {STOPPED}"
        assert process.cmd(f"{verb} {device}") == refused
    stopped.resume()
    hm.wait_until(lambda: asker.peers()[0][stopped.pid].state == "ok", "it runs")

    def mended():
        return all(process.list() == PORT for process in attached.members())

    # By what it was sent while it was stopped, if that undoes it; else by us.
    with contextlib.suppress(AssertionError):
        hm.wait_until(mended, "it has served what it was sent", timeout=hm.SOON)
    if not mended():
        assert attached.primary.cmd("sync").startswith("synced: ")
    attached.assert_agree(PORT)
    assert_works(attached)


def test_no_false_alarm_on_a_busy_machine(attached):
    """1000 operations beside twice as many busy loops as there are cores."""
    loops = [
        subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2 * os.cpu_count())
    ]
    try:
        answers = []
        for number in range(500):
            process = attached.members()[number % 3]
            answers.append(process.cmd("attach net_null1"))
            answers.append(process.cmd("detach net_null1"))
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert answers == ["attached device net_null1", "detached device net_null1"] * 500
    attached.assert_agree(PORT)
