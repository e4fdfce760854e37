# SPDX-License-Identifier: BSD-3-Clause
"""A device of the plan, as its devargs say it."""

import re

BDF = re.compile(r"([0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", re.IGNORECASE)
#: How the plan calls them, and those that need more than their name.
PHYSICAL, VIRTUAL, VHOST, VIRTIO = "physical", "virtual", "vhost-user", "virtio-user"
#: By what a device's name begins with, as the bus finds its driver.
KINDS = {"net_vhost": VHOST, "eth_vhost": VHOST, "net_virtio_user": VIRTIO, "virtio_user": VIRTIO}
#: Of these drivers a second device has to have another value of an argument.
OWN_VALUES = {
    "net_vhost": ("iface",),
    "eth_vhost": ("iface",),
    "net_virtio_user": ("path",),
    "virtio_user": ("path",),
    "net_tap": ("iface",),
    "eth_tap": ("iface",),
    "net_tun": ("iface",),
    "net_memif": ("id", "socket"),
}


def of_driver(name, table, otherwise):
    """What the table has for the driver of a virtual device."""
    return next((value for key, value in table.items() if name.startswith(key)), otherwise)


class Device:
    """`devargs` is what is typed, `name` is how lists have it, `driver` is the driver's name, of a
    card its address."""

    def __init__(self, devargs):
        self.devargs = devargs
        text = re.sub(r"^(pci|vdev):", "", devargs)
        self.name, *arguments = text.split(",")
        self.arguments = dict(a.partition("=")[::2] for a in arguments)
        self.physical = BDF.fullmatch(self.name) is not None
        if self.physical:
            # As the kernel and lists write it.
            self.name = self.name.lower()
            if self.name.count(":") == 1:
                self.name = f"0000:{self.name}"
        self.driver = self.name if self.physical else re.sub(r"\d+$", "", self.name)
        self.kind = PHYSICAL if self.physical else of_driver(self.name, KINDS, VIRTUAL)

    def __str__(self):
        return self.name

    def failed(self, answer):
        """Does an answer about it say that something has failed?"""
        return re.search("fail|error", answer.replace(self.name, ""), re.IGNORECASE) is not None

    def ports(self, listed):
        """Of ports that are listed, those of this device."""
        mine = re.compile(rf"{re.escape(self.name)}([ _].*)?")
        return [port for port in listed if mine.fullmatch(port[1])]

    def twin(self):
        """A second virtual device of the same driver."""
        number = re.search(r"\d*$", self.name)[0]
        name = f"{self.driver}{int(number or 0) + 1}"
        arguments = dict(self.arguments)
        for own in of_driver(self.name, OWN_VALUES, ()):
            value = arguments.get(own, "")
            if value:
                arguments[own] = str(int(value) + 1) if value.isdigit() else f"{value}2"
        return Device(",".join([name, *(f"{k}={v}" if v else k for k, v in arguments.items())]))
