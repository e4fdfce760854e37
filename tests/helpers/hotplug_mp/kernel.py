# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel says of a process: whether it is stopped, and what it waits for."""

import fcntl
import glob
import os
import signal
import struct
import termios

from hotplug_mp.waiting import wait_until

#: The system call of a thread that waits for another, as /proc has it.
FUTEX = "202"


def stop(pid):
    """Stop a process, and wait until it stands still."""
    os.kill(pid, signal.SIGSTOP)

    def stopped():
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rpartition(")")[2].split()[0] == "T"

    wait_until(stopped, f"{pid} stops")


def waits_for_answer(pid):
    """Does a process wait for the answer to a request? It does so on a condition."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as f:
        return f.read().split()[0] == FUTEX


def sleeps(pid):
    """Does none of a process's threads run?"""
    states = []
    for path in glob.glob(f"/proc/{pid}/task/*/stat"):
        with open(path, encoding="ascii") as f:
            states.append(f.read().rpartition(")")[2].split()[0])
    return set(states) == {"S"}


def waits_for_lock(pid):
    """Does a process wait for a record lock that another one has?"""
    with open("/proc/locks", encoding="ascii") as f:
        lines = [line.split() for line in f]
    return any(line[1] == "->" and line[5] == str(pid) for line in lines)


def unread(reader):
    """How many bytes there are in a pipe that nobody has read."""
    return struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"    "))[0]
