"""Tells a colleague of a conversation, and sends a message on to a partner: mails of our own.

They go through the same outbox as every mail, in the same mode, under the same brakes.
"""

from maildaemon.domain.actions import Assign, Forward
from maildaemon.domain.authentication import find_writer
from maildaemon.domain.delivery import MailKind
from maildaemon.domain.handover import assignment_subject, assignment_text
from maildaemon.domain.message import Address
from maildaemon.domain.waiting import mail_lives
from maildaemon.services.filed import Filed
from maildaemon.services.outgoing import queue_note


def assign(filed: Filed, thread_id: int, action: Assign) -> None:
    """Give the conversation to a colleague, and tell him, once."""
    filed.tx.by_hand.assign(thread_id, action.to)
    filed.note("thread_assigned", by="a rule", to=action.to)
    policy = filed.desk.policy
    writer = find_writer(filed.message, policy)
    text = assignment_text(filed.message, writer, filed.understanding, filed.reference, policy)
    subject = assignment_subject(filed.message, filed.reference)
    _queue(filed, MailKind.ASSIGNMENT, action.to, subject, text)


def forward(filed: Filed, thread_id: int, action: Forward, raw: bytes) -> None:
    """Send the message on as it came; the partner takes part in the conversation from now."""
    partner = Address(action.partner, action.to)
    filed.tx.records.add_participants(thread_id, [partner], "partner")
    subject, text = filed.composer.words_for_partner(
        filed.desk.policy.default_language, filed.reference
    )
    _queue(filed, MailKind.FORWARD, action.to, subject, text, raw)


def withhold(filed: Filed, partner: str, why: str) -> None:
    """Keep in the history that a partner did not get the message."""
    filed.note("forward_withheld", partner=partner, why=why)


def _queue(
    filed: Filed, kind: MailKind, to: str, subject: str, text: str, enclosed: bytes | None = None
) -> None:
    queue_note(
        filed.tx,
        filed.composer,
        filed.desk,
        filed.now,
        cause=f"{filed.message.identity}:{kind.value}:{to.lower()}",
        thread_id=filed.thread_id,
        cause_id=filed.message_id,
        kind=kind,
        to=to,
        subject=subject,
        text=text,
        expires_at=filed.row.recorded_at + mail_lives(()),
        enclosed=enclosed,
    )
