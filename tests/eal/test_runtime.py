# SPDX-License-Identifier: BSD-3-Clause
"""Starts that get no files in the runtime directory: no right, no room, or too long a path."""

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import sys

import pytest

import hotplug_mp as hm
from starts import why


def test_no_permission_to_join(start, nobody, pair):
    nobody["env"]["RUNTIME_DIRECTORY"] = os.path.dirname(hm.RUNTIME)
    for role in ("primary", "secondary", "auto"):
        line = why(start(role, prefix=pair.prefix, **nobody))
        directory = f"{hm.RUNTIME}/{pair.prefix}"
        assert f"cannot use the runtime directory {directory}: Permission denied" in line
        assert "or as root" in line
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    pair.assert_lists([(0, "net_null0")])


@pytest.fixture
def small_dir(short_dir, monkeypatch):
    """A runtime directory with little room, which fill("bytes") or fill("files") takes; fill(None)
    gives it back."""
    run = f"{short_dir}/run"
    os.mkdir(run)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,nr_inodes=100", "hmt", run]
    if subprocess.run(mount).returncode != 0:
        pytest.skip("nothing can be mounted here")
    monkeypatch.setenv("RUNTIME_DIRECTORY", run)

    def fill(what):
        shutil.rmtree(f"{run}/full", ignore_errors=True)
        if what is None:
            return
        os.mkdir(f"{run}/full")
        with contextlib.suppress(OSError):
            for number in itertools.count():
                with open(f"{run}/full/{number}", "wb", buffering=0) as f:
                    while what == "bytes":
                        f.write(bytes(4096))

    yield fill
    subprocess.run(["umount", run], check=True)


NO_ROOM = re.compile("dpdk-hotplug_mp: no space is left in the runtime directory .+; make room there")


@pytest.mark.parametrize("what", ["bytes", "files"])
def test_no_room_to_join(small_dir, process, prefix, what):
    """Who joins is told; those who run go on, and are joined once there is room."""
    members = [process("primary"), process("secondary")]
    small_dir(what)
    for role in ("secondary", "auto"):
        assert NO_ROOM.fullmatch(why(hm.run(role, prefix)))
    for member in members:
        for name in ("net_null0", "net_ring0"):
            assert member.cmd(f"attach {name}") == f"attached device {name}"
        hm.assert_agree(members, [(0, "net_null0"), (1, "net_ring0")])
        for name in ("net_null0", "net_ring0"):
            assert member.cmd(f"detach {name}") == f"detached device {name}"
        hm.assert_agree(members, [])
    small_dir(None)
    members.append(process("secondary"))
    assert members[2].cmd("attach net_null0") == "attached device net_null0"
    hm.assert_agree(members, [(0, "net_null0")])
    for member in reversed(members):
        assert member.quit() == 0


def test_room_that_goes_while_a_secondary_starts(small_dir, process, make_faults):
    """It writes to its files with the lock on the group's memory, which must not stay locked."""
    members = [process("primary"), process("secondary")]
    faults = make_faults()
    faults.set("init", "block")
    late = process("secondary", faults=faults, wait=False)
    faults.wait_met("init")
    small_dir("bytes")
    faults.clear("init")
    assert late.wait() == 1
    assert NO_ROOM.search(late.log())
    small_dir(None)
    members.append(process("secondary"))
    for member in members:
        assert member.cmd("attach net_null0") == "attached device net_null0"
        hm.assert_agree(members, [(0, "net_null0")])
        # Its mbufs take memory that the group does not have yet.
        assert member.cmd("start net_null0") == "started device net_null0"
        assert member.cmd("detach net_null0") == "detached device net_null0"


@pytest.mark.parametrize("room", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("what", ["bytes", "files"])
def test_no_room_for_a_primary(small_dir, prefix, short_dir, what, room):
    """With no room at all, or too little; then with enough."""
    assert hm.run("primary", prefix, input="quit\n").returncode == 0
    shutil.rmtree(f"{short_dir}/run/dpdk")
    spare = f"{short_dir}/run/spare"
    os.mkdir(spare)
    for number in range(room):
        with open(f"{spare}/{number}", "wb") as f:
            f.write(bytes(300 << 10))
    small_dir(what)
    shutil.rmtree(spare)
    line = why(hm.run("primary", prefix))
    assert "No space left on device" in line or NO_ROOM.fullmatch(line)
    small_dir(None)
    done = hm.run("primary", prefix, input="attach net_null0\n")
    assert (done.returncode, done.stdout) == (0, "attached device net_null0\n")


def test_directory_that_vanishes_is_made_again(process, prefix, make_faults):
    """Another process that leaves as the last one removes it."""
    faults = make_faults()
    faults.set("directory", "block")
    one = process("primary", faults=faults, wait=False)
    faults.wait_met("directory")
    os.rmdir(f"{hm.RUNTIME}/{prefix}")
    faults.clear()
    one.wait_prompt()
    assert one.cmd("attach net_null0") == "attached device net_null0"


@pytest.mark.parametrize("files", [16, 30])
def test_few_descriptors(start, files):
    line = why(start("primary", wrap=["prlimit", f"--nofile={files}"]))
    assert f"too few open files are allowed: {files}, and 56 are needed beside" in line and "ulimit -n" in line


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_descriptors_that_the_parent_left_open_count(start, pair, role):
    """They take from what the limit allows; a start that lacks some blames nothing else."""
    leave_open = "import os, sys; [os.dup2(1, fd) for fd in range(10, 60)]; "
    leave_open += "os.execvp(sys.argv[1], sys.argv[1:])"
    wrap = ["prlimit", "--nofile=70", sys.executable, "-c", leave_open]
    other = {"prefix": pair.prefix} if role == "secondary" else {}
    line = why(start(role, wrap=wrap, **other))
    assert "too few open files are allowed: 70, and 56 are needed beside the 5" in line and "ulimit -n" in line


def test_fewest_descriptors_that_are_allowed_are_enough(process):
    """For a process that joins, and one whose devices are attached and started."""
    wrap = ["prlimit", "--nofile=64"]
    members = [process("primary", wrap=wrap), process("secondary", wrap=wrap)]
    for number, member in enumerate(members):
        for name in ("net_null", "net_ring"):
            assert member.cmd(f"attach {name}{number}") == f"attached device {name}{number}"
            assert member.cmd(f"start {name}{number}") == f"started device {name}{number}"
    hm.assert_agree(members, members[0].list())
    for member in reversed(members):
        assert member.quit() == 0


def test_longest_prefix_is_short_enough_for_the_sockets():
    """The EAL would cut the name of a socket that is too long, and other processes not find it."""
    prefix = hm.new_prefix()
    prefix += "x" * (72 - len(f"{hm.RUNTIME}/{prefix}"))
    group = hm.Group(secondaries=1, prefix=prefix)
    try:
        for member in group.members():
            assert member.cmd("attach net_null0") == "attached device net_null0"
            group.assert_agree([(0, "net_null0")])
            assert member.cmd("detach net_null0") == "detached device net_null0"
        line = why(hm.run("secondary", f"{prefix}x"))
        assert "too long for the sockets in it" in line
    finally:
        group.close()


def test_prefix_too_long_for_the_sockets(start):
    long = "hmt" + "x" * 80
    line = why(start("primary", prefix=long))
    assert "too long for the sockets in it" in line and "shorter --file-prefix" in line
    assert not os.path.exists(f"{hm.RUNTIME}/{long}")
