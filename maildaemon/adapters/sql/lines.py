"""The rows of the command line's listings: field names are the keys of `--json` (docs/cli.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


class Line:
    """A row of a listing, made from the columns that are called like its fields."""

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return the line of a database row."""
        return cls(**row._mapping)  # noqa: SLF001  the documented way to a row as a mapping


@dataclass(frozen=True, slots=True)
class ThreadLine(Line):
    """A thread; `customer` is the address of its first customer, None if it has none. `rating`:
    what was said last of how it went, from 1 to 5.
    """

    reference: str
    mailbox: str
    status: str
    subject: str
    customer: str | None
    messages: int
    language: str | None
    opened_at: datetime
    last_message_at: datetime
    acknowledged_at: datetime | None
    answered_at: datetime | None
    promised_at: datetime | None
    first_reply_seconds: int | None
    rating: int | None
    muted_until: datetime | None
    assigned_to: str | None
    linked_to: str | None
    merged_into: str | None
    category: str | None
    priority: str
    tags: list[str]
    promise: str | None
    after_answer: str | None
    missing: list[str]
    asked: list[str]
    stranger: bool
    history: bool


@dataclass(frozen=True, slots=True)
class TimerLine(Line):
    """Something that is to happen in a thread (`armed`), or has (`fired`); `outcome` says what."""

    kind: str
    since: datetime
    due_at: datetime
    state: str
    fired_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ParticipantLine(Line):
    """Who takes part in a thread: `customer` or `copied`."""

    address: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class NumberLine(Line):
    """An order number that was named in a thread; `known` None: nobody could tell."""

    name: str
    number: str
    known: bool | None


@dataclass(frozen=True, slots=True)
class RatingLine(Line):
    """What a customer said last of how it went, from 1 to 5, and the words beside it."""

    rating: int
    words: str
    message: int
    at: datetime


@dataclass(frozen=True, slots=True)
class EventLine(Line):
    """One entry of the history of a thread."""

    at: datetime
    event: str
    message: int | None
    outbox: int | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MessageLine(Line):
    """A recorded message, without its text."""

    id: int
    mailbox: str
    thread: str | None
    message_id: str
    kind: str
    evidence: list[str]
    from_name: str
    from_address: str
    recipients: list[dict[str, str]]
    subject: str
    sent_at: datetime | None
    received_at: datetime
    recorded_at: datetime
    size: int
    language: str | None
    defects: list[str]
    match: str
    why_match: str
    silence: str | None
    understood: dict[str, Any] | None
    staff_answer: bool
    rating: int | None
    history: bool
    raw_sha256: str | None


@dataclass(frozen=True, slots=True)
class MessageTexts(Line):
    """The readable whole of a message, and what is new in it."""

    text: str
    reply_text: str


@dataclass(frozen=True, slots=True)
class MailLine(Line):
    """A mail of ours; `cause` is the message that it responds to."""

    id: int
    mailbox: str
    thread: str | None
    cause: int | None
    message_id: str
    kind: str
    sections: list[str]
    language: str
    reverse_path: str
    recipient: str
    state: str
    phase: str
    failures: int
    queued_at: datetime
    next_attempt_at: datetime | None
    expires_at: datetime
    concluded_at: datetime | None
    uncertain_at: datetime | None
    reply_code: int | None
    reply_text: str | None
    why: str | None
    resent: bool


@dataclass(frozen=True, slots=True)
class FileLine(Line):
    """A file that came with a message."""

    id: int
    mailbox: str
    thread: str | None
    message: int
    from_address: str
    received_at: datetime
    filename: str
    declared_type: str
    detected_type: str | None
    size: int
    sha256: str
    inline: bool
    verdict: str
    reason: str | None
    told_at: datetime | None
    held_until: datetime | None
    released_at: datetime | None
    dropped_at: datetime | None


@dataclass(frozen=True, slots=True)
class ParkedLine(Line):
    """A message that could not be processed; `error` says why at the last attempt."""

    id: int
    mailbox: str
    folder: str
    uid: int
    received_at: datetime
    recorded_at: datetime
    size: int
    failures: int
    error: str | None
    raw_sha256: str | None


@dataclass(frozen=True, slots=True)
class PlaceLine(Line):
    """Where a message was seen."""

    folder: str
    uid: int
    state: str
