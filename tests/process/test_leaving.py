# SPDX-License-Identifier: BSD-3-Clause
"""Each way to leave: in time, with its exit status, and with nothing left behind."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time

import pytest

import hotplug_mp as hm
from drivers import bonding

BUSY = "while :; do :; done"
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]

roles = pytest.mark.parametrize("role", ["primary", "secondary 1"])
signals = pytest.mark.parametrize("signo", SIGNALS, ids=lambda signo: signo.name)


def leave(process, how):
    """Have it leave; returns its exit status and the seconds that took."""
    begin = time.monotonic()
    how()
    status = process.wait()
    return status, time.monotonic() - begin


def own_sockets(group, role):
    """The mp sockets of one process of a group."""
    process = group.member(role)
    return [
        path
        for path in group.sockets()
        if (path.endswith("/mp_socket") if role == "primary" else f"_{process.pid}_" in path)
    ]


def assert_left_well(group, role):
    process = group.member(role)
    assert process.terminal() == process.found
    assert own_sockets(group, role) == []
    assert hm.BY_FORCE not in process.log() and "did not clean up" not in process.log()
    if role != "primary":
        group.assert_lists([(0, "net_null0")])
        return
    for other in group.members():
        left = f"the primary (pid {process.pid}) has left; quit this process"
        assert other.cmd("list").endswith(left)


@pytest.fixture
def working(pair):
    """A primary and a secondary, with a port."""
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    for role in hm.ROLES[:2]:
        process = pair.member(role)
        assert len(own_sockets(pair, role)) == 1
        assert process.terminal() != process.found
    return pair


@roles
def test_quit(working, role):
    process = working.member(role)
    status, seconds = leave(process, lambda: process.send("quit"))
    assert status == 0
    assert seconds < hm.SOON
    assert_left_well(working, role)


@roles
def test_end_of_input_at_the_terminal(working, role):
    process = working.member(role)
    status, seconds = leave(process, lambda: process.child.send("\x04"))
    assert status == 0
    assert seconds < hm.SOON
    assert_left_well(working, role)


@roles
@signals
def test_signal(working, role, signo):
    process = working.member(role)
    status, seconds = leave(process, lambda: process.kill(signo))
    assert status == 128 + signo
    assert seconds < hm.SOON
    assert_left_well(working, role)


def test_signals_that_mean_nothing(process):
    """They do not end it where it stands, perhaps with a lock of the EAL's."""
    for signo in (signal.SIGUSR1, signal.SIGIO, signal.SIGVTALRM):
        one = process("primary")
        one.kill(signo)
        assert one.wait() == 128 + signo


@roles
def test_signal_while_a_line_is_typed(working, role):
    process = working.member(role)
    process.child.send("detach net_null0")
    process.child.expect_exact("detach net_null0")
    status, seconds = leave(process, lambda: process.kill(signal.SIGTERM))
    assert status == 128 + signal.SIGTERM
    assert seconds < hm.SOON
    assert_left_well(working, role)


@roles
def test_terminal_that_hangs_up(working, role):
    process = working.member(role)
    process.child.ptyproc.fileobj.close()
    hm.wait_until(lambda: not process.child.ptyproc.isalive(), "it leaves", timeout=hm.SOON)
    # The end of input and the signal come together; either may be seen first.
    assert process.child.ptyproc.exitstatus in (0, 128 + signal.SIGHUP)
    assert hm.BY_FORCE not in process.log()
    assert own_sockets(working, role) == []


def test_terminal_is_given_back_from_the_background(process):
    """Stopped there by hand and resumed as a job in the background, then told to leave."""
    shell = 'set -m; "$@"; bg %1 >/dev/null; wait %1; exit $?'
    job = process("primary", wrap=["sh", "-c", shell, "sh"])
    with open(f"/proc/{job.pid}/task/{job.pid}/children", encoding="ascii") as f:
        pid = int(f.read())

    def foreground():
        return os.tcgetpgrp(job.child.child_fd)

    assert foreground() == pid
    try:
        os.kill(pid, signal.SIGSTOP)
        hm.wait_until(lambda: foreground() == job.pid, "the shell has its terminal back")
        os.kill(pid, signal.SIGTERM)
        assert job.wait(timeout=hm.SOON) == 128 + signal.SIGTERM
        assert job.terminal() == job.found
        assert hm.BY_FORCE not in job.log()
    finally:
        if os.path.exists(f"/proc/{pid}"):
            os.kill(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGCONT)


@roles
def test_second_signal_changes_nothing(working, role):
    process = working.member(role)

    def twice():
        process.kill(signal.SIGTERM)
        process.kill(signal.SIGINT)

    status, seconds = leave(process, twice)
    assert status in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert seconds < hm.SOON
    assert_left_well(working, role)


