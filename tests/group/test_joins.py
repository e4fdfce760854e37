# SPDX-License-Identifier: BSD-3-Clause
"""A process that starts or leaves takes turns with operations, too."""

import contextlib
import os
import signal
import subprocess
import threading
import time

import pexpect
import pytest

import hotplug_mp as hm

JOINS = 30
ROOM = 64


def test_starts_and_ends_beside_operations(pair):
    """No operation fails, and who starts sees the truth."""
    over = threading.Event()

    def work(process, device):
        answers = []
        while not over.is_set():
            answers += [process.cmd(f"attach {device}"), process.cmd(f"detach {device}")]
        return answers

    def join():
        return [hm.run("secondary", pair.prefix, input="list\n") for _ in range(JOINS // 3)]

    def joins():
        try:
            return sum(hm.together(join, join, join), [])
        finally:
            over.set()

    *worked, joined = hm.together(
        lambda: work(pair.primary, "net_null0"),
        lambda: work(pair.secondaries[0], "net_null1"),
        joins,
    )
    for number, answers in enumerate(worked):
        device = f"net_null{number}"
        expected = [f"attached device {device}", f"detached device {device}"]
        assert len(answers) >= JOINS / 2
        assert answers == expected * (len(answers) // 2)
    possible = {"", "0\tnet_null0\n", "0\tnet_null1\n", "1\tnet_null0\n", "1\tnet_null1\n"}
    possible |= {"0\tnet_null0\n1\tnet_null1\n", "0\tnet_null1\n1\tnet_null0\n"}
    assert len(joined) == JOINS
    for done in joined:
        # It has less than a second to leave, its turn included.
        assert done.returncode == (1 if hm.BY_FORCE in done.stderr else 0), done.stderr
        head, _, ports = done.stdout.partition("\n")
        assert head == "list all etherdev"
        assert ports in possible
    pair.assert_agree([])


def test_killed_while_it_starts(faulty):
    """The turn it had is free at once, and the next one is not harmed."""
    assert faulty.primary.cmd("attach net_null0") == "attached device net_null0"
    for asker in (faulty.primary, *faulty.secondaries):
        faults = faulty.make_faults()
        faults.set("attach", "block")
        starting = faulty.start("secondary", faults=faults, wait=False)
        faults.wait_met("attach")
        begin = time.monotonic()
        asker.send("attach net_null1")
        asker.child.expect_exact(f"waiting for pid {starting.pid}: start")
        assert time.monotonic() - begin >= 1
        starting.kill()
        killed = time.monotonic()
        assert asker.rest() == "attached device net_null1"
        assert time.monotonic() - killed < hm.SOON
        starting.wait()
        starting.close()
        faulty.assert_agree([(0, "net_null0"), (1, "net_null1")])
        assert asker.cmd("detach net_null1") == "detached device net_null1"
        faulty.assert_agree([(0, "net_null0")])


@pytest.mark.xfail(
    strict=True,
    raises=pexpect.TIMEOUT,
    reason="the EAL's memory lock stays with the dead, and the next attach waits for it for ever",
)
def test_killed_in_the_midst_of_the_eals_clean_up(process, make_faults):
    """Whatever becomes of the group then, the next one gets an answer."""
    primary, faults = process("primary"), make_faults()
    leaving = process("secondary", faults=faults)
    faults.set("memory", "block")
    leaving.send("quit")
    faults.wait_met("memory")
    leaving.die()
    try:
        assert primary.cmd("attach net_null0", timeout=2) == "attached device net_null0"
    except pexpect.TIMEOUT:
        primary.kill(signal.SIGTERM)
        assert primary.wait() == 128 + signal.SIGTERM
        raise


def test_who_finds_a_device_before_the_primary_has_a_port(process, prefix):
    """The EAL would end it, unless the primary has made what all ports share."""
    process("primary", eal=["--no-pci"])
    done = hm.run("secondary", prefix, eal=["--no-pci", "--vdev=net_null5"], input="list\n")
    assert (done.returncode, done.stdout) == (0, "list all etherdev\n"), done.stderr
    assert "net_null5 is not driven by the primary" in done.stderr


def test_eight_at_the_same_instant_and_no_primary(process, tmp_path):
    """All of them come up: one as the primary, the others as its secondaries."""
    gate = str(tmp_path / "gate")
    os.mkfifo(gate)
    wrap = ["sh", "-c", 'read -r _ <"$0"; exec "$@"', gate]
    fd = os.open(gate, os.O_RDWR)
    try:
        eight = [process("auto", wrap=wrap, wait=False) for _ in range(8)]
        os.write(fd, b"\n" * len(eight))
        for one in eight:
            one.wait_prompt()
    finally:
        os.close(fd)
    peers, _ = eight[0].peers()
    assert sorted(peers) == sorted(one.pid for one in eight)
    assert sorted(peer.role for peer in peers.values()) == ["primary"] + ["secondary"] * 7
    for one in eight:
        table = {
            pid: peer._replace(marked=pid == one.pid, state="ok") for pid, peer in peers.items()
        }
        hm.wait_equal(lambda one=one: one.peers()[0], table)
    hm.assert_agree(eight, [])
    for one in eight:
        assert one.cmd("attach net_null0") == "attached device net_null0"
        hm.assert_agree(eight, [(0, "net_null0")])
        assert one.cmd("detach net_null0") == "detached device net_null0"
        hm.assert_agree(eight, [])
    for one in sorted(eight, key=lambda one: peers[one.pid].role, reverse=True):
        assert one.quit() == 0


def test_start_waits_for_an_operation_and_says_for_whom(faulty):
    primary = faulty.primary
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    begin = time.monotonic()
    late = faulty.add_secondary(wait=False)
    given_up = faulty.add_secondary(wait=False)
    told = f"dpdk-hotplug_mp: waiting for {primary}: attach net_null0\n"
    hm.wait_until(lambda: told in late.log(), "it says for whom it waits")
    assert time.monotonic() - begin >= 1
    hm.wait_until(lambda: told in given_up.log(), "it says for whom it waits")
    assert "EAL" not in late.log()
    # One who does not care to wait can be told to leave.
    given_up.kill(signal.SIGTERM)
    assert given_up.wait(timeout=hm.SOON) == 128 + signal.SIGTERM
    primary.faults.clear("attach")
    assert primary.answer() == "attached device net_null0"
    late.wait_prompt()
    assert late.log().count("waiting for") == 1
    faulty.assert_agree([(0, "net_null0")])


def has_looked(starts):
    """Does a process that starts wait for another one to end, or has it ended itself?"""
    if not starts.alive():
        return True
    fds = f"/proc/{starts.pid}/fd"
    with contextlib.suppress(FileNotFoundError):
        return any("pidfd" in os.readlink(f"{fds}/{fd}") for fd in os.listdir(fds))
    return False


@pytest.mark.parametrize("role", ["primary", "auto"])
def test_start_behind_the_last_one_of_an_earlier_group(process, make_faults, prefix, role):
    """That takes the group's file with it, and the directory if nothing else is in there: who has
    waited for it makes new ones, which whoever comes later finds."""
    faults = make_faults()
    faults.set("init", "block")
    last = process("primary", faults=faults, wait=False)
    faults.wait_met("init")
    first = process(role, wait=False)
    hm.wait_until(lambda: hm.waits_for_lock(first.pid), "it waits for its turn")
    # It has the file still when it has removed it.
    faults.set("exit", "block")
    faults.set("init", "refuse")
    faults.wait_met("exit")
    hm.wait_until(lambda: has_looked(first), "it looks who uses the file")
    faults.clear()
    assert last.wait() == 1
    first.wait_prompt()
    late = process("secondary")
    assert late.cmd("attach net_null0") == "attached device net_null0"
    hm.assert_agree([first, late], [(0, "net_null0")])
    for one in (late, first):
        assert one.quit() == 0


@pytest.fixture
def leaves(process, make_faults):
    """A secondary that is stopped at its end, and uses the memory of its primary, which was
    killed. Without being stopped it would be ended by force."""
    primary = process("primary")
    secondary = process("secondary", faults=make_faults())
    primary.die()
    secondary.faults.set("exit", "block")
    secondary.send("quit")
    secondary.faults.wait_met("exit")
    secondary.stop()
    secondary.faults.clear()
    yield secondary
    secondary.resume()


@pytest.mark.parametrize("role", ["primary", "auto"])
def test_start_behind_a_secondary_that_leaves(process, leaves, role):
    start = process(role, wait=False)
    hm.wait_until(lambda: has_looked(start), "it looks who uses the memory")
    leaves.resume()
    start.wait_prompt()
    late = process("secondary")
    assert late.cmd("attach net_null0") == "attached device net_null0"
    hm.assert_agree([start, late], [(0, "net_null0")])


def test_start_behind_a_secondary_that_does_not_end(process, leaves, prefix):
    start = process("primary", wait=False)
    assert start.wait() == 1
    said = f"pid {leaves.pid} (dpdk-hotplug_mp) uses {hm.RUNTIME}/{prefix}/fbarray_memzone of an "
    said += "earlier primary; end it first, or choose another --file-prefix"
    assert start.log().splitlines()[-1] == f"dpdk-hotplug_mp: {said}"


def test_start_when_an_earlier_group_takes_its_directory_away(process, make_faults, prefix):
    """Just after it was found there, and nothing in it yet."""
    faults = make_faults()
    faults.set("group", "block")
    first = process("primary", faults=faults, wait=False)
    faults.wait_met("group")
    os.rmdir(f"{hm.RUNTIME}/{prefix}")
    faults.clear()
    first.wait_prompt()
    assert process("secondary").cmd("attach net_null0") == "attached device net_null0"
    assert first.list() == [(0, "net_null0")]


def test_start_beside_a_holder_that_is_stopped(faulty):
    primary = faulty.primary
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    primary.stop()
    begin = time.monotonic()
    for role in ("secondary", "auto", "primary"):
        done = hm.run(role, faulty.prefix)
        assert done.returncode == 1
        assert done.stderr == (
            f"dpdk-hotplug_mp: {primary}: attach net_null0 has the turn and is stopped; "
            "resume or end it\n"
        )
    assert time.monotonic() - begin < 3 * hm.SOON
    primary.resume()
    primary.faults.clear("attach")
    assert primary.answer() == "attached device net_null0"
    faulty.assert_agree([(0, "net_null0")])


def test_one_leaves_beside_an_operation_that_takes_long(faulty):
    """It waits for its turn, but not for ever. A slow machine may need what is left of its time
    after that, and more, for the clean-up."""
    primary, (leaving, staying) = faulty.primary, faulty.secondaries
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    begin = time.monotonic()
    assert leaving.quit() == (1 if hm.BY_FORCE in leaving.log() else 0)
    assert time.monotonic() - begin < hm.SOON
    assert staying.list() == []
    # It has left without the turn, which is the primary's still, and so is the name on it.
    note = staying.cmd("peers").split("\n")[0]
    assert note.startswith("note: an operation is under way: ")
    assert note.endswith(f" {primary}: attach net_null0")
    primary.faults.clear("attach")
    assert primary.answer() == "attached device net_null0"
    faulty.assert_agree([(0, "net_null0")])


def test_who_leaves_has_given_back_all_memory(pair):
    """The hugepages are the group's; one that comes for a command must not keep any."""

    def allocations():
        return hm.telemetry(pair.prefix, "/eal/heap_info,0")[0]["Alloc_count"]

    before = allocations()
    for _ in range(3):
        assert hm.run("secondary", pair.prefix, own=["--cmd", "list"]).returncode == 0
        assert pair.add_secondary().quit() == 0
    assert allocations() == before


def test_one_too_many_is_told_so(process, prefix, tmp_path):
    """64 fit; it takes some seconds to start so many."""
    primary = process("primary")
    members = []
    log = (tmp_path / "log").open("a")
    try:
        for _ in range(ROOM - 1):
            members.append(
                subprocess.Popen(
                    hm.command_line("secondary", prefix),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
            )

        def lines(line, count):
            """What each member prints when this is typed."""
            for member in members:
                member.stdin.write(f"{line}\n")
                member.stdin.flush()
            return {"".join(m.stdout.readline() for _ in range(count)) for m in members}

        assert lines("list", 1) == {"list all etherdev\n"}, (tmp_path / "log").read_text()
        assert primary.peers()[1] == f"all {ROOM} processes agree: 0 ports"
        for role in ("secondary", "auto"):
            done = hm.run(role, prefix)
            assert done.returncode == 1
            assert done.stderr == (
                f"dpdk-hotplug_mp: the group has {ROOM} processes already, "
                "and room for no more; quit one first\n"
            )
        assert primary.cmd("attach net_null0") == "attached device net_null0"
        assert lines("list", 2) == {"list all etherdev\n0\tnet_null0\n"}
        assert primary.peers()[1] == f"all {ROOM} processes agree: 1 ports"
        assert primary.cmd("detach net_null0") == "detached device net_null0"
        assert lines("list", 1) == {"list all etherdev\n"}
        members[0].stdin.close()
        assert members[0].wait(hm.TIMEOUT) == 0
        assert hm.run("secondary", prefix, input="list\n").stdout == "list all etherdev\n"
        assert primary.peers()[1] == f"all {ROOM - 1} processes agree: 0 ports"
    finally:
        log.close()
        statuses = []
        for member in members:
            # One by one, as each has less than a second to leave, its turn included.
            if not member.stdin.closed:
                member.stdin.close()
            statuses.append(member.wait(hm.TIMEOUT))
            member.stdout.close()
    assert statuses == [0] * len(members)
