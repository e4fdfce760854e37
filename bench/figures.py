# SPDX-License-Identifier: BSD-3-Clause
"""Numbers as text: medians, how far to trust a ratio, goals, and tables."""

import math
import random
import statistics


def p99(values):
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def table(head, rows):
    """A simple table of reStructuredText."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in cells]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule, "", ""])


def medians(series):
    return sum(statistics.median(values) for values in series)


def spread(above, below, rounds, figure=medians):
    """Between what the ratio of two figures lies nine times of ten, if the rounds that were measured
    are drawn anew: how far to trust it. All of a round go together, as what disturbs one disturbs
    the next. Each figure is of a list of series, with as many values in any round."""
    dice = random.Random(1)

    def drawn(series, picked):
        each = [len(values) // rounds for values in series]
        return figure(
            [value for number in picked for value in values[number * nb : (number + 1) * nb]]
            for values, nb in zip(series, each)
        )

    picks = [dice.choices(range(rounds), k=rounds) for _ in range(300)]
    found = sorted(drawn(above, picked) / drawn(below, picked) for picked in picks)
    return found[14], found[-15]


def ratio(values, kind, other):
    return statistics.median(values[kind]) / statistics.median(values[other])


def goal(name, above, below, wanted, rounds=None, more="", of=medians):
    """A goal that is a ratio, as (name, figure, is it met). Wanted is (unit, sign, limit); with sign
    1 the most, with -1 the least it may be."""
    unit, sign, limit = wanted
    figure = of(above) / of(below)
    low, high = spread(above, below, rounds or len(above[0]), of)
    most = "most" if sign > 0 else "least"
    text = f"{figure:.3f} ({low:.2f} to {high:.2f}) {unit} (at {most} {limit:.2f}){more}"
    return name, text, sign * figure <= sign * limit


def count_goal(name, count, most):
    """A goal that is a number which does not depend on how busy the machine is."""
    return name, f"{count:.1f} (at most {most})", round(count, 1) <= most