def piped(prefix, role, **kwargs):
    """Start it with its standard input a pipe; returns once it reads from that. Without an output
    it would leave at the first command, so then nothing is typed."""
    process = subprocess.Popen(
        hm.command_line(role.split()[0], prefix),
        stdin=subprocess.PIPE,
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, **kwargs},
    )
    if process.stdout:
        process.stdin.write("list\n")
        process.stdin.flush()
        assert process.stdout.readline() == "list all etherdev\n"
    return process


@pytest.fixture
def member(prefix, process):
    """Start member(role) in a pipe; as a secondary it gets a primary to join."""
    started = []

    def start(role, **kwargs):
        if role != "primary":
            process("primary")
        started.append(piped(prefix, role, **kwargs))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()
        for stream in (one.stdin, one.stdout):
            if stream:
                stream.close()


def socket_count(role):
    """How many mp sockets the group of `member` has when only that one is gone."""
    return 0 if role == "primary" else 1


@roles
def test_end_of_input_in_a_pipe(member, prefix, role):
    one = member(role)
    begin = time.monotonic()
    one.stdin.close()
    assert one.wait(hm.TIMEOUT) == 0
    assert time.monotonic() - begin < hm.SOON
    assert len(hm.sockets(prefix)) == socket_count(role)


@roles
@signals
def test_signal_in_a_pipe(member, prefix, role, signo):
    one = member(role)
    begin = time.monotonic()
    one.send_signal(signo)
    assert one.wait(hm.TIMEOUT) == 128 + signo
    assert time.monotonic() - begin < hm.SOON
    assert len(hm.sockets(prefix)) == socket_count(role)


@roles
def test_reader_of_the_output_that_leaves_early_is_no_crash(member, prefix, role):
    """And no success either."""
    one = member(role)
    one.stdout.close()
    one.stdin.write("attach net_null0\n" + "list\n" * 100)
    one.stdin.close()
    assert one.wait(hm.TIMEOUT) == 1
    assert len(hm.sockets(prefix)) == socket_count(role)


@roles
def test_closed_output_is_no_crash(member, prefix, role):
    one = member(role, stdout=None, preexec_fn=lambda: os.close(1))
    hm.wait_until(lambda: len(hm.sockets(prefix)) == socket_count(role) + 1, "it has started")
    assert os.readlink(f"/proc/{one.pid}/fd/1") == "/dev/null", "a file of the EAL's took its place"
    one.stdin.write("attach net_null0\nlist\n")
    one.stdin.close()
    assert one.wait(hm.TIMEOUT) == 1
    assert len(hm.sockets(prefix)) == socket_count(role)


def test_hangup_is_ignored_under_nohup(member):
    def ignore_hangup():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    one = member("primary", preexec_fn=ignore_hangup)
    one.send_signal(signal.SIGHUP)
    one.stdin.write("list\n")
    one.stdin.close()
    assert one.stdout.readline() == "list all etherdev\n"
    assert one.wait(hm.TIMEOUT) == 0


@roles
@signals
def test_signal_while_an_attach_blocks(pair, short_dir, role, signo):
    """A backend that never answers: the probe cannot be cancelled, so the end is by force."""
    path = f"{short_dir}/vhost-net"
    process = pair.member(role)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(hm.TIMEOUT)
        process.send(f"attach net_virtio_user0,path={path}")
        backend, _ = listener.accept()
        with backend:
            backend.settimeout(hm.TIMEOUT)
            assert backend.recv(1), "no request to the backend"
            status, seconds = leave(process, lambda: process.kill(signo))
            assert status == 128 + signo
            assert seconds < hm.SOON
            assert f"pid {process.pid} was still busy" in process.log()
            assert hm.BY_FORCE in process.log()
            assert process.terminal() == process.found
            assert own_sockets(pair, role) == []
            if role == "primary":
                assert not os.path.exists(f"{hm.RUNTIME}/{pair.prefix}/dpdk_telemetry.v2")


def test_quit_with_a_port_that_takes_long_to_close(process, make_faults):
    """As a NIC may whose firmware is to be asked; by force only if it takes for ever."""
    for order, status in (("sleep 1", 0), ("block", 1)):
        faults = make_faults()
        primary = process("primary", faults=faults, eal=["--no-pci"])
        assert primary.cmd("attach net_null0") == "attached device net_null0"
        faults.set("release", order)
        assert primary.quit() == status
        assert faults.met("release")
        assert (hm.BY_FORCE in primary.log()) == (status == 1)


