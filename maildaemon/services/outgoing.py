"""Puts a composed mail into the outbox: what all mails of ours have in common."""

from datetime import datetime

from maildaemon.domain.delivery import MailKind, Note, OutboxState
from maildaemon.domain.message import Address
from maildaemon.domain.policy import Mode
from maildaemon.domain.tokens import issue_draft_id, issue_loop_token, issue_message_id
from maildaemon.ports import Composer
from maildaemon.ports.rows import NewMail, Verb
from maildaemon.ports.store import Transaction
from maildaemon.ports.timers import DATE_NAMED
from maildaemon.services.desk import Desk

STATES = {
    Mode.LIVE: OutboxState.QUEUED,
    Mode.DRAFTS: OutboxState.DRAFT,
    Mode.SHADOW: OutboxState.SHADOW,
}


def own_id(desk: Desk, cause: str) -> str:
    """Return the Message-ID of the one mail that this cause has."""
    # The cause is never a row id: a restored database reuses those.
    return issue_message_id(desk.key, cause, desk.policy.sender.domain)


def queue_mail(
    tx: Transaction, desk: Desk, mail: NewMail, mode: Mode, now: datetime, **detail: object
) -> int | None:
    """Queue a mail, and keep in the history that it is; return its row, None if the same cause has
    sent its mail already, perhaps before a database was restored.
    """
    outbox_id = tx.outbox.queue(mail)
    if outbox_id is None:
        return None
    if tx.records.holds_id(mail.mailbox_id, mail.message_id):
        # A copy came before its cause: it was sent before the database was restored.
        tx.outbox.witnessed(mail.mailbox_id, mail.message_id, now)
    if mode is Mode.DRAFTS:
        tx.outbox.add_settlement(mail.mailbox_id, outbox_id, now, Verb.PUT_DRAFT)
    tx.records.note(
        desk.mailbox_id,
        "mail_queued",
        now,
        thread_id=mail.thread_id,
        message_id=mail.cause_id,
        outbox_id=outbox_id,
        mode=mode.value,
        **detail,
    )
    return outbox_id


def name_date(
    tx: Transaction,
    mailbox_id: int,
    thread_id: int,
    outbox_id: int | None,
    asked_at: datetime,
    until: datetime,
    now: datetime,
) -> None:
    """Keep in the history by when a mail of ours promises an answer to what was asked at that time.
    Once the customer has the mail this is a fact, whatever the policy will say.
    """
    if outbox_id is not None:
        since, date = asked_at.isoformat(), until.isoformat()
        tx.records.note(
            mailbox_id,
            DATE_NAMED,
            now,
            thread_id=thread_id,
            outbox_id=outbox_id,
            since=since,
            until=date,
        )


def queue_note(  # noqa: PLR0913 - a mail has as many parts
    tx: Transaction,
    composer: Composer,
    desk: Desk,
    now: datetime,
    *,
    cause: str,
    thread_id: int | None,
    cause_id: int | None,
    kind: MailKind,
    to: str,
    subject: str,
    text: str,
    expires_at: datetime,
    enclosed: bytes | None = None,
) -> int | None:
    """Queue a mail to a colleague or a partner, as `queue_mail` does."""
    policy, message_id = desk.policy, own_id(desk, cause)
    mode = policy.mode_of_mail(kind, ())
    by_a_person = mode is Mode.DRAFTS
    note = Note(
        message_id=issue_draft_id(desk.key, message_id) if by_a_person else message_id,
        date=now.replace(microsecond=0),
        sender=policy.sender,
        recipient=Address("", to),
        subject=subject,
        text=text,
        loop_token=issue_loop_token(desk.key, cause),
        # RFC 3834 §5: it answers nobody.
        auto_submitted=None if by_a_person else "auto-generated",
        enclosed=enclosed,
    )
    mail = NewMail(
        mailbox_id=desk.mailbox_id,
        thread_id=thread_id,
        cause_id=cause_id,
        message_id=message_id,
        kind=kind,
        sections=(),
        language=policy.default_language,
        reverse_path=policy.sender.address,
        recipient=to,
        raw=composer.compose_note(note),
        state=STATES[mode],
        queued_at=now,
        send_at=now,
        expires_at=expires_at,
    )
    return queue_mail(tx, desk, mail, mode, now, kind=kind.value, to=to)
