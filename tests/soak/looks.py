# SPDX-License-Identifier: BSD-3-Clause
"""After each step, every process must show what the model says."""

import hotplug_mp as hm
from messages import listens


class Looks:
    """What a Life sees after each step, held against its model."""

    def look(self):
        """Everybody shows what the model says."""
        if self.model is None:
            return
        self.hear()
        for who, line in self.model.news:
            if self.runs(who) and not self.told(who, line):
                self.processes[who].news(line, timeout=hm.SOON)
        self.model.news = [(who, line) for who, line in self.model.news if not self.runs(who)]
        ports = self.model.ports()
        for who, process in self.processes.items():
            if self.runs(who):
                self.expect(process.list(), ports, f"list of {who}")
        if self.taken % 10 == 0:
            self.look_at_peers()

    def told(self, who, *lines):
        """Has it said these in the step already? The answer to a line passes over news."""
        shown = self.processes[who].transcript.getvalue()[self.shown.get(who, 0) :]
        return all(f"{line}\r\n" in shown for line in lines)

    def hear(self):
        """A process that is sent descriptors when it can have no more hears nothing from then on."""
        for who, member in self.model.members.items():
            if member.few and not member.deaf and not listens(member.pid):
                member.deaf = True
                self.counts["deaf"] += 1
                asked = next(w for w in self.processes if self.runs(w))
                self.wait_state(self.processes[asked], member, "hung")

    @staticmethod
    def wait_state(asked, member, state):
        """A process soon sees a member in this state."""
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
                state = member.halted or ("hung" if member.deaf else "ok")
                seen = peers[member.pid].state if member.pid in peers else "missing"
                if seen != state and not (member.few or self.model.members[who].few):
                    self.wait_state(process, member, state)
