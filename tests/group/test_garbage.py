# SPDX-License-Identifier: BSD-3-Clause
"""A broken peer writes garbage into the group's memory or sends it: no other process crashes."""

import fcntl
import mmap
import os
import random
import re
import struct

import pytest

import hotplug_mp as hm
from insides import SLOT
from messages import REQUEST, datagram, send

CLEAR = b"\x1b[2J"
#: What a file of the group begins with: a magic number, the layout, its size.
HEAD = 16
PATTERNS = {
    "ones": b"\xff",
    "escapes": CLEAR,
    "random": random.Random(1).randbytes(65521),
}


def path(prefix):
    return f"{hm.RUNTIME}/{prefix}/hotplug_mp_group"


def garble(group, pattern, keep):
    """Write the pattern all over what the group shares but its head, and words that are in keep."""
    with open(path(group.prefix), "r+b") as f, mmap.mmap(f.fileno(), 0) as shared:
        garbage = bytearray((pattern * (len(shared) // len(pattern) + 1))[: len(shared)])
        garbage[:HEAD] = shared[:HEAD]
        for at, (word,) in enumerate(struct.iter_unpack("I", shared[: len(shared) & ~3])):
            if word in keep:
                struct.pack_into("I", garbage, 4 * at, word)
        shared[:] = bytes(garbage)


def work(process):
    """Whatever a process is asked to do, it answers."""
    # The first one waits for what seems to be under way, as long as the EAL might.
    lines = ("peers", "list", "attach net_null0", "show 0", "stats", "lock net_ring1 why")
    lines += ("send net_ring0 1", "forward net_ring0 net_ring1", "forward off", "monitor off")
    return {line: process.cmd(line) for line in lines}


@pytest.mark.long
@pytest.mark.parametrize(
    "pattern, pids",
    [("ones", "with pids"), ("escapes", "without pids"), ("random", "with pids")],
)
def test_garbage_in_shared_memory(pattern, pids):
    """Everyone polls and monitors while it comes, goes on answering, and leaves well."""
    group = hm.Group(secondaries=1)
    try:
        for name in ("net_ring0", "net_ring1"):
            assert group.primary.cmd(f"attach {name}") == f"attached device {name}"
            assert group.primary.cmd(f"start {name} rxq 1") == f"started device {name}"
        begun = "forwarding net_ring0 to net_ring1"
        assert group.secondaries[0].cmd("forward net_ring0 net_ring1") == begun
        for process in group.members():
            process.cmd("monitor on")
        keep = {process.pid for process in group.members()} if pids == "with pids" else set()
        garble(group, PATTERNS[pattern], keep)
        for process in group.members():
            answers = work(process)
            assert answers["list"].split("\n")[0] == "list all etherdev"
            attached = r"(?m)^(attached|failed to attach) device net_null0"
            assert re.search(attached, answers["attach net_null0"])
        for process in group.members():
            assert CLEAR.decode() not in process.transcript.getvalue()
            assert process.alive()
    finally:
        group.close()


@pytest.mark.parametrize(
    "param",
    (b"", bytes(16), b"\xff" * 16, b"\xff" * 256, bytes(15)),
    ids=("nothing", "zeros", "ones", "long", "short"),
)
def test_garbage_in_messages(pair, param):
    """Nothing is done for it, and what is asked afterwards is."""
    primary, secondary = pair.members()
    for name in ("net_ring0", "net_ring1"):
        assert primary.cmd(f"attach {name}") == f"attached device {name}"
    assert secondary.cmd("start net_ring0") == "started device net_ring0"
    for fds in (0, 3):
        message = datagram(b"hotplug_mp_ports", REQUEST, param, fds=fds)
        send(f"{hm.RUNTIME}/{pair.prefix}/mp_socket", message)
    assert secondary.cmd("start net_ring1") == "started device net_ring1"
    for process in pair.members():
        assert "state: started" in process.cmd("show net_ring0")
    assert secondary.cmd("stop net_ring0") == "stopped device net_ring0"


def test_group_whose_file_is_cut_off(pair):
    """Who joins does not look past its end."""
    with open(path(pair.prefix), "rb") as f:
        head = f.read(HEAD)
    prefix = hm.new_prefix()
    os.makedirs(os.path.dirname(path(prefix)), mode=0o700)
    try:
        with open(path(prefix), "w+b") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(head)
            f.flush()
            fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, SLOT)
            done = hm.run("primary", prefix)
        assert done.returncode == 1
        assert f"{path(prefix)} has been cut off; quit all processes" in done.stderr
    finally:
        hm.remove_traces(prefix)
