# SPDX-License-Identifier: BSD-3-Clause
"""Answers that cannot be written, or whose reader is slow."""

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import termios

import pytest

import hotplug_mp as hm
from scripts import ATTACH, DETACH, LIST, commands


def lost(why, line):
    text = f"dpdk-hotplug_mp: cannot write to standard output: {why}"
    return f'{text}; the answer to "{line}" is lost\n' if line else f"{text}\n"


def without_reader():
    """The end to write to of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full():
    return os.open("/dev/full", os.O_WRONLY)


def run_into(output, prefix, own=(), given="", **kwargs):
    """Run a secondary with this for its standard output, to its end."""
    try:
        return subprocess.run(
            hm.command_line("secondary", prefix, own=own),
            input=given,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=hm.TIMEOUT,
            **kwargs,
        )
    finally:
        os.close(output)


@pytest.mark.parametrize("way", ["--cmd", "--cmdline-file", "pipe"])
@pytest.mark.parametrize(
    "output, why", [(full, "No space left on device"), (without_reader, "Broken pipe")]
)
def test_answer_that_cannot_be_written_is_a_failure(pair, script, way, output, why):
    """It is the last, as any that fails; what it did stays done."""
    lines = [ATTACH, DETACH]
    own, text = commands(*lines), "".join(f"{line}\n" for line in lines)
    if way == "--cmdline-file":
        own = ["--cmdline-file", script(text)]
    done = run_into(output(), pair.prefix, own=() if way == "pipe" else own, given=text)
    assert done.returncode == 1
    assert lost(why, ATTACH) in done.stderr
    pair.assert_agree([(0, "net_null0")])


def test_lost_answers_are_told_once_if_it_keeps_going(pair):
    own = ["--keep-going", "--trace", *commands(ATTACH, LIST, "# x", DETACH)]
    done = run_into(full(), pair.prefix, own=own)
    assert done.returncode == 1
    assert done.stderr.count("cannot write") == 1
    assert lost("No space left on device", ATTACH) in done.stderr
    pair.assert_agree([])


def test_command_without_an_answer_loses_none(pair):
    own = commands("# x", "quit")
    assert run_into(full(), pair.prefix, own=own).returncode == 0


def test_closed_output_is_no_success(pair):
    done = run_into(full(), pair.prefix, own=commands(LIST), preexec_fn=lambda: os.close(1))
    assert done.returncode == 1
    assert lost("Bad file descriptor", LIST) in done.stderr


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_options_show_and_cannot_be_written(option):
    with open("/dev/full", "w", encoding="utf-8") as out:
        done = subprocess.run(
            [hm.BINARY, option], stdout=out, stderr=subprocess.PIPE, text=True, timeout=hm.TIMEOUT
        )
    assert (done.returncode, done.stderr) == (1, lost("No space left on device", None))


def test_feed_that_cannot_be_written_ends(pair):
    """From its own joining on there is something to write. That nobody reads is a good end."""
    done = run_into(full(), pair.prefix, own=["--monitor"])
    assert done.returncode == 1
    assert lost("No space left on device", None) in done.stderr
    done = run_into(without_reader(), pair.prefix, own=["--monitor"])
    assert (done.returncode, "cannot write" in done.stderr) == (0, False)


def test_what_is_typed_does_not_count_even_if_its_answer_is_lost(process):
    one = process("primary", wrap=["sh", "-c", 'exec "$@" >/dev/full', "sh"], wait=False)
    hm.wait_until(lambda: not one.terminal()[3] & termios.ICANON, "the terminal is in raw mode")
    one.child.send("list\rquit\r")
    assert one.wait() == 0
    assert "cannot write to standard output: No space left on device" in one.log()


@pytest.mark.parametrize("flags", [0, os.O_NONBLOCK], ids=["blocks", "does not block"])
def test_full_pipe_is_waited_for(pair, flags):
    """Some programs set O_NONBLOCK on what they share with others; nothing is lost by it. Whoever
    shares it with this one finds it as it was."""
    reader, writer = os.pipe2(flags)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    lines = "help attach\n" * 20
    with open(reader, "rb", buffering=0) as answers:
        script = subprocess.Popen(
            hm.command_line("secondary", pair.prefix),
            stdin=subprocess.PIPE,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
        )
        script.stdin.write(lines + "attach net_null0\n")
        script.stdin.close()
        hm.wait_until(lambda: hm.unread(reader) > 3000, "the pipe is full")
        assert pair.primary.list() == [], "it is waited for the reader"
        assert fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK == flags
        os.close(writer)
        os.set_blocking(reader, True)
        out = answers.read()
        while chunk := answers.read():
            out += chunk
        assert script.wait(hm.TIMEOUT) == 0, script.stderr.read()
        script.stderr.close()
    assert out.decode().endswith("attached device net_null0\n")
    assert out.count(b"attach <devargs>") >= 20
    pair.assert_agree([(0, "net_null0")])


AT_ITS_TERMINAL = ["sh", "-c", 'exec "$@" 2>&1', "sh"]


def small_pipe():
    """A pipe that is soon full."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    return reader, writer


