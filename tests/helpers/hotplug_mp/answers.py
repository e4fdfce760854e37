# SPDX-License-Identifier: BSD-3-Clause
"""What `peers` and `stats` show, as data."""

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
