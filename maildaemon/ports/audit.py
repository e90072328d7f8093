"""What an audit asks the database about: what was recorded of what lies in the mailbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maildaemon.ports.rows import FolderRow


@dataclass(frozen=True, slots=True)
class JournalLine:
    """What is known of a UID. `message_id` is its record's, None if it has none (yet)."""

    uid: int
    state: str
    header_only: bool
    received_at: datetime
    message_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Twice:
    """One message, found more than once: `where` are UIDs of a folder, or numbers of records."""

    message_id: str
    where: tuple[int, ...]
    received_at: datetime


class Audits(Protocol):
    """The journal and the records, held against the mailbox. UIDs are those of `FolderRow`."""

    def lines(self, folder: FolderRow, uids: Sequence[int]) -> dict[int, JournalLine]:
        """Return what the journal says of these UIDs."""

    def withheld(self, folder: FolderRow, uids: Sequence[int]) -> frozenset[int]:
        """Return those of the UIDs that the server lists and does not deliver."""

    def lines_since(
        self, folder: FolderRow, since: datetime, after: int, most: int
    ) -> tuple[JournalLine, ...]:
        """Return what the journal says of messages that came since then and have a UID above
        `after`: ascending, at most so many.
        """

    def copies_doubled(self, folder: FolderRow, since: datetime) -> tuple[Twice, ...]:
        """Return the mails of ours of which this folder of sent mail holds more than one copy."""

    def mails_unknown(self, folder: FolderRow, since: datetime) -> tuple[JournalLine, ...]:
        """Return the mails in this folder of sent mail that are recorded as our own, and that no
        mail of the outbox is.
        """

    def recorded_alike(self, mailbox_id: int, since: datetime) -> tuple[Twice, ...]:
        """Return the messages of which there are several records with the same Message-ID, author,
        Date and text.
        """

    def forget(self, folder: FolderRow, uid: int) -> None:
        """Take a UID out of the journal: another message is recorded under it."""
