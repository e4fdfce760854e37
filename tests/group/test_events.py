# SPDX-License-Identifier: BSD-3-Clause
"""The events of a group: processes come, go, stop, hang and die; operations and ports."""

import ctypes
import fcntl
import os
import signal
import struct
import subprocess
import time

import pytest

import hotplug_mp as hm
from events import ends_of, shown, wait_shown
from insides import SLOT, offset, shared


def test_joins_leaves_stops_and_dies(group, feed):
    watching, (first, second) = group.primary, group.secondaries
    watching.cmd("monitor on")
    pipe = feed(group.prefix)
    ends = [(str(pipe), "joined")]

    def step(who, what):
        ends.append((str(who), what))
        wait_shown(watching, *ends)

    step(group.add_secondary(), "joined")
    first.stop()
    step(first, "is stopped")
    first.resume()
    step(first, "runs again")
    second.die()
    step(second, "died")
    assert first.quit() == 0
    step(first, "left")
    assert ends_of(shown(watching)) == ends
    pipe.wait(*ends[-1])
    assert ends_of(pipe.events()) == ends
    # It clears away what the dead one has left.
    assert "net_null0" in watching.cmd("attach net_null0")


@pytest.mark.parametrize("next_thing", ["nothing", "operation", "join"])
def test_no_death_is_missed(group, next_thing):
    """However short a life, and whoever clears away after it."""
    watching = group.primary
    watching.cmd("monitor on")
    ends = []
    for number in range(8):
        one = group.add_secondary()
        ends.append((str(one), "joined"))
        one.die()
        ends.append((str(one), "died"))
        if next_thing == "operation":
            assert watching.cmd(f"attach net_null{number}").endswith(f"net_null{number}")
            ends.append((str(watching), f"attach net_null{number}: done"))
        elif next_thing == "nothing":
            wait_shown(watching, *ends)
    seen = wait_shown(watching, *ends)
    assert ends_of(one for one in seen if "has come" not in one.text) == ends
    assert watching.cmd("detach net_null0").count("detach") == 1


SYS_CLONE3 = 435


def start_with_pid(pid, command):
    """Start a program that has this pid, with clone3(2)."""
    pids = (ctypes.c_int * 1)(pid)
    args = (ctypes.c_uint64 * 10)()
    args[4], args[8], args[9] = signal.SIGCHLD, ctypes.addressof(pids), 1
    # As PyDLL, so that no other thread has Python's lock, which the new process would wait for.
    made = ctypes.PyDLL(None, use_errno=True).syscall(SYS_CLONE3, args, ctypes.sizeof(args))
    if made == 0:
        try:
            for fd in range(3):
                os.dup2(os.open(os.devnull, os.O_RDWR), fd)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    assert made == pid, os.strerror(ctypes.get_errno())


def test_pid_that_dies_twice(pair):
    """The second process to have it gets the slot of the first one."""
    watching = pair.primary
    watching.cmd("monitor on")
    command = hm.command_line("secondary", pair.prefix, own=("--monitor",))
    with hm.running(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as first:
        who = f"pid {first.pid} (secondary)"
        ends = [(who, "joined"), (who, "died")]
        wait_shown(watching, ends[0])
        first.kill()
    wait_shown(watching, *ends)
    start_with_pid(first.pid, command)
    wait_shown(watching, *ends, ends[0])
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert ends_of(wait_shown(watching, *ends, *ends)) == [*ends, *ends]
    # That clears away after it.
    assert watching.cmd("detach net_null0").endswith("not attached")


def test_dead_one_whose_slot_another_one_is_about_to_take(pair):
    """It has the lock of the slot first, and writes its pid there later."""
    watching, dies = pair.members()
    # Only when the first secondary has its slot: of two that start at once either may be the first.
    stops = pair.add_secondary()
    watching.cmd("monitor on")
    dies.die()
    ends = [(str(dies), "died"), (str(stops), "is stopped")]
    wait_shown(watching, ends[0])
    with shared(pair.prefix) as f:
        fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, SLOT + 1)
        stops.stop()
        assert ends_of(wait_shown(watching, *ends)) == ends
        assert watching.peers()[0][dies.pid].state == "gone"
    stops.resume()


