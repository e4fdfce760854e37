# SPDX-License-Identifier: BSD-3-Clause
"""What each typed line does to the model of a group, and what is answered."""

import itertools

from drivers import NO_FUNCTIONS
from expected import DEAF, HUNG, MAX_DEVARGS, OWN_WORDS, bare, prefixed
from things import Device


class Refused(Exception):
    """The operation fails for one of these reasons, and changes nothing."""


class Commands:
    """What each command does to a Model, and what it answers."""

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
        """Nobody is halted or deaf; else one of those is named."""
        reasons = [m.halt() for m in self.members.values() if m.halted]
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

    def primary_seen(self, name):
        """In a secondary, net_tap asks the EAL whether the primary lives, and that opens config."""
        if self.removed == "config" and self.of_kind[name].driver == "net_tap":
            # Each secondary refuses; the first one is named.
            reasons = [f"{m}: {self.blind}" for m in self.members.values() if m.role != "primary"]
            if reasons:
                raise Refused(*reasons)

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
        self.primary_seen(name)
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
        note = f"note: {self.notice}\n" if self.removed else ""
        return f"{note}synced: {self.agree()}; nothing to do"

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
                f"{kind.driver} lets no secondary poll port {device.port}: {NO_FUNCTIONS}; do it in "
                "the primary "
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
