"""What the services need from the database about mails to ourselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maildaemon.domain.delivery import OutboxState


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """A mail to ourselves, and where it stands in the outbox."""

    outbox_id: int
    queued_at: datetime
    state: OutboxState


@dataclass(frozen=True, slots=True)
class ProbePlace:
    """Where a probe that is back lies, and the sha256 of its bytes; None if they are not kept."""

    folder: str
    uidvalidity: int
    uid: int
    raw_sha256: str | None


class Probes(Protocol):
    """Mails to ourselves: which are under way, and which are back."""

    def newest(self, mailbox_id: int) -> ProbeRow | None:
        """Return the one that was written last, None if none is known."""

    def add(self, mailbox_id: int, outbox_id: int, at: datetime) -> None:
        """Note that one was queued."""

    def take(
        self, mailbox_id: int, message_id: str, recorded: int, at: datetime, *, junked: bool
    ) -> int | None:
        """Note that the one with this Message-ID of ours is back, as this record; return its row in
        the outbox. None if we know of none, or it came back before: this is a copy that somebody
        has changed.
        """

    def of_record(self, recorded: int) -> int | None:
        """Return the row in the outbox of the probe that came back as this record, None if it is
        none.
        """

    def places(self, outbox_id: int) -> tuple[ProbePlace, ...]:
        """Return where it was seen, as the folders are numbered now; it may lie there no more."""

    def drop(self, mailbox_id: int, before: datetime, most: int) -> tuple[int, tuple[str, ...]]:
        """Let go of those that were written before, with everything that is recorded of them;
        return how many, and the sha256 of the bytes that nothing holds any more. What could not be
        deleted in the mailbox stays recorded.
        """