EVENT = struct.Struct("=QiBB234s")  # struct event


def entry_at(number, path):
    """Where an event lies in the file of a group."""
    return offset(f"events.entries[{number % 1024}]", path)


@pytest.mark.parametrize("written", [0, 2**64 - 1], ids=["number taken", "writes"])
def test_writer_killed_in_the_ring(pair, tmp_path, written):
    """Events that come later are told."""
    primary, secondary = pair.members()
    secondary.cmd("monitor on")
    with shared(pair.prefix) as f:
        at = offset("events.nb", tmp_path)
        (number,) = struct.unpack("=Q", os.pread(f.fileno(), 8, at))
        os.pwrite(f.fileno(), struct.pack("=Q", number + 1), at)
        os.pwrite(f.fileno(), struct.pack("=Q", written), entry_at(number + 1, tmp_path))
        assert primary.cmd("attach net_null0") == "attached device net_null0"
    (answer,) = hm.telemetry(pair.prefix, "/hotplug_mp/events")
    told = [one["event"].split(" in ")[0] for one in answer.values()]
    assert told[-2:] == ["port 0 net_null0 has come", "attach net_null0: done"]
    wait_shown(secondary, (str(primary), "attach net_null0: done"))


def test_slow_writer_is_waited_for(pair, tmp_path):
    """However often others look in the meantime, and whatever comes after it."""
    primary, secondary = pair.members()
    secondary.cmd("monitor on")
    with shared(pair.prefix) as f:
        at = offset("events.nb", tmp_path)
        place = entry_at(0, tmp_path)
        (number,) = struct.unpack("=Q", os.pread(f.fileno(), 8, at))
        os.pwrite(f.fileno(), struct.pack("=Q", number + 1), at)
        assert secondary.cmd("detach net_null0").endswith("not attached")
        for _ in range(5):
            # It looks for events first.
            assert secondary.cmd("monitor on") == ""
        entry = struct.pack("=Q", number + 1) + EVENT.pack(1, 2, 0, 1, b"late")
        os.pwrite(f.fileno(), entry, place + (number + 1) * len(entry))
    failed = "detach net_null0: failed: not attached"
    wait_shown(secondary, ("pid 2 (secondary)", "late"), (str(secondary), failed))


def test_writer_stopped_in_the_ring_for_a_round(pair, tmp_path):
    """It finds a newer event in its place, leaves that as it is, and takes another place."""
    primary, secondary = pair.members()
    secondary.cmd("monitor on")
    with shared(pair.prefix) as f:
        (number,) = struct.unpack("=Q", os.pread(f.fileno(), 8, offset("events.nb", tmp_path)))
        at = entry_at(number + 1, tmp_path)
        newer = struct.pack("=Q", number + 1025) + EVENT.pack(1, 2, 0, 1, b"newer")
        os.pwrite(f.fileno(), newer, at)
        assert primary.cmd("attach net_null0") == "attached device net_null0"
        assert os.pread(f.fileno(), len(newer), at) == newer
    come = (str(primary), "port 0 net_null0 has come")
    wait_shown(secondary, come, (str(primary), "attach net_null0: done"))


def test_hangs(faulty):
    watching, hanging = faulty.primary, faulty.secondaries[0]
    watching.cmd("monitor on")
    hanging.faults.set("interrupt", "block")
    wait_shown(watching, (str(hanging), "is hung"))
    hanging.faults.clear()
    ends = [(str(hanging), "is hung"), (str(hanging), "runs again")]
    seen = wait_shown(watching, *ends)
    assert [(one.who, one.what) for one in seen] == ends


