"""A message that stands recorded in its place, and what all that is done about it shares."""

from dataclasses import dataclass
from datetime import datetime

from maildaemon.domain.message import Message
from maildaemon.domain.understanding import Understanding
from maildaemon.ports import BlobStore, Composer
from maildaemon.ports.rows import InboundRow
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk


@dataclass(frozen=True, slots=True)
class Filed:
    """A recorded message and the thread it stands in: None and an empty reference for none.

    `message_id` is its record's; `blobs` hold it as it came, None if it is sent on to nobody.
    """

    tx: Transaction
    composer: Composer
    desk: Desk
    row: InboundRow
    message: Message
    thread_id: int | None
    reference: str
    message_id: int
    now: datetime
    understanding: Understanding
    blobs: BlobStore | None

    def note(self, event: str, *, outbox_id: int | None = None, **detail: object) -> None:
        """Add an event to the history of the thread."""
        self.tx.records.note(
            self.desk.mailbox_id,
            event,
            self.now,
            thread_id=self.thread_id,
            message_id=self.message_id,
            outbox_id=outbox_id,
            **detail,
        )
