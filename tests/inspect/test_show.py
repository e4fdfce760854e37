# SPDX-License-Identifier: BSD-3-Clause
"""What is known of a device, what could be attached, help, completion and history."""

import glob
import itertools
import json
import os
import re
import subprocess

import pytest

import hotplug_mp as hm

KEYS = ["port", "name", "driver", "bus", "devargs", "numa", "mac", "link", "speed", "mtu"]
KEYS += ["rxqueues", "txqueues", "state", "processes", "locked"]
DEVICE_KEYS = ["name", "driver", "bus", "devargs", "numa"]
PCI = "/sys/bus/pci/devices"
UP, LEFT, CTRL_C = "\x1b[A", "\x1b[D", "\x03"

markers = itertools.count(1)


def shown(process, what):
    """What show prints, {key: value} in its order."""
    lines = process.cmd(f"show {what}").split("\n")
    fields = [re.fullmatch(r"([a-z]+): (.+)", line) for line in lines]
    assert all(fields), f"not a key and a value a line: {lines}"
    return {field[1]: field[2] for field in fields}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read().strip()


def kernel_link(interface):
    """What the kernel says of an interface."""
    done = subprocess.run(
        ["ip", "-json", "link", "show", "dev", interface],
        stdout=subprocess.PIPE,
        check=True,
        timeout=hm.TIMEOUT,
    )
    return json.loads(done.stdout)[0]


# show


def test_ports_are_shown_alike_in_every_process(group):
    """By name and by id; against what librte_ethdev's own telemetry says of them."""
    devices = {"net_null0": "net_null0,copy=1", "net_ring0": "net_ring0"}
    for asked, devargs in zip(group.secondaries, devices.values()):
        assert asked.cmd(f"attach {devargs}").startswith("attached device ")
    group.assert_agree(list(enumerate(devices)))
    for port, (name, devargs) in enumerate(devices.items()):
        seen = shown(group.primary, name)
        assert list(seen) == KEYS
        pids = sorted(int(pid) for pid in seen.pop("processes").split(","))
        assert pids == sorted(process.pid for process in group.members())
        (info,) = hm.telemetry(group.prefix, f"/ethdev/info,{port}")
        assert seen == {
            "port": str(port),
            "name": name,
            "driver": name[:-1],
            "bus": "vdev",
            "devargs": devargs,
            "numa": str(info["numa_node"]),
            "mac": info["mac_addr"],
            "link": "down",
            "speed": "10 Gbps",
            "mtu": str(info["mtu"]),
            "rxqueues": str(info["nb_rx_queues"]),
            "txqueues": str(info["nb_tx_queues"]),
            "state": "stopped",
            "locked": "no",
        }
        texts = {
            process.cmd(f"show {what}")
            for process in group.members()
            for what in (name, port, f"vdev:{name}", f"{name},any=thing")
        }
        assert len(texts) == 1


@pytest.mark.parametrize("driver", ["net_af_packet", "net_tap"])
def test_mac_is_that_of_the_interface(pair, veth, driver):
    interface = veth if driver == "net_af_packet" else f"t{veth}"[:15]
    for process in pair.members():
        assert process.cmd(f"attach {driver}0,iface={interface}") == f"attached device {driver}0"
        for asked in pair.members():
            seen = shown(asked, f"{driver}0")
            link = kernel_link(interface)
            assert seen["mac"].lower() == link["address"]
            assert seen["mtu"] == str(link["mtu"])
            assert seen["devargs"] == f"{driver}0,iface={interface}"
        assert process.cmd(f"detach {driver}0") == f"detached device {driver}0"
        for asked in pair.members():
            answer = asked.cmd(f"show {driver}0")
            assert answer == f"failed to show device {driver}0: not attached"


def test_device_without_a_port(pair):
    assert pair.secondaries[0].cmd("attach crypto_null0").endswith("(no ethernet port)")
    for process in pair.members():
        seen = shown(process, "crypto_null0")
        assert list(seen) == DEVICE_KEYS
        assert seen["driver"] == "crypto_null"
        assert seen["devargs"] == "vdev:crypto_null0"


