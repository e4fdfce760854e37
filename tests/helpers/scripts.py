# SPDX-License-Identifier: BSD-3-Clause
"""Run commands from the command line, from files and pipes; and what they print."""

import contextlib
import errno
import os
import shlex
import subprocess
import threading

import hotplug_mp as hm

ATTACH, DETACH, LIST = "attach net_null0", "detach net_null0", "list"
ATTACHED, DETACHED = "attached device net_null0\n", "detached device net_null0\n"
NO_PORTS, ONE_PORT = "list all etherdev\n", "list all etherdev\n0\tnet_null0\n"


def commands(*lines):
    """The options that give these lines, one --cmd for each."""
    return [word for line in lines for word in ("--cmd", line)]


def shell(prefix, line, role="secondary", **kwargs):
    """Have bash run a line in which PROGRAM stands for the program in this group."""
    program = shlex.join(hm.command_line(role, prefix))
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("PROGRAM", program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=hm.TIMEOUT,
        **kwargs,
    )


def files(prefix, runtime=hm.RUNTIME):
    """What lies in the runtime directory of a group, None if there is no such directory."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(os.listdir(f"{runtime}/{prefix}"))
    return None


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def open_for_reader(fifo):
    """A named pipe to write to, once somebody reads it."""

    def opened():
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return None

    fd = hm.wait_until(opened, f"{fifo} has a reader")
    os.set_blocking(fd, True)
    return open(fd, "w", encoding="utf-8")


@contextlib.contextmanager
def started(role, prefix, limit=hm.TIMEOUT, **kwargs):
    """Start the program and do not wait for it, but kill it after that many seconds."""
    one = subprocess.Popen(
        hm.command_line(role, prefix, own=kwargs.pop("own", ())),
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
            "text": True,
            **kwargs,
        },
    )
    timer = threading.Timer(limit, one.kill)
    timer.start()
    try:
        yield one
    finally:
        timer.cancel()
        one.kill()
        one.wait()
        for stream in (one.stdin, one.stdout):
            if stream:
                stream.close()
