# SPDX-License-Identifier: BSD-3-Clause
"""One primary and the secondaries that join it, held against the model after each step."""

import contextlib
import functools
import os
import re
import tempfile
import threading
import time

import hotplug_mp as hm
from expected import matches, prefixed
from happenings import Happenings
from looks import Looks
from model import Model
from place import MIB
from things import kinds
from walkers import ANSWER_S, SECONDARIES, Divergence, put_away

#: Allocations, and bytes, that a process which is killed has in the group's memory.
KILLED, KILLED_BYTES = 70, 180 << 10


def status_kib(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(f"{key}:"))


def descriptors(pid):
    """What a process has open; numbers that the kernel gives to pipes and sockets do not count, nor
    whether a file has been removed."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            name = os.readlink(f"/proc/{pid}/fd/{fd}").removesuffix(" (deleted)")
            found.append(re.sub(r"\[\d+\]", "[]", name))
    return sorted(found)


class Life(Happenings, Looks):
    """A primary and whoever joins it, from its start to its end, and the model of them."""

    def __init__(self, place, prefix, counts, fault=None):
        self.place, self.prefix, self.counts, self.fault = place, prefix, counts, fault
        self.kinds = kinds(place.interface, place.tap)
        self.model = Model(self.kinds)
        self.processes = {}
        self.gone = []
        self.full = False
        self.taken = 0
        #: How much each terminal had shown before the step.
        self.shown = {}
        self.killed_ones = 0
        self.begin = time.monotonic()
        try:
            self.start("p")
            self.warm_up()
            self.before = self.measure()
        except BaseException:
            self.close()
            raise

    def start(self, who):
        role = "primary" if who == "p" else "secondary"
        faults = None
        if self.fault and self.fault["who"] == who:
            faults = hm.Faults(self.fault["library"], tempfile.mkdtemp(dir=self.place.path) + "/f")
        process = hm.Process(
            role, self.prefix, eal=self.place.eal, own=self.place.own, faults=faults, wait=False
        )
        self.processes[who] = process
        process.wait_prompt()
        if faults:
            faults.set(self.fault["call"], self.fault["order"])
        self.model.join(who, self.processes[who].pid)

    def warm_up(self):
        """What stays open or allocated after its first use is so before anything is counted."""
        primary = self.processes["p"]
        late = hm.Process("secondary", self.prefix, eal=self.place.eal)
        for verb in ("attach", "start", "detach") * 2:
            for kind in self.kinds.values():
                primary.cmd(f"{verb} {kind.devargs}")
        self.expect(late.quit(), 0, "exit status")
        put_away(late)

    def measure(self):
        primary = self.processes["p"]
        primary.cmd("sync")
        return {
            "descriptors": [d for d in descriptors(primary.pid) if self.place.huge not in d],
            "hugepages": self.place.pages(),
            "memory": status_kib(primary.pid, "VmRSS"),
            "allocations": hm.telemetry(self.prefix, "/eal/heap_info,0")[0]["Alloc_count"],
        }

    @staticmethod
    def expect(seen, wanted, what):
        if seen != wanted:
            raise Divergence(f"{what}: {seen!r} instead of {wanted!r}")

    def runs(self, who):
        """It is there, and can be typed at."""
        member = self.model.members.get(who) if self.model else None
        return member is not None and not member.halted

    def free(self):
        """Nothing keeps anybody from answering."""
        members = self.model.members.values()
        return not any(m.halted or m.deaf for m in members)

    def step(self, text):
        """Do one, and see that all is as the model says. Returns False if it was passed over."""
        word, _, rest = text.partition(" ")
        self.shown = {who: process.transcript.tell() for who, process in self.processes.items()}
        if word.endswith(":"):
            done = self.typed(text)
        else:
            done = getattr(self, f"step_{word}")(*rest.split())
        if not done:
            return False
        self.taken += 1
        self.counts["steps"] += 1
        if not word.endswith(":") or "killed" in text:
            kind = "typed and killed" if word.endswith(":") else " ".join(text.split()[:1])
            self.counts["fault " + kind] += 1
        self.look()
        return True

    def typed(self, text):
        moment = re.fullmatch(r"(.+), (?:while (\w+) is )?killed after ([\d.]+) ms", text)
        parts = (moment[1] if moment else text).split(" | ")
        lines = [tuple(part.split(": ", 1)) for part in parts]
        if moment:
            return self.killed(*lines[0], moment[2], float(moment[3]) / 1000)
        lines = [(who, line) for who, line in lines if self.runs(who)]
        if not lines:
            return False
        calls = [lambda w=w, line=line: self.processes[w].cmd(line, ANSWER_S) for w, line in lines]
        answers = hm.together(*calls)
        self.counts["operations"] += len(lines)
        self.take(lines, answers, self.model.together(lines))
        return True

    def take(self, lines, answers, outcomes):
        """Go on with the models whose outcomes these answers are."""
        fit = [
            after
            for wanted, after in outcomes
            if all(matches(w, a) for w, a in zip(wanted, answers))
        ]
        if not fit:
            wanted = "\n  or ".join(dict.fromkeys(str(wanted) for wanted, _ in outcomes))
            raise Divergence(f"{lines} said {answers}\n  instead of {wanted}")
        self.choose(fit)

    def choose(self, models):
        """Several may be true still: look which one is, in a process that can be asked."""
        asked = next(w for w in self.model.members if self.runs(w) and w in self.processes)
        ports = self.processes[asked].list()
        fit = [model for model in models if model.ports() == ports]
        if not fit:
            wanted = " or ".join(str(model.ports()) for model in models)
            raise Divergence(f"list of {asked}: {ports} instead of {wanted}")
        for name in {name for model in fit for name in model.devices}:
            if len({str(model.devices.get(name)) for model in fit}) > 1:
                shown = self.processes[asked].cmd(f"show {name}")
                fit = [m for m in fit if self.shows(m, name, shown)]
        for who in SECONDARIES + ("p",):
            if len({m.forwards.get(who) for m in fit}) > 1 and self.runs(who):
                # Off it is in any case now.
                answer = self.processes[who].cmd("forward off", ANSWER_S)
                fit = [m for m in fit if (who in m.forwards) == (answer == "forwarding is off")]
                for model in fit:
                    model.forwards.pop(who, None)
                    model.news = [(w, line) for w, line in model.news if w != who]
        fit = self.telling(fit)
        if not fit:
            raise Divergence("no order of what was done leads to what is shown")
        self.model = fit[0].copy()

    def telling(self, models):
        """Those of which the news are told: of two who take the ports of one forward away, the first
        one ends it."""

        def has_told(who, model):
            return self.told(who, *(line for w, line in model.news if w == who))

        def one_is_told(who, models):
            self.processes[who].list()  # to read what it shows
            return any(has_told(who, model) for model in models)

        for who in [who for who in self.processes if self.runs(who)]:
            wanted = {tuple(line for w, line in model.news if w == who) for model in models}
            if len(wanted) > 1 and () not in wanted:
                told = functools.partial(one_is_told, who, models)
                hm.wait_until(told, f"{who} tells one of {wanted}", timeout=hm.SOON)
                models = [model for model in models if has_told(who, model)]
        return models

    @staticmethod
    def shows(model, name, shown):
        device = model.devices.get(name)
        if device is None or device.port is None:
            return ("failed" in shown) == (device is None)
        return f"state: {'started' if device.started else 'stopped'}" in shown

    def killed(self, who, line, victim, seconds):
        """A process is killed in the middle of what it or another has been asked for."""
        victim = victim or who
        if victim == "p" or not (self.runs(who) and self.runs(victim) and self.free()):
            return False
        # To undo a detach is to attach again, which net_tap refuses without that file.
        blind = self.model.removed == "config" and line.startswith("detach") and "net_tap" in line
        if self.model.tight() or blind:
            return False
        process, dead = self.processes[who], self.processes[victim]
        process.send(line)
        threading.Event().wait(seconds)
        dead.die()
        self.killed_ones += 1
        self.gone.append(self.processes.pop(victim))
        self.counts["operations"] += 1
        if victim != who:
            answer = process.answer(ANSWER_S)
            outcomes = self.model.killed_beside(victim, who, line)
            self.take([(who, line)], [answer], [([wanted], after) for wanted, after in outcomes])
            return True
        models = self.model.killed_during(who, line)
        # What it had asked for is waited for by the next one to operate.
        answer = self.processes["p"].cmd("sync", ANSWER_S)
        note = re.match(rf"note: pid {dead.pid} died during: {line.split()[0]}\b.*\n", answer)
        answer = answer[note.end() :] if note else answer
        answer = answer.removeprefix(f"note: {self.model.notice}\n")
        mended = re.compile("(nothing to do|mended: .+)")
        wanted = [prefixed(f"synced: {m.agree()}; ", mended) for m in models]
        if not any(matches(w, answer) for w in wanted):
            raise Divergence(f"sync after a death said {answer!r} instead of {wanted}")
        self.choose(models)
        return True

    def lock_is_left(self):
        """Does a process wait for a lock that a killed one had (doc/limits.rst)?"""
        running = [self.processes[who].pid for who in self.processes if self.runs(who)]
        return self.killed_ones > 0 and any(hm.spins(pid) for pid in running)

    def abandon(self):
        """Kill everybody who has not ended yet."""
        for process in self.processes.values():
            if process.alive():
                process.die()
        self.close()

    def settle(self):
        """Bring it back to where it began; then it has what it had."""
        self.step_empty()
        self.step_feed()
        for who in list(self.processes):
            self.step_resume(who)
            self.step_many(who)
        for who in [who for who in self.processes if who != "p"]:
            self.look()
            self.step_quit(who)
        if self.model.members["p"].deaf:
            return
        primary = self.processes["p"]
        for line in ("forward off", *(f"unlock {name}" for name in self.model.devices)):
            self.typed(f"p: {line}")
        for name in list(self.model.devices):
            self.typed(f"p: detach {name}")
        self.expect(primary.list(), [], "list in the end")
        # What is open for the sake of those who have left is closed when it is looked at next.
        with contextlib.suppress(AssertionError):
            hm.wait_until(
                lambda: self.measure()["descriptors"] == self.before["descriptors"],
                "descriptors are as before",
                timeout=hm.SOON,
            )
        self.after = self.measure()
        self.expect(self.after["descriptors"], self.before["descriptors"], "descriptors of p")
        # In the memory of the group nothing is left but what doc/limits.rst tells of.
        grown = {key: self.after[key] - self.before[key] for key in ("allocations", "hugepages")}
        if grown["allocations"] > self.killed_ones * KILLED + self.model.leaks:
            raise Divergence(f"{grown['allocations']} allocations are left in the group's memory")
        if grown["hugepages"] > 1 + self.killed_ones * KILLED_BYTES / (2 * MIB):
            raise Divergence(f"{grown['hugepages']} hugepages more are in use than at first")

    def close(self):
        """End whoever still runs, and put all away. Returns whether all of them left well."""
        self.place.empty()
        self.place.feed()
        statuses = []
        for who in sorted(self.processes, reverse=True):
            process = self.processes[who]
            statuses.append(process.end())
            self.gone.append(process)
        for process in self.gone:
            put_away(process)
        return all(status in (None, 0) for status in statuses)
