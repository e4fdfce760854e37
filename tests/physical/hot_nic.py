# SPDX-License-Identifier: BSD-3-Clause
"""A card that is taken away while processes have it, and what each of them says."""

import re
import subprocess
import time

import hotplug_mp as hm
from nic import PCI, Nic, write
from vm import machine

#: Longest time from the request to the end, on every terminal. How long an emulated processor
#: takes says nothing of the program; what it took is measured, and shown in the summary.
SECONDS = 20 if hm.IN_GUEST else 3


class HotNic(Nic):
    """A card that can be taken away: `way` is device_del, QEMU's request to the guest to give
    it back; or remove, the kernel's own."""

    def __init__(self, name, bdf, monitor, way):
        super().__init__(name, bdf)
        self.plug = self  # what is plugged in
        self.monitor = monitor
        self.way = way
        self.request = None
        self.took = []  # seconds, each time it was asked back

    def ask_back(self):
        """Ask for it; the answer may be long in coming. When that was, for gone_in_time()."""
        asked = time.monotonic()
        if self.way == "device_del":
            self.monitor.command("device_del", id=self.plug.name)
            self.request = True
        else:
            # The write ends when the card is gone.
            self.request = subprocess.Popen(["sh", "-c", self.removal()])
        return asked

    def removal(self):
        """What root does to take it away."""
        return f"echo 1 >{self.path}/remove"

    def pluggable(self):
        """Is it gone for good?"""
        if self.way != "device_del":
            return self.request.poll() is not None and not self.present()
        devices = self.monitor.command("qom-list", path="/machine/peripheral")
        names = [device["name"] for device in devices]
        return not self.plug.present() and self.plug.name not in names

    def put_in(self):
        """Put it in again after it has been taken away."""
        if self.request is None:
            return
        hm.wait_until(self.pluggable, f"{self.bdf} is gone")
        self.request = None
        if self.way == "device_del":
            self.monitor.device_add(machine.nic_device(self.plug.name))
        self.appear()
        # Its directory is there before what belongs into it; its group comes last.
        hm.wait_until(self.group, f"{self.bdf} is back")

    def appear(self):
        """What root does so that the kernel has it again, if it is plugged in."""
        if self.way != "device_del":
            write(f"{PCI}/rescan", "1")

    def bind_when_back(self, driver):
        """Put it in so that this driver is the first to have it."""
        write(f"{PCI}/drivers_autoprobe", "0")
        try:
            self.put_in()
            self.bind(driver)
        finally:
            write(f"{PCI}/drivers_autoprobe", "1")

    def gone_in_time(self, asked, seconds=SECONDS):
        left = asked + seconds - time.monotonic()
        hm.wait_until(lambda: not self.present(), f"{self.bdf} leaves the bus", timeout=left)
        self.took.append(time.monotonic() - asked)


class HotFunction(HotNic):
    """A function (SR-IOV) that can be taken away: `way` is sriov_numvfs, when its card is to have none
    any more; or device_del, when its card is taken away under it."""

    def __init__(self, function, monitor, way):
        super().__init__(function.name, function.bdf, monitor, way)
        self.function = function
        self.plug = function.card

    def removal(self):
        return f"echo 0 >{self.plug.path}/sriov_numvfs"

    def appear(self):
        self.function.make()


def told(process, bdf):
    """The line in which a terminal says, unasked, that a card has been removed."""
    process.child.expect(
        rf"[^\r\n]*{re.escape(bdf)}[^\r\n]*removed[^\r\n]*"
        rf"|[^\r\n]*removed[^\r\n]*{re.escape(bdf)}[^\r\n]*",
        timeout=SECONDS,
    )
    line = process.child.after
    process.child.expect_exact(hm.PROMPT)
    return line


def assert_gone(group, nic, asked):
    """It leaves the bus and every process; each says so, unasked, and lives on."""
    nic.gone_in_time(asked)
    for process in group.members():
        told(process, nic.bdf)
    group.assert_lists([])
    assert len(group.members()) == 1 + len(group.secondaries)


def ask(process, line, answer):
    """Type a line into a terminal that may show anything else meanwhile; the match of answer."""
    process.send(line)
    process.child.expect(answer)
    return process.child.match


def listed(process):
    """The lines of ports that `list` shows now."""
    end = rf"(?:{hm.ESCAPE_CODE.pattern})*{hm.PROMPT}"
    return ask(process, "list", rf"list all etherdev\r\n((?:\d+\t\S+\r\n)*){end}")[1]
