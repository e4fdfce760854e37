# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel says of a process: whether it is stopped, and what it waits for."""

import contextlib
import fcntl
import glob
import os
import signal
import struct
import termios
import threading

from hotplug_mp.waiting import wait_until

#: The system call of a thread that waits for another, as /proc has it.
FUTEX = "202"
SPUN_NS = 50_000_000  # in a second: more than a thread gets that is passed over


def state(path):
    """The letter that /proc/.../stat has for a process or thread."""
    with open(path, encoding="utf-8") as f:
        return f.read().rpartition(")")[2].split()[0]


def is_dead(pid):
    """Has a process that nobody has waited for ended, the last of its threads included? The first
    one of them may be a zombie while others have the process's files and locks still."""
    return state(f"/proc/{pid}/stat") == "Z" and os.listdir(f"/proc/{pid}/task") == [str(pid)]


def stop(pid):
    """Stop a process, and wait until it stands still."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: state(f"/proc/{pid}/stat") == "T", f"{pid} stops")


def system_call(pid):
    """What a process waits for in the kernel: the number of the call, and its arguments; "running" if
    it waits for nothing. A thread has a number of its own."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as f:
        return f.read().split()


def ran_ns(thread):
    """How long a thread has run so far; 0 if it has ended."""
    with contextlib.suppress(OSError), open(f"/proc/{thread}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0])
    return 0


def spins(pid):
    """Does a thread of a process, other than one that polls, run for a second and make no system
    call? No work of the program lasts so long: it waits for a spinlock. A thread that gets no
    processor makes no system call either."""

    def runs(thread):
        # It may end meanwhile.
        with contextlib.suppress(OSError), open(f"/proc/{thread}/comm", encoding="utf-8") as f:
            return "worker" not in f.read() and system_call(thread) == ["running"]
        return False

    threads = os.listdir(f"/proc/{pid}/task")
    before = {thread: ran_ns(thread) for thread in threads}
    for _ in range(50):
        threads = [thread for thread in threads if runs(thread)]
        if not threads:
            return False
        threading.Event().wait(0.02)
    return any(ran_ns(thread) - before[thread] > SPUN_NS for thread in threads)


def waits_for_answer(pid):
    """Does a process wait for the answer to a request? It does so on a condition."""
    return system_call(pid)[0] == FUTEX


def sleeps(pid):
    """Does none of a process's threads run?"""
    return {state(path) for path in glob.glob(f"/proc/{pid}/task/*/stat")} == {"S"}


def waits_for_lock(pid):
    """Does a process wait for a record lock that another one has?"""
    with open("/proc/locks", encoding="ascii") as f:
        lines = [line.split() for line in f]
    return any(line[1] == "->" and line[5] == str(pid) for line in lines)


def unread(reader):
    """How many bytes there are in a pipe that nobody has read."""
    return struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"    "))[0]
