# SPDX-License-Identifier: BSD-3-Clause
"""scripts/plan.sh with cards: they are bound, and given back however it ends."""

import signal
import subprocess

import pytest

import hotplug_mp as hm

DRIVER = "vfio-pci"
#: Processes take long to start on an emulated processor.
FEW = ("--secondaries", "0")
pytestmark = pytest.mark.usefixtures("at_home")


def start(*args, before=()):
    return subprocess.Popen(
        [*before, f"{hm.REPO}/scripts/plan.sh", "--program", hm.BINARY, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*args, **kwargs):
    tool = start(*args, **kwargs)
    return tool.communicate(timeout=hm.TIMEOUT)[0], tool.returncode


def stop(nic, signo):
    """Begin rounds, and stop them by a signal as soon as the card is bound."""
    tool = start(nic.bdf, "--bind", DRIVER, "--case", "rounds", "--rounds", "100000", *FEW)
    hm.wait_until(lambda: nic.driver() == DRIVER, f"{nic.bdf} is bound")
    tool.send_signal(signo)
    return tool.communicate(timeout=hm.TIMEOUT)[0], tool.returncode


@pytest.mark.in_turn("ends", ["in order", "by Ctrl-C", "by SIGKILL"])
def test_card_is_given_back(nic, ends):
    if ends == "in order":
        # Its interface goes, and the address with it.
        address(nic, "192.0.2.9")
        printed, status = run(nic.bdf, "--bind", DRIVER, "--yes", "--case", "boot", *FEW)
        assert status == 0 and printed.endswith("\n1 passed\n"), printed
    elif ends == "by Ctrl-C":
        printed, status = stop(nic, signal.SIGINT)
        assert status == 128 + signal.SIGINT, printed
    else:
        stop(nic, signal.SIGKILL)
        assert nic.driver() == DRIVER
        # The next run gives it back before it looks at anything.
        printed, status = run("0000:ff:1f.7")
        assert status == 2, printed
        assert f"a run before was killed: gave {nic.bdf} back to {nic.home}\n" in printed
    assert nic.driver() == nic.home and nic.interfaces()


def address(nic, *addresses, action="add"):
    (interface,) = nic.interfaces()
    for one in addresses:
        command = ["ip", "address", action, one, "dev", interface]
        subprocess.run(command, check=True, timeout=hm.TIMEOUT)


@pytest.mark.parametrize("driver", [DRIVER])
def test_card_at_its_kernel_driver_is_refused(all_nics, driver):
    nic = next(iter(all_nics.values()))
    printed, status = run(nic.bdf)
    assert status == 2
    assert f"{nic.bdf} is bound to {nic.home}; bind it to {driver} first" in printed


def refused(nic, **kwargs):
    printed, status = run(nic.bdf, "--bind", DRIVER, **kwargs)
    assert status == 2
    assert f"{nic.bdf} is in use: " in printed and "give --yes if" in printed
    assert nic.driver() == nic.home
    return printed


@pytest.mark.parametrize("driver", [DRIVER])
def test_card_that_is_in_use_is_refused(all_nics, driver):
    nic = next(iter(all_nics.values()))
    addresses = "192.0.2.9", "2001:db8::9"
    address(nic, *addresses)
    printed = refused(nic)
    assert [one for one in addresses if f"has the address {one}" not in printed] == []
    address(nic, *addresses, action="del")
    assert "another network namespace has it" in refused(nic, before=["unshare", "-n"])