def test_quit_with_ports_that_cannot_be_stopped(process, make_faults):
    """Each is tried, told and cleaned up, whatever came of the one before."""
    faults = make_faults()
    primary = process("primary", faults=faults, eal=["--no-pci"])
    for name in ("net_null0", "net_null1"):
        assert primary.cmd(f"attach {name}") == f"attached device {name}"
        assert primary.cmd(f"start {name}") == f"started device {name}"
    faults.set("stop", "refuse")
    assert primary.quit() == 0
    for port in (0, 1):
        assert f"port {port} is closed without being stopped: " in primary.log()


def share_a_processor(thread):
    """Have it run on the first one only, and there behind all others but those that do the same."""
    os.sched_setaffinity(thread, {0})
    os.setpriority(os.PRIO_PROCESS, thread, 19)
    # Where each session has its share, what is nice within it does not count for others.
    with contextlib.suppress(FileNotFoundError):
        with open(f"/proc/{thread}/autogroup", "w", encoding="utf-8") as f:
            f.write("19")


def test_quit_on_a_busy_processor(process, make_faults):
    """The time in which it cannot run is not counted against it."""
    faults = make_faults()
    primary = process("primary", faults=faults, eal=["--no-pci"])
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    faults.set("release", "spin 1")
    threads = map(int, os.listdir(f"/proc/{primary.pid}/task"))
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            busy = subprocess.Popen(["sh", "-c", BUSY], start_new_session=True)
            stack.callback(busy.wait)
            stack.callback(busy.kill)
            share_a_processor(busy.pid)
        for thread in threads:
            share_a_processor(thread)
        status = primary.quit()
    assert faults.met("release")
    # There is an end to that, too, and others may be busier still.
    forced = re.search(rf"still busy after (\d+) ms: {hm.BY_FORCE}", primary.log())
    assert status == 0 or int(forced[1]) >= 10000


def waited_ns(thread):
    """How long a thread of a process, by the path of its directory, has waited for a processor."""
    with open(f"{thread}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[1])


def test_thread_that_ends_takes_no_time_along(process, make_faults):
    """What it waited before is not taken for more time that the process may have."""
    faults = make_faults()
    primary = process("primary", faults=faults, eal=["--no-pci"])
    for line in ("attach net_null0", "start net_null0", "forward net_null0 net_null0"):
        primary.cmd(line)
    threads = [f"/proc/{primary.pid}/task/{t}" for t in os.listdir(f"/proc/{primary.pid}/task")]
    with subprocess.Popen(["sh", "-c", BUSY], start_new_session=True) as busy:
        try:
            for thread in (busy.pid, *(int(os.path.basename(t)) for t in threads)):
                share_a_processor(thread)
            hm.wait_until(lambda: max(map(waited_ns, threads)) > 10**9, "a thread waits")
        finally:
            busy.kill()
    faults.set("memory", "block")
    assert primary.quit() == 1
    forced = re.search(rf"still busy after (\d+) ms: {hm.BY_FORCE}", primary.log())
    assert int(forced[1]) < 10000


@pytest.mark.parametrize("stopped", hm.ROLES[:2])
def test_quit_beside_a_stopped_one(pair, stopped):
    """Nothing is asked of it, such as to give back a hugepage; so all goes on when it is resumed."""
    for _ in range(14):
        # Together they have more than one hugepage.
        pair.add_secondary()
    _, first, *others = pair.members()
    pair.member(stopped).stop()
    for other in others:
        assert other.quit() == 0
    pair.member(stopped).resume()
    pair.add_secondary()
    for process in pair.members():
        assert process.cmd("attach net_null0") == "attached device net_null0"
        assert process.cmd("detach net_null0") == "detached device net_null0"
    assert first.alive()


def test_killed_one_is_cleared_away(pair):
    """It leaves a socket and some files, all of which the next operation removes."""
    directory = f"{hm.RUNTIME}/{pair.prefix}"
    before = set(os.listdir(directory))
    dead = pair.add_secondary()
    assert {name for name in set(os.listdir(directory)) - before if str(dead.pid) not in name} == set()
    assert len(set(os.listdir(directory)) - before) > 1
    dead.die()
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert set(os.listdir(directory)) == before
    pair.assert_agree([(0, "net_null0")])


def test_quit_with_a_device_that_looks_at_itself(process, make_faults):
    """A started net_bonding does, every 10 ms, and crashes if a device of its goes meanwhile; so it
    is stopped first."""
    faults = make_faults()
    primary = process("primary", faults=faults, eal=["--no-pci"])
    for command in (
        "attach net_null1",
        f"attach {bonding(primary, 'net_null1')}",
        "start net_bonding0",
    ):
        name = re.split("[ ,]", command)[1]
        assert primary.cmd(command).endswith(f"ed device {name}")
    faults.set("stop", "sleep 0")
    assert primary.quit() == 0
    assert faults.met("stop")
