# SPDX-License-Identifier: BSD-3-Clause
"""A real network card: which kernel driver has it, and giving it to another."""

import contextlib
import glob
import os
import subprocess

import pytest

import hotplug_mp as hm

PCI = "/sys/bus/pci"
#: What the program must be told so that a card bound to it can be used.
EAL_OPTIONS = {
    "vfio-pci": (),
    "uio_pci_generic": ("--iova-mode=pa",),
    "igb_uio": ("--iova-mode=pa",),
}


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


class Nic:
    def __init__(self, name, bdf):
        self.name = name
        self.bdf = bdf
        self.path = f"{PCI}/devices/{bdf}"
        hm.need(self.present(), f"there is no {bdf} on the PCI bus")
        self.home = self.driver()
        hm.need(self.home not in EAL_OPTIONS, f"{bdf} is bound to {self.home}, not to the kernel's")
        hm.need(self.home is not None, f"{bdf} has no kernel driver to go back to")
        self.refuse_if_used()

    def __str__(self):
        return f"{self.name} {self.bdf}" if self.name != self.bdf else self.bdf

    def refuse_if_used(self):
        """Never take away the card somebody works through."""
        for interface in self.interfaces():
            routes = subprocess.run(
                ["ip", "-o", "route", "show", "dev", interface],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                timeout=hm.TIMEOUT,
            )
            if routes.stdout:
                pytest.exit(f"{self.bdf} is in use: {interface} has a route", returncode=1)

    def present(self):
        return os.path.exists(self.path)

    def driver(self):
        """The kernel driver it is bound to, or None."""
        try:
            return os.path.basename(os.readlink(f"{self.path}/driver"))
        except FileNotFoundError:
            return None

    def interfaces(self):
        """Its network interfaces, if it is bound to a driver that makes them."""
        # virtio's lie one level deeper.
        found = glob.glob(f"{self.path}/net/*") + glob.glob(f"{self.path}/virtio*/net/*")
        return [os.path.basename(path) for path in found]

    def group(self):
        """The PCI addresses in its IOMMU group; none without an IOMMU."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(os.listdir(f"{self.path}/iommu_group/devices"))
        return []

    def bind(self, driver):
        """Bind it to a kernel driver, or to its own one again."""
        if driver in EAL_OPTIONS:
            load(driver)
        hm.need(driver != "vfio-pci" or self.group(), "vfio-pci needs an IOMMU")
        if self.driver() == driver:
            return
        # Only this driver may take it, where its own needs no such word.
        write(f"{self.path}/driver_override", "\n" if driver == self.home else driver)
        hm.wait_until(lambda: self.try_bind(driver), f"{self.bdf} is bound to {driver}")

    def try_bind(self, driver):
        """Once; the kernel may be at it as well, with a card that has just come, and come first."""
        with contextlib.suppress(OSError):
            if self.driver() not in (None, driver):
                write(f"{self.path}/driver/unbind", self.bdf)
            if self.driver() is None:
                write(f"{PCI}/drivers_probe", self.bdf)
        return self.driver() == driver

    def bind_home(self):
        """Give it back to the kernel; the interface is there again."""
        self.bind(self.home)
        hm.wait_until(self.interfaces, f"the interface of {self.bdf} is back")


class Function(Nic):
    """The first function of a card (SR-IOV) that its kernel driver has."""

    def __init__(self, name, card):
        self.card = card
        load("igbvf")
        self.make()
        super().__init__(name, os.path.basename(os.readlink(f"{card.path}/virtfn0")))

    def make(self, number=1):
        """Have the card make its functions. Their kernel driver asks that its interface is up."""
        hm.wait_until(self.card.interfaces, f"the interface of {self.card.bdf} is there")
        subprocess.run(["ip", "link", "set", *self.card.interfaces(), "up"], check=True)
        write(f"{self.card.path}/sriov_numvfs", str(number))


def load(driver):
    """Load a kernel driver; skip the test if there is none, as igb_uio is in no kernel."""
    if os.path.exists(f"{PCI}/drivers/{driver}"):
        return
    done = subprocess.run(
        ["modprobe", driver], stderr=subprocess.PIPE, text=True, check=False, timeout=hm.TIMEOUT
    )
    if done.returncode != 0:
        pytest.skip(f"no kernel driver {driver}: {done.stderr.strip()}")
