# SPDX-License-Identifier: BSD-3-Clause
"""Make one process do wrong, through the library of preload.c."""

import contextlib
import glob
import os

from hotplug_mp.waiting import wait_until


class Faults:
    """The orders for a process that is preloaded with preload.c, which names the calls; orders.h
    says what can be ordered."""

    def __init__(self, library, path):
        self.path = path
        os.mkdir(path)
        self.env = {"LD_PRELOAD": str(library), "HMT_FAULTS": str(path)}

    def set(self, call, order):
        """From now on, the call does what the order says, until clear(call)."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.path}/{call}.met")
        with open(f"{self.path}/{call}.new", "w", encoding="utf-8") as f:
            f.write(order)
        os.rename(f"{self.path}/{call}.new", f"{self.path}/{call}")

    def clear(self, call="*"):
        for path in glob.glob(f"{self.path}/{call}"):
            if not path.endswith(".met"):
                os.unlink(path)

    def met(self, call):
        """Has the process made the call and met its order?"""
        return os.path.exists(f"{self.path}/{call}.met")

    def wait_met(self, call):
        wait_until(lambda: self.met(call), f"{call} meets its fault")
