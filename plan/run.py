# SPDX-License-Identifier: BSD-3-Clause
"""Carry out the cases, device by device."""

import contextlib
import time

from plan import cases, known, measure, prepare
from plan.backend import Backend, answers, needed
from plan.devices import VIRTIO, VIRTUAL
from plan.group import roles
from plan.members import TIMEOUT, RunGroup, first_group
from plan.options import QUIT
from plan.outcome import FAILED, NOT_HERE, PASSED, Failed, NotHere
from plan.results import Result
from plan.stop import shielded


class DeviceRun:
    """A device, and the group that its cases are carried out in. A case that has failed may have
    left anything behind, so the next case gets a new group."""

    def __init__(self, run, device):
        self.run = run
        self.device = device
        self.group = None
        self.driver = device.driver
        self.rounds = run.options.rounds
        self.eal = prepare.eal_options(run.options.eal, run.cards, device)
        if device.physical:
            driver = run.options.bind or run.cards[device].home
            self.eal += prepare.iova(driver, self.eal)

    def progress(self, text):
        self.run.view.progress(text)

    def new_group(self, empty=True):
        make = RunGroup if self.run.started else first_group
        options = self.run.options
        self.group = make(self.run.place, options.program, self.eal, options.secondaries)
        if not self.run.started:
            self.run.facts(self.group)
        self.run.started = True
        if empty:
            self.group.detach_all()

    def use_group(self):
        """The group, and the device can be attached in it."""
        if self.group is None:
            self.new_group()
        self.ready(self.device)
        self.group.begin()

    def ready(self, device):
        """As the plan does it: a card is bound after the group has started."""
        if device.physical and self.run.options.bind:
            prepare.bind(self.run.place, self.run.cards[device], self.run.options.bind)
        if device.kind == VIRTIO:
            self.run.need_backend(device)

    def twin(self):
        """A second device of the same driver."""
        if not self.device.physical:
            twin = self.device.twin()
        else:
            cards = self.run.cards
            ids = cards[self.device].identity()
            same = [d for d, c in cards.items() if c.identity() == ids and d is not self.device]
            if not same:
                raise NotHere(f"no second card {ids} was named")
            twin = same[0]
        self.ready(twin)
        return twin

    def close(self):
        group, self.group = self.group, None
        if group is not None:
            group.close()

    def carry_out(self, case, saw):
        if case.name == QUIT:
            self.group.quit()
        elif case.name == "boot":
            self.boot(case, saw)
        elif case.ways is None:
            self.use_group()
            case.run(self, saw)
        else:
            self.use_group()
            ways = list(case.ways(roles(self.run.options.secondaries)))
            for number, way in enumerate(ways):
                self.progress(f"{number + 1} of {len(ways)}")
                self.group.begin()
                try:
                    case.run(self.group, self.device, *way, saw)
                except Failed as why:
                    who = f"attached by {way[0]}"
                    who += "" if way[1] == "-" else f", detached by {way[1]}"
                    raise Failed(f"{why} ({who})") from None

    def boot(self, case, saw):
        if not self.device.physical:
            raise NotHere("a virtual device is not there at the start")
        self.close()
        self.ready(self.device)
        for way in case.ways(roles(self.run.options.secondaries)):
            self.new_group(empty=False)
            case.run(self.group, self.device, *way, saw)
            self.group.quit()
            self.close()

    def case(self, case):
        """Carry out one; returns its Result."""
        device = self.device
        # The plan has vhost-user and virtio-user apart in one of its cases.
        title = case.titles.get(device.kind)
        if title is None and not device.physical:
            title = case.titles.get(VIRTUAL)
        result = Result(device.name, case.name, PASSED, title=title or "")
        begin = time.monotonic()
        seen = {}
        try:
            self.carry_out(case, lambda answer: seen.setdefault(answer))
        except NotHere as why:
            result.outcome, result.why = NOT_HERE, str(why)
        except Failed as why:
            result.outcome, result.why = FAILED, str(why)
            if self.group is not None:
                result.story = self.group.story()
            self.learn()
            limit = known.find(self.driver, case.name, str(why))
            if limit:
                result.limit, result.text = limit.name, limit.text
        result.answers = list(seen)
        result.seconds = time.monotonic() - begin
        if result.outcome == FAILED or case.name == QUIT:
            self.learn()
            self.close()
        return result

    def learn(self):
        """Which driver has probed the device."""
        if self.group is not None:
            self.driver = self.group.driver(self.device)
            self.run.drivers[self.device] = self.driver


class Run:
    """All devices. `results` grows as it goes; finish() ends and gives back all there is."""

    def __init__(self, options, place, cards, view):
        self.options = options
        self.place = place
        self.cards = cards
        self.view = view
        self.results = []
        self.about = {}
        #: By device.
        self.drivers = {}
        self.started = False

    def facts(self, group):
        """What only a running group tells."""
        with contextlib.suppress(OSError, ValueError):
            self.about["DPDK"] = measure.version(f"{group.directory()}/dpdk_telemetry.v2")

    def need_backend(self, device):
        path = needed(device)
        if path is None or any(one.path == path for one in self.place.backends) or answers(path):
            return
        with shielded():
            name = f"{self.place.prefix}b{len(self.place.backends)}"
            command = self.options.backend
            self.place.backends.append(Backend(device, command, self.place.path, name, TIMEOUT))

    def carry_out(self):
        quit_case = cases.Case(QUIT, "all processes leave", {}, None, None)
        for device in self.options.devices:
            at = DeviceRun(self, device)
            for case in (*self.options.cases, quit_case):
                if case is quit_case and at.group is None:
                    # The last one has failed, or has ended its group itself.
                    self.view.done += 1
                    continue
                self.view.begin(device.name, case.name)
                result = at.case(case)
                self.results.append(result)
                self.view.end(result)
            at.close()
            self.end_backends()

    def end_backends(self):
        with shielded():
            while self.place.backends:
                self.place.backends.pop().close(TIMEOUT)

    def finish(self):
        """End all processes, give all cards back."""
        with shielded():
            for group in self.place.groups:
                group.close()
            self.end_backends()
            self.place.give_back(prepare.TIMEOUT)
            self.place.remove()
