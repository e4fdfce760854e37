# SPDX-License-Identifier: BSD-3-Clause
"""The cases of the test plan. Each is carried out once by one who attaches and one who detaches;
saw() takes each answer that counts, for the report."""

import itertools
import threading
import time
import typing

from plan.devices import PHYSICAL, VHOST, VIRTIO, VIRTUAL
from plan.outcome import NotHere, expect

REPEATS = 2
#: Seconds to try again.
PATIENCE = 10


def ignore(_answer):
    pass


def ask(group, who, line):
    """What the line answers. On a slow machine a process may be late: who is told to try again does
    so, for a while."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = group.member(who).cmd(line)
        if "try again" not in answer or time.monotonic() > deadline:
            return answer
        threading.Event().wait(0.2)


def attach_ok(group, who, device, saw=ignore, before=()):
    """Attach, and the device is in every list; returns the lists' ports."""
    answer = ask(group, who, f"attach {device.devargs}")
    saw(answer)
    expect(not device.failed(answer), f"{who} cannot attach {device}: {answer}")
    if "no ethernet port" in answer:
        group.member(who).cmd(f"detach {device.name}")
        raise NotHere(f"{device.name} has no ethernet port, and lists show nothing else")
    before = list(before)
    ports = group.member(who).list()
    mine = device.ports(ports)
    expect(mine, f"{who} has attached {device} ({answer}), and lists {ports}")
    free = [n for n in range(len(ports)) if n not in dict(before)][: len(mine)]
    expect([n for n, _ in mine] == free, f"the first free port ids are {free}, not those of {mine}")
    group.assert_lists(sorted([*before, *mine]))
    return ports


def detach_ok(group, who, device, saw=ignore, after=()):
    """Detach, and the device is in no list."""
    answer = ask(group, who, f"detach {device.name}")
    saw(answer)
    expect(not device.failed(answer), f"{who} cannot detach {device}: {answer}")
    group.assert_lists(list(after))


def refused(group, device, line, ports, saw):
    """The line fails in every process, says so, and changes nothing."""
    for role in group.by_role():
        answer = ask(group, role, line)
        saw(answer)
        expect(device.failed(answer), f"{role} did not refuse a second {line!r}: {answer!r}")
        group.assert_lists(ports)


def attach(group, device, attacher, _detacher, saw):
    group.assert_lists([])
    attach_ok(group, attacher, device, saw)
    detach_ok(group, attacher, device)


def detach(group, device, attacher, detacher, saw):
    group.assert_lists([])
    attach_ok(group, attacher, device)
    detach_ok(group, detacher, device, saw)


def repeat(group, device, attacher, detacher, saw):
    """Twice; and each time once more by all."""
    group.assert_lists([])
    for _ in range(REPEATS):
        ports = attach_ok(group, attacher, device, saw)
        refused(group, device, f"attach {device.devargs}", ports, saw)
        detach_ok(group, detacher, device, saw)
        refused(group, device, f"detach {device.name}", [], saw)


def boot(group, device, _attacher, detacher, saw):
    """The group has just started. Other cards may be there, too."""
    ports = group.primary.list()
    mine = device.ports(ports)
    expect(mine, f"{device} is bound, and the primary lists {ports} after its start")
    group.assert_lists(ports)
    detach_ok(group, detacher, device, saw, after=[port for port in ports if port not in mine])


class Case(typing.NamedTuple):
    """`titles` has the plan's own by kind of device. `ways` are who attaches and who detaches."""

    name: str
    about: str
    titles: dict
    run: typing.Callable
    ways: typing.Callable


def pairs(roles):
    return itertools.product(roles, roles)


#: How the plan writes its titles.
DEVICE = {PHYSICAL: "physical device", VIRTUAL: "virtual device"}


def titles(what, *kinds):
    return {kind: f"{what} {DEVICE.get(kind, kind)} from primary or secondary" for kind in kinds}


PLAN = (
    Case(
        "attach",
        "each process attaches",
        titles("Attach", PHYSICAL, VIRTUAL),
        attach,
        lambda roles: [(role, "-") for role in roles],
    ),
    Case(
        "detach",
        "each process detaches what each has attached",
        titles("Detach", PHYSICAL, VIRTUAL),
        detach,
        pairs,
    ),
    Case(
        "repeat",
        "the same twice; a second attach and a second detach fail in every process",
        titles("Repeat to attach/detach", PHYSICAL, VIRTUAL, VHOST, VIRTIO),
        repeat,
        pairs,
    ),
    Case(
        "boot",
        "a card is there when the group starts; each process detaches it",
        {PHYSICAL: "Detach physical device from primary or secondary"},
        boot,
        lambda roles: [("the start", role) for role in roles],
    ),
)
