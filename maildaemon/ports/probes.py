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


@dataclass(frozen=True, slots=True)
class ProbeReturn:
    """When a probe was seen that came back, and whether that was in Junk."""

    at: datetime
    junked: bool


class Probes(Protocol):
    """Mails to ourselves: which are under way, and which are back."""

    def newest(self, mailbox_id: int) -> ProbeRow | None:
        """Return the one that was written last, None if none is known."""

    def add(self, mailbox_id: int, outbox_id: int, at: datetime) -> None:
        """Note that one was queued."""

    def take(
        self, mailbox_id: int, message_id: str, recorded: int, back: ProbeReturn | None
    ) -> int | None:
        """Note that the one with this Message-ID of ours has turned up as this record; return its
        row in the outbox. None if we know of none, or another record turned up before: this is a
        copy that somebody has changed. `back`: how it came back, of which the first counts, of
        such a copy as well; None: it has not, it lies in Sent.
        """

    def see(self, recorded: int, back: ProbeReturn | None) -> int | None:
        """Note that the probe with this record has turned up once more, `back` as above; return its
        row in the outbox, None if the record is none.
        """

    def places(self, outbox_id: int) -> tuple[ProbePlace, ...]:
        """Return where it was seen, as the folders are numbered now; it may lie there no more."""

    def drop(self, mailbox_id: int, before: datetime, most: int) -> tuple[int, tuple[str, ...]]:
        """Let go of those that were written before, with everything that is recorded of them;
        return how many, and the sha256 of the bytes that nothing holds any more. What could not be
        deleted in the mailbox stays recorded.
        """