NO_PORT = "failed to show port {}: no such port; list shows those there are"
UNKNOWN = (
    'failed to show device {0}: no bus knows "{0}": it is no PCI address and begins with the '
    "name of no virtual driver that is loaded"
)


@pytest.mark.parametrize(
    "what, answer",
    [
        ("1", NO_PORT),
        ("31", NO_PORT),
        ("32", NO_PORT),
        ("65535", NO_PORT),
        ("65536", NO_PORT),
        ("4294967296", NO_PORT),
        ("18446744073709551616", NO_PORT),
        ("9" * 400, NO_PORT),
        ("-1", UNKNOWN),
        ("0x0", UNKNOWN),
        ("nosuch", UNKNOWN),
        ("net_null9", "failed to show device {}: not attached"),
        ("0000:ff:1f.7", "failed to show device {}: not attached"),
        ("", "failed to show device: missing argument; usage: show <device|port>"),
        ('""', "failed to show device {}: empty word; usage: show <device|port>"),
        ("0 1", "failed to show device {}: expected one word, got 2; devargs have no blanks"),
    ],
)
def test_what_cannot_be_shown(process, prefix, what, answer):
    """Neither at a terminal nor for a script, which learns it by the exit status, too."""
    primary = process("primary")
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    assert primary.cmd(f"show {what}") == answer.format(what)
    done = hm.run("secondary", prefix, own=["--cmd", f"show {what}"])
    assert (done.returncode, done.stdout) == (1, f"{answer.format(what)}\n")


def test_processes_are_those_that_see_it(faulty):
    assert faulty.primary.cmd("attach net_null0") == "attached device net_null0"
    faults = faulty.make_faults()
    faults.set("attach", "refuse")
    lacking = faulty.add_secondary(faults=faults)
    seeing = [process for process in faulty.members() if process is not lacking]
    for process in seeing:
        pids = shown(process, 0)["processes"].split(",")
        assert sorted(map(int, pids)) == sorted(one.pid for one in seeing)
    assert lacking.cmd("show 0") == NO_PORT.format(0)
    assert lacking.cmd("show net_null0") == "failed to show device net_null0: not attached"
    faults.clear()
    assert lacking.cmd("sync").startswith("synced: ")
    for process in faulty.members():
        assert len(shown(process, "net_null0")["processes"].split(",")) == 4


def test_port_that_another_process_has_started(testpmd, process):
    """Our process is a secondary; it neither starts nor stops anything."""
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    assert "Port 0 is attached" in testpmd.cmd("port attach net_null0")
    for verb, state, link in (("start", "started", "up"), ("stop", "stopped", "down")) * 2:
        testpmd.cmd(f"port {verb} 0")
        for asked in ours:
            seen = shown(asked, "net_null0")
            assert (seen["state"], seen["link"]) == (state, link)
            assert seen["devargs"] == "vdev:net_null0"
            assert sorted(map(int, seen["processes"].split(","))) == sorted(p.pid for p in ours)
        # To ask for that tells testpmd nothing, and logs nothing here.
        assert not any("hairpin" in asked.log().lower() for asked in ours)


@pytest.mark.parametrize(
    "line, answer",
    [("show net_null0", "port: 0"), ("stats net_null9", "failed to show stats of net_null9: not")],
)
def test_what_looks_at_devices_waits_for_an_operation(faulty, line, answer):
    """So that it shows what is true, and looks at none that is being freed."""
    primary, asked = faulty.primary, faulty.secondaries[0]
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    asked.send(line)
    asked.child.expect_exact(f"waiting for {primary}: attach net_null0")
    primary.faults.clear()
    assert primary.answer() == "attached device net_null0"
    asked.child.expect_exact(answer)
    asked.child.expect_exact(hm.PROMPT)
    faulty.assert_agree([(0, "net_null0")])


# devices


def devices(process):
    """{address: [kernel driver, driver, state]}, {virtual driver: parameters}"""
    lines = process.cmd("devices").split("\n")
    assert lines[0].split() == ["pci", "kernel", "driver", "driver", "state"]
    virtual = next(number for number, line in enumerate(lines) if line.startswith("virtual "))
    assert lines[virtual].split() == ["virtual", "parameters"]
    pci = {line.split()[0]: line.split(maxsplit=3)[1:] for line in lines[1:virtual]}
    return pci, dict(line.split(maxsplit=1) for line in lines[virtual + 1 :])


