#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Cut the manual page out of the README, for rst2man; the texts are the README's own.

usage: scripts/man.py README.rst VERSION
"""

import re
import sys

NAME = "dpdk-hotplug_mp"
# What of the README goes into the page, and what it is called there.
SECTIONS = {
    "Overview": None,  # goes on with the description
    "Running": "Options and running",
    "Commands": "Commands",
    "Worked examples": "Examples",
    "What happens when ...": "Diagnostics",
    "Limits": "Limits",
}
PAGE = """\
{rule}
{name}
{rule}

{line_rule}
{line}
{line_rule}

:Manual section: 1
:Manual group: DPDK
:Version: {version}

Synopsis
========

**{name}** [*EAL options*] [**--** [*options*]]

Description
===========

{text}"""


def split(text):
    """The text before the first section, and the sections {title: text}."""
    parts = re.split(r"^(\S.*)\n=+\n", text, flags=re.MULTILINE)
    return parts[0], dict(zip(parts[1::2], parts[2::2]))


def introduction(text):
    """What stands between the title and the first section, without how to try it here."""
    return text.partition("\nOn a fresh ")[0].strip() + "\n\n"


def definitions(rows):
    """A table as a list: in a page of 80 columns there is no room for it. The first row is the
    head; the first cell of each other row is what the others are about."""
    texts = []
    for term, *cells in rows[1:]:
        paragraphs = [" ".join(cell.split()) for cell in cells]
        body = "\n\n".join(f"    {paragraph}" for paragraph in paragraphs)
        texts.append(f"{' '.join(term.split())}\n{body}\n")
    return "\n".join(texts)


def simple_table(match):
    """Two columns between rules; the first cell of a row is one line."""
    width = match[1].index(" ")
    rows = [(line[:width], line[width:]) for line in match[2].splitlines() if "==" not in line]
    return definitions(rows)


def list_table(match):
    rows = re.split(r"^   \* - ", match[1], flags=re.MULTILINE)[1:]
    return definitions([re.split(r"^     - ", row, flags=re.MULTILINE) for row in rows])


def adapted(text):
    """For a reader who has the program installed, and the page alone."""
    text = re.sub(r"^(=+ +=+)\n((?:.+\n)+)", simple_table, text, flags=re.MULTILINE)
    text = re.sub(
        r"^\.\. list-table::\n(?:   :.*\n)+\n((?:   .*\n)+)", list_table, text, flags=re.MULTILINE
    )
    text = text.replace("build/dpdk-hotplug_mp", NAME)
    return re.sub(r"`([^`<]+)`_", r'"\1" in the README', text)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        readme = f.read()
    # The program's name is the README's title.
    before, sections = split(readme.split(f"{NAME}\n{'=' * len(NAME)}\n", 1)[1])
    text = introduction(before)
    for section, title in SECTIONS.items():
        if title:
            text += f"{title}\n{'=' * len(title)}\n"
        text += sections[section]
    line = before.strip().partition(":")[0].removeprefix("A ")
    sys.stdout.write(
        PAGE.format(
            rule="=" * len(NAME),
            name=NAME,
            line=line,
            line_rule="-" * len(line),
            version=sys.argv[2],
            text=adapted(text),
        )
    )


if __name__ == "__main__":
    main()
