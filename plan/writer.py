# SPDX-License-Identifier: BSD-3-Clause
"""What the plan does not ask, and who writes a driver wants to know: start and stop, what a round
leaves behind, polled by a secondary, a secondary that is killed, two devices."""

from plan import measure
from plan.cases import Case, ask, attach_ok, detach_ok
from plan.outcome import NotHere, expect

PACKETS = 32


def needs(group, word):
    if not group.can(word):
        raise NotHere(f"the program has no {word}")


def needs_secondary(group):
    if not group.secondaries:
        raise NotHere("there is no secondary")


def type_ok(group, device, who, line):
    answer = ask(group, who, line)
    expect(not device.failed(answer), f"{who}: {line}: {answer}")
    return answer


def in_turn(group, number):
    """Two members, others with each number."""
    roles = list(group.by_role())
    return roles[number % len(roles)], roles[(number + 1) % len(roles)]


def start(at, saw):
    """Each process starts what another has attached. It is detached stopped, and started."""
    group, device = at.group, at.device
    needs(group, "start")
    group.assert_lists([])
    for number in range(len(group.members())):
        one, other = in_turn(group, number)
        ports = attach_ok(group, one, device)
        for who in (one, other):
            saw(type_ok(group, device, who, f"start {device.name}"))
            group.assert_lists(ports)
            if who is one:
                saw(type_ok(group, device, other, f"stop {device.name}"))
                group.assert_lists(ports)
        detach_ok(group, other, device)


def rounds(at, saw, started=False):
    """Attach and detach again and again, and say what each round leaves behind."""
    group, device = at.group, at.device
    if at.rounds < measure.FEWEST_ROUNDS:
        raise NotHere(f"fewer than {measure.FEWEST_ROUNDS} rounds tell nothing")
    if started:
        needs(group, "start")
    group.assert_lists([])
    looks = []
    for number in range(at.rounds):
        one, other = in_turn(group, number)
        group.begin()
        attach_ok(group, one, device)
        if started:
            type_ok(group, device, other, f"start {device.name}")
            type_ok(group, device, one, f"stop {device.name}")
        detach_ok(group, other, device)
        at.progress(f"round {number + 1} of {at.rounds}")
        looks.append(measure.look_again(group, looks[-1] if looks else {}))
    found = measure.leaks(looks)
    for key, each in found.items():
        saw(measure.sentence(key, each))
    expect(not found, "; ".join(measure.sentence(*one) for one in found.items()))


def started_rounds(at, saw):
    rounds(at, saw, started=True)


def polled(at, saw):
    """A secondary polls it, one that joined before the start."""
    group, device = at.group, at.device
    needs(group, "forward")
    needs_secondary(group)
    group.assert_lists([])
    attach_ok(group, "primary", device)
    type_ok(group, device, "primary", f"start {device.name}")
    who = "secondary 1"
    answer = ask(group, who, f"forward {device.name} {device.name}")
    saw(answer)
    refused = device.failed(answer)
    if not refused:
        if group.can("send"):
            saw(group.member(who).cmd(f"send {device.name} {PACKETS}"))
        # A link may need its time, or have nobody at its other end: that is not the driver's.
        type_ok(group, device, who, "forward off")
    type_ok(group, device, "primary", f"stop {device.name}")
    detach_ok(group, "primary", device)
    if refused:
        raise NotHere(answer.rpartition("\n")[2])


def killed(at, saw):
    """A secondary is killed (SIGKILL) while the device is attached; the others go on."""
    group, device = at.group, at.device
    needs_secondary(group)
    group.assert_lists([])
    victim = list(group.by_role())[-1]
    ports = attach_ok(group, victim, device)
    group.kill(victim)
    left = group.by_role()
    lists = {role: process.list() for role, process in left.items()}
    wrong = [f"{role} lists {seen}" for role, seen in lists.items() if seen != ports]
    expect(not wrong, f"after {victim} was killed: {'; '.join(wrong)}")
    saw(type_ok(group, device, "primary", f"detach {device.name}"))
    group.replace(victim)
    group.assert_lists([])
    attach_ok(group, victim, device)
    detach_ok(group, "primary", device)


def two(at, saw):
    """Two devices of the driver are there at the same time; they come and go in turn."""
    group, device, twin = at.group, at.device, at.twin()
    one, other = in_turn(group, 0)
    group.assert_lists([])
    first = attach_ok(group, one, device, saw)
    both = attach_ok(group, other, twin, saw, before=first)
    rest = twin.ports(both)
    detach_ok(group, other, device, saw, after=rest)
    attach_ok(group, other, device, saw, before=rest)
    detach_ok(group, one, twin, saw, after=first)
    detach_ok(group, one, device, saw)


def case(name, about, run):
    return Case(name, about, {}, run, None)


WRITER = (
    case("start", "each process starts and stops what another has attached", start),
    case("rounds", "rounds of attach and detach leave nothing behind", rounds),
    case("started-rounds", "the same, started and stopped in each round", started_rounds),
    case("polled", "a secondary polls it, or why not", polled),
    case("killed", "a secondary is killed while the device is attached", killed),
    case("two", "two devices of the driver at once", two),
)
