# SPDX-License-Identifier: BSD-3-Clause
"""The command line."""

import argparse
import os
import shlex
import shutil

from plan import pci, report
from plan.cases import PLAN
from plan.devices import Device
from plan.outcome import Unusable
from plan.writer import WRITER

CASES = {case.name: case for case in (*PLAN, *WRITER)}
#: Every run ends with it.
QUIT = "quit"
PROGRAM = "dpdk-hotplug_mp"


def number(least, most):
    def read(text):
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is no number from {least} to {most}")
        return int(text)

    return read


def parser():
    made = argparse.ArgumentParser(
        prog=os.environ.get("PLAN_NAME"),
        description="Carry out the test plan of hotplug in several processes on these devices.",
        epilog="Exit status: 0 all that applies has passed, 1 something failed, 2 wrong usage or "
        "nothing could be run, 128+n ended by signal n.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("devices", nargs="*", metavar="DEVARGS", help="a device, as it is attached")
    add(
        "--secondaries",
        type=number(0, 32),
        default=2,
        metavar="N",
        help="how many secondaries there are beside the primary (2)",
    )
    add(
        "--rounds",
        type=number(1, 100000),
        default=20,
        metavar="N",
        help="how many rounds are looked at for what they leave behind (20)",
    )
    add("--case", action="append", metavar="NAME", help="only this case; can be repeated")
    add("--list", action="store_true", help="list the cases, and exit")
    add("--eal", action="append", default=[], metavar="OPTIONS", help="EAL options for all")
    add(
        "--bind",
        choices=sorted(pci.EAL_OPTIONS),
        metavar="DRIVER",
        help="bind PCI devices to this kernel driver, and give them back in the end: "
        + ", ".join(sorted(pci.EAL_OPTIONS)),
    )
    add("--yes", action="store_true", help="bind a card even if it is in use")
    add(
        "--backend",
        metavar="COMMAND",
        help="the vhost-user backend of a net_virtio_user, run by sh with the path in $SOCKET; "
        "without it dpdk-testpmd",
    )
    add(
        "--report",
        action="append",
        default=[],
        metavar="FILE",
        help="write what was found: .rst, .json, or .xml for JUnit",
    )
    add("--program", metavar="PATH", help=f"the program that has the plan's prompt ({PROGRAM})")
    add("--known", action="store_true", help="what is known to fail does not count as failed")
    return made


def listing():
    width = max(map(len, CASES))
    return "\n".join(f"{name:{width}}  {case.about}" for name, case in CASES.items())


def program(given):
    """The path of the program: what was asked for, or what lies beside this tool, or in PATH."""
    wanted = given or os.environ.get("PLAN_PROGRAM") or PROGRAM
    found = shutil.which(wanted)
    if found is None:
        raise Unusable(f"no program {wanted}; name one with --program")
    return os.path.abspath(found)


def read(args):
    """The options, with `devices`, `cases`, `program` and `eal` as they are used."""
    # An option of the EAL's begins like one of ours.
    joined = []
    for word in args:
        if joined and joined[-1] == "--eal":
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    options = parser().parse_args(joined)
    if options.list:
        return options
    if not options.devices:
        raise Unusable("no device is named; for example: net_af_packet,iface=eth1 0000:88:00.0")
    for name in options.case or ():
        if name not in CASES:
            raise Unusable(f"there is no case {name}; --list shows them")
    for path in options.report:
        report.form(path)
        folder = os.path.dirname(os.path.abspath(path))
        if not os.access(folder, os.W_OK):
            raise Unusable(f"--report {path}: cannot write in {folder}")
        if os.path.isdir(path):
            raise Unusable(f"--report {path}: it is a directory")
    options.devices = [*map(Device, dict.fromkeys(options.devices))]
    physical = any(device.physical for device in options.devices)
    names = options.case or [name for name in CASES if physical or name != "boot"]
    options.cases = [CASES[name] for name in names]
    names = [device.name for device in options.devices]
    for device in options.devices:
        if names.count(device.name) > 1:
            raise Unusable(f"{device.name} is named twice; give devices of a driver numbers")
        if not device.name or any(c.isspace() for c in device.devargs):
            raise Unusable(f"{device.devargs!r} is no device; devargs are name[,argument=value...]")
    options.program = program(options.program)
    try:
        options.eal = [word for words in options.eal for word in shlex.split(words)]
    except ValueError as why:
        raise Unusable(f"--eal {' '.join(options.eal)}: {why}") from None
    return options
