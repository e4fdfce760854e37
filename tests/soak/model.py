# SPDX-License-Identifier: BSD-3-Clause
"""What must be true of a group: pure, knows no process and no DPDK.

A step is a line of text, as run.py explains them. The model says of a typed line which
outcomes there may be: pairs of an answer and the model after it. An answer is a string if
it is known to the letter, else a compiled pattern.
"""

import contextlib
import copy
import dataclasses
import itertools

from commands import Commands, Refused
from expected import ANY, UNHEARD, bare, prefixed
from things import Member


class Model(Commands):
    """A group that is well. Each process goes by the name the walk has for it."""

    def __init__(self, of_kind):
        self.of_kind = of_kind
        self.members = {}
        self.devices = {}
        #: What is forwarded, by process: (in, out, both).
        self.forwards = {}
        #: News that a process has yet to tell, [(who, line)].
        self.news = []
        #: Allocations that net_null has not given back, one a queue.
        self.leaks = 0
        #: There is no hugepage free.
        self.starved = False
        #: The file of the group that has been removed, and what each process says of it.
        self.removed = self.notice = None
        #: What is said of a driver that takes the primary for missing then.
        self.blind = None

    def copy(self):
        other = copy.copy(self)
        other.members = {name: dataclasses.replace(m) for name, m in self.members.items()}
        other.devices = {name: dataclasses.replace(d) for name, d in self.devices.items()}
        other.forwards = dict(self.forwards)
        other.news = list(self.news)
        return other

    def ports(self):
        """What `list` shows, [(id, name)]."""
        return sorted((d.port, name) for name, d in self.devices.items() if d.port is not None)

    def agree(self):
        return f"all {len(self.members)} processes agree: {len(self.ports())} ports"

    def tight(self):
        """Is there something a process may be short of? Then what it needs it can be refused."""
        return self.starved or any(m.few for m in self.members.values())

    # Who is here.

    def join(self, who, pid):
        self.members[who] = Member(pid, "primary" if who == "p" else "secondary")

    def leave(self, who):
        """It has quit or died; what it had locked and what it forwarded goes with it."""
        del self.members[who]
        self.forwards.pop(who, None)
        self.news = [(teller, line) for teller, line in self.news if teller != who]
        for device in self.devices.values():
            if device.lock and device.lock[0] == who:
                device.lock = None

    def remove(self, name, where):
        self.removed = name
        self.notice = f"{name} has been removed from {where}: no process can join any more; quit "
        self.notice += "all processes of the group and start anew"
        self.blind = "its driver takes the primary for missing, because "
        self.blind += f"{name} has been removed from {where}; quit all processes of the group and "
        self.blind += "start anew"
        self.news += [(who, self.notice) for who in self.members]

    # What is typed.

    def outcomes(self, who, line):
        """What may come of it, [(answer, model after it)]."""
        verb, _, rest = line.partition(" ")
        after = self.copy()
        try:
            answer = getattr(after, f"do_{verb}")(who, rest)
        except Refused as refused:
            failed = f"failed to {self.what(verb, rest)}: "
            reasons = [*refused.args, *([ANY] if self.tight() else [])]
            return [(prefixed(failed, reason), self) for reason in reasons]
        found = [(answer, after)]
        if self.tight() and verb in ("attach", "detach", "start", "stop", "sync", "forward"):
            # It may be done all the same; if not, there is a reason, and nothing has changed.
            failed = prefixed(f"failed to {self.what(verb, rest)}: ", ANY)
            found.append((failed, self))
            if verb in ("start", "stop"):
                # The primary did, and who asked can hear no answer any more.
                found.append((prefixed(f"failed to {self.what(verb, rest)}: ", UNHEARD), after))
            if verb == "detach":
                # Its port has been stopped by then, and who polled it told.
                stopped = self.copy()
                stopped.forwards, stopped.news = dict(after.forwards), list(after.news)
                stopped.devices[bare(rest)].started = False
                found.append((failed, stopped))
        return found

    def beside_sends(self, lines, who, line):
        """Refusals of a line because another one of these still sends, and has the queue."""
        found = []
        for other, beside in lines:
            sends = beside.startswith("send ") and self.outcomes(other, beside)[0][1] is not self
            if other != who and sends and line.startswith(("send ", "forward ")):
                busy = self.copy()
                busy.forwards[other] = (None, beside.split(" ")[1], False)
                found += [(a, self) for a, after in busy.outcomes(who, line) if after is busy]
        return found

    def together(self, lines):
        """Outcomes of lines typed at the same time, [(who, line)]: those of every order."""
        found = []
        for order in itertools.permutations(range(len(lines))):
            states = [({}, self)]
            for number in order:
                states = [
                    ({**answers, number: answer}, after)
                    for answers, before in states
                    for answer, after in before.outcomes(*lines[number])
                    + before.beside_sends(lines, *lines[number])
                ]
            found += [([answers[n] for n in range(len(lines))], after) for answers, after in states]
        return found

    def what(self, verb, rest):
        """As a failure names what was wanted."""
        if verb in ("attach", "detach", "lock", "unlock", "start", "stop"):
            device = rest.split(" ")[0]
            known = self.split_reason(device) is None
            return f"{verb} device {bare(device) if known else device}"
        if verb == "forward" and rest != "off":
            words = rest.split(" ")
            return f"forward {words[0]} to {words[1]}" + (" and back" if words[2:] else "")
        if verb == "send":
            return f"send through {rest.split(' ')[0]}"
        return verb

    # What may be true when somebody was killed.

    def killed_during(self, who, line):
        """Models after who was killed in the middle of this: it has not begun, or is done, or
        has come as far as a detach or a stop can come before the port is gone or stopped."""
        verb, _, rest = line.partition(" ")
        found = [self.copy()]
        after = self.copy()
        with contextlib.suppress(Refused):
            getattr(after, f"do_{verb}")(who, rest)
            found.append(after)
            if verb in ("detach", "stop"):
                told = self.copy()
                told.forwards, told.news = dict(after.forwards), list(after.news)
                stopped = told.copy()
                stopped.devices[bare(rest)].started = False
                found += [told, stopped]
        for model in found:
            model.leave(who)
        return found

    def killed_beside(self, victim, who, line):
        """Outcomes of a line that is typed while another process is killed: before or after."""
        before = self.copy()
        before.leave(victim)
        found = before.outcomes(who, line)
        for answer, after in self.outcomes(who, line):
            after = after.copy()
            after.leave(victim)
            found.append((answer, after))
        blind = self.removed == "config" and line.startswith("attach net_tap")
        if blind or line.startswith("start net_tap"):
            # Its driver sends the queues to every process, and fails if one of them dies. And of
            # one that refused an attach and died, no reason is left.
            found.append((prefixed(f"failed to {self.what(*line.split())}: ", ANY), before))
        return found
