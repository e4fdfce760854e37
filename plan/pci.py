# SPDX-License-Identifier: BSD-3-Clause
"""A network card: which kernel driver has it, giving it to another, and whether it is in use."""

import contextlib
import fcntl
import glob
import os
import socket
import struct
import subprocess

from plan.outcome import Unusable, expect, wait_until

PCI = "/sys/bus/pci"
#: Kernel drivers for DPDK, and what the EAL has to be told with each.
EAL_OPTIONS = {
    "vfio-pci": (),
    "uio_pci_generic": ("--iova-mode=pa",),
    "igb_uio": ("--iova-mode=pa",),
}
SIOCGIFADDR = 0x8915
#: How long a card may have no interface after its driver has taken it.
SECONDS = 2


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def load(driver):
    """Load a kernel driver; Unusable if there is none, as igb_uio is in no kernel."""
    if os.path.exists(f"{PCI}/drivers/{driver}"):
        return
    try:
        done = subprocess.run(["modprobe", driver], stderr=subprocess.PIPE, text=True, check=False)
        why = done.stderr.strip()
    except FileNotFoundError:
        why = "there is no modprobe"
    if not os.path.exists(f"{PCI}/drivers/{driver}"):
        raise Unusable(f"no kernel driver {driver}: {why}")


def addresses(interface):
    """What the interface has of the machine's own traffic: addresses, routes, other interfaces
    upon it. What every interface has that is up, link-local addresses, does not count."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):
        request = struct.pack("256s", interface.encode()[:15])
        got = fcntl.ioctl(s, SIOCGIFADDR, request)
        found.append(f"the address {socket.inet_ntoa(got[20:24])}")
    for path, column in (("/proc/net/route", 0), ("/proc/net/ipv6_route", 9)):
        lines = []
        with contextlib.suppress(FileNotFoundError), open(path, encoding="ascii") as f:
            # fe80::/10 and ff00::/8 are there by themselves.
            lines = [line.split() for line in f if not (column and line[:2] in ("fe", "ff"))]
        if any(words[column] == interface for words in lines):
            found.append("a route")
    found = list(dict.fromkeys(found))
    with contextlib.suppress(FileNotFoundError), open("/proc/net/if_inet6", encoding="ascii") as f:
        for words in map(str.split, f):
            if words[5] == interface and words[3] != "20":
                address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[0]))
                found.append(f"the address {address}")
    for path in glob.glob(f"/sys/class/net/{glob.escape(interface)}/upper_*"):
        found.append(f"{os.path.basename(path)[len('upper_'):]} upon it")
    return found


class Card:
    """`saved` is how it was found: its kernel driver or None, its driver_override, and whether it
    had interfaces. A card that another run has left is told how that one had found it."""

    def __init__(self, bdf, saved=None):
        self.bdf = bdf
        self.path = f"{PCI}/devices/{bdf}"
        self.saved = saved or (self.driver(), self.override(), bool(self.interfaces()))

    @property
    def home(self):
        return self.saved[0]

    def present(self):
        return os.path.exists(self.path)

    def driver(self):
        """The kernel driver it is bound to, or None."""
        try:
            return os.path.basename(os.readlink(f"{self.path}/driver"))
        except FileNotFoundError:
            return None

    def override(self):
        """The only driver that may take it, or nothing."""
        with contextlib.suppress(FileNotFoundError):
            with open(f"{self.path}/driver_override", encoding="ascii") as f:
                return f.read().strip().replace("(null)", "")
        return ""

    def identity(self):
        """Vendor and device, as 8086:10d3."""
        with contextlib.suppress(FileNotFoundError):
            ids = []
            for name in ("vendor", "device"):
                with open(f"{self.path}/{name}", encoding="ascii") as f:
                    ids.append(f.read().strip().removeprefix("0x"))
            return ":".join(ids)
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

    def in_use(self):
        """Why it must not be taken away, or nothing."""
        if self.home is None or self.home in EAL_OPTIONS:
            return []
        with contextlib.suppress(AssertionError):
            # A driver may have just begun.
            wait_until(self.interfaces, "its interface is there", SECONDS)
        here = [name for _, name in socket.if_nameindex()]
        if not self.interfaces() or not set(self.interfaces()) <= {*here}:
            return ["no interface of it is here: another network namespace has it, or it is no NIC"]
        return [f"{name} has {one}" for name in self.interfaces() for one in addresses(name)]

    def bind(self, driver, timeout):
        """Bind it to a kernel driver, or to its own one again; to None: to no driver."""
        if driver in EAL_OPTIONS:
            load(driver)
        if self.driver() != driver:
            expect(driver != "vfio-pci" or self.group(), "vfio-pci needs an IOMMU")
            word = self.saved[1] if driver == self.home else driver
            write(f"{self.path}/driver_override", f"{word}\n")
            what = f"{self.bdf} is bound to {driver}"
            wait_until(lambda: self.try_bind(driver), what, timeout)

    def try_bind(self, driver):
        """Once; the kernel may be at it as well, with a card that has just come, and come first."""
        with contextlib.suppress(OSError):
            if self.driver() not in (None, driver):
                write(f"{self.path}/driver/unbind", self.bdf)
            if self.driver() is None and driver is not None:
                write(f"{PCI}/drivers_probe", self.bdf)
        return self.driver() == driver

    def bind_home(self, timeout):
        """Give it back to the driver it had; if that makes interfaces, they are there again."""
        self.bind(self.home, timeout)
        if self.saved[2]:
            wait_until(self.interfaces, f"the interface of {self.bdf} is back", timeout)
