"""Tells a colleague of a conversation, and sends a message on to a partner: mails of our own.

They go through the same outbox as every mail, in the same mode, under the same brakes.
"""

from dataclasses import dataclass
from datetime import datetime

from maildaemon.domain.actions import Assign, Forward
from maildaemon.domain.authentication import find_writer
from maildaemon.domain.delivery import MailKind, Note, OutboxState
from maildaemon.domain.handover import assignment_subject, assignment_text
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import Mode
from maildaemon.domain.tokens import issue_draft_id, issue_loop_token, issue_message_id
from maildaemon.domain.understanding import Understanding
from maildaemon.domain.waiting import mail_lives
from maildaemon.ports import Composer
from maildaemon.ports.rows import InboundRow, NewMail, Verb
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk

STATES = {
    Mode.LIVE: OutboxState.QUEUED,
    Mode.DRAFTS: OutboxState.DRAFT,
    Mode.SHADOW: OutboxState.SHADOW,
}


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
        policy, key = self.desk.policy, self.desk.key
        # Never a row id: a restored database reuses those.
        cause = f"{self.message.identity}:{kind.value}:{to.lower()}"
        message_id = issue_message_id(key, cause, policy.sender.domain)
        mode = policy.mode_of(())
        by_a_person = mode is Mode.DRAFTS
        note = Note(
            message_id=issue_draft_id(key, message_id) if by_a_person else message_id,
            date=self.now.replace(microsecond=0),
            sender=policy.sender,
            recipient=Address("", to),
            subject=subject,
            text=text,
            loop_token=issue_loop_token(key, cause),
            # RFC 3834 §5: it answers nobody.
            auto_submitted=None if by_a_person else "auto-generated",
            enclosed=enclosed,
        )
        mail = NewMail(
            mailbox_id=self.desk.mailbox_id,
            thread_id=self.thread_id,
            cause_id=self.message_id,
            message_id=message_id,
            kind=kind,
            sections=(),
            language=policy.default_language,
            reverse_path=policy.sender.address,
            recipient=to,
            raw=self.composer.compose_note(note),
            state=STATES[mode],
            queued_at=self.now,
            send_at=self.now,
            expires_at=self.row.recorded_at + mail_lives(()),
        )
        outbox_id = self.tx.outbox.queue(mail)
        if outbox_id is None:
            return
        if self.tx.records.holds_id(mail.mailbox_id, message_id):
            # A copy came before its cause: it was sent before the database was restored.
            self.tx.outbox.witnessed(mail.mailbox_id, message_id, self.now)
        if mode is Mode.DRAFTS:
            self.tx.outbox.add_settlement(mail.mailbox_id, outbox_id, self.now, Verb.PUT_DRAFT)
        self._note("mail_queued", outbox_id=outbox_id, mode=mode.value, kind=kind.value, to=to)

    def _note(self, event: str, *, outbox_id: int | None = None, **detail: object) -> None:
        self.tx.records.note(
            self.desk.mailbox_id,
            event,
            self.now,
            thread_id=self.thread_id,
            message_id=self.message_id,
            outbox_id=outbox_id,
            **detail,
        )
