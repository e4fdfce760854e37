# SPDX-License-Identifier: BSD-3-Clause
"""The events of a group: at the terminals that ask for them, and as a feed for a pipe."""

import contextlib
import datetime
import os
import re
import shutil
import signal
import subprocess
import threading
import typing

import pytest

import hotplug_mp as hm

LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) pid (\d+) \((primary|secondary)\): ([ -~]+)"
)
LEFT = "\x1b[D"
CTRL_A = "\x01"


class Event(typing.NamedTuple):
    time: datetime.datetime
    pid: int
    role: str
    text: str

    @property
    def what(self):
        """The text without its duration."""
        return re.sub(r" in \d+\.\d{3} ms", "", self.text)

    @property
    def who(self):
        return f"pid {self.pid} ({self.role})"

    @property
    def milliseconds(self):
        return float(re.search(r" in (\d+\.\d{3}) ms", self.text)[1])


def event(line):
    match = LINE.fullmatch(line)
    assert match, f"no event: {line!r}"
    return Event(datetime.datetime.fromisoformat(match[1]), int(match[2]), *match.groups()[2:])


def shown(process):
    """The events a terminal has shown."""
    # An empty line does nothing, but the prompt after it comes when all before it is there.
    process.cmd("")
    lines = hm.ESCAPE_CODE.sub("", process.transcript.getvalue()).splitlines()
    return [event(line.strip("\r")) for line in lines if LINE.match(line)]


def ends_of(seen):
    """[(who, what)] of events, but for those of a process that a busy machine kept from its beats."""
    late, ends = set(), []
    for one in seen:
        if one.what == "is hung":
            late.add(one.who)
        elif one.what == "runs again" and one.who in late:
            late.remove(one.who)
        else:
            ends.append((one.who, one.what))
    return ends


def wait_shown(process, *ends):
    """Wait until it has shown these, in this order, others between them; returns all events."""

    def found():
        seen = shown(process)
        rest = iter((one.who, one.what) for one in seen)
        return seen if all(end in rest for end in ends) else None

    return hm.wait_until(found, f"{process} shows {ends}")