def test_nobody_is_hung_when_the_machine_has_stood_still(pair, freezer):
    """As a virtual one that is paused. The machine may be busy just then: it is tried once more."""
    watching, other = pair.members()
    watching.cmd("monitor on")
    for number in range(5):
        frozen = time.monotonic()
        freezer.freeze(watching.pid, other.pid)
        hm.wait_until(lambda begin=frozen: time.monotonic() > begin + 1.2, "a second is over")
        freezer.thaw()
        # Both have had some beats by then.
        assert watching.cmd(f"attach net_null{number}") == f"attached device net_null{number}"
        assert other.cmd("sync").startswith("synced: ")
        seen = wait_shown(watching, *[(str(other), "sync: done")] * (number + 1))
        hung = [one.what for one in seen].count("is hung")
        if hung <= number:
            break
    assert hung <= number


def test_the_primary_goes(group):
    """It is the primary that has caused it, in whatever way it goes."""
    primary, (asked, other) = group.primary, group.secondaries
    assert asked.cmd("monitor on") == other.cmd("monitor on") == ""
    primary.die()
    text = f"the primary (pid {primary.pid}) has left; quit this process"
    for process in (asked, other):
        wait_shown(process, (str(primary), text))
        assert len(shown(process)) == 1


def test_foreign_secondary_comes_and_goes(pair, dumpcap, make_faults):
    pair.primary.cmd("attach net_null0")
    pair.primary.cmd("monitor on")
    faults = make_faults()
    foreign = dumpcap(pair, faults)
    who = f"pid {foreign.pid} (secondary)"
    ends = [(who, "joined (foreign, dpdk-dumpcap)"), (who, "left (foreign)")]
    wait_shown(pair.primary, ends[0])
    hm.stop(foreign.pid)
    ends[1:1] = [(who, "is stopped"), (who, "runs again")]
    wait_shown(pair.primary, *ends[:2])
    foreign.send_signal(signal.SIGCONT)
    wait_shown(pair.primary, *ends[:3])
    faults.clear("pdump")
    captures = (str(pair.primary), "capture of port 0")
    wait_shown(pair.primary, *ends[:3], captures)
    foreign.send_signal(signal.SIGINT)
    foreign.wait(hm.TIMEOUT)
    ends[3:3] = [captures, (str(pair.primary), "capture of port 0: off")]
    assert ends_of(wait_shown(pair.primary, *ends)) == ends
    pair.primary.cmd("detach net_null0")


def test_foreign_primary_attaches_and_detaches(testpmd, process):
    """What nobody of ours has done is seen by all who ask."""
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    for one in ours:
        one.cmd("monitor on")
    who = f"pid {testpmd.pid} (primary)"
    ends = []
    for _ in range(3):
        assert "Port 0 is attached" in testpmd.cmd("port attach net_null0")
        ends.append((who, "port 0 net_null0 has come"))
        for one in ours:
            wait_shown(one, *ends)
        testpmd.cmd("port stop 0")
        assert "is detached" in testpmd.cmd("port detach 0")
        ends.append((who, "port 0 net_null0 has gone"))
        for one in ours:
            wait_shown(one, *ends)
    assert ours[0].cmd("attach net_null0").endswith("attached device net_null0")
    ends += [(str(ours[0]), "port 0 net_null0 has come"), (str(ours[0]), "attach net_null0: done")]
    for one in ours:
        seen = wait_shown(one, *ends)
        assert ends_of(one for one in seen if "joined" not in one.text) == ends


def test_duration_is_that_of_the_operation(faulty):
    """Without the time it waited for its turn."""
    primary, (waiting, watching) = faulty.primary, faulty.secondaries
    watching.cmd("monitor on")
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    waiting.send("attach net_null0")
    # That is after a second.
    waiting.child.expect_exact(f"waiting for {primary}: attach net_null0")
    primary.faults.clear()
    assert primary.answer() == "attached device net_null0"
    assert "already attached" in waiting.rest()
    failed = "attach net_null0: failed: already attached (port 0)"
    seen = wait_shown(watching, (str(waiting), failed))
    times = {one.who: one.milliseconds for one in seen if "attach" in one.text}
    assert times[str(primary)] > 1000 > times[str(waiting)]
