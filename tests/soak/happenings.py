# SPDX-License-Identifier: BSD-3-Clause
"""What befalls the processes of a walk, besides the lines that are typed."""

import itertools
import os
import re
import resource
import threading

import hotplug_mp as hm
from walkers import ANSWER_S, SECONDARIES, Divergence

#: With fewer files that a process may open, operations are refused.
FILES = 3

class Happenings:
    """The steps of a Life that are not typed: a process starts, quits, is killed or stopped, a file
    of the group is removed, or there is no more room, memory or descriptor. Each returns False if
    it was passed over."""

    def step_join(self, who):
        if who in self.processes or not self.runs("p") or self.model.members["p"].deaf:
            return False
        if self.model.removed:
            said = self.one_line(hm.run("secondary", self.prefix, eal=self.place.eal))
            short = self.full or self.model.tight()
            if not short and not said.startswith(f"dpdk-hotplug_mp: {self.model.removed} has been"):
                raise Divergence(f"a start without {self.model.removed} said {said!r}")
            return True
        if self.full and not any(member.halted for member in self.model.members.values()):
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
        halted = [member for member in self.model.members.values() if member.halted]
        if halted or self.model.tight():
            # With anybody halted it does not start. It may lack what it needs; then it says so.
            done = hm.run("secondary", self.prefix, eal=self.place.eal)
            if halted:
                said = [f"dpdk-hotplug_mp: cannot start: {member.halt()}" for member in halted]
                if self.one_line(done) not in said:
                    raise Divergence(f"a start beside the halted {halted} said {done.stderr!r}")
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
        if any(member.halted for member in members.values()) or members[who].deaf:
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

    def may_halt(self, who):
        """It runs, and is not the only one that does."""
        return self.runs(who) and sum(self.runs(one) for one in self.processes) > 1

    def step_stop(self, who):
        if not self.may_halt(who):
            return False
        self.processes[who].stop()
        self.model.members[who].halted = "stopped"
        return True

    def step_freeze(self, who):
        if not self.may_halt(who):
            return False
        self.place.freezer.freeze(self.processes[who].pid)
        member = self.model.members[who]
        member.halted = "frozen"
        # `peers` shows it once it has missed a beat.
        if not member.deaf:
            asked = next(w for w in self.processes if self.runs(w))
            self.wait_state(self.processes[asked], member, "frozen")
        return True

    def step_resume(self, who):
        if who not in self.processes or self.runs(who):
            return False
        if self.model.members[who].halted == "frozen":
            self.place.freezer.thaw()
        else:
            self.processes[who].resume()
        self.model.members[who].halted = ""
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

    def leave_files(self, pid, spare):
        """Let a process open so many files more."""
        looks = []
        for _ in range(5):
            looks.append({int(fd) for fd in os.listdir(f"/proc/{pid}/fd")})
            threading.Event().wait(0.01)
        # Without those that a thread has open for a moment.
        used = set.intersection(*looks)
        free = itertools.filterfalse(used.__contains__, itertools.count())
        limit = next(itertools.islice(free, spare, None))
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, hard))

    def step_few(self, who, spare):
        if not self.runs(who):
            return False
        self.model.members[who].few = True
        asked = None
        if int(spare) < FILES and self.free():
            asked = next((w for w in self.processes if self.runs(w) and w != who), None)
        # A thread that gets no processor may have had a file open all the time: then it may open
        # more when that is closed, and tells nobody.
        for once_more in (True, True, False):
            self.leave_files(self.processes[who].pid, int(spare))
            if not asked:
                break
            try:
                # It tells the others with its next beat.
                self.wait_state(self.processes[asked], self.model.members[who], "short")
                break
            except AssertionError:
                if not once_more:
                    raise
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
        if self.free():
            # It tells the others with its next beat.
            self.wait_state(self.processes[who], self.model.members[who], "ok")
        return True

    def step_remove(self, name):
        """As a cleaner of old files does. Each process says so; nobody joins any more."""
        if self.model.removed or self.full or self.model.tight() or not self.free():
            return False
        where = f"{self.place.run}/dpdk/{self.prefix}"
        os.unlink(f"{where}/{name}")
        self.model.remove(name, where)
        return True

    def lose_alone(self, primary):
        """No secondary can join before the primary leaves, and none after it."""
        self.gone.append(primary)
        said = self.one_line(hm.run("secondary", self.prefix, eal=self.place.eal))
        if "no primary runs" not in said:
            raise Divergence(f"a start without a primary said {said!r}")
        self.model = None
        return True

    def step_lose(self, how):
        """The primary leaves; each secondary says so, and can quit. Of its life nothing stays."""
        self.settle()
        removed = self.model.removed
        for who in SECONDARIES[:2] if not removed else ():
            self.start(who)
        if not removed:
            kind = self.kinds["net_null0"]
            answer = self.processes["s1"].cmd(f"attach {kind.devargs}")
            self.expect(answer, f"attached device {kind.name}", "attach")
        primary = self.processes.pop("p")
        if how == "kill":
            primary.die()
        else:
            self.expect(primary.quit(), 0, "exit status of p")
        if removed:
            return self.lose_alone(primary)
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