def records(pid):
    """[(file, what a driver loaded into a process says of itself)]; as dpdk-pmdinfo.py reads it,
    out of the files."""
    files = set(re.findall(r"/\S*librte_net_\S+\.so\S*", read(f"/proc/{pid}/maps")))
    hm.need(files, "DPDK's drivers are no files of their own here")
    for path in sorted(files):
        with open(path, "rb") as f:
            for text in re.findall(rb"PMD_INFO_STRING= (\{.*?\})\0", f.read()):
                yield path, json.loads(text)


def test_pci_devices_are_those_of_sysfs(pair):
    network = {
        os.path.basename(path)
        for path in glob.glob(f"{PCI}/*")
        if read(f"{path}/class").startswith("0x02")
    }
    for process in pair.members():
        pci, _ = devices(process)
        assert set(pci) == network
        for address, (kernel, driver, state) in pci.items():
            link = f"{PCI}/{address}/driver"
            bound = os.path.basename(os.readlink(link)) if os.path.islink(link) else "-"
            assert kernel == bound
            ids = [
                int(read(f"{PCI}/{address}/{name}"), 16)
                for name in ("vendor", "device", "subsystem_vendor", "subsystem_device")
            ]
            fitting = {
                record["name"]
                for _, record in records(process.pid)
                for match in record.get("pci_ids", [])
                if all(want in (0xFFFF, has) for want, has in zip(match, ids))
            }
            assert driver in fitting if fitting else driver == "-"
            assert (state == "no driver") == (not fitting)
            assert (state == "attached") == any(address == name for _, name in process.list())
            if fitting and state not in ("attached", "ready"):
                assert state == ("unbound" if bound == "-" else "kernel")


def test_virtual_drivers_are_those_that_are_loaded(pair):
    _, virtual = devices(pair.primary)
    assert "net_null" in virtual and list(virtual) == sorted(virtual)
    said = {
        record["name"]: record.get("params", "")
        for _, record in records(pair.primary.pid)
        if not record.get("pci_ids")
    }
    for name, params in virtual.items():
        assert params.split() == (said[name].split() or ["-"])
    # One that is left out is for no bus that a name can be made up for.
    for name in set(said) - set(virtual):
        answer = pair.primary.cmd(f"attach {name}0")
        assert f'no bus knows "{name}0"' in answer, answer
    assert devices(pair.secondaries[0])[1] == virtual
    assert pair.primary.cmd("devices") == pair.primary.cmd("devices")


# help


