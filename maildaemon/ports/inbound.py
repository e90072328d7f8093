"""What the services need of the journal of what was seen in the mailbox."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from maildaemon.ports.rows import FolderRow, GapRow, InboundRow, Seen


class Inbound(Protocol):
    """The journal of every UID seen, which is the queue of what is to be processed."""

    def record(
        self,
        mailbox_id: int,
        folder: FolderRow,
        seen: Sequence[Seen],
        *,
        now: datetime,
        history: bool = False,
    ) -> int:
        """Add journal rows; those that exist are left alone. Return how many are new."""

    def known_uids(self, folder: FolderRow, uids: Iterable[int]) -> frozenset[int]:
        """Return those of the UIDs that stand in the journal."""

    def under_other_numbers(
        self, folder: FolderRow, since: datetime, until: datetime
    ) -> tuple[Seen, ...]:
        """Return what was recorded whole of a folder while the server had other numbers for it, and
        arrived within that time; nothing if it always had these.
        """

    def add_gaps(self, folder: FolderRow, uids: Iterable[int], now: datetime) -> None:
        """Note UIDs that the server lists but does not deliver."""

    def folders_with_due_gaps(self, mailbox_id: int, now: datetime) -> frozenset[int]:
        """Return in which folders there are gaps that are to be tried again."""

    def due_gaps(self, folder: FolderRow, now: datetime) -> tuple[GapRow, ...]:
        """Return gaps that are to be tried again."""

    def close_gap(self, gap_id: int, state: str) -> None:
        """End a gap: `closed` (the message came) or `gone` (the server lists it no more)."""

    def fetch_again(self, row: InboundRow, now: datetime) -> bool:
        """Have the bytes of a recorded message fetched from the mailbox again; False, and nothing
        is done, if the server lists it no more.
        """

    def retry_gap(self, gap_row: GapRow, at: datetime, *, alarmed: bool) -> None:
        """Try a gap again later."""

    def claim_due(
        self,
        mailbox_id: int,
        now: datetime,
        until: datetime,
        *,
        limit: int,
        max_bytes: int,
        beside: bool = False,
    ) -> tuple[InboundRow, ...]:
        """Take waiting rows, oldest first, live mail before history.

        A row whose last claim was never concluded is taken alone, and a death while it was alone
        counts as its own failure; while others are under way `beside` it, it is not taken.
        """

    def twins(self, rows: Iterable[InboundRow]) -> Mapping[int, int]:
        """Return which records the bytes of these rows have become before, by row; only those that
        stand there as they were recorded: neither moved into Junk nor out of it, and in Sent only
        those that the server has numbered anew.
        """

    def overtaken(self, row: InboundRow, message_id: int) -> bool:
        """Tell whether this record has been seen later than in this row, here or elsewhere."""

    def seen_there(self, row: InboundRow, message_id: int) -> bool:
        """Tell whether this record was seen in the same folder before, under another UID."""

    def finish(self, row: InboundRow, message_id: int) -> None:
        """Conclude a row as done, with the record it became."""

    def fail(self, row: InboundRow, error: str, failures: int, retry_at: datetime | None) -> None:
        """Give a row back that has failed so often: again at `retry_at`, or parked if None."""

    def give_back(self, row: InboundRow, retry_at: datetime) -> None:
        """Give a row back through no fault of its own."""

    def release(self, mailbox_id: int, now: datetime) -> int:
        """Let what a dead process had taken be due at once; return how many rows. Whoever calls
        knows that no other process lives.
        """

    def retry_parked(self, inbound_id: int | None, now: datetime) -> int:
        """Make a parked row (all if None) due again, its failures forgotten; return how many."""
