"""A recorded message is decided again, and what was queued because of it is taken back."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)

from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.matters import save_numbers, understood_as_json
from maildaemon.adapters.sql.tables import (
    attachment,
    ledger,
    message,
    outbox,
    settlement,
    thread,
)
from maildaemon.domain.authentication import person_key
from maildaemon.domain.automatic import Silence
from maildaemon.domain.context import Decision
from maildaemon.domain.delivery import OutboxState, Phase, Section
from maildaemon.domain.threads import Status
from maildaemon.ports.rows import Verb

# Why a mail is cancelled so that the same cause may queue it again.
WITHDRAWN = Silence.SPAM.value
_WAITING = (OutboxState.QUEUED.value, OutboxState.HELD.value)
# What may still be called off, a draft unless it lies in the folder.
NOT_GONE = (*_WAITING, OutboxState.DRAFT.value)


def decide_again(
    connection: Connection,
    message_id: int,
    decision: Decision,
    thread_id: int | None,
    *,
    in_junk: bool,
) -> None:
    """Put a later decision in the place of the one by which the message was recorded."""
    connection.execute(
        update(message)
        .where(message.c.id == message_id)
        .values(
            kind=decision.judgement.kind.value,
            evidence=list(decision.judgement.evidence),
            thread_id=thread_id,
            match=decision.match.rule.value,
            why_match=decision.match.why,
            silence=decision.silence.value if decision.silence else None,
            staff_answer=decision.staff_answer,
            understood=understood_as_json(decision.understanding),
            rating=decision.rating,
            in_junk=in_junk,
        )
    )
    mailbox_id = connection.scalar(select(message.c.mailbox_id).where(message.c.id == message_id))
    named = decision.understanding.order_numbers
    save_numbers(connection, mailbox_id or 0, thread_id, message_id, named)


def junk(connection: Connection, thread_id: int, at: datetime) -> None:
    """Note that a person moved a message of this thread to Junk."""
    unanswered = case((thread.c.answered_at.is_(None), Status.IGNORED.value), else_=thread.c.status)
    connection.execute(
        update(thread).where(thread.c.id == thread_id).values(junked_at=at, status=unanswered)
    )


def unjunk(connection: Connection, message_id: int) -> None:
    """Note that this message came back from Junk, and the thread it stands in with it."""
    its_thread = select(message.c.thread_id).where(message.c.id == message_id)
    there = thread.c.id == its_thread.scalar_subquery()
    connection.execute(update(thread).where(there).values(junked_at=None))
    connection.execute(update(message).where(message.c.id == message_id).values(in_junk=False))


def cancel_thread(connection: Connection, thread_id: int, why: str, now: datetime) -> int:
    """Cancel what is queued in a thread; return how many mails."""
    asked = {"thread": thread_id, "why": why, "concluded_at": now}
    return connection.execute(_CANCEL_THREAD, asked).rowcount


def cancel_mail(connection: Connection, outbox_id: int, why: str, now: datetime) -> int:
    """Cancel a mail if it is still queued; return how many mails."""
    asked = {"mails": [outbox_id], "why": why, "concluded_at": now}
    return connection.execute(_CANCEL_MAILS, asked).rowcount


def cancel_acknowledgements(connection: Connection, thread_id: int, why: str, now: datetime) -> int:
    """Cancel what is queued in a thread and says nothing but that a mail has come; return how many
    mails.
    """
    queued = select(outbox.c.id, outbox.c.sections).where(
        outbox.c.thread_id == thread_id, or_(_queued(), _not_put_yet())
    )
    nothing_else = {Section.ACKNOWLEDGEMENT.value, Section.NOTICE.value}
    ids = [row.id for row in connection.execute(queued) if nothing_else.issuperset(row.sections)]
    if not ids:
        return 0
    asked = {"mails": ids, "why": why, "concluded_at": now}
    return connection.execute(_CANCEL_MAILS, asked).rowcount


def withdraw(connection: Connection, thread_id: int, now: datetime) -> int:
    """Cancel what is queued in a thread as if it had never been queued; return how many mails."""
    unsent = connection.execute(
        select(outbox).where(
            outbox.c.thread_id == thread_id,
            is_unsent(),
        )
    ).all()
    count = cancel_thread(connection, thread_id, WITHDRAWN, now)
    for mail in unsent:
        _forget(connection, mail)
    return count


def _forget(connection: Connection, mail: Row[Any]) -> None:
    """Let nothing count that only the mail which was never sent would have told."""
    connection.execute(
        delete(ledger).where(
            ledger.c.mailbox_id == mail.mailbox_id,
            ledger.c.recipient_sha256 == digest(person_key(mail.recipient)),
            ledger.c.thread_id == mail.thread_id,
            ledger.c.at == mail.queued_at,
        )
    )
    if Section.ACKNOWLEDGEMENT in mail.sections:
        key = f"acknowledgement:{mail.thread_id}"
        connection.execute(delete(ledger).where(ledger.c.key == key))
        connection.execute(
            update(thread).where(thread.c.id == mail.thread_id).values(acknowledged_at=None)
        )
    if Section.MISSING_FACTS in mail.sections:
        connection.execute(update(thread).where(thread.c.id == mail.thread_id).values(asked=[]))
    in_thread = select(message.c.id).where(message.c.thread_id == mail.thread_id)
    told = connection.scalars(
        select(attachment.c.id).where(
            attachment.c.message_id.in_(in_thread), attachment.c.told_at == mail.queued_at
        )
    ).all()
    connection.execute(update(attachment).where(attachment.c.id.in_(told)).values(told_at=None))


def is_a_persons(connection: Connection, outbox_id: int) -> bool:
    """Tell whether this mail was written for a person to send, whatever became of it."""
    draft = exists().where(
        settlement.c.outbox_id == outbox_id, settlement.c.verb == Verb.PUT_DRAFT.value
    )
    return bool(connection.scalar(select(draft)))


def is_unsent() -> ColumnElement[bool]:
    """Tell of an outbox row whether it certainly has not left us, and still may."""
    return or_(and_(_queued(), outbox.c.phase != Phase.DOT.value), _not_put_yet())


def _queued() -> ColumnElement[bool]:
    """Tell of an outbox row whether it may still be sent: by itself, or released by a person."""
    return outbox.c.state.in_(_WAITING)


def _not_put_yet() -> ColumnElement[bool]:
    """Tell of an outbox row whether it is a draft that is not in the Drafts folder yet."""
    waiting = exists().where(
        settlement.c.outbox_id == outbox.c.id,
        settlement.c.verb == Verb.PUT_DRAFT.value,
        settlement.c.state == "waiting",
    )
    return and_(outbox.c.state == OutboxState.DRAFT.value, waiting)


def _cancelling(which: ColumnElement[bool]) -> Update:
    # What may have been accepted cannot be called back; a witness may still show that it was.
    at_the_dot = outbox.c.phase == Phase.DOT.value
    return (
        update(outbox)
        .where(which, or_(_queued(), _not_put_yet()))
        .values(
            state=case((at_the_dot, OutboxState.UNKNOWN.value), else_=OutboxState.CANCELLED.value),
            next_attempt_at=None,
        )
    )


# Put together once, as in `questions`; what else is given with them is set.
_CANCEL_THREAD = _cancelling(outbox.c.thread_id == bindparam("thread"))
_CANCEL_MAILS = _cancelling(outbox.c.id.in_(bindparam("mails", expanding=True)))
