# SPDX-License-Identifier: BSD-3-Clause
"""Tests that pytest collects here and a guest runs: their reports come back as if they had run here.
A missing report, or a missing end, is a failure."""

import contextlib
import json
import math
import os
import queue
import shlex
import subprocess
import threading
import time

import pytest

import hotplug_mp as hm
from vm import image, machine
from vm.ports import open_port

#: Longest time without a report, and all in all. A test in there that waits in vain says so earlier.
SILENCE_TIMEOUT = 300
GUEST_TIMEOUT = 3600
#: The guest sends a beat so often. Without one for so long, its processors are kicked, as one of them
#: may sleep for too long; and without one for so long, it stands still.
BEAT = 0.5
KICK_TIMEOUT = 2
BEAT_TIMEOUT = 30
#: How often the guest is booted, if QEMU itself crashes, as Debian 12's may when a card is unplugged,
#: or stands still, as its emulated processors may; it goes on with the tests that were not done.
MAX_BOOTS = 5
INTERRUPTS = (KeyboardInterrupt, pytest.exit.Exception)
#: With pytest-xdist, all tests of the guest are for one of its workers.
GROUP = "guest"


def name_of(item):
    """Its id, without what pytest-xdist adds."""
    return item.nodeid.removesuffix(f"@{GROUP}")


class Sender:
    """In the guest: run the tests asked for, and send what they show."""

    def __init__(self, config):
        self.config = config
        self.port = open_port("reports")
        self.sent = 0
        self.lock = threading.Lock()  # one message after the other
        self.over = threading.Event()
        threading.Thread(target=self.beat, daemon=True).start()
        with open(os.environ[hm.GUEST_TESTS], encoding="utf-8") as f:
            self.selected = f.read().splitlines()

    def send(self, **message):
        data = json.dumps(message).encode() + b"\n"
        with self.lock:
            while data:
                data = data[os.write(self.port, data) :]

    def beat(self):
        while not self.over.wait(BEAT):
            self.send(beat=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if item.nodeid in self.selected]

    def pytest_runtest_logreport(self, report):
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.sent += 1
        self.send(report=data)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus):
        self.over.set()
        self.send(end={"status": int(exitstatus), "sent": self.sent})


