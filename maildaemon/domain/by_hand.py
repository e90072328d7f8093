"""What a person may still have done with a mail or a thread, and why not. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from maildaemon.domain.automatic import Silence
from maildaemon.domain.delivery import TIMED, OutboxState, Section
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Priority

# A thread that is muted for good: nobody reads our mail then any more.
FOR_GOOD = datetime(9999, 12, 31, tzinfo=UTC)


class Unreleasable(StrEnum):
    """Why a mail is not sent although a person asks for it."""

    NOT_HELD_BACK = "not_held_back"
    IN_DRAFTS = "in_drafts"
    IN_JUNK = "in_junk"
    TOO_OLD = "too_old"
    STAFF_ANSWERED = "staff_answered"
    ACKNOWLEDGED_ALREADY = "acknowledged_already"
    THREAD_CLOSED = "thread_closed"
    MUTED = "muted"
    ADDRESS_UNDELIVERABLE = "address_undeliverable"


@dataclass(frozen=True, slots=True)
class ThreadState:
    """A thread as a person's word finds it."""

    thread_id: int
    mailbox_id: int
    reference: str
    status: Status
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    first_reply_seconds: int | None = None
    muted_until: datetime | None = None
    assigned_to: str | None = None
    merged_into: str | None = None
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail of ours that may not have been sent. `draft`: written for a person to send, not us.
    `junked`: taken back because a person moved what it answers to Junk.
    """

    outbox_id: int
    mailbox_id: int
    state: OutboxState
    sections: tuple[Section, ...]
    recipient: str
    expires_at: datetime
    thread: ThreadState | None = None
    undeliverable_until: datetime | None = None
    draft: bool = False
    junked: bool = False


def why_not_released(mail: HeldMail, now: datetime) -> Unreleasable | None:
    """Return why a mail that was only recorded (shadow), or cancelled, is not sent even now that
    a person asks for it; None if it may go. Ceilings do not count: a person has decided.
    """
    if mail.draft:
        return Unreleasable.IN_DRAFTS
    if mail.state not in {OutboxState.SHADOW, OutboxState.CANCELLED, OutboxState.HELD}:
        return Unreleasable.NOT_HELD_BACK
    if mail.junked:
        return Unreleasable.IN_JUNK
    if mail.expires_at <= now:
        return Unreleasable.TOO_OLD
    if mail.undeliverable_until is not None and mail.undeliverable_until > now:
        return Unreleasable.ADDRESS_UNDELIVERABLE
    return None if mail.thread is None else _why_not_in(mail.thread, mail, now)


def _why_not_in(thread: ThreadState, mail: HeldMail, now: datetime) -> Unreleasable | None:
    # What time brings is said in answered conversations, and one of it only when they are over.
    timed = not set(TIMED).isdisjoint(mail.sections)
    if thread.answered_at is not None and not timed:
        return Unreleasable.STAFF_ANSWERED
    closed = {Status.RESOLVED, Status.IGNORED}
    if thread.status in closed and Section.FEEDBACK not in mail.sections:
        return Unreleasable.THREAD_CLOSED
    if thread.muted_until is not None and thread.muted_until > now:
        return Unreleasable.MUTED
    # What was cancelled has counted as the one acknowledgement itself.
    acknowledges = Section.ACKNOWLEDGEMENT in mail.sections
    if acknowledges and thread.acknowledged_at and mail.state is OutboxState.SHADOW:
        return Unreleasable.ACKNOWLEDGED_ALREADY
    return None


def why_not_retried(mail: HeldMail, now: datetime) -> Unreleasable | None:
    """Return why a mail that failed, expired or may have been sent is not tried again; None if it
    may be. That it is late, or was refused, is what the person who asks for it knows.
    """
    if mail.state not in {OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.UNKNOWN}:
        return Unreleasable.NOT_HELD_BACK
    if mail.junked:
        return Unreleasable.IN_JUNK
    return None if mail.thread is None else _why_not_in(mail.thread, mail, now)


def why_merged_in_silence(
    source: ThreadState, target: ThreadState, now: datetime
) -> Silence | None:
    """Return why nothing that is queued in two threads is sent once they are one, None if it is."""
    if source.answered_at or target.answered_at:
        return Silence.STAFF_ANSWERED
    if target.muted_until is not None and target.muted_until > now:
        return Silence.MUTED
    return None


def merged_status(source: Status, target: Status) -> Status:
    """Return whose turn it is once the mails of both are one thread: ours, if it was in either."""
    return next((one for one in (Status.OPEN, Status.WORKING) if one in {source, target}), target)
