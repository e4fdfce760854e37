# SPDX-License-Identifier: BSD-3-Clause
"""What a parent has set up, such as signals and limits, decides nothing, or is named."""

import os
import re
import resource
import signal
import subprocess
import time

import pytest

import hotplug_mp as hm
from starts import why
from users import PYTHON

#: Sets something up, and becomes the program.
SET_UP = """
import os, signal, sys
ALL = set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}
WAY
os.execvp(sys.argv[1], sys.argv[1:])
"""
IGNORED = "for one in ALL - {signal.SIGHUP}: signal.signal(one, signal.SIG_IGN)"
BLOCKED = "signal.pthread_sigmask(signal.SIG_BLOCK, ALL)"
WAYS = {"ignored": IGNORED, "blocked": BLOCKED, "both": f"{IGNORED}\n{BLOCKED}"}


def after(lines):
    return [PYTHON, "-c", SET_UP.replace("WAY", lines)]


def limited(*limits):
    return ["prlimit", *limits]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT], ids=lambda signo: signo.name)
def test_signals(faulty, way, signo):
    """A wait for the turn says for whom, and can be given up; and a signal ends the process."""
    primary = faulty.primary
    one = faulty.add_secondary(wrap=after(way))
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    one.send("attach net_null1")
    one.child.expect_exact(f"waiting for {primary}: attach net_null0")
    one.child.send("\x03")
    failed = "failed to attach device net_null1: gave up waiting for"
    assert one.rest() == f"{failed} {primary}: attach net_null0"
    one.kill(signo)
    assert one.wait(hm.SOON) == 128 + signo
    primary.faults.clear("attach")
    assert primary.answer() == "attached device net_null0"
    faulty.assert_agree([(0, "net_null0")])


def test_no_room_for_its_files(start, prefix):
    """Where the signals for that are ignored or blocked, too."""
    line = why(start("primary", wrap=[*after(WAYS["both"]), *limited("--fsize=100000")]))
    assert "too few KiB in a file are allowed: 97, and 4096 are needed; allow more (ulimit -f)" in line
    assert hm.traces(prefix) == set()


def test_timer_of_the_parent(process):
    """It would end the process."""
    one = process("primary", wrap=after("signal.setitimer(signal.ITIMER_REAL, 1)"))
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        assert one.cmd("list") == "list all etherdev"


@pytest.mark.parametrize(
    "limit, line",
    [
        ("--sigpending=0", "too few pending signals are allowed: 0, and 64 are needed"),
        ("--stack=200000", "too few KiB of stack are allowed: 195, and 1024 are needed"),
        ("--as=1000000000", "at most 976562 KiB are allowed for address space, which is too little"),
        ("--data=80000000", "at most 78125 KiB are allowed for data, which is too little"),
    ],
)
def test_limit_that_is_too_low_is_named(start, process, prefix, limit, line):
    """And the start leaves nothing that is in the way of the next one."""
    assert line in why(start("primary", wrap=limited(limit)))
    assert process("primary").cmd("attach net_null0") == "attached device net_null0"


@pytest.mark.parametrize("limit", ["--stack=200000:", "--stack=100000000000:", "--sigpending=0:"])
def test_limit_that_can_be_raised_is_raised(process, limit):
    one = process("primary", wrap=limited(limit))
    assert one.cmd("attach net_null0") == "attached device net_null0"
    assert one.cmd("start net_null0") == "started device net_null0"
    assert one.quit() == 0


