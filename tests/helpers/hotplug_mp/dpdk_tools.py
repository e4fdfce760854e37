# SPDX-License-Identifier: BSD-3-Clause
"""Run DPDK's own programs: dpdk-testpmd and dpdk-telemetry.py."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading

from hotplug_mp.environment import EAL_OPTIONS, TIMEOUT, need
from hotplug_mp.runtime import new_prefix, remove_traces
from hotplug_mp.waiting import wait_until


def telemetry(prefix, *commands):
    """What dpdk-telemetry.py gets for each of these commands; it is run once for all of them."""
    need(shutil.which("dpdk-telemetry.py"), "no dpdk-telemetry.py; install dpdk")
    done = subprocess.run(
        ["dpdk-telemetry.py", "-f", prefix],
        input="".join(f"{command}\n" for command in commands),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    assert len(answers) == len(commands), done.stdout
    # Each answer bears the name of its command.
    assert [[*answer] for answer in answers] == [[command.split(",")[0]] for command in commands]
    return [value for answer in answers for value in answer.values()]


class Testpmd:
    """A dpdk-testpmd that is a primary. A thread reads its output all the time."""

    def __init__(self, prefix=None, eal=(), wrap=()):
        self.prefix = prefix or new_prefix()
        self.output = []
        self.ready = threading.Event()
        self.process = subprocess.Popen(
            # By lines, so that all it prints is there when its next prompt comes.
            [*wrap, "stdbuf", "-oL", "dpdk-testpmd", "--no-pci", f"--file-prefix={self.prefix}"]
            + [*EAL_OPTIONS, *eal]
            + ["--", "-i", "--total-num-mbufs=2048"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.reader = threading.Thread(target=self.drain, daemon=True)
        self.reader.start()
        ready = self.ready.wait(TIMEOUT) and "testpmd> " in self.text()
        if not ready:
            self.close()
        assert ready, self.text()

    @property
    def pid(self):
        return self.process.pid

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def cmd(self, line):
        """Type a line and return what it printed; `line` shows up in front of that."""
        before = len(self.text())
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        wait_until(lambda: self.text()[before:].endswith("testpmd> "), f"testpmd's {line}")
        return self.text()[before:]

    def drain(self):
        for chunk in iter(lambda: self.process.stdout.read1(4096), b""):
            self.output.append(chunk)
            if not self.ready.is_set() and "testpmd> " in self.text():
                self.ready.set()
        self.ready.set()

    def text(self):
        return b"".join(self.output).decode(errors="replace")

    def close(self):
        try:
            self.resume()
            self.process.stdin.write(b"quit\n")
            self.process.stdin.close()
            self.process.wait(TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        print(f"--- testpmd {self.pid}\n{self.text()}")
        remove_traces(self.prefix)


class VhostBackend(Testpmd):
    """A dpdk-testpmd that serves a vhost-user socket."""

    def __init__(self, path):
        self.path = path
        super().__init__(eal=[f"--vdev=eth_vhost0,iface={path}"])
        made = os.path.exists(path)
        if not made:
            self.close()
        assert made, self.text()

    def close(self):
        super().close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
