# SPDX-License-Identifier: BSD-3-Clause
"""scripts/plan.sh with cards: they are bound, and given back however it ends."""

import contextlib
import signal
import subprocess

import pytest

import hotplug_mp as hm

DRIVER = "vfio-pci"
#: Processes take long to start on an emulated processor.
FEW = ("--secondaries", "0")
pytestmark = pytest.mark.usefixtures("at_home")


def start(*args):
    return subprocess.Popen(
        [f"{hm.REPO}/scripts/plan.sh", "--program", hm.BINARY, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*args):
    tool = start(*args)
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
        printed, status = run(nic.bdf, "--bind", DRIVER, "--case", "boot", *FEW)
        assert status == 0 and printed.endswith("\n1 passed\n"), printed
    elif ends == "by Ctrl-C":
        printed, status = stop(nic, signal.SIGINT)
        assert status == 128 + signal.SIGINT, printed
    else:
        stop(nic, signal.SIGKILL)
        assert nic.driver() == DRIVER
        printed, status = run("net_null0", "--case", "attach", *FEW)
        assert status == 0, printed
        assert f"a run before was killed: gave {nic.bdf} back to {nic.home}\n" in printed
    assert nic.driver() == nic.home and nic.interfaces()


@contextlib.contextmanager
def addressed(interface, address):
    address = [address, "dev", interface]
    subprocess.run(["ip", "address", "add", *address], check=True, timeout=hm.TIMEOUT)
    yield
    subprocess.run(["ip", "address", "del", *address], check=True, timeout=hm.TIMEOUT)


@pytest.mark.parametrize("driver", [DRIVER])
def test_card_at_its_kernel_driver_is_refused(all_nics, driver):
    nic = next(iter(all_nics.values()))
    printed, status = run(nic.bdf)
    assert status == 2
    assert f"{nic.bdf} is bound to {nic.home}; bind it to {driver} first" in printed


@pytest.mark.parametrize("address", ["192.0.2.9", "2001:db8::9"])
def test_card_that_is_in_use_is_refused(all_nics, address):
    nic = next(iter(all_nics.values()))
    (interface,) = nic.interfaces()
    with addressed(interface, address):
        printed, status = run(nic.bdf, "--bind", DRIVER)
        assert status == 2
        assert f"{nic.bdf} is in use: " in printed and "give --yes if" in printed
        assert f"{interface} has the address {address}" in printed
        assert nic.driver() == nic.home