def test_limit_that_is_lowered_later(process):
    """poll(2) refuses more descriptors than may be open."""
    one = process("primary")
    _, hard = resource.prlimit(one.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(one.pid, resource.RLIMIT_NOFILE, (6, hard))
    assert one.cmd("list") == "list all etherdev"
    resource.prlimit(one.pid, resource.RLIMIT_NOFILE, (hard, hard))
    assert one.quit() == 0


def test_too_few_threads(start, nobody):
    """They are counted for each user."""
    nobody["wrap"] = [*nobody["wrap"], *limited("--nproc=4")]
    line = why(start("primary", eal=["--no-huge", "--no-pci", "-m", "64"], **nobody))
    assert re.search(r"thread.* can be made.*; allow more .*\(ulimit -u", line)


def test_processor_time_that_is_used_up(pair):
    """It leaves in good order."""
    one = pair.add_secondary(wrap=limited("--cpu=1:20"))
    for command in ("attach net_null0", "start net_null0 rxq 2 txq 2", "monitor on"):
        pair.primary.cmd(command)
    one.cmd("forward net_null0 net_null0")
    pair.primary.child.expect_exact(f"{one}: left")
    assert one.wait() == 128 + signal.SIGXCPU
    assert hm.BY_FORCE not in one.log()


def test_file_of_answers_that_may_not_grow(pair, tmp_path):
    """It is a failure as any, and no crash."""
    file = tmp_path / "lines"
    file.write_text("help\n" * 5000)
    with open(tmp_path / "answers", "w", encoding="utf-8") as answers:
        done = subprocess.run(
            hm.command_line(
                "secondary",
                pair.prefix,
                own=["--cmdline-file", str(file)],
                wrap=limited("--fsize=4194304"),
            ),
            stdout=answers,
            stderr=subprocess.PIPE,
            text=True,
            timeout=hm.TIMEOUT,
        )
    assert done.returncode == 1
    assert "cannot write to standard output: File too large" in done.stderr
    assert os.path.getsize(tmp_path / "answers") == 4194304
    pair.assert_agree([])


def test_files_that_nobody_may_read(process, nobody, prefix):
    """The user can, who has made them, so that a second process gets at the group."""
    kwargs = {**nobody, "wrap": [*nobody["wrap"], *after("os.umask(0o777)")]}
    eal = ["--no-huge", "--no-pci", "-m", "64"]
    primary = process("primary", eal=eal, **kwargs)
    line = why(hm.run("secondary", prefix, eal=eal, **kwargs))
    assert "a process without hugepages (--no-huge) can neither join" in line
    assert primary.cmd("list") == "list all etherdev"


@pytest.mark.parametrize("closed", [(0,), (2,), (0, 2)], ids=str)
def test_closed_streams(pair, closed):
    """No file of the EAL's takes their place."""

    def close():
        for fd in closed:
            os.close(fd)

    done = hm.run("secondary", pair.prefix, own=["--cmd", "attach net_null0"], preexec_fn=close)
    assert (done.returncode, done.stdout) == (0, "attached device net_null0\n")
    pair.assert_agree([(0, "net_null0")])


BACKGROUND = "runs in the background; bring it to the foreground (fg) to type"


def child_of(pid):
    """The only child of a process."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return int(f.read())


def assert_pair_works(primary):
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    assert primary.cmd("detach net_null0") == "detached device net_null0"


def test_started_in_the_background(pair):
    """It is not stopped there, so that the group goes on; and it says why nothing can be typed."""
    shell = 'set -m; "$@" & read line; fg %1 >/dev/null; exit $?'
    job = pair.start("secondary", wrap=["sh", "-c", shell, "sh"], wait=False)
    try:
        job.child.expect_exact(f"{BACKGROUND}\r\n")
        assert job.terminal() == job.found
        assert_pair_works(pair.primary)
        job.child.send("\r")
        job.wait_prompt()
        assert job.cmd("list") == "list all etherdev"
        assert job.quit() == 0
        assert job.terminal() == job.found
    finally:
        job.close()


def test_put_in_the_background(pair):
    """Later, by a person who stops it and has it go on there; and back, with what was half typed."""
    shell = 'set -m; "$@"; stty sane; bg %1 >/dev/null; read line; fg %1 >/dev/null; exit $?'
    job = pair.start("secondary", wrap=["sh", "-c", shell, "sh"])
    try:
        job.child.send("lis")
        job.child.expect_exact("lis")
        os.kill(child_of(job.pid), signal.SIGSTOP)
        job.child.expect_exact(f"{BACKGROUND}\r\n")
        assert_pair_works(pair.primary)
        job.child.send("\r")
        job.child.expect_exact("example> lis")
        job.child.send("t\r")
        job.child.expect_exact("list all etherdev")
        job.child.expect_exact(hm.PROMPT)
        assert job.quit() == 0
    finally:
        job.close()
