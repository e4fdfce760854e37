# SPDX-License-Identifier: BSD-3-Clause
"""Starts beside processes of the group, or without a primary: one line says why one fails."""

import contextlib
import os
import re
import signal
import subprocess
import time

import pytest

import hotplug_mp as hm
import traffic
from starts import why


def test_secondary_without_primary(start, prefix):
    line = why(start("secondary"))
    assert f'no primary runs with the file prefix "{prefix}"' in line
    assert "start the primary first" in line
    assert hm.traces(prefix) == set()


def test_secondary_of_a_primary_that_left(start, prefix):
    assert start("primary").returncode == 0
    assert "no primary runs" in why(start("secondary"))


def test_second_primary(start, pair):
    line = why(start("primary", prefix=pair.prefix))
    assert f'a primary runs already with the file prefix "{pair.prefix}"' in line
    assert f"pid {pair.primary.pid} (dpdk-hotplug_mp)" in line
    assert "--proc-type=auto" in line and "--file-prefix" in line
    for process in pair.members():
        assert process.cmd("attach net_null0") == "attached device net_null0"
        pair.assert_lists([(0, "net_null0")])
        assert process.cmd("detach net_null0") == "detached device net_null0"


@pytest.mark.parametrize("left_by", ["quit", "kill"])
@pytest.mark.parametrize("role", ["primary", "auto"])
def test_new_primary_beside_an_old_secondary(start, pair, role, left_by):
    """The EAL would destroy what the secondary uses; it must live on, and leave well."""
    if left_by == "quit":
        assert pair.primary.quit() == 0
    else:
        pair.primary.kill(signal.SIGKILL)
        assert pair.primary.wait() == -signal.SIGKILL
    (secondary,) = pair.secondaries
    line = why(start(role, prefix=pair.prefix))
    assert "secondaries of an earlier primary still run" in line
    assert f"pid {secondary.pid};" in line
    assert "quit them first" in line and "--file-prefix" in line
    left = f"the primary (pid {pair.primary.pid}) has left; quit this process"
    # It says so unasked; only then is the terminal at rest.
    secondary.child.expect_exact(f"{left}\r\n")
    secondary.child.expect_exact(hm.PROMPT)
    assert secondary.cmd("list") == left
    assert secondary.quit() == 0
    # With that one gone, a new primary starts, and clears a killed one's socket away.
    done = start(role, prefix=pair.prefix, input="attach net_null0\nlist\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "attached device net_null0\nlist all etherdev\n0\tnet_null0\n"


def test_new_primary_names_every_old_secondary(start, group):
    assert group.primary.quit() == 0
    line = why(start("primary", prefix=group.prefix))
    for secondary in group.secondaries:
        assert re.search(rf"\b{secondary.pid}\b", line)


@pytest.mark.parametrize("role", ["primary", "auto", "secondary"])
def test_another_pid_namespace_is_refused(start, pair, role):
    """Its locks bear no pid there; it must not take the group for nobody's."""
    namespace = ("unshare", "--pid", "--fork", "--mount-proc")
    line = why(start(role, prefix=pair.prefix, wrap=namespace))
    assert "another pid namespace" in line and "--file-prefix" in line
    assert pair.secondaries[0].cmd("attach net_null0") == "attached device net_null0"
    pair.assert_lists([(0, "net_null0")])
    assert pair.primary.cmd("peers").endswith("all 2 processes agree: 1 ports")


def test_socket_of_a_killed_secondary_does_not_matter(start, pair):
    (secondary,) = pair.secondaries
    secondary.kill(signal.SIGKILL)
    assert secondary.wait() == -signal.SIGKILL
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert pair.primary.quit() == 0
    assert start("primary", prefix=pair.prefix).returncode == 0


@pytest.mark.parametrize("role", hm.ROLES[:2])
def test_start_beside_a_stopped_one(start, pair, role):
    """The EAL would send it more than its socket holds, and all wait for it to read."""
    stopped = pair.member(role)
    stopped.stop()
    for _ in range(12):
        line = why(start("secondary", prefix=pair.prefix))
        said = f"cannot start: {stopped} is stopped; resume or end it"
        assert line == f"dpdk-hotplug_mp: {said}"
    stopped.resume()
    late = pair.add_secondary()
    assert late.cmd("attach net_null0") == "attached device net_null0"
    pair.assert_agree([(0, "net_null0")])


def test_primary_of_another_program_that_has_not_started(process, prefix, short_dir):
    """The EAL would wait for it, silently, and could not be stopped."""
    vdev = f"net_virtio_user0,path={short_dir}/s,server=1,queues=1"
    with subprocess.Popen(
        ["dpdk-testpmd", "--no-pci", f"--file-prefix={prefix}", f"--vdev={vdev}", *hm.EAL_OPTIONS],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as other:
        try:
            hm.wait_until(lambda: os.path.exists(f"{short_dir}/s"), "it waits for a peer")
            waiting = process("auto", wait=False)
            told = f"waiting for pid {other.pid} (dpdk-testpmd), which has not started yet"
            hm.wait_until(lambda: told in waiting.log(), "it says whom it waits for")
            waiting.kill(signal.SIGINT)
            assert waiting.wait() == 128 + signal.SIGINT
            assert f"dpdk-hotplug_mp: gave up {told}\n" in waiting.log()
        finally:
            other.kill()
    # A killed one leaves its socket; the next primary removes it.
    assert hm.run("primary", prefix).returncode == 0


def test_auto_is_primary_then_secondary(process):
    first, second = process("auto"), process("auto")
    assert first.cmd("attach net_null0") == "attached device net_null0"
    assert second.list() == [(0, "net_null0")]


def test_stopped_primary_is_not_joined(start, pair):
    """It could not tell of its devices, and others would wait for it meanwhile."""
    (secondary,) = pair.secondaries
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    pair.primary.stop()
    begin = time.monotonic()
    line = why(start("auto", prefix=pair.prefix))
    stopped = f"{pair.primary} is stopped; resume or end it"
    assert line == f"dpdk-hotplug_mp: cannot start: {stopped}"
    assert secondary.cmd("attach net_null1").endswith("is stopped; resume or end it")
    assert time.monotonic() - begin < 2 * hm.SOON
    pair.primary.resume()
    pair.assert_agree([(0, "net_null0")])


def test_one_that_did_not_get_a_device_says_so_at_its_start(pair, make_faults):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    faults = make_faults()
    faults.set("attach", "refuse")
    late = pair.add_secondary(faults=faults)
    lacks = f"dpdk-hotplug_mp: note: {late} lacks port 0 (net_null0); run sync\n"
    assert lacks in late.log()
    faults.clear()
    assert late.cmd("sync").startswith("synced: all 3 processes agree: 1 ports; mended: ")


def policies(process):
    """Of each thread of a process: its name, and how the kernel schedules it."""
    found = {}
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        with open(f"/proc/{process.pid}/task/{thread}/comm", encoding="utf-8") as f:
            found[int(thread)] = f.read().strip(), os.sched_getscheduler(int(thread))
    return found


@pytest.mark.parametrize("role", ["primary", "secondary 1"])
def test_it_answers_without_pushing_others_aside(pair, role):
    """But its own threads, of which one polls ports, are like those of any program."""
    process = pair.member(role)
    begun = policies(process)
    answer = {name for name, policy in begun.values() if policy == os.SCHED_BATCH}
    assert any("intr" in name for name in answer) and any("mp" in name for name in answer)
    assert begun[process.pid][1] == os.SCHED_OTHER
    traffic.attach(process, "net_null0")
    traffic.start(process, "net_null0")
    traffic.forward(process, "net_null0", "net_null0")
    polls = policies(process).items() - begun.items()
    assert {policy for _, (_, policy) in polls} == {os.SCHED_OTHER}


def test_it_keeps_the_policy_it_is_started_with():
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        group = hm.Group(secondaries=1)
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with contextlib.closing(group):
        found = [policies(process) for process in group.members()]
    assert {policy for one in found for _, policy in one.values()} == {os.SCHED_IDLE}
