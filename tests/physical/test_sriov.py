# SPDX-License-Identifier: BSD-3-Clause
"""A card with functions (SR-IOV): taken away under the processes that have one, while the kernel
waits for somebody else, and at vfio-pci like its functions."""

import contextlib
import fcntl
import os

import pytest

import hotplug_mp as hm
from hot_nic import SECONDS, HotFunction, HotNic, assert_gone, listed
from hotplug_mp import ROLES
from nic import Nic, load, write

DRIVER = "vfio-pci"
TOKEN = "14d63f20-8445-11ea-8900-1f9ce7d5650d"
OTHER_TOKEN = TOKEN[:-1] + "0"


@pytest.fixture(scope="module")
def function(pytestconfig, all_nics):
    """The first function of a card that its kernel driver has."""
    if pytestconfig.getoption("--pci"):
        pytest.skip("it needs a card with functions, in a guest")
    if "igbvf" not in all_nics:
        pytest.skip("this QEMU has no igb card; QEMU 8.0 and later have one")
    return all_nics["igbvf"]


@pytest.fixture(scope="module")
def card(function, all_nics):
    """Another card with functions, which has none now."""
    assert function
    return all_nics["igb"]


@pytest.fixture
def hot(request, function, card, monitor, record_property):
    """A function or a card that can be taken away, in three processes that have it."""
    what, way = request.param
    if what == "card":
        nic = HotNic(card.name, card.bdf, monitor, way)
    else:
        nic = HotFunction(function, monitor, way)
    nic.bind(DRIVER)
    yield nic
    record_property("removals", nic.took)
    nic.put_in()
    nic.bind_home()


#: What is taken away, how, and whether a secondary polls it.
TAKEN = {
    "function-idle": (("function", "sriov_numvfs"), False),
    "function-polled": (("function", "sriov_numvfs"), True),
    "card under its function": (("function", "device_del"), True),
    "card": (("card", "device_del"), True),
}


@pytest.mark.parametrize("hot, polled", TAKEN.values(), ids=list(TAKEN), indirect=["hot"])
def test_taken_away(shared_group, hot, polled):
    group, bdf = shared_group(DRIVER), hot.bdf
    secondary, other = group.secondaries
    assert other.cmd(f"attach {bdf}") == f"attached device {bdf}"
    group.assert_lists([(0, bdf)])
    if polled:
        assert other.cmd(f"start {bdf}") == f"started device {bdf}"
        assert secondary.cmd(f"forward {bdf} {bdf}") == f"forwarding {bdf} to {bdf}"
    assert_gone(group, hot, hot.ask_back())
    if polled:
        ended = f"forward {bdf} {bdf} ended: pid {group.primary.pid} has taken port 0 away"
        hm.wait_until(
            lambda: not listed(secondary) and ended in secondary.transcript.getvalue(),
            ended,
            SECONDS,
        )


#: Of linux/vfio.h.
VFIO_SET_IOMMU = 0x3B66
VFIO_GROUP_SET_CONTAINER = 0x3B68
VFIO_GROUP_GET_DEVICE_FD = 0x3B6A
VFIO_TYPE1_IOMMU = 1


@contextlib.contextmanager
def held(nic):
    """Another program has the device, and gives it back only in the end."""
    number = os.path.basename(os.readlink(f"{nic.path}/iommu_group"))
    with contextlib.ExitStack() as opened:

        def keep(fd):
            opened.callback(os.close, fd)
            return fd

        container = keep(os.open("/dev/vfio/vfio", os.O_RDWR))
        group = keep(os.open(f"/dev/vfio/{number}", os.O_RDWR))
        fcntl.ioctl(group, VFIO_GROUP_SET_CONTAINER, container.to_bytes(4, "little"))
        fcntl.ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)
        name = bytearray(f"{nic.bdf}\0", "ascii")
        keep(fcntl.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name, True))
        yield


@pytest.fixture
def two_functions(function, card):
    """A card's first function, as one that can be taken away, and its second one, at vfio-pci like
    another card."""
    path = f"{function.card.path}/sriov_numvfs"
    write(path, "0")
    function.make(2)
    first = HotFunction(function, None, "sriov_numvfs")
    second = Nic("second", os.path.basename(os.readlink(f"{function.card.path}/virtfn1")))
    for nic in (card, first, second):
        nic.bind(DRIVER)
    yield first, second
    first.put_in()
    write(path, "0")
    function.make()
    for nic in (card, function):
        nic.bind_home()


