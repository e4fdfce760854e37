# SPDX-License-Identifier: BSD-3-Clause
"""devices: what could be attached, held against sysfs and the drivers' own words."""

import glob
import json
import os
import re

import hotplug_mp as hm
from hotplug_mp.answers import devices

PCI = "/sys/bus/pci/devices"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read().strip()


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
