# SPDX-License-Identifier: BSD-3-Clause
"""Processes of the group that are not this program, and builds of it that do not fit."""

import os
import re
import shutil
import struct
import subprocess
import threading

import pytest

import hotplug_mp as hm

PORT = [(0, "net_null0")]


@pytest.fixture
def ours(testpmd, process):
    """Two secondaries of a dpdk-testpmd."""
    return [process("secondary", eal=["--no-pci"]) for _ in range(2)]


def ports_of(testpmd):
    """Names of the ports dpdk-testpmd has."""
    table = testpmd.cmd("show device info all")
    return sorted(re.findall(r"Device name: (\S+)", table))


def test_attach_detach_and_list_under_testpmd(testpmd, ours):
    for attacher in ours:
        for detacher in ours:
            for name in ("net_null0", "net_ring0"):
                assert attacher.cmd(f"attach {name}") == f"attached device {name}"
                hm.assert_agree(ours, [(0, name)])
                assert ports_of(testpmd) == [name]
                answer = detacher.cmd(f"attach {name}")
                assert answer == f"failed to attach device {name}: already attached (port 0)"
                assert detacher.cmd(f"detach {name}") == f"detached device {name}"
                hm.assert_agree(ours, [])
                assert ports_of(testpmd) == []
                answer = attacher.cmd(f"detach {name}")
                assert answer == f"failed to detach device {name}: not attached"
    assert testpmd.process.poll() is None


def test_take_turns_under_testpmd(testpmd, ours):
    def pairs(process, device):
        return [process.cmd(f"{verb} {device}") for verb in ("attach", "detach") * 25]

    first, second = hm.together(
        lambda: pairs(ours[0], "net_null0"), lambda: pairs(ours[1], "net_null1")
    )
    assert first == ["attached device net_null0", "detached device net_null0"] * 25
    assert second == ["attached device net_null1", "detached device net_null1"] * 25
    hm.assert_agree(ours, [])
    for _ in range(10):
        answers = hm.together(*[lambda p=process: p.cmd("attach net_null0") for process in ours])
        assert sorted(answers) == [
            "attached device net_null0",
            "failed to attach device net_null0: already attached (port 0)",
        ]
        hm.assert_agree(ours, PORT)
        answers = hm.together(*[lambda p=process: p.cmd("detach net_null0") for process in ours])
        assert sorted(answers) == [
            "detached device net_null0",
            "failed to detach device net_null0: not attached",
        ]
        hm.assert_agree(ours, [])
    assert ports_of(testpmd) == []


def test_what_testpmd_attaches_itself(testpmd, ours):
    """It takes no turn of ours, but its ports are seen, and can be detached."""
    assert "Port 0 is attached" in testpmd.cmd("port attach net_null0")
    hm.assert_agree(ours, PORT)
    answer = ours[0].cmd("attach net_null0")
    assert answer == "failed to attach device net_null0: already attached (port 0)"
    assert ours[0].cmd("detach net_null0") == "detached device net_null0"
    hm.assert_agree(ours, [])
    assert ports_of(testpmd) == []


def test_reason_of_testpmd_is_its_own(testpmd, ours):
    """Its log is not ours to read: what is printed says whose terminal to look at, or no more."""
    answer = ours[0].cmd("attach net_pcap0")
    refused = f"pid {testpmd.pid} (primary), or a process it asked, refused: "
    assert answer.startswith(f"failed to attach device net_pcap0: {refused}")
    assert answer.endswith("; its log says why")
    hm.assert_agree(ours, [])
    assert "No rx or tx queues provided" in testpmd.text()


