"""How often all folders of a mailbox are looked into.

IDLE tells of the inbox at once. While it does and nothing happens, the other folders can wait a
little: each look is a dozen commands for the server, and a write for our database.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_QUIET_AFTER = 60.0
_WHEN_QUIET = 6


class Polling:
    """Of one mailbox; for the event loop. `boot` returns the seconds since the machine started."""

    def __init__(self, boot: Callable[[], float]) -> None:
        """Something may have happened while nobody looked."""
        self._boot = boot
        self._stirred_at = boot()
        self.is_told = False
        self._passed = 0

    def stir(self) -> None:
        """Note that something has happened in the mailbox: more of it may follow."""
        self._stirred_at = self._boot()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Let it be known that, meanwhile, the server tells of what arrives."""
        self.is_told = True
        try:
            yield
        finally:
            self.is_told = False

    def is_time(self) -> bool:
        """Tell whether to look; to be asked every `poll_every`."""
        self._passed += 1
        quiet = self.is_told and self._boot() - self._stirred_at > _QUIET_AFTER
        if quiet and self._passed < _WHEN_QUIET:
            return False
        self._passed = 0
        return True
