# SPDX-License-Identifier: BSD-3-Clause
"""Processes of other pid and time namespaces, as containers have them: a pid or a time of one means
nothing in another."""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import types

import pytest

import hotplug_mp as hm
from starts import why

CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc")
OTHER_TIME = ("unshare", "--time", "--monotonic", "1000", "--fork")
PORT = [(0, "net_null0")]


@pytest.fixture(params=["primary", "auto", "secondary"])
def role(request):
    return request.param


def assert_works(primary):
    """A primary that is alone knows it."""
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    assert primary.list() == PORT
    assert primary.cmd("peers").endswith("\nall 1 processes agree: 1 ports")


def test_group_of_a_container_is_not_joined_from_outside(start, process, role):
    inside = process("primary", wrap=CONTAINER)
    line = why(start(role))
    assert line.startswith("dpdk-hotplug_mp: processes of another pid namespace are in this group")
    assert "start this one there, or choose another --file-prefix" in line
    assert_works(inside)


def test_group_of_a_container_is_not_joined_from_another(start, process, role):
    inside = process("primary", wrap=CONTAINER)
    assert "another pid namespace" in why(start(role, wrap=CONTAINER))
    assert_works(inside)


def test_other_program_in_a_container_is_not_joined(start, prefix, role):
    hm.need(shutil.which("dpdk-testpmd"), "no dpdk-testpmd; install dpdk")
    with contextlib.closing(hm.Testpmd(prefix, wrap=CONTAINER)) as inside:
        line = why(start(role))
        said = f'the primary with the file prefix "{prefix}" is in another pid namespace; start '
        assert line.startswith(f"dpdk-hotplug_mp: {said}this process there")
        assert "Port 0 is attached" in inside.cmd("port attach net_null0")


@pytest.mark.parametrize("inner, outer", [(OTHER_TIME, ()), ((), OTHER_TIME)])
def test_another_time_namespace_is_refused(start, process, role, inner, outer):
    """Its beats would be those of another clock."""
    primary = process("primary", wrap=inner)
    if role == "primary":
        role = "secondary"
    line = why(start(role, wrap=outer))
    assert "processes of another time namespace are in this group" in line
    assert_works(primary)


def test_processes_of_one_container_are_a_group(process, prefix):
    """With the pids that they have there."""
    inside = process("primary", wrap=CONTAINER)
    with open(f"/proc/{inside.pid}/task/{inside.pid}/children", encoding="ascii") as f:
        (outer,) = f.read().split()
    enter = ("nsenter", f"--target={outer}", "--pid", "--mount", "--root", "--wd")
    joined = process("secondary", wrap=enter)
    assert joined.cmd("attach net_null0") == "attached device net_null0"
    for one in (inside, joined):
        assert one.list() == PORT
        assert one.cmd("peers").endswith("\nall 2 processes agree: 1 ports")
    assert joined.quit() == 0


def test_proc_of_another_namespace_is_refused(start, role):
    """Each pid in it would be a stranger's."""
    nothing = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs hmt /proc; exec "$@"', "sh"]
    for wrap in (["unshare", "--pid", "--fork"], nothing):
        line = why(start(role, wrap=wrap))
        assert "/proc does not show this process as pid" in line and "--mount-proc" in line


@pytest.fixture
def stranger():
    """A stopped process that has nothing to do with any group."""
    with hm.running(["sleep", "1000"]) as sleep:
        hm.stop(sleep.pid)
        yield sleep
        sleep.kill()


# Run what follows with a pid of its choice in a pid namespace of its own.
WITH_PID = """
echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
shift
"$@" &
wait
"""


def stands_still(prefix):
    """Is a dpdk-proc-info of this group in a write to its standard output?"""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            with open(path, encoding="utf-8") as f:
                command = f.read()
            if not command.startswith("dpdk-proc-info\0") or f"={prefix}\0" not in command:
                continue
            return hm.system_call(path.split("/")[2])[:2] == ["1", "0x1"]
    return False


@pytest.fixture
def looker(pair, stranger):
    """A secondary of another program in a container, which has the stranger's pid there, and stands
    still while it prints."""
    hm.need(shutil.which("dpdk-proc-info"), "no dpdk-proc-info; install dpdk")
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, bytes(1 << 12))
    os.set_blocking(write, True)
    with hm.running(
        [*CONTAINER, "--kill-child", "sh", "-euc", WITH_PID, "sh", str(stranger.pid)]
        + ["stdbuf", "-o0", "dpdk-proc-info", f"--file-prefix={pair.prefix}"]
        + ["--", "--show-port", "-p", "1"],
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=subprocess.DEVNULL,
    ) as inside:
        os.close(write)
        hm.wait_until(lambda: stands_still(pair.prefix), "it has started, and prints")
        yield inside
        os.close(read)
        inside.kill()
    for path in hm.sockets(pair.prefix):
        if f"mp_socket_{stranger.pid}_" in path:
            os.unlink(path)


def test_pid_of_a_foreign_secondary_in_a_container_is_not_believed(start, pair, stranger, looker):
    """Nor is the stranger who has that pid here called a peer, or waited for."""
    assert any(f"/mp_socket_{stranger.pid}_" in path for path in hm.sockets(pair.prefix))
    for member in pair.members():
        peers = member.cmd("peers")
        assert str(stranger.pid) not in peers and "sleep" not in peers
        assert re.search(r"^  \? +secondary +\? +foreign +\?$", peers, re.MULTILINE)
        assert member.cmd("attach net_null1") == "attached device net_null1"
        assert member.cmd("detach net_null1") == "detached device net_null1"
    late = pair.add_secondary()
    assert late.list() == PORT
    assert late.quit() == 0
    # A primary that starts, too, sees that somebody is left.
    assert [member.quit() for member in reversed(pair.members())] == [0, 0]
    assert "pid ? (in another pid namespace); quit" in why(start("primary", prefix=pair.prefix))
    assert looker.poll() is None


def test_foreign_secondary_outside_of_the_container(process, prefix, dumpcap):
    """Nobody has its pid there, and yet it is not called dead."""
    inside = process("primary", wrap=CONTAINER)
    assert inside.cmd("attach net_null0") == "attached device net_null0"
    outside = dumpcap(types.SimpleNamespace(prefix=prefix))
    for _ in range(2):
        peers = inside.cmd("peers")
        assert re.search(r"^  \? +secondary +\? +foreign +\?$", peers, re.MULTILINE)
        assert peers.endswith("\nall 1 processes agree: 1 ports")
    outside.kill()
    outside.wait()
    (left,) = [path for path in hm.sockets(prefix) if not path.endswith("/mp_socket")]
    assert len(inside.cmd("peers").split("\n")) == 3, "it is not listed any more"
    os.unlink(left)


def test_holder_of_the_turn_in_another_namespace(process, prefix, make_faults):
    """It has no pid that could be named."""
    faults = make_faults()
    primary = process("primary", faults=faults)
    faults.set("attach", "block")
    primary.send("attach net_null0")
    faults.wait_met("attach")
    inside = hm.Process("secondary", prefix=prefix, wrap=CONTAINER, wait=False)
    try:
        said = "waiting for a process of another pid namespace"
        hm.wait_until(lambda: said in inside.log() + inside.transcript.getvalue(), said)
        faults.clear()
        assert primary.answer() == "attached device net_null0"
        assert inside.wait() == 1
    finally:
        inside.close()
