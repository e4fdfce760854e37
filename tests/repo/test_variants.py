# SPDX-License-Identifier: BSD-3-Clause
"""The whole program builds without a warning against a DPDK that is configured in another way."""

import os
import shutil
import subprocess

import pytest

import hotplug_mp as hm

#: Of DPDK's generic arm64 and ppc64; and more ports than fit into one word.
NUMBERS = {"RTE_CACHE_LINE_SIZE": 128, "RTE_MAX_ETHPORTS": 1024}


@pytest.mark.thorough
@pytest.mark.long
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_other_numbers_in_the_configuration_of_dpdk(tmp_path, compiler):
    hm.need(shutil.which("meson") and shutil.which("ninja"), "no meson; install it")
    hm.need(shutil.which(compiler), f"no {compiler}; install it")
    # rte_build_config.h defines the numbers itself, so that -D would be of no use. meson also tries
    # the compiler without DPDK.
    lines = ["#if __has_include(<rte_build_config.h>)", "#include <rte_build_config.h>"]
    for name, number in NUMBERS.items():
        lines += [f"#undef {name}", f"#define {name} {number}"]
        lines += [f'_Static_assert({name} == {number}, "");']
    header = tmp_path / "numbers.h"
    header.write_text("\n".join([*lines, "#endif", ""]), encoding="utf-8")
    build = tmp_path / "build"
    include = f"-Dc_args=['-include', '{header}']"
    # Optimized, because gcc warns of more then, and wrongly of some texts if not.
    setup = ["--werror", "-Doptimization=2", "-Ddebug=false", "-Dman=disabled", include]
    for command in (
        ["meson", "setup", *setup, str(build), hm.REPO],
        ["ninja", "-C", str(build), "dpdk-hotplug_mp"],
    ):
        done = subprocess.run(
            command,
            env={**os.environ, "CC": compiler},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout
