# SPDX-License-Identifier: BSD-3-Clause
"""monitor: terminals that ask for the events of their group."""

import datetime
import subprocess

import pytest

import hotplug_mp as hm
from events import LINE, ends_of, event, pairs, shown, wait_shown

LEFT = "\x1b[D"
CTRL_A = "\x01"


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
    with hm.running(
        hm.command_line("secondary", pair.prefix),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as reading:
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
