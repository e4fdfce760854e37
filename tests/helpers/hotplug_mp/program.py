# SPDX-License-Identifier: BSD-3-Clause
"""Run dpdk-hotplug_mp to its end, without a terminal."""

import contextlib
import os
import signal
import subprocess

from hotplug_mp.environment import BINARY, EAL_OPTIONS, TIMEOUT

#: What a process says if its leaving took too long and it ended without clean-up.
BY_FORCE = "left without clean-up"

# Under nohup(1) the program ignores SIGHUP, which would spoil the tests. A process we start does
# not inherit a handler, so with one of our own it has the default action again.
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


def command_line(role, prefix, eal=(), own=(), wrap=(), binary=BINARY):
    args = [*wrap, binary]
    if role is not None:
        args.append(f"--proc-type={role}")
    if prefix is not None:
        args.append(f"--file-prefix={prefix}")
    args += [*EAL_OPTIONS, *eal]
    if own:
        args += ["--", *own]
    return args


@contextlib.contextmanager
def running(command, **kwargs):
    """A process, as Popen has it. Its end is waited for, unless the test has failed by then."""
    with subprocess.Popen(command, **kwargs) as one:
        try:
            yield one
        except BaseException:
            one.kill()
            raise


def run(role=None, prefix=None, eal=(), own=(), wrap=(), binary=BINARY, env=None, **kwargs):
    """Run the program to its end without a terminal; `input` is what it reads."""
    kwargs.setdefault("timeout", TIMEOUT)
    kwargs.setdefault("text", True)
    if "stdin" not in kwargs:
        kwargs.setdefault("input", "" if kwargs["text"] else b"")
    return subprocess.run(
        command_line(role, prefix, eal, own, wrap, binary),
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **kwargs,
    )
