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
import re

MAX_DEVARGS = 127
ANY = re.compile(".+")
#: A driver's reason, which is told with the process it was logged in.
OWN_WORDS = re.compile(r"pid [0-9]+ \((primary|secondary)\): .+")
HUNG = re.compile("is hung: it has served no request for [0-9]+ ms; end it, or try again later")
UNHEARD = re.compile("the primary .+ did not answer within 5 s, and may do it still; show tells")
DEAF = "this process has lost the EAL's thread for messages; quit and restart it"


def bare(devargs):
    """The name in devargs."""
    return devargs.removeprefix("vdev:").split(",")[0]


def prefixed(text, reason):
    """A reason that is a text or a pattern, behind a text."""
    if isinstance(reason, re.Pattern):
        return re.compile(re.escape(text) + reason.pattern)
    return text + reason


@dataclasses.dataclass(frozen=True)
class Kind:
    """A device the walk may attach."""

    devargs: str
    driver: str
    #: Has it an ethernet port, and can a secondary poll that?
    port: bool = True
    secondary_polls: bool = True

    @property
    def name(self):
        return bare(self.devargs)


def kinds(interface, tap):
    """All of them by name; one is on an interface there is, one makes its own. Nothing comes in
    at a net_null, so that to forward from one costs no more than to wait."""
    return {
        kind.name: kind
        for kind in (
            Kind("net_null0,no-rx=1", "net_null"),
            Kind("net_null1,no-rx=1", "net_null"),
            Kind("net_ring0", "net_ring"),
            Kind(f"net_tap0,iface={tap}", "net_tap"),
            Kind(f"net_af_packet0,iface={interface}", "net_af_packet", secondary_polls=False),
            Kind("crypto_null0", "crypto_null", port=False),
        )
    }


@dataclasses.dataclass
class Device:
    """One that is attached; port is None if it has none."""

    port: int | None
    started: bool = False
    configured: bool = False
    lock: tuple | None = None  # who, and why


@dataclasses.dataclass
class Member:
    """A process that runs."""

    pid: int
    role: str
    stopped: bool = False
    #: It may have hardly any more descriptors than it has.
    few: bool = False
    #: It ran out of them when it was sent some: it hears no peer any more.
    deaf: bool = False

    def __str__(self):
        return f"pid {self.pid} ({self.role})"


class Refused(Exception):
    """The operation fails for one of these reasons, and changes nothing."""


