# SPDX-License-Identifier: BSD-3-Clause
"""The vhost-user backend that a net_virtio_user connects to."""

import contextlib
import os
import shlex
import signal
import socket
import stat
import subprocess

from plan.outcome import Failed, Unusable, wait_until

#: In the environment of a backend and of what it has started: the directory's name of its run.
RUN = "HOTPLUG_PLAN_RUN"


def alive(**environment):
    """Processes that have been started with that in their environment."""
    wanted = {f"{name}={value}".encode() for name, value in environment.items()}
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as f:
            if wanted <= set(f.read().split(b"\0")):
                found.append(int(pid))
    return found


def end_of(run):
    """End what a run that was killed has left of its backends."""
    for pid in alive(**{RUN: run}):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def needed(device):
    """The path at which the device needs one, or None: /dev/vhost-net is the kernel's."""
    path = device.arguments.get("path")
    if not path or "vhost" not in device.kind and "virtio" not in device.kind:
        return None
    with contextlib.suppress(FileNotFoundError):
        return path if stat.S_ISSOCK(os.stat(path).st_mode) else None
    return path


def answers(path):
    """Is there somebody at the socket already?"""
    with socket.socket(socket.AF_UNIX) as s, contextlib.suppress(OSError):
        s.connect(path)
        return True
    return False


class Backend:
    """dpdk-testpmd, or a command of the user's, run by sh, which finds the path in $SOCKET."""

    def __init__(self, device, command, place, prefix, timeout):
        self.path = needed(device)
        self.environment = {"SOCKET": self.path, RUN: os.path.basename(place)}
        self.log = f"{place}/{prefix}.log"
        #: A net_virtio_user may be the one that others connect to.
        server = device.arguments.get("server") == "1"
        if command is None:
            role = ",client=1" if server else ""
            command = (
                f"exec dpdk-testpmd --no-pci --file-prefix={prefix} --vdev="
                + shlex.quote(f"eth_vhost0,iface={self.path}{role}")
                + " -- -i --total-num-mbufs=2048"
            )
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", command],
                env={**os.environ, **self.environment},
                # testpmd ends with its input.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            if not server:
                wait_until(self.ready, f"a backend at {self.path}", timeout)
        except BaseException as why:
            self.close(timeout)
            if isinstance(why, AssertionError):
                raise Unusable(f"{why}\n{self.said()}") from None
            raise

    def ready(self):
        if self.process.poll() is not None:
            raise Unusable(f"the backend ended: {self.said()}")
        return os.path.exists(self.path)

    def said(self):
        with contextlib.suppress(FileNotFoundError), open(self.log, errors="replace") as f:
            return f.read()[-2000:]
        return ""

    def gone(self):
        """What sh has started may end a moment after sh."""
        return self.process.poll() is not None and not alive(**self.environment)

    def close(self, timeout):
        """End it and all that it has started."""
        for signo in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signo)
            with contextlib.suppress(Failed):
                wait_until(self.gone, "the backend ends", min(timeout, 10))
                break
        self.process.stdin.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
