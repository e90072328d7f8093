"""What a person does to threads and mails from the command line: at once, and in the history.

A person wins: what is resolved or muted says nothing automatic any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maildaemon.domain.automatic import Silence
from maildaemon.domain.by_hand import (
    HeldMail,
    ThreadState,
    Unreleasable,
    merged_status,
    why_merged_in_silence,
    why_not_released,
    why_not_retried,
)
from maildaemon.domain.cards import without_cards
from maildaemon.domain.delivery import OutboxState, Section
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Priority
from maildaemon.ports.store import Transaction
from maildaemon.services.outgoing import name_date

_EVENTS = {
    Status.OPEN: "thread_reopened",
    Status.WORKING: "thread_working",
    Status.PENDING: "thread_pending",
    Status.RESOLVED: "thread_resolved",
    Status.IGNORED: "thread_ignored",
}
_PRIORITY_SET = "thread_priority_set"


@dataclass(frozen=True, slots=True)
class Deed:
    """What came of it. `changed` False: it was so already. `cancelled` counts queued mails."""

    changed: bool
    cancelled: int = 0


NOTHING = Deed(changed=False)


def set_status(
    tx: Transaction, thread: ThreadState, status: Status, by: str, now: datetime
) -> Deed:
    """Say whose turn it is; what is resolved sends nothing that was still queued."""
    if thread.status is status:
        return NOTHING
    tx.by_hand.set_status(thread.thread_id, status, now)
    cancelled = 0
    if status is Status.RESOLVED:
        cancelled = tx.outbox.cancel_thread(thread.thread_id, f"resolved by {by}", now)
    _note(tx, thread, _EVENTS[status], now, by=by, was=thread.status.value, cancelled=cancelled)
    return Deed(changed=True, cancelled=cancelled)


def undo_status(
    tx: Transaction, thread: ThreadState, status: Status, by: str, now: datetime
) -> Deed:
    """Take back that a person has said this, unless something else has been so since."""
    if thread.status is not status:
        return NOTHING
    was = Status(tx.by_hand.last_was(thread.thread_id, _EVENTS[status]) or Status.OPEN)
    if was is Status.OPEN and not tx.by_hand.is_asked(thread.thread_id):
        was = Status.PENDING  # it has been answered since
    return set_status(tx, thread, was, by, now)


def set_priority(
    tx: Transaction, thread: ThreadState, priority: Priority, by: str, now: datetime
) -> Deed:
    """Say how urgent the matter is."""
    if thread.priority is priority:
        return NOTHING
    tx.by_hand.set_priority(thread.thread_id, priority)
    was = thread.priority.value
    _note(tx, thread, _PRIORITY_SET, now, by=by, to=priority.value, was=was)
    return Deed(changed=True)


def undo_priority(
    tx: Transaction, thread: ThreadState, priority: Priority, by: str, now: datetime
) -> Deed:
    """Take back that the matter is as urgent as this."""
    if thread.priority is not priority:
        return NOTHING
    was = tx.by_hand.last_was(thread.thread_id, _PRIORITY_SET)
    return set_priority(tx, thread, Priority(was or Priority.NORMAL), by, now)


def mute(tx: Transaction, thread: ThreadState, until: datetime, by: str, now: datetime) -> Deed:
    """Let nothing automatic be said in the thread until then, nor what was still queued."""
    cancelled = tx.outbox.cancel_thread(thread.thread_id, f"muted by {by}", now)
    if thread.muted_until == until and not cancelled:
        return NOTHING
    tx.by_hand.mute(thread.thread_id, until)
    _note(tx, thread, "thread_muted", now, by=by, until=until.isoformat(), cancelled=cancelled)
    return Deed(changed=True, cancelled=cancelled)


def unmute(tx: Transaction, thread: ThreadState, by: str, now: datetime) -> Deed:
    """Let automatic mail be said again; what was cancelled stays so."""
    if thread.muted_until is None:
        return NOTHING
    tx.by_hand.mute(thread.thread_id, None)
    _note(tx, thread, "thread_unmuted", now, by=by)
    return Deed(changed=True)


def assign(tx: Transaction, thread: ThreadState, name: str | None, by: str, now: datetime) -> Deed:
    """Note who looks after the thread; None for nobody."""
    if thread.assigned_to == name:
        return NOTHING
    tx.by_hand.assign(thread.thread_id, name)
    _note(tx, thread, "thread_assigned", now, by=by, to=name, was=thread.assigned_to)
    return Deed(changed=True)


def annotate(tx: Transaction, thread: ThreadState, text: str, by: str, now: datetime) -> Deed:
    """Keep a text in the history of the thread, without payment card numbers."""
    _note(tx, thread, "thread_noted", now, by=by, text=without_cards(text))
    return Deed(changed=True)


def merge(
    tx: Transaction, source: ThreadState, target: ThreadState, by: str, now: datetime
) -> Deed:
    """Make two threads of one mailbox one. The reference of the first leads to the second.

    What was queued in either is not sent where a person has answered, or muted, the other; nor
    are two acknowledgements.
    """
    cancelled = 0
    if source.acknowledged_at and target.acknowledged_at:
        twice = Silence.ACKNOWLEDGED_ALREADY.value
        cancelled = tx.outbox.cancel_acknowledgements(source.thread_id, twice, now)
    # What was told stays told.
    for outbox_id, asked_at, until in tx.timers.dates_named(source.thread_id):
        name_date(tx, target.mailbox_id, target.thread_id, outbox_id, asked_at, until, now)
    undo = tx.by_hand.merge(source, target, merged_status(source.status, target.status))
    if why := why_merged_in_silence(source, target, now):
        cancelled += tx.outbox.cancel_thread(target.thread_id, why.value, now)
    _note(tx, source, "thread_merged", now, by=by, into=target.reference, undo=undo)
    _note(tx, target, "thread_merged", now, by=by, took=source.reference, cancelled=cancelled)
    return Deed(changed=True, cancelled=cancelled)


def split(
    tx: Transaction, source: ThreadState, target: ThreadState, by: str, now: datetime
) -> Deed:
    """Undo a merge; what has come into the other thread since stays there."""
    undo = tx.by_hand.last_merge(source.thread_id)
    if undo is None:
        return NOTHING
    tx.by_hand.split(source, target, undo)
    _note(tx, source, "thread_split", now, by=by, out_of=target.reference)
    _note(tx, target, "thread_split", now, by=by, gave_back=source.reference)
    return Deed(changed=True)


def release(tx: Transaction, mail: HeldMail, by: str, now: datetime) -> Unreleasable | None:
    """Queue a mail that was held back; return why that is not done, None if it is."""
    if why := why_not_released(mail, now):
        return why
    tx.by_hand.release(mail, now)
    if mail.thread is not None and mail.state is OutboxState.SHADOW:
        if Section.ACKNOWLEDGEMENT in mail.sections:
            tx.records.acknowledged(mail.thread.thread_id, now)
        if Section.REFUSED_FILES in mail.sections:
            tx.records.told(mail.thread.thread_id, now)
        if Section.MISSING_FACTS in mail.sections:
            tx.records.asked(mail.thread.thread_id)
    note_mail(tx, mail, "mail_released", by, now)
    return None


def retry(tx: Transaction, mail: HeldMail, by: str, now: datetime) -> Unreleasable | None:
    """Have a mail tried again that came to nothing; return why that is not done, None if it is."""
    if mail.state is OutboxState.CANCELLED:
        return release(tx, mail, by, now)
    if why := why_not_retried(mail, now):
        return why
    tx.outbox.retry_now(mail.outbox_id, now)
    note_mail(tx, mail, "mail_retried", by, now)
    return None


def note_mail(tx: Transaction, mail: HeldMail, event: str, by: str, now: datetime) -> None:
    """Keep in the history what a person had done with a mail."""
    thread_id = mail.thread.thread_id if mail.thread else None
    tx.records.note(
        mail.mailbox_id, event, now, thread_id=thread_id, outbox_id=mail.outbox_id, by=by
    )


def _note(tx: Transaction, thread: ThreadState, event: str, now: datetime, **detail: Any) -> None:
    tx.records.note(thread.mailbox_id, event, now, thread_id=thread.thread_id, **detail)