class Model:
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

    # What is typed.

    def outcomes(self, who, line):
        """What may come of it, [(answer, model after it)]."""
        verb, _, rest = line.partition(" ")
        after = self.copy()
        try:
            answer = getattr(after, f"do_{verb}")(who, rest)
        except Refused as refused:
            failed = f"failed to {self.what(verb, rest)}: "
            return [(prefixed(failed, reason), self) for reason in refused.args]
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

    @staticmethod
    def split_reason(devargs):
        """What is wrong with the word alone; None if nothing is."""
        if len(devargs) > MAX_DEVARGS:
            return (
                f"devargs of {len(devargs)} bytes; the EAL's multi-process channel carries at "
                f"most {MAX_DEVARGS}"
            )
        name = bare(devargs)
        if name.startswith("nosuch"):
            return (
                f'no bus knows "{name}": it is no PCI address and begins with the name of no '
                "virtual driver that is loaded"
            )
        return None

    def word(self, devargs):
        """The device's name, if the word is good."""
        reason = self.split_reason(devargs)
        if reason:
            raise Refused(reason)
        return bare(devargs)

    def all_answer(self, who):
        """Nobody is stopped or deaf; else one of those is named."""
        reasons = [f"{m} is stopped; resume or end it" for m in self.members.values() if m.stopped]
        for name, member in self.members.items():
            if member.deaf and name == who:
                reasons.append(DEAF)
            elif member.deaf:
                reasons.append(prefixed(f"{member} ", HUNG))
        if reasons:
            raise Refused(*reasons)

    def locked_by(self, who, name):
        """Text of the lock on a device, as told to who; None if there is none."""
        device = self.devices.get(name)
        if device is None or device.lock is None:
            return None
        holder, why = device.lock
        text = "this process" if holder == who else str(self.members[holder])
        return text + (f": {why}" if why else "")

    def do_attach(self, who, devargs):
        name = self.word(devargs)
        self.all_answer(who)
        if name in self.devices:
            port = self.devices[name].port
            where = "no ethernet port" if port is None else f"port {port}"
            raise Refused(f"already attached ({where})")
        if name not in self.of_kind or devargs != self.of_kind[name].devargs:
            # Arguments the driver does not know: its own words, in the process that refused.
            raise Refused(OWN_WORDS)
        port = None
        if self.of_kind[name].port:
            port = next(i for i in itertools.count() if i not in dict(self.ports()))
        self.devices[name] = Device(port)
        return f"attached device {name}" + (" (no ethernet port)" if port is None else "")

    def take_away(self, who, name):
        """Who polls its port is told, and ends."""
        port = self.devices[name].port
        for poller, (source, target, both) in list(self.forwards.items()):
            if name in (source, target):
                del self.forwards[poller]
                line = f"forward {source} {target}{' both' if both else ''} ended: "
                line += f"pid {self.members[who].pid} has taken port {port} away"
                self.news.append((poller, line))

    def do_detach(self, who, devargs):
        name = self.word(devargs)
        self.all_answer(who)
        if self.locked_by(who, name):
            raise Refused(f"locked by {self.locked_by(who, name)}")
        if name not in self.devices:
            raise Refused("not attached")
        self.take_away(who, name)
        if self.devices[name].configured and self.of_kind[name].driver == "net_null":
            self.leaks += 2
        del self.devices[name]
        return f"detached device {name}"

    def do_list(self, who, _):
        del who
        return "\n".join(["list all etherdev", *(f"{i}\t{name}" for i, name in self.ports())])

    def do_sync(self, who, _):
        self.all_answer(who)
        return f"synced: {self.agree()}; nothing to do"

    def do_lock(self, who, rest):
        devargs, _, reason = rest.partition(" ")
        name = self.word(devargs)
        if self.locked_by(who, name):
            raise Refused(f"already locked by {self.locked_by(who, name)}")
        if name not in self.devices:
            raise Refused("not attached")
        self.devices[name].lock = (who, reason)
        return f"locked device {name}"

    def do_unlock(self, who, devargs):
        name = self.word(devargs)
        if not self.locked_by(who, name):
            raise Refused("not locked")
        if self.devices[name].lock[0] != who:
            raise Refused(
                f"locked by {self.locked_by(who, name)}; unlock it there, or end that process"
            )
        self.devices[name].lock = None
        return f"unlocked device {name}"

    def with_port(self, who, devargs):
        """The device of a start or a stop."""
        name = self.word(devargs)
        self.all_answer(who)
        if name not in self.devices:
            raise Refused("not attached")
        if self.devices[name].port is None:
            raise Refused("no ethernet port")
        return self.devices[name], name

    def do_start(self, who, devargs):
        device, name = self.with_port(who, devargs)
        if device.started:
            raise Refused(f"already started (port {device.port})")
        device.started = device.configured = True
        return f"started device {name}"

    def do_stop(self, who, devargs):
        device, name = self.with_port(who, devargs)
        if not device.started:
            raise Refused("not started")
        self.take_away(who, name)
        device.started = False
        return f"stopped device {name}"

    def polled(self, who, devargs):
        """The port of a device that this process is to poll."""
        name = self.word(devargs)
        device = self.devices.get(name)
        if device is None or device.port is None:
            raise Refused(f"{name}: no port of this process")
        kind = self.of_kind[name]
        if self.members[who].role != "primary" and not kind.secondary_polls:
            raise Refused(
                f"{kind.driver} lets no secondary poll port {device.port}; do it in the primary "
                f"(pid {self.members['p'].pid})"
            )
        return device, name

    def queue(self, device, name, side):
        """Its only queue of one side, if nobody has it."""
        if not device.started:
            raise Refused(f"port {device.port} is not started; start its device first")
        for poller, (source, target, both) in self.forwards.items():
            if name == (source, target)[side] or (both and name in (source, target)):
                raise Refused(
                    f"all {('rx', 'tx')[side]} queues of port {device.port} (1) are in use by "
                    f"pid {self.members[poller].pid}"
                )

    def do_forward(self, who, rest):
        if rest == "off":
            if self.forwards.pop(who, None) is None:
                raise Refused("it is off already")
            return "forwarding is off"
        source, target, *both = rest.split(" ")
        text = f"forwarding {source} to {target}{' and back' if both else ''}"
        if who in self.forwards:
            was = self.forwards[who]
            runs = f"forward {was[0]} {was[1]}{' both' if was[2] else ''}"
            raise Refused(f"{runs} runs already; forward off first")
        ends = [self.polled(who, source), self.polled(who, target)]
        self.queue(*ends[0], 0)
        self.queue(*ends[1], 1)
        if both:
            self.queue(*ends[1], 0)
            self.queue(*ends[0], 1)
        self.forwards[who] = (source, target, bool(both))
        return text

    def do_send(self, who, rest):
        name, count = rest.split(" ")
        self.queue(*self.polled(who, name), 1)
        return f"sent through {name} ({count} packets of 60 bytes)"

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
        if line.startswith("start net_tap"):
            # Its driver sends the queues to every process, and fails if one of them dies.
            found.append((prefixed(f"failed to {self.what(*line.split())}: ", ANY), before))
        return found


def matches(wanted, said):
    """Is this what was said?"""
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(said) is not None
    return wanted == said
