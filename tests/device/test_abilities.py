# SPDX-License-Identifier: BSD-3-Clause
"""What a driver would crash, or lose, in a group is refused with the reason, before anything is
sent: an attach among several processes, and a join beside such a device."""

import re
import shutil

import pytest

import hotplug_mp as hm
from drivers import CAPTURED, SECONDARY_POLLS, table
from starts import why
from traffic import attach, send, start

FAILSAFE = (
    "net_failsafe works only in a group of one: a secondary probes the devices it is made of a "
    "second time, and the detach ends the primary by SIGABRT"
)
OTHERS = "; quit the other processes"
ADDRESS = "internal= is an address in the memory of a program, which nobody can type; leave it out"


@pytest.mark.parametrize(
    ("devargs", "reason"),
    [
        ("net_failsafe0,dev(net_null1)", FAILSAFE + OTHERS),
        ("net_ring0,internal=0x1234", ADDRESS),
        ("net_ring0,internal", ADDRESS),
        ("net_failsafe0,dev(net_ring1,internal=0x1234)", ADDRESS),
    ],
)
def test_attach_that_would_harm_the_group(lent_pair, devargs, reason):
    name = devargs.split(",")[0]
    for process in lent_pair.members():
        answer = process.cmd(f"attach {devargs}")
        assert answer == f"failed to attach device {name}: {reason}"
    lent_pair.assert_agree([])


@pytest.mark.parametrize("name", ["net_pcap0", "eth_pcap0"])
def test_capture_of_a_group_is_written_by_the_primary(pair, tmp_path, name):
    """Each process opens the file when it is attached, and none writes where another has."""
    file = tmp_path / "capture"
    secondary = pair.secondaries[0]
    attach(secondary, f"{name},tx_pcap={file}")
    start(secondary, name)
    send(pair.primary, name, 5)
    size = file.stat().st_size
    assert size > 5 * 60
    assert secondary.cmd(f"send {name} 5").endswith(
        "net_pcap lets no secondary poll port 0: with tx_pcap each process writes to the file as if "
        f"it were the only one; do it in the primary (pid {pair.primary.pid})"
    )
    assert secondary.quit() == 0
    send(pair.primary, name, 5)
    assert pair.primary.cmd(f"detach {name}") == f"detached device {name}"
    assert file.stat().st_size >= size + 5 * 60


def test_address_is_followed_by_nobody_who_is_alone(process):
    primary = process("primary")
    answer = primary.cmd("attach net_ring0,internal=0x1234")
    assert answer == f"failed to attach device net_ring0: {ADDRESS}"
    assert primary.list() == []


def test_address_among_the_start_options(prefix):
    device = "net_ring0,internal=0x1234"
    done = hm.run("primary", prefix, eal=["--no-pci", f"--vdev={device}"], input="")
    assert why(done) == f"dpdk-hotplug_mp: --vdev={device}: {ADDRESS}"


def test_drivers_that_only_some_have(prefix, process):
    """They are loaded for this test only."""
    eal = ["--no-pci", "-d", "librte_net_softnic.so", "-d", "librte_net_vdev_netvsc.so"]
    primary = process("primary", eal=eal)
    hides = "net_vdev_netvsc is no driver for a group: it makes devices later, of which no process is told"
    netvsc = f"failed to attach device net_vdev_netvsc0: {hides}"
    assert primary.cmd("attach net_vdev_netvsc0,iface=lo") == netvsc
    secondary = process("secondary", eal=eal)
    for one in (primary, secondary):
        assert one.cmd("attach net_vdev_netvsc0,iface=lo") == netvsc
        answer = one.cmd("attach net_softnic0,firmware=/dev/null")
        assert answer == (
            "failed to attach device net_softnic0: net_softnic works only in a group of one: a "
            "secondary's probe tries to make its shared memory a second time; quit the other "
            "processes"
        )
        assert one.list() == []


def refused(prefix, reason):
    """Who only looks, and another one who would stay."""
    for own in (["--cmd", "list"], []):
        done = hm.run("secondary", prefix, eal=["--no-pci"], own=own, input="")
        assert why(done) == f"dpdk-hotplug_mp: cannot join: {reason}"


CAPTURES = (
    "the group has net_pcap0, with the argument tx_pcap, and each process that joins opens and empties "
    "that file; detach it first, or ask at the primary's prompt"
)


