# SPDX-License-Identifier: BSD-3-Clause
"""A stranger on the hugetlbfs mount of a group."""

import contextlib
import glob
import os
import shutil
import signal
import subprocess

import pytest

import hotplug_mp as hm
from users import OWNER, PYTHON, STRANGER, act, as_user, mode, shell

#: All workers of pytest-xdist see the mounts, and a process says only whom it waits for first.
pytestmark = pytest.mark.xdist_group("mounts")


@contextlib.contextmanager
def locked_by(uid, path, wrap=()):
    """Another process of that user has locked the directory; gives its pid."""
    script = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    with hm.running(
        [*wrap, *as_user(uid), PYTHON, "-I", "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"\n"
        yield process.pid
        process.stdin.close()
        assert process.wait(hm.TIMEOUT) == 0


def on_mount(huge, place, runtime):
    """How to run as the owner with that mount: arguments of Process()."""
    return {
        "prefix": "hmt",
        "eal": [f"--huge-dir={huge}", "-m", "8"],
        "wrap": as_user(OWNER),
        "env": {"RUNTIME_DIRECTORY": runtime},
        "binary": f"{place}/program",
    }


def test_stranger_who_locks_the_mount_is_named(place, mount, short_dir):
    """Who can read it can lock it, and the EAL waits; one who starts can see that and leave."""
    huge = mount(0o755)
    os.chown(short_dir, OWNER, OWNER)
    kwargs = on_mount(huge, place, short_dir)
    with locked_by(STRANGER, huge) as pid:
        waiting = hm.Process("primary", wait=False, **kwargs)
        told = f"dpdk-hotplug_mp: waiting for pid {pid}, which has locked {huge}\n"
        hm.wait_until(lambda: told in waiting.log(), "it says whom it waits for")
        waiting.kill(signal.SIGINT)
        assert waiting.wait(hm.SOON) == 128 + signal.SIGINT
        assert waiting.log().count("waiting for") == 2, "once more when it gives up"
        waiting.close()
        waiting = hm.Process("primary", wait=False, **kwargs)
        hm.wait_until(lambda: told in waiting.log(), "it says whom it waits for")
    # With the lock gone it goes on.
    waiting.wait_prompt()
    assert waiting.cmd("attach net_null0") == "attached device net_null0"
    assert waiting.close() == 0
    # The mount in doc/commands.rst is nobody else's.
    os.chmod(huge, 0o700)
    assert act(STRANGER, "lock dir", huge) == "EACCES"
    assert act(OWNER, "lock dir", huge) == "ok"


def assert_waits_and_goes_on(uid, path, enter=(), **kwargs):
    """A primary says who has locked the directory, and starts when it is free."""
    with locked_by(uid, path, enter) as pid:
        waiting = hm.Process("primary", wait=False, **kwargs)
        told = f"dpdk-hotplug_mp: waiting for pid {pid}, which has locked {path}\n"
        try:
            hm.wait_until(lambda: told in waiting.log(), "it says whom it waits for")
        except AssertionError:
            waiting.close()
            raise
    waiting.wait_prompt()
    assert waiting.cmd("attach net_null0") == "attached device net_null0"
    assert waiting.close() == 0


def test_directory_below_the_mount(place, mount, short_dir):
    """The EAL locks it, and not the mount."""
    below = f"{mount(0o700)}/below"
    os.mkdir(below, 0o700)
    for path in (below, short_dir):
        os.chown(path, OWNER, OWNER)
    kwargs = on_mount(below, place, short_dir)
    assert_waits_and_goes_on(OWNER, below, **kwargs)
    os.chown(below, STRANGER, STRANGER)
    done = hm.run("primary", **kwargs)
    assert done.stderr.endswith("give this user a mount of its own with --huge-dir\n")
    shutil.rmtree(below)
    done = hm.run("primary", **kwargs)
    assert f"no hugetlbfs is mounted at {below};" in done.stderr


def test_mount_of_another_page_size(place, prefix):
    """The EAL locks the first of each size, also if there is no page of that size."""
    hm.need(os.path.exists("/sys/kernel/mm/hugepages/hugepages-1048576kB"), "no pages of 1 GiB")
    other = f"{place}/other"
    os.mkdir(other)
    # Other primaries, which would wait inside of the EAL and have others wait, do not see it.
    mount = 'mount -t hugetlbfs -o pagesize=1G,mode=0755 nodev "$0" && echo && read -r _'
    with hm.running(
        ["unshare", "--mount", "sh", "-c", mount, other],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout.readline() == b"\n"
        # The root of the namespace is another one if the tests run in a chroot.
        of = f"/proc/{holder.pid}"
        enter = ["nsenter", f"--mount={of}/ns/mnt", f"--root={of}/root"]
        assert_waits_and_goes_on(STRANGER, other, enter, wrap=enter, prefix=prefix)
        holder.stdin.write(b"\n")


def test_stranger_who_locks_the_mount_later(place, mount, short_dir):
    """A primary that needs more memory waits for it, inside of the EAL; the others are told."""
    huge = mount(0o755)
    os.chown(short_dir, OWNER, OWNER)
    group = hm.Group(secondaries=1, **on_mount(huge, place, short_dir))
    try:
        primary, secondary = group.members()
        assert primary.cmd("attach net_ring0") == "attached device net_ring0"
        with locked_by(STRANGER, huge):
            # What needs none goes on.
            assert secondary.cmd("attach net_null0") == "attached device net_null0"
            primary.send("start net_ring0")
            hm.wait_until(
                lambda: secondary.cmd("peers").startswith("note: an operation is under way"),
                "the primary begins",
            )
            secondary.send("detach net_null0")
            secondary.child.expect_exact(f"waiting for {primary}: start net_ring0\r\n")
        assert primary.answer() == "started device net_ring0"
        assert secondary.rest() == "detached device net_null0"
        group.assert_agree([(0, "net_ring0")])
    finally:
        group.close()


def test_stranger_on_a_mount_for_all(place, mount, short_dir):
    """They can take names and pages there, and have no part in the group's memory."""
    huge = mount(0o1777)
    os.chown(huge, 0, 0)
    os.chown(short_dir, OWNER, OWNER)
    assert act(STRANGER, "make", huge) == "ok"
    shell(STRANGER, "umask 0; for i in 0 1 2 3 4 5 6 7; do : >hmtmap_$i; done", huge)
    process = hm.Process("primary", **on_mount(huge, place, short_dir))
    try:
        used = [path for path in glob.glob(f"{huge}/hmtmap_*") if os.stat(path).st_size > 0]
        assert used
        assert {(os.stat(path).st_uid, mode(path)) for path in used} == {(OWNER, 0o600)}
        assert {act(STRANGER, "write", path) for path in used} == {"EACCES"}
        assert process.cmd("attach net_null0") == "attached device net_null0"
    finally:
        assert process.close() == 0
    os.chmod(huge, 0o700)
    assert act(STRANGER, "make", huge) == "EACCES"
