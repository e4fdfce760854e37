# SPDX-License-Identifier: BSD-3-Clause
"""A group for soak.py: a primary and whoever joins it, held against the model after each step."""

import contextlib
import itertools
import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time

import hotplug_mp as hm
import soak_model

SECONDARIES = ("s1", "s2", "s3", "s4")
EVERYONE = ("p", *SECONDARIES)
#: An answer takes the EAL's 5 s for a request and 5 s to undo it, twice, and settling at most.
ANSWER_S = 90
MIB = 1 << 20
#: Allocations, and bytes, that a process which is killed has in the group's memory.
KILLED, KILLED_BYTES = 70, 180 << 10


class Divergence(Exception):
    """What was seen is not what the model says."""


def mount(kind, path, options):
    os.makedirs(path)
    subprocess.run(["mount", "-t", kind, "-o", options, "hm-soak", path], check=True)


class Place:
    """Mounts and interfaces of the walk's own, so that what it takes away is nobody else's."""

    def __init__(self):
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
        subprocess.run(["ip", "link", "del", self.interface], check=False)
        for path in reversed(self.mounts):
            # Who was killed may take a moment to be gone.
            hm.wait_until(
                lambda path=path: subprocess.run(["umount", path], check=False).returncode == 0,
                f"{path} is unmounted",
            )
        shutil.rmtree(self.path)


def status_kib(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(f"{key}:"))


def descriptors(pid):
    """What a process has open; numbers that the kernel gives to pipes and sockets do not count."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.append(re.sub(r"\[\d+\]", "[]", os.readlink(f"/proc/{pid}/fd/{fd}")))
    return sorted(found)


def put_away(process):
    """End it, and keep nothing of it."""
    status = process.end()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(process.log_path)
    return status


def hears(pid):
    """Does the EAL's thread that hears its peers run?"""
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError):
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as f:
                names.append(f.read().strip())
    return "rte_mp_handle" in names or "dpdk-mp-msg" in names


