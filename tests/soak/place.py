# SPDX-License-Identifier: BSD-3-Clause
"""Mounts and interfaces of the walk's own, and what can be taken away there."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile

import hotplug_mp as hm

MIB = 1 << 20


def mount(kind, path, options):
    os.makedirs(path)
    subprocess.run(["mount", "-t", kind, "-o", options, "hm-soak", path], check=True)


class Place:
    """Mounts and interfaces of the walk's own, so that what it takes away is nobody else's."""

    def __init__(self, own=()):
        self.own = own  # options of each program
        self.path = tempfile.mkdtemp(prefix="hms", dir="/tmp")
        self.run = f"{self.path}/run"
        self.huge = f"{self.path}/huge"
        number = os.getpid() % 100000
        self.interface, self.tap = f"hms{number}v", f"hms{number}t"
        self.mounts = []
        self.eal = ["--no-pci", f"--huge-dir={self.huge}"]
        os.environ["RUNTIME_DIRECTORY"] = self.run
        mount("tmpfs", self.run, "size=16m,nr_inodes=300")
        self.mounts.append(self.run)
        mount("hugetlbfs", self.huge, "size=96M,min_size=96M,pagesize=2M")
        self.mounts.append(self.huge)
        os.makedirs(f"{self.path}/freezer")
        self.freezer = hm.Freezer("cgroup v2", f"{self.path}/freezer")
        hm.veth_add(self.interface, f"{self.interface}p")

    def fill(self, what):
        """Take all room there is, for files or for what is in them."""
        os.makedirs(f"{self.run}/fill", exist_ok=True)
        with contextlib.suppress(OSError):
            for number in itertools.count(len(os.listdir(f"{self.run}/fill"))):
                with open(f"{self.run}/fill/{number}", "wb", buffering=0) as f:
                    while what == "bytes":
                        f.write(b"x" * 4096)

    def empty(self):
        shutil.rmtree(f"{self.run}/fill", ignore_errors=True)

    def wipe(self):
        """Remove what every EAL leaves for the next one with its prefix."""
        shutil.rmtree(f"{self.run}/dpdk", ignore_errors=True)
        for name in os.listdir(self.huge):
            os.unlink(f"{self.huge}/{name}")

    def pages(self):
        """Hugepages of the mount that are in use."""
        fs = os.statvfs(self.huge)
        return fs.f_blocks - fs.f_bfree

    def starve(self):
        """Take all pages there are; a file of no other use has them."""
        with open(f"{self.huge}/starve", "wb") as f:
            free = os.statvfs(self.huge).f_bfree
            if free:
                os.posix_fallocate(f.fileno(), 0, free * 2 * MIB)

    def feed(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.huge}/starve")

    def close(self):
        self.freezer.close()
        subprocess.run(["ip", "link", "del", self.interface], check=False)
        for path in reversed(self.mounts):
            # Who was killed may take a moment to be gone.
            hm.wait_until(
                lambda path=path: subprocess.run(["umount", path], check=False).returncode == 0,
                f"{path} is unmounted",
            )
        shutil.rmtree(self.path)
