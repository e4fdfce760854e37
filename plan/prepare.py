# SPDX-License-Identifier: BSD-3-Clause
"""What devices need before the processes start: cards a kernel driver, the EAL its options."""

from plan import pci
from plan.outcome import Unusable
from plan.stop import shielded

#: Seconds for a kernel driver to take a card, or to give it back.
TIMEOUT = 30
#: The user's own choice of PCI devices.
CHOICES = ("-a", "-b", "-w", "--allow", "--block", "--no-pci")


def check_cards(devices, bind, yes):
    """{device: Card} of the physical ones. Unusable if one cannot be used, or must not be."""
    cards = {}
    for device in devices:
        if not device.physical:
            continue
        card = pci.Card(device.name)
        cards[device] = card
        if not card.present():
            raise Unusable(f"there is no {card.bdf} on the PCI bus")
        if bind is None and card.home not in pci.EAL_OPTIONS:
            raise Unusable(
                f"{card.bdf} is bound to {card.home or 'no driver'}; bind it to vfio-pci first, or "
                "give --bind vfio-pci"
            )
        used = card.in_use() if bind not in (None, card.home) else []
        if used and not yes:
            raise Unusable(
                f"{card.bdf} is in use: {', '.join(used)}; give --yes if it may be taken away"
            )
        if bind == "vfio-pci" and not card.group():
            raise Unusable(f"{card.bdf} is in no IOMMU group, which vfio-pci needs")
    if bind is not None and cards:
        pci.load(bind)
    return cards


def eal_options(eal, cards, device):
    """What all processes are started with."""
    more = []
    if not any(word.partition("=")[0] in CHOICES or word[:2] in CHOICES for word in eal):
        # Devices that are not named are nobody's to touch.
        more = [w for card in cards.values() for w in ("-a", card.bdf)] if device.physical else []
        more = more or ["--no-pci"]
    return [*eal, *more]


def iova(driver, eal):
    """What the kernel driver of a card asks of the EAL."""
    return [word for word in pci.EAL_OPTIONS.get(driver, ()) if word.split("=")[0] not in str(eal)]


def bind(place, card, driver):
    """Bind a card, which goes back in the end whatever happens."""
    with shielded():
        place.note(card)
        card.bind(driver, TIMEOUT)
