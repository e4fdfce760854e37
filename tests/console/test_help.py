# SPDX-License-Identifier: BSD-3-Clause
"""help: one screen of all commands, and a page for each."""

import re

import pytest

from hotplug_mp.answers import commands


def test_help_fits_one_screen(process):
    lines = process("primary").cmd("help").split("\n")
    assert sum((len(line) - 1) // 80 + 1 for line in lines) <= 23


def test_help_explains_every_command(process):
    one = process("primary")
    for command in commands(one):
        usage, summary = one.cmd(f"help {command}").split("\n")[:2]
        assert usage.split()[0] == command
        (line,) = [x for x in one.cmd("help").split("\n") if x.split()[0] == command]
        assert line.split() == [*usage.split(), *summary.split()]
    assert one.cmd("help nosuch") == 'no help on "nosuch": there is no such command'


@pytest.mark.parametrize("command", ["attach", "detach", "show"])
def test_help_has_argument_examples_and_what_can_go_wrong(process, command):
    lines = process("primary").cmd(f"help {command}").split("\n")
    assert re.fullmatch(rf"{command} <\S+>", lines[0])
    assert len([line for line in lines if re.fullmatch(rf"    {command} \S+", line)]) == 2
    assert any(line.strip().startswith("It fails if ") for line in lines)
