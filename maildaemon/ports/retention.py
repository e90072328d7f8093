"""What the services need to let go of what was kept for long enough."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Retaining(Protocol):
    """What is older than an instant. Each call lets go of so many at most; 0: there is no more."""

    def drop_raw(self, mailbox_id: int, before: datetime, most: int) -> tuple[int, tuple[str, ...]]:
        """Let go of the bytes of messages; return how many, and which bytes nothing holds then."""

    def drop_files(
        self, mailbox_id: int, before: datetime, at: datetime, most: int
    ) -> tuple[int, tuple[str, ...]]:
        """Let go of the bytes of files; return as `drop_raw`."""

    def drop_bodies(self, mailbox_id: int, before: datetime, most: int) -> int:
        """Let go of what messages say; return how many."""

    def over(self, mailbox_id: int, before: datetime, most: int) -> Sequence[int]:
        """Return messages that still name somebody."""

    def drop_statistics(self, mailbox_id: int, before: datetime, most: int) -> int:
        """Let go of how conversations went; return how many."""