@pytest.mark.parametrize("way", ["attach", "start option", "too long to be known"])
def test_capture_survives_those_who_only_look(process, prefix, tmp_path, way):
    """A one-shot probes what the primary has, and would empty the file."""
    file = tmp_path / ("x" * 200 if way == "too long to be known" else "capture")
    device = f"net_pcap0,tx_pcap={file}"
    primary = process("primary", eal=["--no-pci", *([] if way == "attach" else [f"--vdev={device}"])])
    if way == "attach":
        attach(primary, device)
    start(primary, "net_pcap0")
    send(primary, "net_pcap0", 5)
    size = file.stat().st_size
    assert size > 5 * 60
    reason = CAPTURES
    if way == "too long to be known":
        reason = (
            "the group has net_pcap0, whose arguments are too long to be known here; with the "
            "argument tx_pcap each process that joins opens and empties that file; detach it first, "
            "or ask at the primary's prompt"
        )
    refused(prefix, reason)
    assert file.stat().st_size == size
    assert primary.cmd("detach net_pcap0") == "detached device net_pcap0"
    assert process("secondary", eal=["--no-pci"]).list() == []
    assert file.stat().st_size == size


def test_capture_of_testpmd_survives(prefix, tmp_path):
    """Its start options tell what it has."""
    hm.need(shutil.which("dpdk-testpmd"), "no dpdk-testpmd; install dpdk")
    file = tmp_path / "capture"
    testpmd = hm.Testpmd(prefix, eal=["--vdev", f"net_pcap0,tx_pcap={file}"])
    try:
        before = file.stat()
        refused(prefix, CAPTURES)
        assert file.stat() == before
    finally:
        testpmd.close()


def test_nobody_joins_beside_a_failsafe(process, prefix):
    primary = process("primary", eal=["--no-pci"])
    attach(primary, "net_failsafe0,dev(net_null1)")
    refused(
        prefix,
        f"the group has net_failsafe0, and {FAILSAFE}; detach it first, or ask at the primary's "
        "prompt",
    )
    assert primary.cmd("detach net_failsafe0") == "detached device net_failsafe0"
    assert process("secondary", eal=["--no-pci"]).list() == []


def test_nobody_joins_beside_ports_that_will_come(process, prefix):
    device = "net_vdev_netvsc0"
    eal = ["--no-pci", "-d", "librte_net_vdev_netvsc.so"]
    process("primary", eal=[*eal, "--vdev", f"{device},iface=lo"])
    refused(
        prefix,
        f"the primary was started with {device}, and net_vdev_netvsc is no driver for a group: it "
        "makes devices later, of which no process is told; start it without",
    )


def test_document_has_the_same_table():
    """doc/limits.rst says for each driver what the program does."""
    with open(f"{hm.REPO}/device/abilities.c", encoding="utf-8") as f:
        text = f.read()
    (releases,) = re.findall(r'releases\[\] = "(.*)"', text)
    text = text[text.index(" table[] = {") :]
    text = text[: text.index("\n};")]
    text = text.replace("abilities_no_functions", '"no functions"').replace("= releases", f'= "{releases}"')
    rows = [
        dict(re.findall(r'\.(\w+) = ("[^"]*"|\w+)', row))
        for row in re.findall(r"^\t\{(.*?)\},?$", text, re.MULTILINE | re.DOTALL)
    ]
    code = {row.pop("driver").strip('"'): row for row in rows}
    assert len(code) == len(rows) == text.count(".driver = ")
    document = table()
    for driver, row in code.items():
        listed = document[driver]
        releases = set(re.findall(r"\d\d\.\d\d", listed["seen"]))
        assert set(row["seen"].strip('"').split()) == releases, driver
        assert listed["group"].startswith("no" if "alone" in row else "yes"), driver
        no = "alone" in row or "unpolled" in row
        assert listed["polled"].startswith("no" if no else "yes"), driver
        assert "harms" not in row or f"""``{row['harms'].strip('"')}``""" in listed["group"], driver
    # A driver that can do everything needs no row in the code.
    for driver in set(document) - set(code):
        assert document[driver]["group"] == document[driver]["polled"] == "yes"
    captured = {driver for driver, row in document.items() if row["captured"].startswith("yes")}
    assert captured == CAPTURED
    for driver, polls in SECONDARY_POLLS.items():
        assert document[driver]["polled"].startswith("yes" if polls else "no"), driver
