"""How often all folders of a mailbox are looked into.

IDLE tells of the inbox at once. While it does and nothing happens, the other folders can wait a
little: each look is a dozen commands for the server, and a write for our database.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_QUIET_AFTER = 60.0
# No longer, whatever `poll_every` is: what is told to nobody must not lie unread for long.
_WHEN_QUIET = 60.0


class Polling:
    """Of one mailbox; for the event loop. `boot` returns the seconds since the machine started."""

    def __init__(self, boot: Callable[[], float]) -> None:
        """Something may have happened while nobody looked."""
        self._boot = boot
        self._stirred_at = self._looked_at = boot()
        self.is_told = False

    def stir(self) -> None:
        """Note that something has happened in the mailbox, or is to be sent: more may follow."""
        self._stirred_at = self._boot()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Let it be known that, meanwhile, the server tells of what arrives."""
        self.is_told = True
        try:
            yield
        finally:
            self.is_told = False

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing has happened for a while, and the server would tell if it did."""
        return self.is_told and self._boot() - self._stirred_at > _QUIET_AFTER

    def is_time(self) -> bool:
        """Tell whether to look; to be asked every `poll_every`."""
        now = self._boot()
        if self.is_quiet and now - self._looked_at < _WHEN_QUIET:
            return False
        self._looked_at = now
        return True
