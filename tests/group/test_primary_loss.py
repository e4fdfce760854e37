# SPDX-License-Identifier: BSD-3-Clause
"""The primary quits or is killed: its secondaries say so, tell the truth, and leave well."""

import itertools
import os
import re
import resource
import signal
import subprocess
import time

import pytest

import hotplug_mp as hm

PORT = [(0, "net_null0")]


@pytest.fixture(params=["quit", "SIGTERM", "SIGKILL"])
def lose(request):
    """lose(group): its primary leaves in one of the ways there are. Returns the notice."""

    def lose(group):
        primary = group.primary
        if request.param == "quit":
            assert primary.quit() == 0
        elif request.param == "SIGTERM":
            primary.kill(signal.SIGTERM)
            assert primary.wait() == 128 + signal.SIGTERM
        else:
            primary.die()
        return f"the primary (pid {primary.pid}) has left; quit this process"

    lose.how = request.param
    return lose


@pytest.fixture
def working():
    """A primary and two secondaries with a port, whose primary need not leave well."""
    group = hm.Group()
    try:
        assert group.primary.cmd("attach net_null0") == "attached device net_null0"
        group.assert_agree(PORT)
        yield group
        for secondary in group.secondaries:
            if secondary.alive():
                assert secondary.quit() == 0
    finally:
        # A killed one leaves its socket, as the EAL does; the next primary removes it.
        assert hm.run("primary", group.prefix).returncode == 0
        group.close()


def wait_notice(process, notice):
    """It says so soon, above its prompt."""
    process.child.expect_exact(f"{notice}\r\n", timeout=hm.SOON)
    process.child.expect_exact(hm.PROMPT)


def test_each_secondary_says_so_once_and_tells_the_truth(working, lose):
    pid = working.primary.pid
    notice = lose(working)
    for secondary in working.secondaries:
        wait_notice(secondary, notice)
    for secondary in working.secondaries:
        assert secondary.cmd("list") == notice
        for line, what in (
            ("attach net_null1", "attach device net_null1"),
            ("detach net_null0", "detach device net_null0"),
            ("sync", "sync"),
        ):
            answer, seconds = secondary.timed(line)
            assert answer == f"failed to {what}: {notice}"
            assert seconds < hm.SOON
        *table, last = secondary.cmd("peers").split("\n")
        assert last == notice
        assert not [line for line in table if f" {pid} " in line and " ok " in line]
        assert secondary.cmd("list") == notice
    for secondary in working.secondaries:
        assert secondary.quit() == 0
        # By itself once, then in the answers above: two lists, three failures, one table.
        assert secondary.transcript.getvalue().count(notice) == 1 + 6
        assert secondary.log().count("has left") == 0


def test_half_typed_line_survives_the_notice(working, lose):
    one, two = working.secondaries
    one.child.send("detach net_nu")
    one.child.expect_exact("detach net_nu")
    notice = lose(working)
    one.child.expect_exact(f"{notice}\r\n", timeout=hm.SOON)
    one.child.expect_exact(hm.PROMPT)
    one.child.expect_exact("detach net_nu")
    assert one.cmd("ll0") == f"failed to detach device net_null0: {notice}"
    wait_notice(two, notice)
    assert two.cmd("list") == notice


