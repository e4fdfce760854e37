# SPDX-License-Identifier: BSD-3-Clause
"""The guest's virtio-serial ports, in it; and QEMU's monitor, behind one of them or a socket."""

import glob
import json
import os
import select
import time


def open_port(name):
    """Open the guest's port with this name; a file descriptor."""
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(path, encoding="utf-8") as f:
            if f.read().strip() == name:
                return os.open(f"/dev/{path.split('/')[-2]}", os.O_RDWR)
    raise FileNotFoundError(f"no virtio-serial port named {name}")


class Monitor:
    """QEMU's monitor (QMP): for plugging cards in and out."""

    def __init__(self, fd, timeout=60):
        self.fd = fd
        self.timeout = timeout  # of an answer, in seconds
        self.buffer = b""
        self.receive(lambda message: "QMP" in message)
        self.command("qmp_capabilities")

    def receive(self, wanted):
        """The next message that is wanted; others are dropped."""
        deadline = time.monotonic() + self.timeout
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if newline:
                self.buffer = rest
                message = json.loads(line)
                if wanted(message):
                    return message
                continue
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], "no answer from QEMU"
            data = os.read(self.fd, 4096)
            assert data, "QEMU has ended"
            self.buffer += data

    def command(self, name, **arguments):
        message = {"execute": name, "arguments": arguments}
        os.write(self.fd, json.dumps(message).encode() + b"\n")
        answer = self.receive(lambda message: "return" in message or "error" in message)
        assert "return" in answer, f"{name}: {answer['error']['desc']}"
        return answer["return"]

    def device_add(self, device):
        """Plug a device in. It is given as on QEMU's command line, because what is a word and what
        is a boolean differs between releases."""
        line = {"command-line": f"device_add {device}"}
        assert self.command("human-monitor-command", **line) == "", device

    def close(self):
        os.close(self.fd)
