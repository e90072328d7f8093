"""SIGHUP while the program starts: nobody can do anything about it yet, and it must not end us."""

import os
import signal
import sys
from types import FrameType


class EarlyHangUp:
    """Notes a SIGHUP until somebody can act on it: systemd takes an end by this signal for one
    that was wanted, and does not start a service again that had it too early.
    """

    asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Be called by the signal."""
        self.asked = True


def note_early_hang_up() -> None:
    """Have a SIGHUP noted from now on, where it would have a service read its configuration."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL and not in_a_window():
        signal.signal(signal.SIGHUP, EarlyHangUp())


def reads_anew() -> bool:
    """Tell whether a SIGHUP has the configuration read anew: it ends what runs in a window, and
    never comes to what `nohup` has started.
    """
    return signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and not in_a_window()


def in_a_window() -> bool:
    """Tell whether a hang-up means that the window we were started in is closed.

    The first process of a container has no window, even if it was given a terminal.
    """
    terminal = any(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return terminal and os.getpid() != 1
