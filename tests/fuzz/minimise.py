"""Makes an input smaller that still has the flaw."""

import time
from collections.abc import Callable

_SECONDS = 30.0


def minimise(raw: bytes, is_bad: Callable[[bytes], bool]) -> bytes:
    """Return a smaller input that is still bad: pieces are left out while that stays true."""
    deadline = time.monotonic() + _SECONDS
    size = max(1, len(raw) // 2)
    while True:
        start = 0
        while start < len(raw):
            if time.monotonic() > deadline:
                return raw
            smaller = raw[:start] + raw[start + size :]
            if is_bad(smaller):
                raw = smaller
            else:
                start += size
        if size == 1:
            return raw
        size = max(1, min(size, len(raw)) // 2)
