# SPDX-License-Identifier: BSD-3-Clause
"""What `peers`, `stats`, `devices` and `help` show, as data."""

import typing


class Peer(typing.NamedTuple):
    """A line of `peers`."""

    marked: bool
    role: str
    program: str
    state: str
    ports: str


class Counts(typing.NamedTuple):
    """A line of `stats`."""

    rx_packets: int
    rx_bytes: int
    tx_packets: int
    tx_bytes: int
    drops: int
    gaps: int


class Stats(typing.NamedTuple):
    """What `stats` shows: Counts by (device, pid), and the mbufs of the pool. The port of a
    device that has gone goes by its id, as "0"."""

    counts: dict
    free: int
    mbufs: int

    def lost(self):
        """Packets that were dropped, or were missed, anywhere."""
        return sum(one.drops + one.gaps for one in self.counts.values())


def devices(process):
    """What `devices` shows in a process: {address: [kernel driver, driver, state]} and {virtual
    driver: parameters}."""
    lines = process.cmd("devices").split("\n")
    assert lines[0].split() == ["pci", "kernel", "driver", "driver", "state"]
    virtual = next(number for number, line in enumerate(lines) if line.startswith("virtual "))
    assert lines[virtual].split() == ["virtual", "parameters"]
    pci = {line.split()[0]: line.split(maxsplit=3)[1:] for line in lines[1:virtual]}
    return pci, dict(line.split(maxsplit=1) for line in lines[virtual + 1 :])


def commands(process):
    """The commands that `help` lists, in its order."""
    return [line.split()[0] for line in process.cmd("help").split("\n")]
