#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long do packets take from one interface to another, which somebody forwards between?

usage: bench/packets.py IN OUT    as root; disturbance.py calls it

Each line of its input is how many packets to send through IN. It answers with JSON: how many came
out of OUT, the median of the microseconds each took, and the longest of them. Both times are the
kernel's, of when it hands the packet to the one who forwards, and of when it gets it back. So it
does not matter when this process runs; it has a priority that lets it send in time."""

import gc
import json
import os
import socket
import statistics
import struct
import sys
import time

RATE = 5000  # packets a second
LONGEST = 50  # of the times, which are returned
LATE = 3  # seconds that the last packets may take
STAMP, ROOM = 35, 33  # SO_TIMESTAMPNS, SO_RCVBUFFORCE, for which Python has no names
ALL = 0x0003  # ETH_P_ALL: what goes out, too
TYPE = 0x88B5  # for local experiments
HEAD = struct.Struct("!12sHI")
SIZE = 60


def listen(name):
    """A socket that gets what the kernel sends and receives there."""
    there = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    there.setsockopt(socket.SOL_SOCKET, ROOM, 16 << 20)
    there.setsockopt(socket.SOL_SOCKET, STAMP, 1)
    there.bind((name, ALL))
    there.setblocking(False)
    return there


def note(there, times):
    """Note the time of each packet that is there, by its number."""
    while True:
        try:
            data, stamps, _, _ = there.recvmsg(HEAD.size, 64)
        except BlockingIOError:
            return
        _, kind, number = HEAD.unpack(data)
        if kind == TYPE:
            seconds, ns = struct.unpack("@ll", stamps[0][2])
            times.setdefault(number, 1000000000 * seconds + ns)


def send(source, ends, first, nb):
    """Send nb packets. @return when each has gone in, and come out."""
    times = ({}, {})
    begin = time.monotonic()
    for number in range(nb):
        wait = begin + number / RATE - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        source.send(HEAD.pack(b"\xff" * 6 + b"\x02" * 6, TYPE, first + number).ljust(SIZE, b"\0"))
        for there, seen in zip(ends, times):
            note(there, seen)
    late = time.monotonic() + LATE
    while len(times[1]) < nb and time.monotonic() < late:
        time.sleep(0.01)
        for there, seen in zip(ends, times):
            note(there, seen)
    return times


def main():
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    gc.disable()
    ends = [listen(name) for name in sys.argv[1:3]]
    source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    source.bind((sys.argv[1], 0))
    first = 0
    for line in sys.stdin:
        nb = int(line)
        went, came = send(source, ends, first, nb)
        first += nb
        # One of the last time, which was lost for being late, may come now.
        took = sorted(round((came[n] - when) / 1000, 1) for n, when in went.items() if n in came)
        answer = {"sent": nb, "came": len(took), "median": statistics.median(took or [0])}
        print(json.dumps({**answer, "longest": took[-LONGEST:]}), flush=True)


if __name__ == "__main__":
    main()
