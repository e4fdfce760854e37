# SPDX-License-Identifier: BSD-3-Clause
"""A real network card: which kernel driver has it, and giving it to another."""

import os
import subprocess

import pytest

import hotplug_mp as hm
from plan import pci
from plan.outcome import Unusable
from plan.pci import EAL_OPTIONS, PCI, write

__all__ = ["EAL_OPTIONS", "PCI", "Nic", "load", "write"]


class Nic(pci.Card):
    """A card that is bound to its kernel driver, for a test to bind to another."""

    def __init__(self, name, bdf):
        super().__init__(bdf)
        self.name = name
        hm.need(self.present(), f"there is no {bdf} on the PCI bus")
        hm.need(self.home not in EAL_OPTIONS, f"{bdf} is bound to {self.home}, not to the kernel's")
        hm.need(self.home is not None, f"{bdf} has no kernel driver to go back to")
        if self.in_use():
            # Never take away the card somebody works through.
            pytest.exit(f"{bdf} is in use: {', '.join(self.in_use())}", returncode=1)

    def __str__(self):
        return f"{self.name} {self.bdf}" if self.name != self.bdf else self.bdf

    def bind(self, driver, timeout=hm.TIMEOUT):
        """Bind it to a kernel driver, or to its own one again."""
        if driver in EAL_OPTIONS:
            load(driver)
        hm.need(driver != "vfio-pci" or self.group(), "vfio-pci needs an IOMMU")
        super().bind(driver, timeout)

    def bind_home(self, timeout=hm.TIMEOUT):
        """Give it back to the kernel; the interface is there again."""
        super().bind_home(timeout)
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
    try:
        pci.load(driver)
    except Unusable as why:
        pytest.skip(str(why))