class Receiver:
    """On the host: boot the guest at the beginning, as it takes its time, and report what it has
    sent when it is the turn of its tests. With pytest-xdist, one of its workers does it, first."""

    def __init__(self, config, folder):
        self.config = config
        self.folder = folder
        self.in_worker = hasattr(config, "workerinput")
        self.items = []
        self.guest = None
        self.incoming = queue.Queue()  # bytes from the guest, none at its end
        self.buffer = b""
        self.reports = {}  # of tests whose turn to be reported has not come yet
        self.done = set()  # tests all of whose reports have come
        self.boots = 0
        self.kicks = 0
        self.received = 0
        self.failed = False
        self.end = None
        self.gone = None  # why nothing more will come

    def is_ours(self, item):
        return self.folder in item.path.parents

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        self.items = [item for item in items if self.is_ours(item)]
        if self.in_worker:
            items[:] = self.items + [item for item in items if not self.is_ours(item)]

    def pytest_runtestloop(self):
        if self.items and not self.in_worker and not self.config.getoption("collectonly"):
            self.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        if not self.is_ours(item):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self.run(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def run(self, item):
        """The reports on a test; or one on why there are none."""
        reports = []

        def fetch():
            if self.boots == 0:
                self.start()
            hm.need(self.guest is not None, self.gone)
            while not (reports and reports[-1].when == "teardown"):
                boots = self.boots
                self.receive_until(lambda: self.reports.get(name_of(item)))
                if self.boots != boots:
                    reports.clear()
                reports.append(self.reports[name_of(item)].pop(0))
                reports[-1].nodeid = item.nodeid
            if item is self.items[-1]:
                self.check_end()

        call = pytest.CallInfo.from_call(fetch, "setup", reraise=INTERRUPTS)
        if call.excinfo is not None:
            reports.append(item.ihook.pytest_runtest_makereport(item=item, call=call))
        return reports

    def start(self):
        self.boots += 1
        self.buffer, self.received, self.failed = b"", 0, False
        left = [name for name in map(name_of, self.items) if name not in self.done]
        self.reports = {name: some for name, some in self.reports.items() if name in self.done}
        command = [f"{hm.GUEST_TESTS}=$HM_JOB/tests", "HM_STRICT=1", f"HM_BINARY={hm.BINARY}"]
        command += ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider"]
        command += [f"--rootdir={self.config.rootpath}", str(self.folder)]
        command += ["--runxfail"] * self.config.getoption("runxfail")
        place = shlex.quote(str(self.config.rootpath))
        try:
            command.insert(0, f"{machine.ABSENT}={','.join(machine.absent())}")
            self.guest = machine.Guest(
                f"cd {place} && {' '.join(command)}\n",
                {"tests": "".join(f"{name}\n" for name in left)},
            )
        except image.Unavailable as why:
            self.gone = f"no guest: {why}"
            return
        self.reported = time.monotonic()
        self.heard = self.woken = math.inf  # it boots
        self.deadline = self.reported + GUEST_TIMEOUT
        self.incoming = queue.Queue()
        drained = self.guest.reports, self.incoming
        threading.Thread(target=self.drain, args=drained, daemon=True).start()

    @staticmethod
    def drain(reports, incoming):
        """Whatever it sends is taken at once, or it would have to wait."""
        data = None
        while data != b"":
            try:
                data = reports.recv(65536)
            except OSError:
                data = b""
            incoming.put(data)

    def receive_until(self, condition):
        while not condition():
            if self.gone is None and self.end is None:
                self.receive()
            else:
                why = self.gone or "it came to its end without"
                pytest.fail(f"no report from the guest: {why}", pytrace=False)

    def crashed(self):
        """Has QEMU died of a signal, and may it be started once more?"""
        try:
            return self.guest.process.wait(hm.TIMEOUT) < 0 and self.boots < MAX_BOOTS
        except subprocess.TimeoutExpired:
            return False

    def kick(self):
        self.kicks += 1
        # If QEMU itself has ended or hangs, that is noticed soon.
        with contextlib.suppress(OSError, AssertionError):
            self.guest.kick()
        self.woken = time.monotonic()

    def receive(self):
        """Take one message from the guest."""
        line, newline, rest = self.buffer.partition(b"\n")
        if not newline:
            silent = min(self.reported + SILENCE_TIMEOUT, self.heard + BEAT_TIMEOUT)
            over = min(silent, self.deadline)
            left = min(over, self.woken + KICK_TIMEOUT) - time.monotonic()
            try:
                data = self.incoming.get(timeout=max(left, 0.001))
            except queue.Empty:
                data = b""
                if time.monotonic() < over:
                    self.kick()
                    return
                if self.boots == MAX_BOOTS or silent > self.deadline:
                    last = time.monotonic() - self.reported
                    self.gone = f"its last report was {last:.0f} s ago"
                else:
                    self.guest.process.kill()
            if not data and self.gone is None and self.crashed():
                self.guest.close()
                self.start()
                return
            if not data:
                self.gone = f"{self.gone or 'it is off'}\n{self.guest.said()[-8000:]}"
            self.buffer += data
            return
        self.buffer = rest
        message = json.loads(line)
        self.heard = self.woken = time.monotonic()
        if "beat" in message:
            return
        self.reported = self.heard
        if "end" in message:
            self.end = message["end"]
            return
        report = self.config.hook.pytest_report_from_serializable(
            config=self.config, data=message["report"]
        )
        if isinstance(report.longrepr, list):
            report.longrepr = tuple(report.longrepr)  # why it was skipped
        self.received += 1
        self.failed |= report.failed
        self.reports.setdefault(report.nodeid, []).append(report)
        if report.when == "teardown":
            self.done.add(report.nodeid)

    def check_end(self):
        """After the last test: has everything come that was sent, and did pytest end well?"""
        self.receive_until(lambda: self.end is not None)
        assert self.end["sent"] == self.received, "reports were lost on the way from the guest"
        expected = pytest.ExitCode.TESTS_FAILED if self.failed else pytest.ExitCode.OK
        assert self.end["status"] == expected, f"pytest in the guest: {self.end}"

    def describe(self):
        """What the guest is, for a report; None without one."""
        if self.guest is None:
            return None
        how = "KVM" if self.guest.accel == "kvm" else "software emulation"
        text = f"cards of a QEMU guest ({how}, intel-iommu) with Linux {self.guest.release}"
        if self.kicks > 0:
            text += f"; no beat came for {KICK_TIMEOUT} s {self.kicks} times"
        return text if self.boots == 1 else f"{text}; QEMU crashed or stood still {self.boots - 1} times"

    def pytest_sessionfinish(self):
        if self.in_worker:
            self.config.workeroutput[GROUP] = self.describe()

    def pytest_unconfigure(self):
        if self.guest is not None:
            self.guest.close()
