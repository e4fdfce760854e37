# SPDX-License-Identifier: BSD-3-Clause
"""What the tests have apart from the machine they run on: mounts, hugepages, network interfaces.

A thread that is moved to a namespace of its own takes with it what it starts from there on. The
namespace, and all that is in it, ends with the last process there."""

import ctypes
import os
import subprocess

from hotplug_mp.environment import HUGEPAGES, REPO, RUNTIME, SANITIZED, THOROUGH, TIMEOUT

#: For unshare(2), from linux/sched.h.
CLONE_NEWNS = 0x20000
CLONE_NEWNET = 0x40000000
#: Each start of a program loads all drivers of DPDK, which takes most of its time. Unless they take
#: their time, the tests leave these, beside those of tests/helpers/few_drivers.sh.
DRIVERS = "crypto_null net_af_packet net_bond net_failsafe net_memif net_null net_pcap net_ring"
DRIVERS += " net_tap net_vhost net_virtio"
#: A directory that no test uses, to be mounted over.
PLACE = "/srv"
#: MiB of hugepages that all tests that run at the same time need at most.
HUGEPAGES_MIB = 512
#: And that are set aside for them.
SURE_MIB = 192
PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB"


class TooLittle(Exception):
    """What the machine lacks for the tests to run apart."""


def own(namespace, what):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(namespace) != 0:
        raise OSError(ctypes.get_errno(), f"no {what} namespace")


def own_network():
    """Have network interfaces of our own.

    All names are free there. Besides, net_af_packet numbers its fanout group in the kernel by 16
    bits of pid and interface: the primaries of two tests that run at the same time could come to
    the same number, and the kernel would refuse the second attach.
    """
    own(CLONE_NEWNET, "network")


def mount(*args):
    subprocess.run(["mount", *args], check=True, timeout=TIMEOUT, stderr=subprocess.PIPE, text=True)


def free_mib():
    """Hugepages of 2 MiB that nobody has, nor has reserved."""
    pages = {}
    for what in ("free", "resv"):
        with open(f"{PAGES}/{what}_hugepages", encoding="ascii") as f:
            pages[what] = int(f.read())
    return 2 * (pages["free"] - pages["resv"])


def own_mounts():
    """Have a runtime directory of our own, and for the present no hugetlbfs and no control groups.

    Tests that are run by a test stay where that one is."""
    if os.environ.get("HM_APART") == "1":
        return
    free = free_mib()
    if free < HUGEPAGES_MIB:
        raise TooLittle(
            f"the tests need {HUGEPAGES_MIB} MiB of hugepages, and {free} MiB are free; "
            "scripts/setup.sh --test reserves more"
        )
    own(CLONE_NEWNS, "mount")
    mount("--make-rprivate", "/")
    # The program takes the first mount of control groups; tests/helpers/hotplug_mp/freezer.py has
    # its own.
    for place in mounts_of("hugetlbfs", "cgroup", "cgroup2"):
        # Lazily, because another program of this machine may use it.
        subprocess.run(["umount", "--lazy", place], check=True, timeout=TIMEOUT)
    os.makedirs(HUGEPAGES, exist_ok=True)
    os.makedirs(RUNTIME, exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=0700", "hotplug_mp-tests", RUNTIME)
    os.environ["HM_APART"] = "1"


def mounts_of(*kinds):
    with open("/proc/thread-self/mounts", encoding="utf-8") as f:
        return [line.split()[1] for line in f if line.split()[2] in kinds]


def own_hugepages(workers):
    """Have hugepages of our own, on the only hugetlbfs there is, in one of so many workers.

    The kernel sets some aside for each at once: other programs can neither take them later, nor can
    the tests take theirs. A worker has a mount of its own because all groups on a mount wait for
    each other: the EAL locks it while a process starts, and for each page that a process of a group
    takes or maps. With a sanitizer that can last for longer than the 5 s in which the EAL wants an
    answer.
    """
    if mounts_of("hugetlbfs"):
        return  # those of the test that runs us
    own(CLONE_NEWNS, "mount")
    sure = SURE_MIB // workers // 2 * 2
    options = f"pagesize=2M,min_size={sure}M,mode=0700"
    mount("-t", "hugetlbfs", "-o", options, "hotplug_mp-tests", HUGEPAGES)


def few_drivers():
    """Have few drivers: after own_mounts(), which has made a mount namespace of our own.

    Not with HM_THOROUGH, nor with a sanitizer, as scripts/sanitize.sh has few already, nor where
    $LD_LIBRARY_PATH names libraries of somebody's own."""
    if THOROUGH or SANITIZED or "LD_LIBRARY_PATH" in os.environ:
        return
    script = f". {REPO}/tests/helpers/few_drivers.sh; few_drivers {PLACE} {DRIVERS}"
    done = subprocess.run(
        ["sh", "-euc", f'{script}; echo "$LD_LIBRARY_PATH"'],
        check=True,
        timeout=TIMEOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.environ["LD_LIBRARY_PATH"] = done.stdout.strip()
