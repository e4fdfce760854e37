# SPDX-License-Identifier: BSD-3-Clause
"""stats: the longest time between two polls of a process that forwards."""

import hotplug_mp as hm
from traffic import received, send


def pause(group, asker, poller, name):
    """In seconds, as asker sees it, after one more packet for the poller."""
    before = received(asker, poller, name)
    if name == "net_ring0":
        send(group.primary, name, 1)
    hm.wait_until(lambda: received(asker, poller, name) > before, "it polls")
    head, *lines = map(str.split, asker.cmd(f"stats {name}").split("\n"))
    assert head[-1] == "pause_us"
    (found,) = [int(line[-1]) for line in lines if line[2] == str(poller.pid)]
    return found / 1000000


def test_longest_pause_is_that_of_the_poller_that_hung(hung):
    """As long as a stop waits for it; until a reset, in each process, and nowhere else."""
    primary, (one, other) = hung.primary, hung.secondaries
    answer, seconds = primary.timed("stop net_ring0")
    assert "does not let go of it" in answer
    one.faults.clear()
    for asker in hung.members():
        assert pause(hung, asker, one, "net_ring0") > seconds
        assert seconds > pause(hung, asker, other, "net_ring1") > 0
    assert other.cmd("stats reset") == "stats are reset"
    for asker in hung.members():
        assert seconds > pause(hung, asker, one, "net_ring0") > 0