def test_notice_in_a_pipe(working, lose):
    """One that reads its commands from a pipe says so too, without being asked."""
    with hm.running(
        hm.command_line("secondary", working.prefix, own=("--keep-going",)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as piped:
        piped.stdin.write("list\n")
        piped.stdin.flush()
        assert piped.stdout.readline() == "list all etherdev\n"
        assert piped.stdout.readline() == "0\tnet_null0\n"
        notice = lose(working)
        begin = time.monotonic()
        assert piped.stdout.readline() == f"{notice}\n"
        assert time.monotonic() - begin < hm.SOON
        out, _ = piped.communicate("attach net_null1\nlist\n", timeout=hm.TIMEOUT)
        assert out == f"failed to attach device net_null1: {notice}\n{notice}\n"
        assert piped.returncode == 1


def test_new_primary_is_refused_and_harms_nobody(working, lose):
    notice = lose(working)
    pids = " ".join(str(secondary.pid) for secondary in working.secondaries)
    for role in ("primary", "auto"):
        done = hm.run(role, working.prefix)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        said = re.search(r"pid ([0-9 ]+);", line)
        assert sorted(said[1].split()) == sorted(pids.split()), line
        assert "quit them first" in line
        for secondary in working.secondaries:
            assert secondary.alive()
    done = hm.run("secondary", working.prefix)
    assert done.returncode == 1 and "no primary runs" in done.stderr
    for secondary in working.secondaries:
        wait_notice(secondary, notice)
        assert secondary.cmd("list") == notice
        assert secondary.quit() == 0
    # Nothing is in the way of a new group then.
    done = hm.run("auto", working.prefix, input="attach net_null0\nlist\n")
    assert done.returncode == 0
    assert done.stdout == "attached device net_null0\nlist all etherdev\n0\tnet_null0\n"


def test_primary_names_those_it_leaves(working):
    working.primary.send("quit")
    assert working.primary.wait() == 0
    said = re.findall(
        "secondaries left without their primary: pid ([0-9 ]+); quit them",
        working.primary.transcript.getvalue(),
    )
    assert len(said) == 1
    assert sorted(map(int, said[0].split())) == sorted(s.pid for s in working.secondaries)


def test_primary_alone_leaves_without_a_word(working):
    for secondary in working.secondaries:
        assert secondary.quit() == 0
    assert working.primary.quit() == 0
    assert working.primary.child.before.strip().split("\r\n")[1:] == []


def test_primary_that_cannot_be_looked_for_is_not_lost(pair):
    """For want of a descriptor, just now: its lock is on a file that has to be opened."""
    primary, secondary = pair.members()
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    limits = resource.prlimit(secondary.pid, resource.RLIMIT_NOFILE)
    used = {int(fd) for fd in os.listdir(f"/proc/{secondary.pid}/fd")}
    free = next(number for number in itertools.count() if number not in used)
    resource.prlimit(secondary.pid, resource.RLIMIT_NOFILE, (free, limits[1]))
    assert secondary.list() == PORT
    resource.prlimit(secondary.pid, resource.RLIMIT_NOFILE, limits)
    assert secondary.list() == PORT
    assert secondary.cmd("attach net_null1") == "attached device net_null1"
    pair.assert_agree([*PORT, (1, "net_null1")])


def test_killed_while_it_works_for_a_secondary(faulty):
    """The one that asked is told in the end; the other one within a second."""
    asker, other = faulty.secondaries
    faulty.primary.faults.set("attach", "block")
    asker.send("attach net_null0")
    faulty.primary.faults.wait_met("attach")
    faulty.primary.die()
    notice = f"the primary (pid {faulty.primary.pid}) has left; quit this process"
    wait_notice(other, notice)
    assert other.cmd("list") == notice
    # The EAL waits 5 s for an answer, come what may.
    asker.child.expect_exact(f"failed to attach device net_null0: {notice}\r\n")
    asker.child.expect_exact(hm.PROMPT)
    wait_notice(asker, notice)
    assert asker.cmd("list") == notice
    for secondary in faulty.secondaries:
        assert secondary.quit() == 0
    assert hm.run("primary", faulty.prefix).returncode == 0


def test_killed_in_its_own_operation(faulty):
    """Those who waited for their turn do not wait for ever."""
    one, other = faulty.secondaries
    faulty.primary.faults.set("attach", "block")
    faulty.primary.send("attach net_null0")
    faulty.primary.faults.wait_met("attach")
    one.send("attach net_null1")
    one.child.expect_exact("waiting for")
    faulty.primary.die()
    begin = time.monotonic()
    notice = f"the primary (pid {faulty.primary.pid}) has left; quit this process"
    one.child.expect_exact(f"failed to attach device net_null1: {notice}\r\n")
    assert time.monotonic() - begin < hm.SOON
    wait_notice(other, notice)
    assert other.cmd("list") == notice
    for secondary in faulty.secondaries:
        assert secondary.quit() == 0
    assert hm.run("primary", faulty.prefix).returncode == 0


@pytest.mark.parametrize("how", ["quit", "SIGTERM"])
def test_leaving_after_another_program_has_tried_the_prefix(process, prefix, how):
    """Such a try ruins what lies in the memory of the group, even if it fails."""
    primary = process("primary")
    secondaries = [process("secondary"), process("secondary")]
    assert primary.cmd("attach net_ring0") == "attached device net_ring0"
    assert secondaries[0].cmd("start net_ring0") == "started device net_ring0"
    assert secondaries[0].cmd("forward net_ring0 net_ring0") == "forwarding net_ring0 to net_ring0"
    primary.die()
    for secondary in secondaries:
        wait_notice(secondary, f"the primary (pid {primary.pid}) has left; quit this process")
    tried = subprocess.run(
        ["dpdk-testpmd", "--proc-type=primary", "--no-pci", f"--file-prefix={prefix}"]
        + [*hm.EAL_OPTIONS, "--", "--total-num-mbufs=2048"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=hm.TIMEOUT,
        text=True,
        check=False,
    )
    assert tried.returncode != 0, tried.stdout
    # The mbufs are in that memory.
    assert all("mbufs" not in secondary.cmd("stats") for secondary in secondaries)
    for secondary in secondaries:
        if how == "quit":
            assert secondary.quit() == 0
        else:
            secondary.kill(signal.SIGTERM)
            assert secondary.wait() == 128 + signal.SIGTERM
        assert hm.BY_FORCE not in secondary.log()
