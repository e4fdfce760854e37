# SPDX-License-Identifier: BSD-3-Clause
"""--monitor: the events of a group as lines for a pipe."""

import os
import re
import signal
import subprocess

import pytest

import hotplug_mp as hm
from events import Feed, event, pairs, shown

ROUNDS, PAIRS = 6, 25


def test_storm(group, feed):
    """Of 300 times attach and detach, from two terminals, nothing is lost or out of order."""
    pipe = feed(group.prefix)
    group.primary.cmd("monitor on")
    devices = dict(zip(group.secondaries, ("net_null1", "net_null2")))
    for number in range(ROUNDS):
        hm.together(
            *[lambda p=process, d=device: pairs(p, d, PAIRS) for process, device in devices.items()]
        )
        # What is kept for those who are slow is not endless.
        expected = (number + 1) * PAIRS

        def all_there(events):
            return all(
                len([one for one in events if one.what == f"detach {device}: done"]) == expected
                for device in devices.values()
            )

        hm.wait_until(lambda: all_there(pipe.events()), "the feed has it all")
        hm.wait_until(lambda: all_there(shown(group.primary)), "the terminal has it all")
    for process, device in devices.items():
        expected = [
            f"{verb} {device}: done" for _ in range(ROUNDS * PAIRS) for verb in ("attach", "detach")
        ]
        done = [one for one in pipe.events() if f"ach {device}: " in one.text]
        assert [one.what for one in done] == expected
        assert {one.pid for one in done} == {process.pid}
        ports = [one for one in pipe.events() if re.search(rf"port \d {device} has", one.text)]
        assert [one.what.split()[-1] for one in ports] == ["come", "gone"] * (ROUNDS * PAIRS)
    # They take turns, so their times do.
    times = [one.time for one in pipe.events() if ": done" in one.text]
    assert times == sorted(times)
    assert shown(group.primary) == pipe.events()[1:]
    group.assert_lists([])


def test_who_cannot_keep_up_is_told_what_it_missed(pair, feed):
    """The group goes on; a stopped process makes its operations fail, and that is an event too."""
    slow, fast = feed(pair.prefix), feed(pair.prefix)
    slow.wait(str(fast), "joined")
    with hm.running(
        hm.command_line("secondary", pair.prefix, own=["--keep-going"]),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as busy:
        slow.wait(f"pid {busy.pid} (secondary)", "joined")
        slow.process.send_signal(signal.SIGSTOP)
        fast.wait(str(slow), "is stopped")
        before = list(slow.lines)
        expected = len(fast.lines)
        for number in range(6):
            busy.stdin.write("".join(f"attach net_null{number}_{i}\n" for i in range(250)))
            busy.stdin.flush()
            expected += 250
            hm.wait_until(lambda: len(fast.lines) >= expected, "all events are there")
        assert len(fast.lines) == expected
        assert slow.lines == before
        slow.process.send_signal(signal.SIGCONT)
        fast.wait(str(slow), "runs again")
        hm.wait_until(lambda: slow.lines[-1] == fast.lines[-1], "it has caught up")
        told, *after = slow.lines[len(before) :]
        missed = int(re.fullmatch(r"(\d+) events were missed here", told)[1])
        since = fast.lines[fast.lines.index(before[-1]) + 1 :]
        assert since[missed:] == after
        # All that is kept, and perhaps that it runs again.
        assert 1024 <= len(after) <= 1025
    assert busy.returncode == 1


def test_feed_reads_nothing_and_has_no_prompt(pair, feed):
    pipe = feed(pair.prefix, stdin=subprocess.PIPE)
    with pipe.process.stdin:
        pipe.process.stdin.write("attach net_null0\nquit\n")
    pairs(pair.secondaries[0], "net_null1", 1)
    pipe.wait(str(pair.secondaries[0]), "detach net_null1: done")
    # It is events all through, or this fails.
    assert [one.what for one in pipe.events()] == [
        "joined",
        "port 0 net_null1 has come",
        "attach net_null1: done",
        "port 0 net_null1 has gone",
        "detach net_null1: done",
    ]
    assert pipe.process.poll() is None
    pair.assert_lists([])


def test_feed_after_commands(pair):
    with hm.running(
        hm.command_line("secondary", pair.prefix, own=["--cmd", "attach net_null0", "--monitor"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout.readline() == "attached device net_null0\n"
        for what in ("joined", "port 0 net_null0 has come", "attach net_null0: done"):
            one = event(process.stdout.readline().rstrip("\n"))
            assert (one.pid, one.what) == (process.pid, what)
        process.terminate()
        assert process.stdout.read() == ""
    assert process.returncode == 128 + signal.SIGTERM
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_feed_runs_until_a_signal(prefix, process, role, signo):
    one = process("primary") if role == "secondary" else None
    pipe = Feed(prefix, role)
    assert pipe.end(signo) == 128 + signo
    assert [line.what for line in pipe.events()] == ["joined"]
    if one:
        hm.wait_until(lambda: list(one.peers()[0]) == [one.pid], "it has left")


def test_feed_ends_with_its_reader(pair):
    """And not only with the next event."""
    command = " ".join(hm.command_line("secondary", pair.prefix, own=["--monitor"]))
    done = subprocess.run(
        ["bash", "-c", f"{command} 2>/dev/null | head -n 1; exit ${{PIPESTATUS[0]}}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=hm.TIMEOUT,
    )
    assert done.returncode == 0
    one = event(done.stdout.rstrip("\n"))
    assert one.what == "joined"
    assert not os.path.exists(f"/proc/{one.pid}")
    pair.assert_agree([])


def test_feed_goes_through_grep_at_once(pair):
    """A line is written when it is known, though it is a pipe."""
    command = " ".join(hm.command_line("secondary", pair.prefix, own=["--monitor"]))
    grep = subprocess.Popen(
        ["bash", "-c", f"{command} 2>/dev/null | grep --line-buffered 'ach.*: done'"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        hm.wait_until(lambda: len(pair.primary.peers()[0]) == 3, "it has joined")
        for verb in ("attach", "detach"):
            assert pair.primary.cmd(f"{verb} net_null0") == f"{verb}ed device net_null0"
            one = event(grep.stdout.readline().rstrip("\n"))
            assert (one.who, one.what) == (str(pair.primary), f"{verb} net_null0: done")
    finally:
        os.killpg(grep.pid, signal.SIGTERM)
        grep.communicate(timeout=hm.TIMEOUT)
