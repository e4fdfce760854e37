# SPDX-License-Identifier: BSD-3-Clause
"""Draw the steps of the walk. The seed decides on all of them."""

import random

from walkers import EVERYONE, SECONDARIES


def line_draw(rng, kinds):
    """Something to type."""
    kind = rng.choice(list(kinds.values()))
    other = rng.choice(list(kinds.values()))
    both = " both" if kind != other and rng.random() < 0.3 else ""
    return rng.choices(
        (
            f"attach {kind.devargs}",
            f"detach {rng.choice((kind.name, kind.devargs, f'vdev:{kind.name}'))}",
            f"start {kind.name}",
            f"stop {kind.name}",
            f"forward {kind.name} {other.name}{both}",
            "forward off",
            f"send {rng.choice(('net_null0', 'net_null1'))} {rng.randint(1, 200)}",
            f"lock {kind.name}{rng.choice(('', ' until noon'))}",
            f"unlock {kind.name}",
            "list",
            "sync",
            f"attach {rng.choice(('nosuch0', 'net_null9,' + 'x' * 120, 'net_null9,no=1'))}",
        ),
        (26, 20, 10, 5, 6, 4, 4, 3, 6, 3, 4, 3),
    )[0]


def some(rng, kinds, most):
    """A few typed lines, in the middle of something that lasts."""
    for _ in range(rng.randint(1, most)):
        yield f"{rng.choice(EVERYONE)}: {line_draw(rng, kinds)}"


def episode(rng, kinds):
    """One thing that happens: a step, or some that belong together."""
    who = rng.choice(SECONDARIES)
    asker, *others = rng.sample(EVERYONE, 3)
    moment = f"killed after {rng.uniform(0, 4):.1f} ms"
    what = rng.choices(
        "type together join quit kill during beside stop freeze fill starve few".split(),
        (120, 24, 10, 3, 3, 4, 3, 4, 3, 2, 2, 3),
    )[0]
    if what == "type":
        yield f"{asker}: {line_draw(rng, kinds)}"
    elif what == "together":
        asked = [asker, *others][: rng.randint(2, 3)]
        yield " | ".join(f"{one}: {line_draw(rng, kinds)}" for one in asked)
    elif what in ("join", "quit", "kill"):
        yield f"{what} {who}"
    elif what == "during":
        yield f"{who}: {line_draw(rng, kinds)}, {moment}"
    elif what == "beside":
        yield f"{asker}: {line_draw(rng, kinds)}, while {who} is {moment}"
    elif what in ("stop", "freeze"):
        yield f"{what} {asker}"
        yield from some(rng, kinds, 4)
        yield rng.choice((f"join {who}", f"kill {who}", f"quit {who}"))
        yield f"resume {asker}"
    elif what == "fill":
        yield f"fill {rng.choice(('bytes', 'files'))}"
        yield f"join {who}"
        yield from some(rng, kinds, 4)
        yield "empty"
        yield f"join {who}"
    elif what == "starve":
        yield "starve"
        yield f"join {who}"
        yield from some(rng, kinds, 6)
        yield "feed"
    else:
        yield f"few {asker} {rng.randint(0, 4)}"
        yield from some(rng, kinds, 6)
        yield f"many {asker}"


def steps(seed, kinds):
    """The walk: the same steps for the same seed, without an end."""
    rng = random.Random(seed)
    while True:
        # Some primaries live long; but what those leave that are killed has to fit in.
        life = rng.choice((100, 400, 1600))
        yield from ("join s1", "join s2")
        for _ in range(life):
            yield from episode(rng, kinds)
        if rng.random() < 0.5:
            files = ("config", "hotplug_mp_group", "hugepage_info", "fbarray_memzone")
            yield f"remove {rng.choice(files)}"
            for _ in range(20):
                yield from episode(rng, kinds)
        yield f"lose {rng.choice(('quit', 'kill'))}"
