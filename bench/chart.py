# SPDX-License-Identifier: BSD-3-Clause
"""The chart beside the page."""

import math

SERIES = (
    ("floor", "the EAL alone", "#9aa5b1"),
    ("program", "dpdk-hotplug_mp", "#1f6feb"),
    ("testpmd", "dpdk-testpmd", "#e08e0b"),
)


def chart(cells):
    """Bars: an attach and a detach of net_null, by the number of secondaries, as (that number,
    microseconds of each kind)."""
    values = [took[kind] for _, took in cells for kind, _, _ in SERIES]
    low = 10 ** math.floor(math.log10(min(values)))
    high = 10 ** math.ceil(math.log10(max(values)))
    left, right, top, bottom = 78, 706, 66, 300

    def y_of(us):
        return bottom - (bottom - top) * math.log10(us / low) / math.log10(high / low)

    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="720" height="360" '
        'font-family="sans-serif" font-size="13" fill="#24292f">',
        "<!-- SPDX-License-Identifier: BSD-3-Clause -->",
        '<rect width="720" height="360" fill="#ffffff"/>',
        '<text x="14" y="24" font-size="15" font-weight="bold">'
        "An attach and a detach of net_null (median time, logarithmic; less is better)</text>",
    ]
    for number, (_, label, colour) in enumerate(SERIES):
        x = left + 180 * number
        out.append(f'<rect x="{x}" y="38" width="12" height="12" fill="{colour}"/>')
        out.append(f'<text x="{x + 18}" y="49">{label}</text>')
    us = low
    while us <= high:
        y = y_of(us)
        label = f"{us} µs" if us < 1000 else f"{us // 1000} ms"
        out.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#d8dee4"/>')
        out.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
        us *= 10
    for number, (secondaries, took) in enumerate(cells):
        middle = left + (right - left) / len(cells) * (number + 0.5)
        for place, (kind, _, colour) in enumerate(SERIES):
            y, x = y_of(took[kind]), middle + 37 * (place - 1.5) + 3
            out.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="31" height="{bottom - y:.1f}" '
                f'fill="{colour}"/>'
            )
            if kind != "floor":
                out.append(
                    f'<text x="{x + 15.5:.1f}" y="{y - 5:.1f}" font-size="10.5" '
                    f'text-anchor="middle">{took[kind] / took["floor"]:.2f}×</text>'
                )
        out.append(
            f'<text x="{middle:.1f}" y="{bottom + 20}" text-anchor="middle">'
            f"{secondaries}</text>"
        )
    out.append(f'<path d="M{left} {bottom}H{right}" stroke="#24292f"/>')
    out.append(
        f'<text x="{(left + right) / 2}" y="{bottom + 44}" text-anchor="middle">'
        "idle secondaries in the group (number above a bar: times the EAL alone)</text>"
    )
    return "\n".join([*out, "</svg>", ""])
