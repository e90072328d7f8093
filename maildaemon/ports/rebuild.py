"""What building the records anew asks the database for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maildaemon.ports.rows import FolderRow


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the records of a mailbox hold. `ours` counts mails of ours that are known to be sent."""

    messages: int
    threads: int
    open: int
    pending: int
    ours: int
    parked: int


class Rebuilding(Protocol):
    """Records that are made from the mailbox and the kept bytes."""

    def journaled(self, contents: Sequence[str]) -> frozenset[str]:
        """Return those of the contents (sha256) that stand in the journal of any mailbox."""

    def settle_absent(self, folder: FolderRow, now: datetime) -> int:
        """Take threads for resolved in which nothing that others wrote is left but what stands in
        this folder; return how many.
        """

    def revive(self, mailbox_id: int, since: datetime) -> int:
        """Let threads in which somebody has written since then be live ones, though all that stands
        in them is history; return how many.
        """

    def holdings(self, mailbox_id: int) -> Holdings:
        """Return what the records of a mailbox hold."""
