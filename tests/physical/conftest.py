# SPDX-License-Identifier: BSD-3-Clause
"""Physical devices: those that --pci names, or else the cards of a guest."""

import itertools
import os
import pathlib

import pytest

import hotplug_mp as hm
from nic import EAL_OPTIONS, PCI, Function, Nic, load
from vm import machine, relay
from vm.ports import Monitor, open_port

FOLDER = pathlib.Path(__file__).parent
#: The cards every case is run with, and those that can be unplugged, with a way to do it.
SRIOV_CARDS = ("igb", "igbvf")
CARDS = ("e1000e", "virtio", "vmxnet3", *SRIOV_CARDS)
#: Those that are functions (SR-IOV), and the card that has them.
FUNCTIONS = {"igbvf": "igb-parent"}
HOT_CARDS = (("hot-e1000e", "device_del"), ("hot-virtio", "remove"))


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.addinivalue_line("markers", "every_way: unplug each card in each way there is")
    config.addinivalue_line("markers", "one_way: with one card that can be unplugged")
    config.addinivalue_line("markers", "in_turn(name, values): one value with each card, in turn")
    if hm.IN_GUEST:
        config.pluginmanager.register(relay.Sender(config))
    elif not config.getoption("--pci"):
        config.pluginmanager.register(relay.Receiver(config, FOLDER), "guest")


def pytest_generate_tests(metafunc):
    given = metafunc.config.getoption("--pci")
    wanted = set(metafunc.fixturenames)
    marker = metafunc.definition.get_closest_marker
    cards = given or CARDS
    in_turn = marker("in_turn")
    plan = next((names for names in PLANS if set(names) <= wanted), None)
    if plan:
        metafunc.parametrize(plan, list(PLANS[plan](cards)), indirect=["nic"] * ("nic" in plan))
    elif in_turn:
        name, values = in_turn.args
        longest = range(max(len(cards), len(values)))
        pairs = [(cards[n % len(cards)], values[n % len(values)]) for n in longest]
        metafunc.parametrize(f"nic, {name}", pairs, indirect=["nic"], scope="module")
    elif "nic" in wanted:
        metafunc.parametrize("nic", cards, indirect=True, scope="module")
    if "hot_nic" in wanted:
        cards = list(itertools.product(given, ["remove"])) or HOT_CARDS
        if not given and marker("every_way"):
            cards = list(itertools.product(*map(dict.fromkeys, zip(*HOT_CARDS))))
        if marker("one_way"):
            cards = cards[:1]
        ids = ["-".join(card) for card in cards]
        metafunc.parametrize("hot_nic", cards, indirect=True, ids=ids)


def attach_plan(cards):
    """Every card and kernel driver. With one of each every role attaches; elsewhere one does, each
    role with each card and with each driver."""
    for (c, card), (d, driver) in itertools.product(enumerate(cards), enumerate(EAL_OPTIONS)):
        for n in range(1 if c or d else len(hm.ROLES)):
            yield driver, card, hm.ROLES[(c + d + n) % len(hm.ROLES)]


def detach_plan(_cards):
    """Who detaches the first card, and the next role the next one. With one kernel driver every
    role detaches every card."""
    for d, driver in enumerate(EAL_OPTIONS):
        for n in range(1 if d else len(hm.ROLES)):
            yield driver, hm.ROLES[(d + n) % len(hm.ROLES)]


def repeat_plan(cards):
    """Who attaches and who detaches: with one card and kernel driver each of them and each.
    Elsewhere the primary and a secondary do one of the two each, and then the other one; a card
    with functions, and a function, only with the first kernel driver, to be done sooner."""
    primary, one, other = hm.ROLES
    for (c, card), (d, driver) in itertools.product(enumerate(cards), enumerate(EAL_OPTIONS)):
        if d and card in SRIOV_CARDS:
            continue
        few = ((primary, one), (other, primary))
        for pair in few if c or d else itertools.product(hm.ROLES, hm.ROLES):
            yield driver, card, *pair


