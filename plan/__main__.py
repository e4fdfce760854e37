# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/plan.sh and dpdk-hotplug_mp-plan run."""

import signal

# Nothing is there yet that has to be ended in order.
if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import datetime  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import sys  # noqa: E402

# The package lies here, and nothing is taken from where somebody happens to be.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from plan import options as command_line  # noqa: E402
from plan import prepare, report  # noqa: E402
from plan.outcome import Unusable  # noqa: E402
from plan.place import Place  # noqa: E402
from plan.results import Report  # noqa: E402
from plan.run import Run  # noqa: E402
from plan.stop import Stopped, install, shielded  # noqa: E402
from plan.view import View  # noqa: E402


def facts(options, run):
    """What a report says of the run."""
    found = {"Program": options.program}
    found.update(run.about)
    found["Kernel"] = f"{platform.system()} {platform.release()}"
    found["Processes"] = f"a primary and {options.secondaries} secondaries"
    if options.eal:
        found["EAL options"] = " ".join(options.eal)
    found["Rounds"] = str(options.rounds)
    for device in options.devices:
        found[device.name] = device.devargs
        if device.physical:
            card = run.cards[device]
            driver = run.drivers.get(device, "no driver")
            at = options.bind or card.home
            found[device.name] = f"{card.identity()}, {driver}, bound to {at}"
    found["Date"] = datetime.date.today().isoformat()
    return found


def carry_out(options, place):
    for line in place.mend(prepare.TIMEOUT):
        print(line, flush=True)
    cards = prepare.check_cards(options.devices, options.bind, options.yes)
    cells = len(options.devices) * (len(options.cases) + 1)
    names = [case.name for case in options.cases] + [command_line.QUIT]
    labels = [device.name for device in options.devices]
    view = View(cells, max(map(len, labels)), max(map(len, names)))
    run = Run(options, place, cards, view)
    try:
        run.carry_out()
    finally:
        run.finish()
        for line in place.problems:
            print(line, file=sys.stderr)
    found = Report(facts(options, run), run.results, options.known)
    view.finish(found)
    lost = [why for path in options.report for why in report.write(found, path)]
    for line in lost:
        print(line, file=sys.stderr)
    return 1 if place.problems or lost else found.status()


def main(args):
    place = None
    install()
    try:
        try:
            options = command_line.read(args)
            if options.list:
                print(command_line.listing())
                return 0
            with shielded():
                place = Place()
            return carry_out(options, place)
        finally:
            if place is not None:
                with shielded():
                    place.remove()
    except Unusable as why:
        print(f"{os.environ.get('PLAN_NAME', 'plan')}: {why}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Nobody reads any more; nothing is left that could be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Stopped as stop:
        left = "; some cards are not back" if place is not None and place.problems else ""
        print(f"\nstopped by signal {stop.signo}{left}", file=sys.stderr)
        return 128 + stop.signo


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
