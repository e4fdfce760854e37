# SPDX-License-Identifier: BSD-3-Clause
"""A primary does not start if it would take a card at uio away from another process. This machine
has no such card: the program sees directories of the test's instead of the kernel's."""

import os
import re

import pytest

import hotplug_mp as hm

BDF = "0000:88:0a.0"
INSTEAD = 'mount --bind "$1" /sys/class; shift; exec "$@"'
#: A device that the test has open, and hardly anybody else.
DEVICE = "/dev/full"


@pytest.fixture
def wrap(tmp_path):
    """Runs a program that sees a card at uio; this process has it open."""
    number = os.stat(DEVICE).st_rdev
    uio = tmp_path / "class/uio/uio0"
    uio.mkdir(parents=True)
    (uio / "dev").write_text(f"{os.major(number)}:{os.minor(number)}\n")
    (uio / "name").write_text("igb_uio\n")
    os.symlink(f"../../../{BDF}", uio / "device")
    with open(DEVICE, "rb"):
        yield ("unshare", "--mount", "sh", "-euc", INSTEAD, "sh", str(tmp_path / "class"))


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-b", "0000:88:0a.1"],
        ["-a", "88:0A.0"],
        [f"-a{BDF},arg=1", "-b", BDF],
        ["--allow", f"pci:{BDF}"],
        ["-l", "0", "-d/nobody", "-b", "net_null0"],
        ["--in-memory"],
    ],
    ids=" ".join,
)
def test_start_that_would_take_a_card(prefix, wrap, options):
    done = hm.run("primary", prefix, eal=options, wrap=wrap)
    assert done.returncode == 1
    assert re.fullmatch(
        rf"dpdk-hotplug_mp: pid \d+ \(.+\) uses the PCI device {BDF}, and this process would take "
        rf"it away; start with -b {BDF}, or with --no-pci, or end that process first\n",
        done.stderr,
    )


@pytest.mark.parametrize(
    "options",
    [
        ["-b", BDF],
        ["-b88:0a.0", "-b", "0000:00:00.0"],
        [f"--block={BDF}"],
        ["-a", "0000:88:0b.0"],
        ["--no-pci"],
    ],
    ids=" ".join,
)
def test_start_that_leaves_the_card_alone(prefix, wrap, options):
    done = hm.run("primary", prefix, eal=options, wrap=wrap)
    assert done.returncode == 0, done.stderr
