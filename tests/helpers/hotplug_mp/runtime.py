# SPDX-License-Identifier: BSD-3-Clause
"""File prefixes of groups, and the files that a group leaves in the runtime directory."""

import contextlib
import glob
import itertools
import os
import shutil
import threading

from hotplug_mp.environment import HUGEPAGES, RUNTIME

prefix_numbers = itertools.count(1)


def new_prefix():
    """A --file-prefix nobody else has."""
    return f"hmt{os.getpid()}_{next(prefix_numbers)}"


def sockets(prefix, runtime=RUNTIME):
    """The mp sockets in the runtime directory of a group."""
    return sorted(glob.glob(f"{glob.escape(runtime)}/{prefix}/mp_socket*"))


@contextlib.contextmanager
def changing(directory):
    """Let a directory look as if a file came or went there all the time."""
    done = threading.Event()

    def change():
        while not done.wait(0.1):
            os.utime(directory)

    thread = threading.Thread(target=change)
    os.utime(directory)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def traces(prefix, runtime=RUNTIME):
    """What every EAL leaves for the next one with its prefix."""
    return set(glob.glob(f"{runtime}/{prefix}") + glob.glob(f"{HUGEPAGES}/{prefix}map_*"))


def remove_traces(prefix, runtime=RUNTIME, but=frozenset()):
    """Remove what the last EAL with this prefix left; `but` was there before."""
    for path in traces(prefix, runtime) - but:
        if os.path.isdir(path):
            shutil.rmtree(path)
            continue
        # Every primary that starts removes the map files that nobody uses any more.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