def test_loss_of_testpmd(testpmd, ours):
    assert ours[0].cmd("attach net_null0") == "attached device net_null0"
    hm.assert_agree(ours, PORT)
    testpmd.process.kill()
    testpmd.process.wait()
    notice = f"the primary (pid {testpmd.pid}) has left; quit this process"
    for process in ours:
        process.child.expect_exact(f"{notice}\r\n", timeout=hm.SOON)
        process.child.expect_exact(hm.PROMPT)
    for process in ours:
        assert process.cmd("list") == notice
        assert process.cmd("detach net_null0") == f"failed to detach device net_null0: {notice}"
        assert process.quit() == 0
    # It left its socket; a new primary clears it away.
    assert hm.run("primary", testpmd.prefix).returncode == 0


def proc_info(group):
    """What dpdk-proc-info shows of port 0, and its exit status."""
    hm.need(shutil.which("dpdk-proc-info"), "no dpdk-proc-info; install dpdk")
    return subprocess.run(
        ["dpdk-proc-info", f"--file-prefix={group.prefix}", "--", "--show-port", "-p", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=hm.TIMEOUT,
    )


def test_proc_info_comes_and_goes(pair):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    for process in pair.members() * 2:
        info = proc_info(pair)
        assert info.returncode == 0
        assert "driver net_null device net_null0" in info.stdout
        pair.assert_agree(PORT)
        assert process.cmd("attach net_null1") == "attached device net_null1"
        assert proc_info(pair).returncode == 0
        pair.assert_agree([*PORT, (1, "net_null1")])
        assert process.cmd("detach net_null1") == "detached device net_null1"
        pair.assert_agree(PORT)


def test_proc_info_comes_and_goes_beside_operations(pair):
    """It takes no turns, so it may meet an operation; no answer is false for that."""
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    over = threading.Event()

    def work(process, device):
        """Each answer has to fit those before it; nobody else touches this device."""
        there = False
        while not over.is_set():
            verb, done = ("detach", "detached") if there else ("attach", "attached")
            answer = process.cmd(f"{verb} {device}").split("\n")[-1]
            if answer == f"{done} device {device}":
                there = not there
            else:
                assert answer.startswith(f"failed to {verb} device {device}: "), answer
                state = "still attached everywhere" if there else "attached nowhere"
                # The EAL may fail to undo it, too; then it says where, and sync mends it.
                if answer.endswith("; run sync") and " in pid " in answer:
                    assert process.cmd("sync").startswith("synced: "), answer
                    there = device in [name for _, name in process.list()]
                else:
                    assert answer.endswith(f"; it is {state}"), answer
            assert (device in [name for _, name in process.list()]) == there
        return there

    def come_and_go():
        try:
            for _ in range(5):
                proc_info(pair)
        finally:
            over.set()

    first, second, _ = hm.together(
        lambda: work(pair.primary, "net_null1"),
        lambda: work(pair.secondaries[0], "net_null2"),
        come_and_go,
    )
    ports = pair.primary.list()
    assert [name for _, name in ports].count("net_null1") == first
    assert [name for _, name in ports].count("net_null2") == second
    pair.assert_agree(ports)


def test_dumpcap_is_there_for_a_while(pair, dumpcap):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    foreign = dumpcap(pair)
    shown = hm.Peer(False, "secondary", "dpdk-dumpcap", "foreign", "?")
    for process in pair.members():
        assert process.cmd("attach net_null1") == "attached device net_null1"
        pair.assert_agree([*PORT, (1, "net_null1")])
        assert process.cmd("detach net_null1") == "detached device net_null1"
        pair.assert_agree(PORT)
        assert process.peers()[0][foreign.pid] == shown
    hm.stop(foreign.pid)
    for process in pair.members():
        assert process.peers()[0][foreign.pid] == shown._replace(state="stopped")
        answer, seconds = process.timed("attach net_null1")
        assert answer == (
            f"failed to attach device net_null1: pid {foreign.pid} (secondary) "
            "is stopped; resume or end it"
        )
        assert seconds < hm.SOON
    foreign.kill()
    foreign.wait()
    for process in pair.members():
        assert process.cmd("attach net_null1") == "attached device net_null1"
        pair.assert_agree([*PORT, (1, "net_null1")])
        assert process.cmd("detach net_null1") == "detached device net_null1"
        pair.assert_agree(PORT)
        assert foreign.pid not in process.peers()[0]


@pytest.mark.parametrize("asker", ["primary", "secondary 1"])
def test_dumpcap_dies_in_the_middle(pair, dumpcap, make_faults, asker):
    """The EAL waits 5 s for its answer; then the operation is done without it."""
    asker, faults = pair.member(asker), make_faults()
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    foreign = dumpcap(pair, faults)
    faults.set("attach", "block")
    asker.send("attach net_null1")
    faults.wait_met("attach")
    foreign.kill()
    foreign.wait()
    assert asker.answer().split("\n")[-1] == "attached device net_null1"
    pair.assert_agree([*PORT, (1, "net_null1")])


@pytest.mark.parametrize("layouts, sizes", [(1, 1), (0, 2)], ids=["layout", "size"])
def test_build_that_does_not_fit_is_refused(pair, layouts, sizes):
    """One with cache lines of 128 bytes has the same layout number, and another size."""
    path = f"{hm.RUNTIME}/{pair.prefix}/hotplug_mp_group"
    head = struct.Struct("=IIQ")  # magic, layout, size
    with open(path, "r+b", buffering=0) as f:
        magic, layout, size = head.unpack(f.read(head.size))
        assert size == os.path.getsize(path)
        other = (layout + layouts, size * sizes)
        os.pwrite(f.fileno(), head.pack(magic, *other), 0)
        for role in ("secondary", "auto"):
            done = hm.run(role, pair.prefix)
            assert done.returncode == 1
            (line,) = done.stderr.splitlines()
            assert "another build of this program runs in this group" in line
            assert "layout {} of {} bytes".format(*other) in line
            assert f"this one has layout {layout} of {size} bytes" in line
        os.pwrite(f.fileno(), head.pack(magic, layout, size), 0)
    assert hm.run("secondary", pair.prefix).returncode == 0
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    pair.assert_agree(PORT)


@pytest.fixture(scope="module")
def other_build(tmp_path_factory):
    """Path of a build of this program whose shared layout is another."""
    hm.need(shutil.which("meson") and shutil.which("ninja"), "no meson; install it")
    build = tmp_path_factory.mktemp("layout") / "build"
    for command in (
        ["meson", "setup", str(build), hm.REPO, "-Dc_args=-DGROUP_LAYOUT=99", *hm.FAST_BUILD],
        ["ninja", "-C", str(build), "dpdk-hotplug_mp"],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=600)
    return str(build / "dpdk-hotplug_mp")


@pytest.mark.thorough
@pytest.mark.long
@pytest.mark.xdist_group("layout")
@pytest.mark.parametrize("first", ["this", "other"])
def test_builds_of_another_layout_refuse_each_other(process, prefix, other_build, first):
    binaries = [hm.BINARY, other_build] if first == "this" else [other_build, hm.BINARY]
    group = [process(role, binary=binaries[0]) for role in ("primary", "secondary")]
    assert group[0].cmd("attach net_null0") == "attached device net_null0"
    for role in ("secondary", "auto", "primary"):
        done = hm.run(role, prefix, binary=binaries[1])
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("dpdk-hotplug_mp: another build of this program runs in this group")
        assert "start the same build, or choose another --file-prefix" in line
        assert any(f"pid {one.pid}" in line for one in group)
        hm.assert_agree(group, PORT)
    for process_ in group:
        assert process_.cmd("attach net_null1") == "attached device net_null1"
        hm.assert_agree(group, [*PORT, (1, "net_null1")])
        assert process_.cmd("detach net_null1") == "detached device net_null1"
        hm.assert_agree(group, PORT)
    for one in reversed(group):
        assert one.quit() == 0
    # When the last of one build has left, the other one can have the prefix.
    done = hm.run("primary", prefix, binary=binaries[1], input="list\n")
    assert (done.returncode, done.stdout) == (0, "list all etherdev\n")
