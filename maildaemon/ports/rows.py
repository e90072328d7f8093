"""The rows of the database as the services see them: values in, values out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import MailKind, OutboxState, Phase, Section
from maildaemon.domain.threads import ThreadFacts
from maildaemon.ports import Role


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """A configured mailbox. `started_at` is None until the first start has read the history."""

    mailbox_id: int
    name: str
    started_at: datetime | None
    server_files_sent: bool | None


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A watched folder and its cursor. `looked_at`: when all that was listed stood recorded.
    `began_uid`: what is not above it was there before, and need not be recorded; None: it was not
    kept then.

    `held_uid`, `held_since`: up to which message, and since when, a colleague's account waits for
    the other mailboxes to be read and decided.
    """

    folder_id: int
    name: str
    role: Role
    uidvalidity: int
    last_uid: int
    looked_at: datetime | None
    held_uid: int | None = None
    held_since: datetime | None = None
    began_uid: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A message the server showed, as it goes into the journal. `raw_sha256` None: no bytes."""

    uid: int
    size: int
    received_at: datetime
    raw_sha256: str | None
    header_only: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is kept of a message from before the first start: no content, ids as they stand."""

    message_id: str
    sender: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Concern:
    """What a person should know of a mailbox for as long as it lasts; `name` tells one of a kind
    from another.
    """

    name: str
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message that is recorded, as it was decided. `in_junk`: where it was seen last. `erased`:
    nothing of it is known any more, and nothing follows from it. `is_cleared`: its bytes were let
    go of for good, since somebody was erased.
    """

    message_id: int
    kind: Kind
    in_junk: bool
    history: bool
    received_at: datetime
    thread: ThreadFacts | None
    erased: bool = False
    is_cleared: bool = False


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whether a message has been seen before. `message_id`: its record, None if there is none.

    `earlier`: it was there before the first start: its id, author and Date stand among what was
    read then. An id alone proves nothing: some programs reuse theirs. `reused`: a message with
    its Message-ID is recorded.
    """

    message_id: int | None
    earlier: bool
    reused: bool


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What is known of a message's sender and of its id before anything is decided.

    `sender_known`: a person has answered this address, or it wrote before our first start. That it
    wrote to us since proves nothing: it may be forged each time. Nothing automatic goes to it
    before `sender_muted_until` and `undeliverable_until` (None: it never was). `is_provider_id`: a
    server named this id when it took a mail of ours. `reference_free`: no thread has the reference.
    `braked`: a brake is on.
    """

    sender_known: bool
    sender_muted_until: datetime | None
    undeliverable_until: datetime | None
    is_provider_id: bool
    reference_free: bool
    braked: bool


@dataclass(frozen=True, slots=True)
class GapRow:
    """A UID that the server lists but does not deliver."""

    gap_id: int
    uid: int
    attempts: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class InboundRow:
    """A journal row taken for processing. `fence` is its `attempts` after the claim."""

    inbound_id: int
    mailbox_id: int
    role: Role
    uid: int
    fence: int
    failures: int
    alone: bool
    history: bool
    header_only: bool
    size: int
    received_at: datetime
    recorded_at: datetime
    raw_sha256: str | None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A mail to be sent. `phase` and `uncertain_at` tell how far an earlier attempt got.

    `cause_recorded_at`: when the message that it answers was recorded; None if it answers none.
    `released_at`: when a person had it sent, None if nobody did.
    """

    outbox_id: int
    mailbox_id: int
    thread_id: int | None
    message_id: str
    kind: MailKind
    sections: tuple[Section, ...]
    reverse_path: str
    recipient: str
    raw: bytes
    state: OutboxState
    phase: Phase
    fence: int
    failures: int
    queued_at: datetime
    due_at: datetime
    expires_at: datetime
    uncertain_at: datetime | None
    resent: bool
    released_at: datetime | None
    cause_recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewMail:
    """A composed mail on its way into the outbox."""

    mailbox_id: int
    thread_id: int | None
    cause_id: int | None
    message_id: str
    kind: MailKind
    sections: tuple[Section, ...]
    language: str
    reverse_path: str
    recipient: str
    raw: bytes
    state: OutboxState
    queued_at: datetime
    send_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours that a report is about: to whom it went (a key), and in which thread (None
    if in none).
    """

    outbox_id: int
    recipient: str
    thread: ThreadFacts | None


class Verb(StrEnum):
    """What is to be done in the mailbox."""

    FILE_COPY = "file_copy"
    PUT_DRAFT = "put_draft"
    REMOVE_PROBE = "remove_probe"


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """Something still to be done in the mailbox: a copy of a sent mail, or a draft, to be filed; a
    mail to ourselves to be deleted.
    """

    settlement_id: int
    mailbox_id: int
    outbox_id: int
    verb: Verb
    kind: MailKind
    message_id: str
    sections: tuple[Section, ...]
    raw: bytes
    fence: int
    failures: int
    thread_id: int | None
    queued_at: datetime
    expires_at: datetime
    sent_at: datetime
    cause_recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """How an account behaves. `refusals` counts refused passwords in a row."""

    refusals: int
    failures: int
    next_attempt_at: datetime | None
    credential: str | None
    last_error: str | None
    last_error_at: datetime | None
    last_success_at: datetime | None
