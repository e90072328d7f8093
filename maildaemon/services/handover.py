"""Tells a colleague of a conversation, and sends a message on to a partner: mails of our own.

They go through the same outbox as every mail, in the same mode, under the same brakes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maildaemon.domain.actions import Assign, Forward
from maildaemon.domain.authentication import find_writer
from maildaemon.domain.delivery import MailKind
from maildaemon.domain.handover import assignment_subject, assignment_text
from maildaemon.domain.message import Address, Message
from maildaemon.domain.understanding import Understanding
from maildaemon.domain.waiting import mail_lives
from maildaemon.ports import Composer
from maildaemon.ports.rows import InboundRow
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk
from maildaemon.services.outgoing import queue_note


@dataclass(frozen=True, slots=True)
class Handover:
    """A recorded message that somebody else is to see, and the thread it stands in."""

    tx: Transaction
    composer: Composer
    desk: Desk
    row: InboundRow
    message: Message
    understanding: Understanding
    thread_id: int
    reference: str
    message_id: int
    now: datetime

    def assign(self, action: Assign) -> None:
        """Give the conversation to a colleague, and tell him, once."""
        self.tx.by_hand.assign(self.thread_id, action.to)
        self._note("thread_assigned", by="a rule", to=action.to)
        policy = self.desk.policy
        writer = find_writer(self.message, policy)
        text = assignment_text(self.message, writer, self.understanding, self.reference, policy)
        subject = assignment_subject(self.message, self.reference)
        self._queue(MailKind.ASSIGNMENT, action.to, subject, text)

    def forward(self, action: Forward, raw: bytes) -> None:
        """Send the message on as it came; the partner takes part in the conversation from now."""
        partner = Address(action.partner, action.to)
        self.tx.records.add_participants(self.thread_id, [partner], "partner")
        subject, text = self.composer.words_for_partner(
            self.desk.policy.default_language, self.reference
        )
        self._queue(MailKind.FORWARD, action.to, subject, text, raw)

    def withhold(self, partner: str, why: str) -> None:
        """Keep in the history that a partner did not get the message."""
        self._note("forward_withheld", partner=partner, why=why)

    def _queue(
        self, kind: MailKind, to: str, subject: str, text: str, enclosed: bytes | None = None
    ) -> None:
        queue_note(
            self.tx,
            self.composer,
            self.desk,
            self.now,
            cause=f"{self.message.identity}:{kind.value}:{to.lower()}",
            thread_id=self.thread_id,
            cause_id=self.message_id,
            kind=kind,
            to=to,
            subject=subject,
            text=text,
            expires_at=self.row.recorded_at + mail_lives(()),
            enclosed=enclosed,
        )

    def _note(self, event: str, **detail: Any) -> None:
        self.tx.records.note(
            self.desk.mailbox_id,
            event,
            self.now,
            thread_id=self.thread_id,
            message_id=self.message_id,
            **detail,
        )