class Feed:
    """A process that shows events alone, into a pipe."""

    def __init__(self, prefix, role="secondary", own=("--monitor",), **kwargs):
        self.lines = []
        self.process = subprocess.Popen(
            hm.command_line(role, prefix, own=own),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"stdin": subprocess.DEVNULL, **kwargs},
        )
        self.role = role
        self.pid = self.process.pid
        self.readers = [
            threading.Thread(target=self.read),
            threading.Thread(target=self.process.stderr.read),
        ]
        for reader in self.readers:
            reader.start()
        self.wait(f"{self}", "joined")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def __str__(self):
        return f"pid {self.pid} ({self.role})"

    def events(self):
        return [event(line) for line in list(self.lines)]

    def wait(self, who, what):
        """Wait for this to be shown, and return all of it until then."""
        hm.wait_until(
            lambda: any((one.who, one.what) == (who, what) for one in self.events()),
            f"{who}: {what}",
        )
        return self.events()

    def end(self, signo=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signo)
        status = self.process.wait(hm.TIMEOUT)
        for reader in self.readers:
            reader.join(hm.TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


@pytest.fixture
def feed():
    """Start processes that feed, feed(prefix, ...)."""
    started = []

    def start(*args, **kwargs):
        started.append(Feed(*args, **kwargs))
        return started[-1]

    yield start
    for one in started:
        if one.process.returncode is None:
            assert one.end() == 128 + signal.SIGTERM


def pairs(process, device, number):
    """Attach and detach."""
    done = ["attached device", "detached device"]
    for _ in range(number):
        for verb, expected in zip(("attach", "detach"), done):
            assert process.cmd(f"{verb} {device}").endswith(f"{expected} {device}")


def test_every_terminal_that_asked_shows_the_same(group, feed):
    primary, (asked, other) = group.primary, group.secondaries
    pipe = feed(group.prefix)
    for process in (primary, asked):
        assert process.cmd("monitor on") == ""
    begin = datetime.datetime.now()
    assert other.cmd("attach net_null0") == "attached device net_null0"
    answer = other.cmd("attach net_null0")
    assert answer == "failed to attach device net_null0: already attached (port 0)"
    assert primary.cmd("detach net_null0").endswith("detached device net_null0")
    assert other.cmd("attach crypto_null0").startswith("attached device crypto_null0")
    assert other.cmd("sync").startswith("synced: ")
    end = (str(other), "sync: done")
    seen = wait_shown(primary, end)
    assert ends_of(seen) == [
        (str(other), "port 0 net_null0 has come"),
        (str(other), "attach net_null0: done"),
        (str(other), "attach net_null0: failed: already attached (port 0)"),
        (str(primary), "port 0 net_null0 has gone"),
        (str(primary), "detach net_null0: done"),
        (str(other), "attach crypto_null0: done"),
        end,
    ]
    # Times are shown to the microsecond, and cut off.
    begin -= datetime.timedelta(microseconds=1)
    times = [one.time for one in seen]
    assert times == sorted(times) and begin <= times[0] and times[-1] <= datetime.datetime.now()
    assert wait_shown(asked, end) == seen
    # The feed has begun with its own joining.
    assert pipe.wait(*end)[1:] == seen
    group.primary.cmd("detach crypto_null0")


def test_who_has_not_asked_sees_what_it_always_saw(group):
    """To the byte, also in the middle of a line."""
    watching, quiet = group.primary, group.secondaries[0]
    watching.cmd("monitor on")
    quiet.child.send("lis")
    quiet.child.expect_exact("lis")
    before = quiet.transcript.getvalue()
    pairs(group.secondaries[1], "net_null0", 3)
    group.secondaries[1].die()
    wait_shown(watching, (str(group.secondaries[1]), "died"))
    quiet.child.send("t\r")
    quiet.child.expect_exact(hm.PROMPT)
    assert quiet.transcript.getvalue() == f"{before}t\r\r\nlist all etherdev\r\n{hm.PROMPT}"
    # Who has asked, and then has had enough, is as before.
    assert watching.cmd("monitor off") == ""
    quiet.cmd("monitor on")
    before = watching.transcript.getvalue()
    pairs(quiet, "net_null1", 1)
    wait_shown(quiet, (str(quiet), "detach net_null1: done"))
    assert watching.cmd("list") == "list all etherdev"
    assert watching.transcript.getvalue() == f"{before}list\r\r\nlist all etherdev\r\n{hm.PROMPT}"
    # Nor is it told later what it did not want to know.
    assert watching.cmd("monitor on") == ""
    pairs(quiet, "net_null2", 1)
    seen = wait_shown(watching, (str(quiet), "detach net_null2: done"))
    assert not [one for one in seen if "net_null1" in one.text]


def test_half_typed_line_is_drawn_again(pair):
    typing, other = pair.primary, pair.secondaries[0]
    typing.cmd("monitor on")
    # The cursor is not at its end.
    typing.child.send("detac net_null0" + LEFT * 10)
    typing.child.expect_exact("detac net_null0")
    assert other.cmd("attach net_null0") == "attached device net_null0"
    typing.child.expect(r"attach net_null0: done in [0-9.]+ ms\r\n")
    typing.child.expect(r"example> detac(\x1b\[0K)? net_null0\x1b\[10D")
    typing.child.send("h\r")
    typing.child.expect_exact("\r\n")
    assert typing.rest() == "detached device net_null0"
    pair.assert_agree([])
    # What is typed again and again, beside what happens, is what is run.
    for number in range(10):
        line = f"attach net_null{number}"
        for char in line:
            typing.child.send(char)
        pairs(other, "net_ring0", 2)
        typing.child.send("\r")
        typing.child.expect_exact(f"attached device net_null{number}\r\n")
        typing.child.expect_exact(hm.PROMPT)
    # Nothing of a prompt or a line is left in front of an event.
    text = hm.ESCAPE_CODE.sub("", typing.transcript.getvalue().replace("\r\x1b[2K", "\n"))
    assert all(line.startswith("20") for line in text.splitlines() if LINE.search(line))


@pytest.mark.parametrize("moves", ["", LEFT * 40, CTRL_A], ids=["end", "left", "begin"])
@pytest.mark.parametrize("length, rows", [(0, 1), (31, 1), (32, 2), (71, 2), (72, 3)])
def test_half_typed_line_of_several_rows_is_cleared(pair, length, rows, moves):
    """In a terminal of 40 columns, of which the prompt has 9; wherever the cursor is."""
    typing, other = pair.primary, pair.secondaries[0]
    typing.child.setwinsize(24, 40)
    typing.cmd("monitor on")
    line = "x" * length
    typing.child.send(line)
    typing.child.expect_exact(line)
    typing.child.send(moves)
    if length > 0:
        seen = f"\x1b[{length}D" if moves == CTRL_A else moves[: len(LEFT) * length]
        typing.child.expect_exact(seen)
    assert other.cmd("attach net_null0") == "attached device net_null0"
    clear = r"\r\x1b\[2K" + r"\x1b\[A\x1b\[2K" * (rows - 1)
    typing.child.expect(clear + r"20[^\r\n\x1b]*\r\n")
    # Where the cursor is to be, what is right of it is cleared first.
    typing.child.expect(rf"{hm.PROMPT}(x|\x1b\[0K){{{length + (moves != '' and length > 0)}}}")
    typing.child.send("\x03")


def test_forward_that_is_turned_off_is_an_event(pair):
    typing, other = pair.primary, pair.secondaries[0]
    for command in ("attach", "start"):
        typing.cmd(f"{command} net_null0")
    other.cmd("monitor on")
    assert typing.cmd("forward net_null0 net_null0") == "forwarding net_null0 to net_null0"
    assert typing.cmd("forward off") == "forwarding is off"
    other.child.expect_exact("forward net_null0 net_null0\r\n")
    other.child.expect_exact("forward net_null0 net_null0: off\r\n")


@pytest.mark.parametrize("word", ["", "maybe", "on off"])
def test_monitor_takes_on_or_off(process, word):
    answer = process("primary").cmd(f"monitor {word}")
    assert answer == f'failed to monitor: expected on or off, got "{word}"'


def test_in_a_pipe_there_are_lines_alone(pair):
    """Of a process that reads its commands from a pipe, too."""
    reading = subprocess.Popen(
        hm.command_line("secondary", pair.prefix),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with reading:
        reading.stdin.write("monitor on\nattach net_null0\n")
        reading.stdin.flush()
        assert reading.stdout.readline() == "attached device net_null0\n"
        for what in ("port 0 net_null0 has come", "attach net_null0: done"):
            one = event(reading.stdout.readline().rstrip("\n"))
            assert (one.pid, one.what) == (reading.pid, what)
        assert pair.primary.cmd("detach net_null0") == "detached device net_null0"
        lines = [reading.stdout.readline() for _ in range(2)]
        assert event(lines[1].rstrip("\n")).what == "detach net_null0: done"
        out, _ = reading.communicate("monitor off\n", timeout=hm.TIMEOUT)
    assert (reading.returncode, out) == (0, "")


def test_joins_leaves_stops_and_dies(group, feed):
    watching, (first, second) = group.primary, group.secondaries
    watching.cmd("monitor on")
    pipe = feed(group.prefix)
    ends = [(str(pipe), "joined")]

    def step(who, what):
        ends.append((str(who), what))
        wait_shown(watching, *ends)

    step(group.add_secondary(), "joined")
    first.stop()
    step(first, "is stopped")
    first.resume()
    step(first, "runs again")
    second.die()
    step(second, "died")
    assert first.quit() == 0
    step(first, "left")
    assert ends_of(shown(watching)) == ends
    pipe.wait(*ends[-1])
    assert ends_of(pipe.events()) == ends
    # It clears away what the dead one has left.
    assert "net_null0" in watching.cmd("attach net_null0")


@pytest.mark.parametrize("next_thing", ["nothing", "operation", "join"])
def test_no_death_is_missed(group, next_thing):
    """However short a life, and whoever clears away after it."""
    watching = group.primary
    watching.cmd("monitor on")
    ends = []
    for number in range(8):
        one = group.add_secondary()
        ends.append((str(one), "joined"))
        one.die()
        ends.append((str(one), "died"))
        if next_thing == "operation":
            assert watching.cmd(f"attach net_null{number}").endswith(f"net_null{number}")
            ends.append((str(watching), f"attach net_null{number}: done"))
        elif next_thing == "nothing":
            wait_shown(watching, *ends)
    seen = wait_shown(watching, *ends)
    assert ends_of(one for one in seen if "has come" not in one.text) == ends
    assert watching.cmd("detach net_null0").count("detach") == 1


def test_hangs(faulty):
    watching, hanging = faulty.primary, faulty.secondaries[0]
    watching.cmd("monitor on")
    hanging.faults.set("interrupt", "block")
    wait_shown(watching, (str(hanging), "is hung"))
    hanging.faults.clear()
    ends = [(str(hanging), "is hung"), (str(hanging), "runs again")]
    seen = wait_shown(watching, *ends)
    assert [(one.who, one.what) for one in seen] == ends


def test_the_primary_goes(group):
    """It is the primary that has caused it, in whatever way it goes."""
    primary, (asked, other) = group.primary, group.secondaries
    assert asked.cmd("monitor on") == other.cmd("monitor on") == ""
    primary.die()
    text = f"the primary (pid {primary.pid}) has left; quit this process"
    for process in (asked, other):
        wait_shown(process, (str(primary), text))
        assert len(shown(process)) == 1


def test_foreign_secondary_comes_and_goes(pair, tmp_path):
    hm.need(shutil.which("dpdk-dumpcap"), "no dpdk-dumpcap; install dpdk")
    pair.primary.cmd("attach net_null0")
    pair.primary.cmd("monitor on")
    foreign = subprocess.Popen(
        ["dpdk-dumpcap", f"--file-prefix={pair.prefix}", "-i", "0", "-w", str(tmp_path / "out")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # It asks for a service that our primary does not offer, and goes when it has waited for it.
    who = f"pid {foreign.pid} (secondary)"
    ends = [(who, "joined (foreign, dpdk-dumpcap)"), (who, "left (foreign)")]
    try:
        wait_shown(pair.primary, ends[0])
        hm.stop(foreign.pid)
        ends[1:1] = [(who, "is stopped"), (who, "runs again")]
        wait_shown(pair.primary, *ends[:2])
        foreign.send_signal(signal.SIGCONT)
        wait_shown(pair.primary, *ends[:3])
        foreign.wait(hm.TIMEOUT)
    finally:
        foreign.kill()
        foreign.wait()
    assert ends_of(wait_shown(pair.primary, *ends)) == ends
    pair.primary.cmd("detach net_null0")


def test_foreign_primary_attaches_and_detaches(testpmd, process):
    """What nobody of ours has done is seen by all who ask."""
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    for one in ours:
        one.cmd("monitor on")
    who = f"pid {testpmd.pid} (primary)"
    ends = []
    for _ in range(3):
        assert "Port 0 is attached" in testpmd.cmd("port attach net_null0")
        ends.append((who, "port 0 net_null0 has come"))
        for one in ours:
            wait_shown(one, *ends)
        testpmd.cmd("port stop 0")
        assert "is detached" in testpmd.cmd("port detach 0")
        ends.append((who, "port 0 net_null0 has gone"))
        for one in ours:
            wait_shown(one, *ends)
    assert ours[0].cmd("attach net_null0").endswith("attached device net_null0")
    ends += [(str(ours[0]), "port 0 net_null0 has come"), (str(ours[0]), "attach net_null0: done")]
    for one in ours:
        seen = wait_shown(one, *ends)
        assert ends_of(one for one in seen if "joined" not in one.text) == ends


def test_duration_is_that_of_the_operation(faulty):
    """Without the time it waited for its turn."""
    primary, (waiting, watching) = faulty.primary, faulty.secondaries
    watching.cmd("monitor on")
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    waiting.send("attach net_null0")
    # That is after a second.
    waiting.child.expect_exact(f"waiting for {primary}: attach net_null0")
    primary.faults.clear()
    assert primary.answer() == "attached device net_null0"
    assert "already attached" in waiting.rest()
    failed = "attach net_null0: failed: already attached (port 0)"
    seen = wait_shown(watching, (str(waiting), failed))
    times = {one.who: one.milliseconds for one in seen if "attach" in one.text}
    assert times[str(primary)] > 1000 > times[str(waiting)]


def test_names_of_others_do_nothing_to_a_terminal(pair):
    pair.primary.cmd("monitor on")
    name = "net_null\x1b[2J\x07é"
    done = hm.run("secondary", pair.prefix, input=f"attach {name}\ndetach {name}\n")
    assert done.stdout == f"attached device {name}\ndetached device {name}\n"
    hm.wait_until(lambda: "left" in [one.what for one in shown(pair.primary)], "it is all shown")
    assert [one.what for one in shown(pair.primary)] == [
        "joined",
        "port 0 net_null?[2J??? has come",
        "attach net_null?[2J???: done",
        "port 0 net_null?[2J??? has gone",
        "detach net_null?[2J???: done",
        "left",
    ]
    assert "\x1b[2J" not in pair.primary.transcript.getvalue()


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
    with subprocess.Popen(
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
    process = subprocess.Popen(
        hm.command_line("secondary", pair.prefix, own=["--cmd", "attach net_null0", "--monitor"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
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
