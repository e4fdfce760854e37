# SPDX-License-Identifier: BSD-3-Clause
"""One-shots: a process joins, runs a command and leaves; nothing of it is left in the group."""

import collections
import contextlib
import glob
import os
import re
import subprocess

import pytest

import hotplug_mp as hm
from scripts import (
    ATTACH,
    ATTACHED,
    DETACH,
    DETACHED,
    LIST,
    ONE_PORT,
    commands,
    descriptors,
    files,
    open_for_reader,
    shell,
    started,
)

# What DPDK 22.11 loses in a secondary with each virtual device that comes and goes, in kB; see
# doc/limits.rst.
EAL_LOSES = 0.176


def memory_kb(pid):
    """What a process has of its own, without the pages of files it has come by."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon:"))


def kept_open(pid):
    """What a process has open, but for two files in /proc of each process it has looked at: a
    primary opens them with its next beat, which may come after 1000 commands."""
    names = []
    for path in glob.glob(f"/proc/{pid}/fd/*"):
        with contextlib.suppress(FileNotFoundError):
            names.append(os.readlink(path))
    kept = collections.Counter(names)
    kept.subtract({name for name in names if re.fullmatch(r"/proc/\d+/(stat|cgroup)", name)})
    return kept


@pytest.fixture(params=["net_null0", "net_tap0"])
def device(request):
    hm.need(os.path.exists("/dev/net/tun"), "no /dev/net/tun; modprobe tun")
    return request.param


def one_shot(prefix, *lines, eal=()):
    return hm.run("secondary", prefix, eal=eal, own=commands(*lines))


def test_one_shot_leaves_nothing_but_the_device(pair, device):
    there, ports = files(pair.prefix), [(0, device)]
    for shot, left in ((f"attach {device}", ports), (f"detach {device}", [])):
        done = one_shot(pair.prefix, shot)
        assert (done.stdout, done.returncode) == (f"{shot.replace(' ', 'ed device ')}\n", 0)
        assert files(pair.prefix) == there
        pair.assert_agree(left)
        for process in pair.members():
            assert set(process.peers()[0]) == {p.pid for p in pair.members()}


def test_one_shots_leave_no_descriptors_and_nothing_at_the_prompts(pair):
    # Each keeps a file open for each of the others it has looked at.
    pair.assert_agree([])
    counts = [descriptors(p.pid) for p in pair.members()]
    seen = [p.transcript.getvalue() for p in pair.members()]
    for line in (ATTACH, LIST, "peers", "sync", DETACH) * 2:
        assert one_shot(pair.prefix, line).returncode == 0
    hm.wait_until(
        lambda: [descriptors(p.pid) for p in pair.members()] == counts,
        "what was open because of the one-shots is closed",
    )
    assert [p.transcript.getvalue() for p in pair.members()] == seen
    pair.assert_agree([])


def test_one_shot_under_testpmd_leaves_nothing_but_the_device(testpmd, device):
    there = files(testpmd.prefix)
    assert "hotplug_mp_group" not in there
    one_shot(testpmd.prefix, LIST, eal=["--no-pci"])
    count = descriptors(testpmd.pid)
    for shot, left in ((f"attach {device}", [device]), (f"detach {device}", [])):
        done = one_shot(testpmd.prefix, shot, eal=["--no-pci"])
        assert (done.stdout, done.returncode) == (f"{shot.replace(' ', 'ed device ')}\n", 0)
        assert files(testpmd.prefix) == there
        table = testpmd.cmd("show device info all")
        assert re.findall(r"Device name: (\S+)", table) == left
        assert testpmd.cmd("show port summary all").count(device) == len(left)
    assert descriptors(testpmd.pid) == count


def test_one_shot_under_testpmd_beside_ours(testpmd, process):
    ours = process("secondary", eal=["--no-pci"])
    done = one_shot(testpmd.prefix, ATTACH, LIST, "peers", eal=["--no-pci"])
    assert done.stdout.startswith(ATTACHED + ONE_PORT)
    assert re.search(rf"{testpmd.pid} +primary +dpdk-testpmd +foreign", done.stdout)
    assert re.search(rf"{ours.pid} +secondary +dpdk-hotplug_mp +ok +0\n", done.stdout)
    assert ours.list() == [(0, "net_null0")]
    assert "net_null0" in testpmd.cmd("show device info all")


def test_failed_one_shot_leaves_nothing(pair):
    there = files(pair.prefix)
    for line in ("attach net_pcap0", "attach nosuch0", DETACH, "frob"):
        done = one_shot(pair.prefix, line)
        assert done.returncode == 1
        assert done.stdout.count("\n") == 1, "its reason, and nothing of the EAL's"
        assert files(pair.prefix) == there
        pair.assert_agree([])


def test_many_one_shots_at_once_take_turns(pair):
    names = [f"net_null{i}" for i in range(6)]
    there = files(pair.prefix)
    done = hm.together(*[lambda n=name: one_shot(pair.prefix, f"attach {n}") for name in names])
    assert [d.stdout for d in done] == [f"attached device {name}\n" for name in names]
    assert [d.returncode for d in done] == [0] * len(names)
    assert files(pair.prefix) == there
    ports = pair.primary.list()
    assert sorted(name for _, name in ports) == names
    pair.assert_agree(ports)


def test_what_is_waited_for_is_no_result(faulty, tmp_path):
    """Whoever reads the results finds nothing among them that only a slow moment has put there."""
    faulty.primary.faults.set("attach", "block")
    log = tmp_path / "log"
    with open(log, "w", encoding="utf-8") as f:
        script = subprocess.Popen(
            hm.command_line("secondary", faulty.prefix),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=f,
            text=True,
        )
    script.stdin.write("list\n")
    script.stdin.flush()
    assert script.stdout.readline() == "list all etherdev\n"
    faulty.primary.send("attach net_null0")
    faulty.primary.faults.wait_met("attach")
    script.stdin.write("attach net_null1\n")
    script.stdin.flush()
    told = f"dpdk-hotplug_mp: waiting for {faulty.primary}: attach net_null0\n"
    hm.wait_until(lambda: told in log.read_text(), "it says whom it waits for")
    faulty.primary.faults.clear("attach")
    assert faulty.primary.answer() == ATTACHED.strip()
    out, _ = script.communicate(timeout=hm.TIMEOUT)
    assert (out, script.returncode) == ("attached device net_null1\n", 0)


def test_awk_gets_results_and_no_chatter(pair):
    for i in range(3):
        assert pair.primary.cmd(f"attach net_null{i}") == f"attached device net_null{i}"
    done = shell(pair.prefix, "PROGRAM -- --cmd list 2>/dev/null | awk 'NR > 1 {print $2, NF}'")
    assert (done.stdout, done.returncode) == ("net_null0 2\nnet_null1 2\nnet_null2 2\n", 0)
    done = shell(
        pair.prefix, "PROGRAM -- --cmd peers 2>/dev/null | awk '/primary/ {print $1, $(NF - 1)}'"
    )
    assert (done.stdout, done.returncode) == (f"{pair.primary.pid} ok\n", 0)


def test_chatter_goes_to_standard_error(pair, run_lines):
    done = run_lines("secondary", pair.prefix, ["attach net_pcap0"])
    assert "EAL: " in done.stderr and "EAL: " not in done.stdout
    assert done.stdout.startswith("failed to attach device net_pcap0: ")
    assert done.stdout.count("\n") == 1
    pair.assert_agree([])


def test_status_is_what_a_shell_script_can_use(pair):
    line = f"PROGRAM -- --cmd '{ATTACH}' && PROGRAM -- --cmd '{ATTACH}' || PROGRAM -- --cmd list"
    done = shell(pair.prefix, f"({line}) 2>/dev/null")
    already = "failed to attach device net_null0: already attached (port 0)\n"
    assert (done.stdout, done.returncode) == (ATTACHED + already + ONE_PORT, 0)
    pair.assert_agree([(0, "net_null0")])


def test_ten_thousand_commands_cost_no_memory_and_no_descriptors(pair, tmp_path):
    """In none of the processes; the pipe lets one look between the commands."""
    fifo, path = str(tmp_path / "fifo"), tmp_path / "out"
    os.mkfifo(fifo)
    block = [ATTACH, LIST, ATTACH, "peers", "sync", "attach net_pcap0", DETACH, DETACH]
    block += ["frob", LIST]
    own = ["--keep-going", "--cmdline-file", fifo]
    with open(path, "w", encoding="utf-8") as out:
        # The waits below have an end, so nobody needs to kill it, and it would have nothing open.
        limit = 10 * hm.TIMEOUT
        with started("secondary", pair.prefix, own=own, limit=limit, stdout=out) as one:
            pids = [pair.primary.pid, pair.secondaries[0].pid, one.pid]
            seen = []
            with open_for_reader(fifo) as commands_to:
                for number in (100, 900):
                    commands_to.write("".join(f"{line}\n" for line in block * number))
                    commands_to.write(f"help after{number}\n")
                    commands_to.flush()
                    mark = f'no help on "after{number}"'
                    hm.wait_until(lambda m=mark: m in path.read_text(), mark, 120)
                    if seen:
                        # What is open for a moment only is no loss.
                        hm.wait_equal(
                            lambda: [kept_open(pid) - seen[0][pid][0] for pid in pids],
                            [collections.Counter()] * len(pids),
                        )
                    seen.append({pid: (kept_open(pid), memory_kb(pid)) for pid in pids})
            assert one.wait(hm.TIMEOUT) == 1
    text = path.read_text()
    assert text.count(ATTACHED) == text.count(DETACHED) == 1000
    assert text.count("failed to attach device net_pcap0") == text.count("frob") == 1000
    pair.assert_agree([])
    for pid in pids:
        (_, kb), (_, kb_after) = (at[pid] for at in seen)
        lost = 0 if pid == pair.primary.pid else 900 * EAL_LOSES
        assert kb_after - kb - lost <= 64, f"memory of {pid}"
