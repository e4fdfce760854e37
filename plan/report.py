# SPDX-License-Identifier: BSD-3-Clause
"""Write a report to a file: .rst, .json or .xml (JUnit) by its name."""

import contextlib
import dataclasses
import json
import os
import re
import xml.etree.ElementTree as ET

from plan.outcome import FAILED, NOT_HERE, PASSED, Unusable
from plan.results import table


def literal(text):
    return [f"    {line}".rstrip() for line in text.splitlines()]


def plain(text):
    """Text in which reStructuredText sees no markup."""
    return re.sub(r"[*`|\\]|_(?!\w)", r"\\\g<0>", text)


def quoted(rows):
    """Devices as literal text."""
    head, *others = rows
    return [head, *([f"``{device}``", *cells] for device, *cells in others)]


def rst_body(report):
    """The table, and after it what a cell cannot tell."""
    lines = [*table(quoted(report.rows())), ""]
    for outcome, title in ((FAILED, "Failed"), (NOT_HERE, "n/a: does not apply")):
        some = [one for one in report.results if one.outcome == outcome]
        if some:
            lines += [f"{title}:", ""]
        for one in some:
            lines += [f"- {one.case} of ``{one.device}``: ``{' '.join(one.why.split())}``"]
            lines += [f"  This is known. {one.text}"] if one.limit else []
        lines += [""] if some else []
    return lines


def rst(report):
    lines = [".. SPDX-License-Identifier: BSD-3-Clause", "", "Test report", "===========", ""]
    lines += [f":{plain(name)}: {plain(text)}" for name, text in report.facts.items()]
    lines += ["", *rst_body(report)]
    for one in report.results:
        if one.story:
            heading = plain(f"{one.case} of {one.device}")
            lines += [heading, "-" * len(heading), "", "What was typed, answered and logged::", ""]
            lines += [*literal(one.story), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_json(report):
    results = [dataclasses.asdict(one) for one in report.results]
    return json.dumps({"facts": report.facts, "results": results}, indent=1) + "\n"


def printable(text):
    """XML has no control characters."""
    return "".join(c if c >= " " or c in "\n\t" else "?" for c in text)


def junit(report):
    suite = ET.Element("testsuite", name="dpdk-hotplug_mp-plan")
    for one in report.results:
        case = ET.SubElement(suite, "testcase", classname=one.device, name=one.case)
        case.set("time", f"{one.seconds:.3f}")
        why = f"{one.why}; known: {one.text}" if one.limit else one.why
        if one.outcome != PASSED:
            tag = "failure" if report.bad(one) else "skipped"
            ET.SubElement(case, tag, message=printable(why)).text = printable(one.story)
    for name, number in (
        ("tests", len(report.results)),
        ("failures", len([*suite.iter("failure")])),
        ("skipped", len([*suite.iter("skipped")])),
    ):
        suite.set(name, str(number))
    suite.set("time", f"{sum(one.seconds for one in report.results):.3f}")
    properties = ET.Element("properties")
    for name, text in report.facts.items():
        ET.SubElement(properties, "property", name=name, value=printable(text))
    suite.insert(0, properties)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


FORMS = {".rst": rst, ".json": as_json, ".xml": junit}


def form(path):
    """How a report of this name is made."""
    ending = os.path.splitext(path)[1]
    if ending not in FORMS:
        raise Unusable(f"--report {path}: the name has to end in {', '.join(FORMS)}")
    return FORMS[ending]


def write(report, path):
    """Whole, or not at all; returns why not, as [line]."""
    text = form(path)(report)
    try:
        with open(f"{path}.new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(f"{path}.new", path)
    except OSError as why:
        with contextlib.suppress(OSError):
            os.unlink(f"{path}.new")
        return [f"cannot write {path}: {why.strerror}"]
    return []
