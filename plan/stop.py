# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C and its like: end in order at any time. What is half made is made first."""

import contextlib
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Stopped(BaseException):
    """Somebody wants this to end; by which signal."""

    def __init__(self, signo):
        super().__init__(signo)
        self.signo = signo


class State:
    depth = 0
    #: The signal that has come, and whether it has been told.
    signo = None
    told = False


def tell():
    if State.signo is not None and not State.told and State.depth == 0:
        State.told = True
        raise Stopped(State.signo)


def handle(signo, _frame):
    State.signo = State.signo or signo
    tell()


def install():
    """From now on the first signal raises Stopped, once; those after it do nothing."""
    for signo in SIGNALS:
        # Under nohup(1) SIGHUP stays ignored.
        if signal.getsignal(signo) != signal.SIG_IGN:
            signal.signal(signo, handle)


@contextlib.contextmanager
def shielded():
    """What is in here is done whole: a signal is told after it."""
    State.depth += 1
    try:
        yield
    finally:
        State.depth -= 1
    tell()
