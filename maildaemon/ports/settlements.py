"""What the services need from the database about the mailbox: copies, and drafts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from maildaemon.domain.delivery import OutboxState
from maildaemon.ports.rows import SettlementRow, Verb


class Settlements(Protocol):
    """The half of `Outbox` that concerns the mailbox."""

    def drafts_to(
        self, mailbox_id: int, to: Sequence[str], since: datetime
    ) -> list[tuple[int, bytes]]:
        """Return the automatic mails that were left to a person to send to any of these keys since
        then: rows and bytes.
        """

    def draft_sent(self, outbox_id: int, now: datetime) -> None:
        """Note that a person has sent a draft as we wrote it: what it says is told."""

    def is_draft(self, outbox_id: int) -> bool:
        """Tell whether this mail is still meant for the Drafts folder."""

    def close_draft(self, outbox_id: int, state: OutboxState, why: str, now: datetime) -> None:
        """Conclude a draft, unless it was cancelled meanwhile; `draft`: it is in the folder."""

    def add_settlement(
        self, mailbox_id: int, outbox_id: int, at: datetime, verb: Verb = Verb.FILE_COPY
    ) -> None:
        """Have a copy of a sent mail, or a draft, filed from that time on, once; a mail to
        ourselves deleted, again if it was done before.
        """

    def claim_settlements(
        self, mailbox_id: int, now: datetime, until: datetime, limit: int
    ) -> tuple[SettlementRow, ...]:
        """Take what is still to be done in the mailbox."""

    def finish_settlement(self, row: SettlementRow, state: str, error: str | None) -> None:
        """Conclude: `done`, `by_server` (it filed the copy), `marked` (it cannot delete a single
        message), `cancelled`, or `given_up` with the reason.
        """

    def retry_settlement(
        self, row: SettlementRow, at: datetime, error: str, *, failed: bool
    ) -> None:
        """Try again at that time."""