def read_all(reader, writer):
    """What comes out of a pipe until the last who writes has closed it."""
    os.close(writer)
    with open(reader, encoding="utf-8") as f:
        return f.read()


@pytest.fixture
def unread_primary(prefix):
    """A primary with a device, whose answers fill a pipe that nobody reads; and that pipe."""
    reader, writer = small_pipe()
    primary = subprocess.Popen(
        hm.command_line("primary", prefix, eal=["--no-pci"]),
        stdin=subprocess.PIPE,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    primary.stdin.write("attach net_null0\n" + "help attach\n" * 20)
    primary.stdin.flush()
    hm.wait_until(lambda: hm.unread(reader) > 3000, "the pipe is full")
    yield primary, reader, writer
    primary.kill()
    primary.wait()
    primary.stdin.close()
    primary.stderr.close()
    for fd in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(fd)


def test_signal_while_nobody_reads_the_output(unread_primary):
    primary, _, _ = unread_primary
    primary.terminate()
    assert primary.wait(hm.SOON) == 128 + signal.SIGTERM
    assert hm.BY_FORCE not in primary.stderr.read()


def test_telemetry_is_up_to_date_while_nobody_reads_the_output(unread_primary, prefix, process):
    primary, reader, writer = unread_primary
    secondary = process("secondary", eal=["--no-pci"])
    assert secondary.cmd("start net_null0") == "started device net_null0"
    (answer,) = hm.telemetry(prefix, "/hotplug_mp/show,net_null0")
    assert answer["state"] == "started"
    primary.stdin.close()
    assert read_all(reader, writer).count("attach <devargs>") == 20
    assert primary.wait(hm.TIMEOUT) == 0


@pytest.mark.parametrize("wrap", [(), AT_ITS_TERMINAL], ids=["answers", "answers and log"])
def test_signal_at_a_terminal_that_stands_still(pair, make_faults, wrap):
    """It leaves in good order, whatever it has to say then, and has the others go on meanwhile."""
    faults = make_faults()
    held = pair.add_secondary(faults=faults, wrap=wrap)
    pair.primary.cmd("monitor on")
    faults.set("memory", "refuse while: the EAL cleans up")
    held.hold_output()
    held.send("help")
    held.kill(signal.SIGTERM)
    pair.primary.child.expect_exact(f"{held}: left")
    assert held.wait(hm.SOON) == 128 + signal.SIGTERM
    assert faults.met("memory")
    assert hm.BY_FORCE not in held.log()


def test_what_is_typed_and_answered_at_a_terminal_that_stands_still(process):
    """It comes later, each byte of it, in its order."""
    one = process("primary")
    begin = one.transcript.tell()
    one.cmd("help attach")
    expected = one.transcript.getvalue()[begin:]
    one.hold_output()
    begin = one.transcript.tell()
    one.send("help attach")
    one.release_output()
    one.rest()
    assert one.transcript.getvalue()[begin:] == expected


@pytest.fixture
def silent(pair):
    """Start one more secondary whose log is a pipe that nobody reads; and that pipe."""
    started = []

    def start(shared=False, own=()):
        reader, writer = small_pipe()
        command = hm.command_line("secondary", pair.prefix, ["--log-level=lib.eal:debug"], own)
        one = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=writer if shared else subprocess.DEVNULL,
            stderr=writer,
            text=True,
        )
        started.append(one)
        hm.wait_until(lambda: hm.unread(reader) > 3000, "the pipe is full")
        hm.wait_until(lambda: one.pid in pair.primary.peers()[0], "it has joined")
        return one, reader, writer

    yield start
    for one in started:
        one.kill()
        one.wait()
        one.stdin.close()


@pytest.mark.parametrize("shared", [False, True], ids=["log", "answers and log"])
def test_log_that_nobody_reads_holds_up_nobody(pair, silent, shared):
    """What it logs comes from several threads, one of which answers the others."""
    one, reader, writer = silent(shared)
    for _ in range(5):
        for verb in ("attach", "detach"):
            answer, seconds = pair.primary.timed(f"{verb} net_null0")
            assert answer == f"{verb}ed device net_null0"
            assert seconds < hm.SOON
    assert pair.primary.peers()[0][one.pid].state == "ok"
    one.stdin.close()
    log = read_all(reader, writer)
    assert one.wait(hm.TIMEOUT) == 0
    assert log.count("eal_dev_mp_request") > 5
    assert "were lost here" not in log


def test_log_that_nobody_reads_has_an_end(pair, silent):
    """What is lost is told where it is missing, once somebody reads."""
    one, reader, writer = silent(own=["--keep-going"])
    one.stdin.write("attach net_null0\ndetach net_null0\n" * 800)
    one.stdin.close()
    hm.wait_until(lambda: one.pid not in pair.primary.peers()[0], "it has left the group")
    log = read_all(reader, writer)
    assert one.wait(hm.TIMEOUT) == 0
    assert len(re.findall(r"^dpdk-hotplug_mp: \d+ lines were lost here", log, re.MULTILINE)) == 1