def test_kernel_that_waits(shared_group, two_functions, card):
    """The kernel waits for another program to give a function back, and has the group's own yet to
    ask for. The EAL's scan of the bus would wait for the kernel, in a process that has a function
    and would never give it back."""
    group, (first, own) = shared_group(DRIVER), two_functions
    group.detach_all()
    waits = f"the kernel is changing the functions of {first.plug.bdf}, or taking it away, and waits "
    assert group.primary.cmd(f"attach {own.bdf}") == f"attached device {own.bdf}"
    with held(first):
        asked = first.ask_back()
        hm.wait_until(lambda: "vfio" in stack(first.request), "the kernel waits")
        for role in ROLES[:2]:
            answer = group.member(role).cmd(f"attach {card.bdf}")
            assert answer.startswith(f"failed to attach device {card.bdf}: {waits}")
        started = hm.run("secondary", group.prefix)
        assert (started.returncode, waits in started.stderr) == (1, True)
        group.assert_lists([(0, own.bdf)])
        # What does not scan the bus goes on.
        assert group.primary.cmd("attach net_null0") == "attached device net_null0"
        assert group.primary.cmd("detach net_null0") == "detached device net_null0"
    first.gone_in_time(asked)
    for process in group.members():
        hm.wait_until(lambda p=process: not listed(p), f"{own.bdf} is gone", SECONDS)
    hm.wait_until(first.pluggable, "the kernel is done")
    for role in ROLES[:2]:
        assert group.member(role).cmd(f"attach {card.bdf}") == f"attached device {card.bdf}"
        assert group.member(role).cmd(f"detach {card.bdf}") == f"detached device {card.bdf}"


def stack(process):
    """Where the kernel is for a process, or for what it has started."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        with open(f"/proc/{process.pid}/stack", encoding="ascii") as f:
            return f.read()
    return ""


@pytest.fixture
def vfio_functions(card):
    """A card at vfio-pci that has a function there."""
    load(DRIVER)
    write("/sys/module/vfio_pci/parameters/enable_sriov", "Y")
    card.bind(DRIVER)
    write(f"{card.path}/sriov_numvfs", "1")
    yield card, os.path.basename(os.readlink(f"{card.path}/virtfn0"))
    write(f"{card.path}/sriov_numvfs", "0")
    write("/sys/module/vfio_pci/parameters/enable_sriov", "N")
    card.bind_home()


def test_function_of_a_card_at_vfio(shared_group, vfio_functions):
    """Without the card's VF token the answer says what to do, and nothing is spoilt."""
    card, bdf = vfio_functions
    group = shared_group(DRIVER)
    for role in ROLES:
        answer = group.member(role).cmd(f"attach {bdf}")
        assert answer == (
            f"failed to attach device {bdf}: it is a function of {card.bdf}, which is bound to "
            "vfio-pci, too, so it needs a VF token; start every process of the group with "
            f"--vfio-vf-token=UUID, and attach {card.bdf} first"
        )
        group.assert_lists([])
    assert group.primary.cmd(f"attach {card.bdf}") == f"attached device {card.bdf}"
    assert group.primary.cmd(f"detach {card.bdf}") == f"detached device {card.bdf}"
    group = hm.Group(secondaries=1, eal=(f"--vfio-vf-token={TOKEN}",))
    try:
        # The EAL attaches both at the start.
        group.assert_lists([(0, card.bdf), (1, bdf)])
        for process in group.members():
            assert process.cmd(f"detach {bdf}") == f"detached device {bdf}"
            group.assert_lists([(0, card.bdf)])
            assert process.cmd(f"attach {bdf}") == f"attached device {bdf}"
            group.assert_lists([(0, card.bdf), (1, bdf)])
    finally:
        group.close()
    group = hm.Group(secondaries=0, eal=(f"--vfio-vf-token={OTHER_TOKEN}", "-a", "0000:7f:1f.7"))
    try:
        answer = group.primary.cmd(f"attach {bdf}")
        assert answer.startswith(f"failed to attach device {bdf}: ")
        assert answer.endswith(
            "; every process needs the VF token (--vfio-vf-token) that "
            f"{card.bdf} was attached with"
        )
    finally:
        group.close()
