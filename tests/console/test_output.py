# SPDX-License-Identifier: BSD-3-Clause
"""Answers that cannot be written, or whose reader is slow."""

import fcntl
import os
import struct
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


def test_full_pipe_that_does_not_block_is_waited_for(pair):
    """Some programs set O_NONBLOCK on what they share with others; nothing is lost by it."""
    reader, writer = os.pipe2(os.O_NONBLOCK)
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
        os.close(writer)
        script.stdin.write(lines + "attach net_null0\n")
        script.stdin.close()
        full = lambda: struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"    "))[0] > 3000
        hm.wait_until(full, "the pipe is full")
        assert pair.primary.list() == [], "it is waited for the reader"
        os.set_blocking(reader, True)
        out = answers.read()
        while chunk := answers.read():
            out += chunk
        assert script.wait(hm.TIMEOUT) == 0, script.stderr.read()
        script.stderr.close()
    assert out.decode().endswith("attached device net_null0\n")
    assert out.count(b"attach <devargs>") >= 20
    pair.assert_agree([(0, "net_null0")])
