#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make the manual page, for rst2man, of documents; the text is the documents' own.

usage: scripts/man.py VERSION doc/commands.rst [DOCUMENT ...]

The first document is the page. Each other one becomes a section of it.
"""

import re
import sys

NAME = "dpdk-hotplug_mp"
# What follows the name of each page.
SYNOPSES = {
    NAME: "[*EAL options*] [**--** [*options*]]",
    f"{NAME}-plan": "[*options*] *devargs* ...",
}
# How a document or section is called on the page, and what is only for those who have the sources.
TITLES = {"What happens when ...": "Diagnostics"}
LEFT_OUT = ("Drivers in a group", "Physical devices", "An example")
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

**{name}** {synopsis}

Description
===========

{text}"""


def split(text):
    """A document's title, the text before its first section, and its sections {title: text}."""
    _, title, text = re.split(r"^=+\n(\S.*)\n=+\n", text, maxsplit=1, flags=re.MULTILINE)
    before, *parts = re.split(r"^(\S.*)\n=+\n", text, flags=re.MULTILINE)
    return title, before.strip() + "\n\n", dict(zip(parts[::2], parts[1::2]))


def heading(title, mark):
    title = TITLES.get(title, title)
    return f"{title}\n{mark * len(title)}\n\n"


def whole(sections, mark):
    return "".join(
        heading(title, mark) + text.strip() + "\n\n"
        for title, text in sections.items()
        if title not in LEFT_OUT
    )


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
    """Two columns between rules; a row whose first cell is empty goes on with the one before."""
    width = match[1].index(" ")
    rows = []
    for line in match[2].splitlines():
        if line[:width].strip() == "":
            rows[-1][1] += line[width:]
        elif "==" not in line:
            rows.append([line[:width], line[width:]])
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
    text = text.replace("build/dpdk-hotplug_mp", NAME).replace("scripts/plan.sh", f"{NAME}-plan")
    return re.sub(r"`([^`<]+)`_", r'"\1"', text)


def main():
    version, *paths = sys.argv[1:]
    documents = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            documents.append(split(f.read()))
    (_, before, sections), *others = documents
    name, line = re.match(r"(\S+) is a (.+?):", before).groups()
    text = before + whole(sections, "=")
    for title, introduction, parts in others:
        text += heading(title, "=") + introduction + whole(parts, "-")
    sys.stdout.write(
        PAGE.format(
            rule="=" * len(name),
            name=name,
            synopsis=SYNOPSES[name],
            line=line,
            line_rule="-" * len(line),
            version=version,
            text=adapted(text),
        )
    )


if __name__ == "__main__":
    main()