def test_help_fits_one_screen(process):
    lines = process("primary").cmd("help").split("\n")
    assert sum((len(line) - 1) // 80 + 1 for line in lines) <= 23


def commands(process):
    return [line.split()[0] for line in process.cmd("help").split("\n")]


def test_help_explains_every_command(process):
    one = process("primary")
    for command in commands(one):
        usage, summary = one.cmd(f"help {command}").split("\n")[:2]
        assert usage.split()[0] == command
        (line,) = [x for x in one.cmd("help").split("\n") if x.split()[0] == command]
        assert line.split() == [*usage.split(), *summary.split()]
    assert one.cmd("help nosuch") == 'no help on "nosuch": there is no such command'


@pytest.mark.parametrize("command", ["attach", "detach", "show"])
def test_help_has_argument_examples_and_what_can_go_wrong(process, command):
    lines = process("primary").cmd(f"help {command}").split("\n")
    assert re.fullmatch(rf"{command} <\S+>", lines[0])
    assert len([line for line in lines if re.fullmatch(rf"    {command} \S+", line)]) == 2
    assert any(line.strip().startswith("It fails if ") for line in lines)


# completion and editing


def keys(process, text):
    """Press these, then Enter; returns what the line they make prints."""
    process.child.send(f"{text}\r")
    process.child.expect_exact("\r\n")
    return process.rest()


def tab(process, typed):
    """Type this and TAB: the line it makes of that, and what there is to choose from."""
    marker = f"marker{next(markers)}"
    process.child.send(f"{typed}\t{CTRL_C}help {marker}\r")
    process.child.expect_exact(f'no help on "{marker}"')
    text = process.child.before
    process.child.expect_exact(hm.PROMPT)
    line = hm.ESCAPE_CODE.sub("", text[: text.index("\r")])
    return line, re.findall(r"\n (\S+) \r", text)


def test_tab_completes_what_is_attached(pair):
    typing = pair.secondaries[0]
    assert tab(typing, "detach ") == ("detach ", [])
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    for command in ("detach", "show"):
        assert tab(typing, f"{command} ") == (f"{command} ", ["net_null0"])
        assert tab(typing, f"{command} n") == (f"{command} net_null0 ", [])
    assert pair.primary.cmd("attach net_ring0") == "attached device net_ring0"
    assert pair.primary.cmd("attach crypto_null0").startswith("attached device crypto_null0")
    there = ["net_null0", "net_ring0", "crypto_null0"]
    for process in pair.members():
        assert tab(process, "detach ") == ("detach ", there)
        assert tab(process, "show net_") == ("show net_", there[:2])
        assert tab(process, "show c") == ("show crypto_null0 ", [])
    assert keys(typing, "detach c\t") == "detached device crypto_null0"
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"
    assert tab(typing, "show n") == ("show net_ring0 ", [])


def test_tab_completes_what_can_be_attached(pair):
    for process in pair.members():
        pci, virtual = devices(process)
        ready = [address for address, about in pci.items() if about[2] == "ready"]
        line, choices = tab(process, "attach ")
        assert line == "attach "
        assert [name for name in choices if ":" in name] == ready
        assert [name for name in choices if name in virtual] == list(virtual)
        # And one number each that is free.
        rest = set(choices) - set(ready) - set(virtual)
        assert rest == {f"{name}0" for name in virtual}
        assert tab(process, "attach net_nul") == ("attach net_null", [])
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert tab(pair.secondaries[0], "attach net_null") == (
        "attach net_null",
        ["net_null", "net_null1"],
    )
    assert keys(pair.secondaries[0], "attach net_nul\t1") == "attached device net_null1"


def test_tab_knows_what_a_foreign_primary_has(testpmd, process):
    ours = process("secondary", eal=["--no-pci"])
    testpmd.cmd("port attach net_null7")
    hm.wait_until(lambda: tab(ours, "show n") == ("show net_null7 ", []), "it is completed")


def test_tab_completes_words(process):
    one = process("primary")
    names = commands(one)
    assert tab(one, "help ") == ("help ", names)
    assert tab(one, "monitor ") == ("monitor ", ["on", "off"])
    for name in names:
        assert tab(one, name)[0].rstrip() == name
    assert tab(one, "nosuch") == ("nosuch", [])
    assert tab(one, "show nosuch") == ("show nosuch", [])


def test_tab_does_not_wait_for_an_operation(faulty):
    primary, typing = faulty.primary, faulty.secondaries[0]
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    primary.faults.set("attach", "block")
    primary.send("attach net_null1")
    primary.faults.wait_met("attach")
    assert tab(typing, "show n") == ("show net_null0 ", [])
    assert "net_ring" in tab(typing, "attach ")[1]
    primary.faults.clear()
    assert primary.answer() == "attached device net_null1"
    faulty.assert_agree([(0, "net_null0"), (1, "net_null1")])


def test_names_that_cannot_be_typed_are_not_completed(pair):
    for name in (b'net_null"a', b"net_null\x01", "net_null\xe9".encode()):
        done = hm.run("secondary", pair.prefix, input=b"attach " + name + b"\n", text=False)
        assert done.stdout == b"attached device " + name + b"\n"
    for process in pair.members():
        assert tab(process, "show ") == ("show ", ['net_null"a'])


def test_lines_are_edited_and_come_back(pair):
    for process in pair.members():
        assert keys(process, f"lst{LEFT}{LEFT}i") == "list all etherdev"
        assert process.cmd("show 0") == NO_PORT.format(0)
        assert keys(process, f"{UP}{UP}") == "list all etherdev"
        # An earlier line can be changed before it is run again.
        assert keys(process, f"{UP}{UP}\x7f9") == NO_PORT.format(9)
