# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/plan.sh is for: it finds what is wrong, and names the process and the number."""

import os
import re
import shlex
import subprocess

import pytest

import hotplug_mp as hm
from test_tool import run


@pytest.fixture
def faulty_secondary(short_dir, make_faults):
    """A program whose second process obeys faults, and the faults: the first one is the primary."""
    faults = make_faults()
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in faults.env.items())
    path = f"{short_dir}/program"
    with open(path, "w", encoding="utf-8") as f:
        f.write(
            f"""#!/bin/sh
if [ -e {short_dir}/first ]; then export {exports}; fi
: >{short_dir}/first
exec {shlex.quote(hm.BINARY)} "$@"
"""
        )
    os.chmod(path, 0o755)
    return path, faults


@pytest.mark.parametrize(
    "call, order, case, found",
    [
        ("attach", "leak 3", "rounds", "secondary 1: 3 descriptors a round"),
        ("attach", "refuse no such luck", "attach", "pid \\d+ \\(secondary\\): no such luck"),
        ("release", "refuse", "detach", "pid \\d+ \\(secondary\\)"),
    ],
    ids=["leaks", "refuses", "keeps"],
)
def test_secondary_that(faulty_secondary, call, order, case, found):
    program, faults = faulty_secondary
    faults.set(call, order)
    options = ("--secondaries", "1", "--rounds", "8", "--case", case)
    printed, status = run("net_ring0", "--program", program, *options)
    assert status == 1, printed
    line, why = printed.split("\n")[:2]
    assert re.fullmatch(rf"\[1/2\] net_ring0 +{case} +failed +\S+ s", line), printed
    assert re.search(found, why), printed


@pytest.fixture
def variant(tmp_path):
    """This program with one source changed, variant(path, change): compiled and linked as the build
    does it."""
    build, name = os.path.split(hm.BINARY)

    def make(path, change):
        with open(f"{hm.REPO}/{path}", encoding="utf-8") as f:
            source = f.read()
        changed = change(source)
        assert changed != source
        (tmp_path / "changed.c").write_text(changed, encoding="utf-8")
        lines = subprocess.check_output(
            ["ninja", "-C", build, "-t", "commands", name], text=True, timeout=hm.TIMEOUT
        ).splitlines()
        compile_ = next(line for line in lines if line.endswith(f"/{path}"))
        (object_,) = re.findall(r"-o (\S+)", compile_)
        ends = f"-o {tmp_path}/changed.o -c {tmp_path}/changed.c"
        compile_ = re.sub(r"-o \S+ -c \S+$", ends, compile_)
        link = next(line for line in lines if f"-o {name} " in line)
        link = link.replace(f"-o {name} ", f"-o {tmp_path}/program ")
        link = link.replace(f" {object_} ", f" {tmp_path}/changed.o ")
        for line in (compile_, link):
            subprocess.run(line, shell=True, cwd=build, check=True, timeout=hm.TIMEOUT)
        return f"{tmp_path}/program"

    return make


def without_the_check(source):
    before, function, after = source.partition("\nattach_refused(")
    no_check = "\tif (op->res != NULL)\n\t\treturn false;\n\tif (dev != NULL) {"
    return before + function + after.replace("\tif (dev != NULL) {", no_check, 1)


def test_program_that_attaches_twice_fails_that_case_alone(variant):
    program = variant("operations/attach.c", without_the_check)
    options = ("--case", "attach", "--case", "detach", "--case", "repeat")
    printed, status = run("net_null0", "--program", program, *options)
    assert status == 1
    outcomes = re.findall(r"^\[\d/\d\] net_null0 +(\w+) +(\w+)", printed, re.M)
    assert outcomes == [("attach", "passed"), ("detach", "passed"), ("repeat", "failed")]
    why = "primary did not refuse a second 'attach net_null0': 'attached device net_null0'"
    assert why in printed


def only_the_plans_commands(source):
    rows = re.split(r"(?m)^(?=\t\{\")", source)
    plans = ("attach", "detach", "list", "quit")
    rows[1:] = [row for row in rows[1:] if re.match(r"\t\{\"(\w+)", row)[1] in plans]
    return "".join(rows)


def test_program_with_no_more_than_the_plans_commands(variant):
    program = variant("commands.c", only_the_plans_commands)
    cases = ("attach", "detach", "repeat", "start", "killed")
    options = [word for case in cases for word in ("--case", case)]
    printed, status = run("net_null0", "--program", program, *options)
    assert status == 0, printed
    assert "start   does not apply: the program has no start\n" in printed
    assert printed.endswith("\n5 passed, 1 not applicable\n")


def without_a_list_in_secondaries(source):
    head = '\toutput_print("list all etherdev\\n");\n'
    check = "\tif (rte_eal_process_type() == RTE_PROC_SECONDARY)\n\t\treturn;\n"
    return "#include <rte_eal.h>\n" + source.replace(head, head + check)


def test_lists_of_all_processes_are_compared(variant):
    program = variant("console/show.c", without_a_list_in_secondaries)
    printed, status = run("net_null0", "--program", program, "--case", "attach")
    assert status == 1
    why = "every process has to list [(0, 'net_null0')]; secondary 1 lists []; secondary 2 lists []"
    assert why in printed