#: What each case of the plan is run with, by what it takes.
PLANS = {
    ("driver", "nic", "attacher", "detacher"): repeat_plan,
    ("driver", "nic", "attacher"): attach_plan,
    ("driver", "first"): detach_plan,
}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks which tests are for the same worker
def pytest_collection_modifyitems(items):
    """One kernel driver after the other, for the sake of groups that can be shared; and one worker,
    as there is one guest, or one card."""
    folder = [n for n, item in enumerate(items) if FOLDER in item.path.parents]
    ours = [items[n] for n in folder]
    drivers = list(EAL_OPTIONS)

    def order(item):
        # One that runs once has no parameters.
        params = item.callspec.params if hasattr(item, "callspec") else {}
        return drivers.index(params.get("driver", drivers[0]))

    for n, item in zip(folder, sorted(ours, key=order)):
        item.add_marker(pytest.mark.xdist_group(relay.GROUP))
        # A guest is waited for by relay.py, and the firmware of a real card may take its time.
        if not hm.IN_GUEST:
            item.add_marker(pytest.mark.limit(0))
        items[n] = item


def is_absent(name):
    return hm.IN_GUEST and FUNCTIONS.get(name, name) in machine.absent()


def make_nic(name):
    if not hm.IN_GUEST:
        return Nic(name, name)
    if is_absent(name):
        pytest.skip("this QEMU has no igb card; QEMU 8.0 and later have one")
    if name in FUNCTIONS:
        return Function(name, Nic(FUNCTIONS[name], machine.nic_bdf(FUNCTIONS[name])))
    return Nic(name, machine.nic_bdf(name))


@pytest.fixture(scope="session")
def all_nics(pytestconfig):
    """Every card there is, by name."""
    names = pytestconfig.getoption("--pci") or CARDS
    return {name: make_nic(name) for name in names if not is_absent(name)}


@pytest.fixture(scope="session")
def monitor():
    """QEMU's monitor; None on a real machine."""
    if not hm.IN_GUEST:
        yield None
        return
    monitor = Monitor(open_port("monitor"))
    yield monitor
    monitor.close()


@pytest.fixture
def twin(pytestconfig):
    """A card that shares its IOMMU group with another device that the kernel uses."""
    names = pytestconfig.getoption("--pci") or ["twin"]
    for name in names:
        nic = make_nic(name)
        others = [f"{PCI}/devices/{bdf}/driver" for bdf in nic.group() if bdf != nic.bdf]
        if any(map(os.path.exists, others)):
            yield nic
            nic.bind_home()
            return
    assert not hm.IN_GUEST
    pytest.skip("no other device is in the IOMMU group of any card")


@pytest.fixture(scope="module")
def nic(request, all_nics):
    """A card, bound to its kernel driver."""
    return all_nics.get(request.param) or make_nic(request.param)


class Groups:
    """A group is used for one test after another, until one leaves it otherwise than it was."""

    def __init__(self):
        self.group = None
        self.eal = None

    def get(self, eal):
        """A primary and two secondaries that have no devices."""
        if self.group is not None and (self.eal != eal or not self.is_clean()):
            self.close()
        if self.group is None:
            self.group, self.eal = hm.Group(eal=eal), eal
            # A card may have been bound before.
            self.group.detach_all()
        return self.group

    def is_clean(self):
        return all(p.alive() for p in (self.group.primary, *self.group.secondaries))

    def close(self):
        group, self.group = self.group, None
        if group is not None:
            group.close()


@pytest.fixture(scope="session")
def groups():
    groups = Groups()
    yield groups
    groups.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    item.stash.setdefault(OUTCOMES, []).append(outcome.get_result().outcome)


OUTCOMES = pytest.StashKey()


@pytest.fixture
def shared_group(request, groups):
    """shared_group(driver): three processes that can use cards bound to it, and have none."""

    def get(driver):
        load(driver)  # a process that starts without vfio will never use it
        return groups.get(EAL_OPTIONS[driver])

    yield get
    if set(request.node.stash[OUTCOMES]) != {"passed"}:
        groups.close()


@pytest.fixture
def at_home(all_nics):
    """At the end every card goes back to its kernel driver; its interface is there again."""
    yield
    for nic in all_nics.values():
        nic.bind_home()
