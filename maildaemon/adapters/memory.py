"""How the C library hands out memory."""

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8


def share_one_arena() -> None:
    """Have all threads of this process take memory from one place; before the first one starts.

    glibc gives each thread one of its own, for speed; what is free in one is of no use to another,
    and a daemon has threads that wait, by the dozen. Python itself lets only one run at a time.
    Where the C library is another one, nothing changes.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
