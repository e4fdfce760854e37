# SPDX-License-Identifier: BSD-3-Clause
"""The link of a port is the same in every process: it is what the primary's driver says."""

import os
import subprocess

import pytest

import hotplug_mp as hm
from traffic import attach, detach, shown, start

NAME = f"hml{os.getpid()}"


def ip(line):
    subprocess.run(["ip", *line.split()], check=True, timeout=hm.TIMEOUT)


@pytest.mark.parametrize("driver", ["net_tap", "net_tun"])
def test_link_of_an_interface_that_only_the_primary_can_ask(pair, driver):
    """A secondary's driver asks a descriptor that the primary has, and writes what it gets where all
    see it."""
    members = pair.members()
    attach(pair.secondaries[0], f"{driver}0,iface={NAME}")
    start(pair.primary, f"{driver}0")
    for way, link in (("up", "up"), ("down", "down"), ("up", "up")):
        ip(f"link set {NAME} {way}")
        for process in (*members, *reversed(members)):
            assert shown(process, f"{driver}0")["link"] == link
    detach(pair.primary, f"{driver}0")


def test_link_of_a_primary_that_cannot_be_asked(pair):
    attach(pair.primary, "net_null0")
    start(pair.primary, "net_null0")
    (secondary,) = pair.secondaries
    assert shown(secondary, "net_null0")["link"] == "up"
    pair.primary.stop()
    try:
        answer, seconds = secondary.timed("show net_null0")
        assert "\nlink: unknown\n" in answer and "\nspeed: unknown\n" in answer
        assert seconds < 1
    finally:
        pair.primary.resume()
    hm.wait_equal(lambda: shown(secondary, "net_null0")["link"], "up")


def test_link_under_a_primary_of_another_program(testpmd, process):
    """The driver here is asked, unless it cannot know."""
    secondary = process("secondary", eal=["--no-pci"])
    attach(secondary, "net_null0", f"net_tap1,iface={NAME}")
    assert shown(secondary, "net_null0")["link"] == "down"
    assert shown(secondary, "net_tap1")["link"] == "unknown"
    detach(secondary, "net_tap1")