class Life:
    """A primary and whoever joins it, from its start to its end, and the model of them."""

    def __init__(self, place, prefix, counts, fault=None):
        self.place, self.prefix, self.counts, self.fault = place, prefix, counts, fault
        self.kinds = soak_model.kinds(place.interface, place.tap)
        self.model = soak_model.Model(self.kinds)
        self.processes = {}
        self.gone = []
        self.full = False
        self.taken = 0
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
        process = hm.Process(role, self.prefix, eal=self.place.eal, faults=faults, wait=False)
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
        return member is not None and not member.stopped

    def free(self):
        """Nothing keeps anybody from answering."""
        members = self.model.members.values()
        return not any(m.stopped or m.deaf for m in members)

    def step(self, text):
        """Do one, and see that all is as the model says. Returns False if it was passed over."""
        word, _, rest = text.partition(" ")
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
            if all(soak_model.matches(w, a) for w, a in zip(wanted, answers))
        ]
        if not fit:
            wanted = "\n  or ".join(dict.fromkeys(str(wanted) for wanted, _ in outcomes))
            raise Divergence(f"{lines} said {answers}\n  instead of {wanted}")
        self.choose(fit)

    def choose(self, models):
        """Several may be true still: look which one is, in a process that can be asked."""
        telling = {who for model in models for who, _ in model.news}
        able = [who for who in self.model.members if self.runs(who) and who in self.processes]
        # Not one that has news to tell still, which would come in between.
        asked = next((who for who in able if who not in telling), able[0])
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
        if not fit:
            raise Divergence("no order of what was done leads to what is shown")
        self.model = fit[0].copy()

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
        if self.model.tight():
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
        mended = re.compile("(nothing to do|mended: .+)")
        wanted = [soak_model.prefixed(f"synced: {m.agree()}; ", mended) for m in models]
        if not any(soak_model.matches(w, answer) for w in wanted):
            raise Divergence(f"sync after a death said {answer!r} instead of {wanted}")
        self.choose(models)
        return True

    def step_join(self, who):
        if who in self.processes or not self.runs("p") or self.model.members["p"].deaf:
            return False
        if self.full and not any(member.stopped for member in self.model.members.values()):
            # What the dead have left is cleared away first, and what has become free since taken.
            self.processes["p"].cmd("sync", ANSWER_S)
            self.place.fill(self.full)
            where = f"{self.place.run}/dpdk/{self.prefix}"
            self.expect(
                self.one_line(hm.run("secondary", self.prefix, eal=self.place.eal)),
                f"dpdk-hotplug_mp: no space is left in the runtime directory {where}; "
                "make room there",
                "a start without room",
            )
            return True
        stopped = [member.pid for member in self.model.members.values() if member.stopped]
        if stopped or self.model.tight():
            # With anybody stopped it does not start. It may lack what it needs; then it says so.
            done = hm.run("secondary", self.prefix, eal=self.place.eal)
            if stopped:
                said = [
                    f"dpdk-hotplug_mp: cannot start beside pid {pid}, which is stopped; "
                    "resume or end it"
                    for pid in stopped
                ]
                if self.one_line(done) not in said:
                    raise Divergence(f"a start beside the stopped {stopped} said {done.stderr!r}")
                return True
            if done.returncode != 0:
                self.one_line(done)
                return True
        self.start(who)
        process = self.processes[who]
        lacks = re.findall(rf"{re.escape(str(process))} lacks port \d+ \((\S+)\)", process.log())
        if lacks and (self.model.tight() or {name[:7] for name in lacks} == {"net_tap"}):
            # The queues of a net_tap come as descriptors; one that was started when its primary
            # was short of them stays without. It has said so, and can be restarted.
            return self.step_quit(who)
        return True

    def one_line(self, done):
        """A start that failed says why, in one line, and is no crash."""
        own = [line for line in done.stderr.split("\n") if line.startswith("dpdk-hotplug_mp: ")]
        if done.returncode != 1 or len(own) != 1 or not done.stderr.endswith(f"{own[0]}\n"):
            raise Divergence(f"a start that failed: status {done.returncode}, said {done.stderr!r}")
        return own[0]

    def step_quit(self, who):
        if not self.runs(who):
            return False
        members = self.model.members
        if any(member.stopped for member in members.values()) or members[who].deaf:
            # It gives no memory back, as it would have to ask everyone.
            self.killed_ones += 1
        self.expect(self.processes[who].quit(), 0, f"exit status of {who}")
        self.gone.append(self.processes.pop(who))
        self.model.leave(who)
        return True

    def step_kill(self, who):
        if who not in self.processes:
            return False
        self.processes[who].die()
        self.killed_ones += 1
        self.gone.append(self.processes.pop(who))
        self.model.leave(who)
        return True

    def step_stop(self, who):
        if not self.runs(who):
            return False
        if sum(self.runs(one) for one in self.processes) < 2:
            return False
        self.processes[who].stop()
        self.model.members[who].stopped = True
        return True

    def step_resume(self, who):
        if who not in self.processes or self.runs(who):
            return False
        self.processes[who].resume()
        self.model.members[who].stopped = False
        return True

    def step_fill(self, what):
        if self.full:
            return False
        self.place.fill(what)
        self.full = what
        return True

    def step_empty(self):
        self.place.empty()
        done, self.full = self.full, False
        return done

    def step_starve(self):
        if self.model.starved:
            return False
        self.place.starve()
        self.model.starved = True
        return True

    def step_feed(self):
        self.place.feed()
        done, self.model.starved = self.model.starved, False
        return done

    def step_few(self, who, spare):
        if not self.runs(who):
            return False
        pid = self.processes[who].pid
        used = {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")}
        free = itertools.filterfalse(used.__contains__, itertools.count())
        limit = next(itertools.islice(free, int(spare), None))
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, hard))
        self.model.members[who].few = True
        return True

    def step_many(self, who):
        if who not in self.processes or not self.model.members[who].few:
            return False
        pid = self.processes[who].pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.model.members[who].few = False
        if self.model.members[who].deaf and who != "p":
            # Nothing makes it hear again: it is to quit.
            return self.step_quit(who)
        return True

    def step_lose(self, how):
        """The primary leaves; each secondary says so, and can quit. Of its life nothing stays."""
        self.settle()
        for who in SECONDARIES[:2]:
            self.start(who)
        kind = self.kinds["net_null0"]
        answer = self.processes["s1"].cmd(f"attach {kind.devargs}")
        self.expect(answer, f"attached device {kind.name}", "attach")
        primary = self.processes.pop("p")
        if how == "kill":
            primary.die()
        else:
            self.expect(primary.quit(), 0, "exit status of p")
        self.gone.append(primary)
        notice = f"the primary (pid {primary.pid}) has left; quit this process"
        for who, process in self.processes.items():
            process.news(notice, timeout=hm.SOON)
            for line, what in (
                ("list", ""),
                ("attach net_null1", "failed to attach device net_null1: "),
                ("sync", "failed to sync: "),
            ):
                self.expect(process.cmd(line), what + notice, f"{line} of {who}")
        done = hm.run("primary", self.prefix, eal=self.place.eal)
        if "quit them first" not in self.one_line(done):
            raise Divergence(f"a new primary beside old secondaries said {done.stderr!r}")
        for who in list(self.processes):
            self.expect(self.processes[who].quit(), 0, f"exit status of {who}")
            self.gone.append(self.processes.pop(who))
        self.model = None
        return True

    # What is true after each.

    def look(self):
        """Everybody shows what the model says."""
        if self.model is None:
            return
        self.hear()
        for who, line in self.model.news:
            if self.runs(who):
                self.processes[who].news(line, timeout=hm.SOON)
        self.model.news = [(who, line) for who, line in self.model.news if not self.runs(who)]
        ports = self.model.ports()
        for who, process in self.processes.items():
            if self.runs(who):
                self.expect(process.list(), ports, f"list of {who}")
        if self.taken % 10 == 0:
            self.look_at_peers()

    def hear(self):
        """One that was sent descriptors when it could have no more hears nothing from then on."""
        for who, member in self.model.members.items():
            if member.few and not member.deaf and not hears(member.pid):
                member.deaf = True
                self.counts["deaf"] += 1
                asked = next(w for w in self.processes if self.runs(w))
                self.wait_state(self.processes[asked], member, "hung")

    @staticmethod
    def wait_state(asked, member, state):
        """It is seen soon."""
        hm.wait_until(
            lambda: asked.peers()[0][member.pid].state == state,
            f"{asked} sees that {member} is {state}",
            timeout=hm.SOON,
        )

    def look_at_peers(self):
        for who, process in self.processes.items():
            if not self.runs(who):
                continue
            peers, last = process.peers()
            self.expect(last, self.model.agree(), f"last line of peers of {who}")
            for member in self.model.members.values():
                state = "stopped" if member.stopped else "hung" if member.deaf else "ok"
                seen = peers[member.pid].state if member.pid in peers else "missing"
                if seen != state and not (member.few or self.model.members[who].few):
                    self.wait_state(process, member, state)

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
