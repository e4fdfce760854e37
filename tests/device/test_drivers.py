# SPDX-License-Identifier: BSD-3-Clause
"""Each driver's ports, polled by a secondary that joined before they were started, and by one
that joined after that: either packets come and go, or it is refused with a reason."""

import contextlib
import os
import shutil
import subprocess

import pytest

import hotplug_mp as hm
from drivers import PACKETS, VIRTUAL, carried

#: A vhost-user memory table has eight entries, which pages in a file each would not fit into.
EAL = ("--no-pci", "--single-file-segments")


def ip(line):
    subprocess.run(["ip", *line.split()], check=True, timeout=hm.TIMEOUT)


def start(primary, devices):
    for device in devices:
        name = device.partition(",")[0]
        assert primary.cmd(f"attach {device}") == f"attached device {name}"
        assert primary.cmd(f"start {name}") == f"started device {name}"


@contextlib.contextmanager
def alone(driver, primary, place):
    """It brings back what is sent to it, or something else."""
    start(primary, [f"{driver}0"])
    yield f"{driver}0", f"{driver}0"


@contextlib.contextmanager
def veth(driver, primary, place):
    """A port at each end of a veth pair."""
    name = f"hmt{os.getpid()}d"
    hm.veth_add(name, f"{name}p")
    try:
        start(primary, [f"{driver}0,iface={name}", f"{driver}1,iface={name}p"])
        yield f"{driver}0", f"{driver}1"
        for end in range(2):
            assert primary.cmd(f"detach {driver}{end}") == f"detached device {driver}{end}"
    finally:
        ip(f"link del {name}")


@contextlib.contextmanager
def tap(driver, primary, place):
    """Two, on a bridge."""
    name = f"hmt{os.getpid()}"
    ip(f"link add {name}r type bridge")
    try:
        start(primary, [f"{driver}{n},iface={name}{end}" for n, end in enumerate("ab")])
        for end in "ab":
            ip(f"link set {name}{end} master {name}r")
        for end in "abr":
            ip(f"link set {name}{end} up")
        yield f"{driver}0", f"{driver}1"
    finally:
        ip(f"link del {name}r")


@contextlib.contextmanager
def echo(testpmd):
    """A dpdk-testpmd that sends back what it receives."""
    try:
        testpmd.cmd("start")
        yield
    finally:
        testpmd.close()


@contextlib.contextmanager
def client(driver, primary, place, device, its):
    """Its peer connects to it."""
    start(primary, [f"{driver}0,{device}={place}/s"])
    with echo(hm.Testpmd(eal=("--single-file-segments", f"--vdev={its}={place}/s"))):
        yield f"{driver}0", f"{driver}0"


def memif(*args):
    shared = "id=1,socket-abstract=no,socket"
    return client(*args, f"role=server,{shared}", f"net_memif0,role=client,{shared}")


def vhost(*args):
    return client(*args, "iface", "net_virtio_user0,path")


@contextlib.contextmanager
def virtio_user(driver, primary, place):
    """It connects to its peer."""
    with echo(hm.VhostBackend(f"{place}/s")):
        start(primary, [f"{driver}0,path={place}/s"])
        yield f"{driver}0", f"{driver}0"


#: What makes a port, or two, such that packets sent at the first come in at the second.
RIGS = {
    "net_null": alone,
    "net_ring": alone,
    "net_tap": tap,
    "net_memif": memif,
    "net_pcap": veth,
    "net_virtio_user": virtio_user,
    "net_af_packet": veth,
    "net_af_xdp": veth,
    "net_vhost": vhost,
}


@pytest.mark.parametrize("joined", ["before", "after"])
@pytest.mark.parametrize("driver", VIRTUAL)
def test_polled_from_a_secondary(driver, joined, short_dir):
    hm.need(shutil.which("ip"), "no ip; install iproute2")
    hm.need(shutil.which("dpdk-testpmd"), "no dpdk-testpmd; install dpdk")
    # It is not among the few that the tests load.
    eal = (*EAL, "-d", "librte_net_af_xdp.so") if driver == "net_af_xdp" else EAL
    group = hm.Group(secondaries=1 if joined == "before" else 0, eal=eal)
    seen = False
    try:
        with RIGS[driver](driver, group.primary, short_dir) as (to, back):
            if joined == "after":
                group.add_secondary()
            secondary = group.secondaries[0]
            if VIRTUAL[driver]:
                receives_and_sends(secondary, to, back)
            else:
                is_refused(group, secondary, to, back)
            assert secondary.alive() and group.primary.alive()
            seen = True
    finally:
        try:
            group.close()
        except AssertionError:
            if driver != "net_memif" or not seen:
                raise
            # DPDK 22.11's driver may kill the primary at its end, once it had a server: the
            # interrupt thread looks at memory that is gone.
            pytest.xfail("the end of a net_memif server may crash")


def receives_and_sends(secondary, to, back):
    def sent():
        """The peer may not be ready to take any yet."""
        return secondary.cmd(f"send {to} {PACKETS}").startswith(f"sent through {to}")

    hm.wait_until(sent, f"packets are sent through {to}")
    assert secondary.cmd(f"forward {back} {back}") == f"forwarding {back} to {back}"
    hm.wait_until(
        lambda: all(count >= PACKETS for count in carried(secondary, back)),
        f"packets come and go through {back}",
    )
    assert secondary.cmd("forward off") == "forwarding is off"


def is_refused(group, secondary, to, back):
    for line in (f"send {to} {PACKETS}", f"forward {back} {back}"):
        answer = secondary.cmd(line)
        assert answer.startswith(f"failed to {line.split()[0]} ")
        assert "lets no secondary poll port" in answer
        assert answer.endswith(f"do it in the primary (pid {group.primary.pid})")
    receives_and_sends(group.primary, to, back)


def descriptors_of_a_message():
    """How many the EAL can send in one: 8 with DPDK 22.11, 253 with newer releases."""
    hm.need(shutil.which("cc") and shutil.which("pkg-config"), "no C compiler; install gcc")
    flags = subprocess.check_output(["pkg-config", "--cflags", "libdpdk"], text=True).split()
    text = subprocess.check_output(
        ["cc", *flags, "-include", "rte_eal.h", "-E", "-P", "-"], input="RTE_MP_MAX_FD_NUM", text=True
    )
    return int(text.split()[-1])


def test_tap_with_more_queues_than_it_can_share(pair):
    """It shares them in one message. DPDK 22.11's driver writes beyond the end of an array if they
    do not fit; with newer ones all fit that can be asked for."""
    most = descriptors_of_a_message()
    queues = min(most // 2, 5)
    name = f"hmt{os.getpid()}q"
    assert pair.primary.cmd(f"attach net_tap0,iface={name}") == "attached device net_tap0"
    for process in pair.members() if 2 * queues == most else ():
        answer = process.cmd(f"start net_tap0 rxq {queues + 1} txq {queues}")
        assert answer == (
            f"failed to start device net_tap0: port 0: net_tap has at most {most} queues, rx and tx "
            "together"
        )
    (secondary,) = pair.secondaries
    answer = secondary.cmd(f"start net_tap0 rxq {queues} txq {queues}")
    assert answer == "started device net_tap0"
    answer = secondary.cmd("send net_tap0 1")
    assert answer.startswith("sent through net_tap0")
    assert pair.primary.cmd("detach net_tap0") == "detached device net_tap0"
