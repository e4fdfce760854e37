# SPDX-License-Identifier: BSD-3-Clause
"""The events of a group: processes come, go, stop, hang and die; operations and ports."""

import signal

import pytest

import hotplug_mp as hm
from events import ends_of, shown, wait_shown


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


def test_hangs(faulty):
    watching, hanging = faulty.primary, faulty.secondaries[0]
    watching.cmd("monitor on")
    hanging.faults.set("interrupt", "block")
    wait_shown(watching, (str(hanging), "is hung"))
    hanging.faults.clear()
    ends = [(str(hanging), "is hung"), (str(hanging), "runs again")]
    seen = wait_shown(watching, *ends)
    assert [(one.who, one.what) for one in seen] == ends


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
    # It then finds that our primary does not offer what it needs, and goes.
    faults.clear("pdump")
    foreign.wait(hm.TIMEOUT)
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
