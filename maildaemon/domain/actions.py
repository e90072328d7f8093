"""What a decision can ask for. `services.apply` has one case for each.

Recording the message itself is not an action: every message is recorded, whatever it is.
"""

from dataclasses import dataclass
from datetime import datetime

from maildaemon.domain.automatic import Silence
from maildaemon.domain.delivery import Announcement, Contacts, Refusal, Section
from maildaemon.domain.message import Address
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Link


@dataclass(frozen=True, slots=True)
class OpenThread:
    """Begin a thread with this message. `linked_to`: a thread its author may not join.
    `begun_earlier`: the conversation was under way before we knew of it. `continues`: a thread
    that was resolved too long ago to be opened again.
    """

    reference: str
    status: Status
    linked_to: int | None = None
    begun_earlier: bool = False
    continues: int | None = None


@dataclass(frozen=True, slots=True)
class MergeThread:
    """Make a thread one with that which the message joins: it proves that they are."""

    reference: str
    into: str


@dataclass(frozen=True, slots=True)
class JoinThread:
    """Add the message to a thread; `status` None leaves the thread's status as it is. `begins`:
    it is what a thread begun before it was missing.
    """

    thread_id: int
    reference: str
    status: Status | None
    begins: bool = False


@dataclass(frozen=True, slots=True)
class QueueMail:
    """Send one response to this message. `missing`: the facts it asks for, as in `Draft`.
    `number_unknown`: he gave an order number, and it is none of ours. `slower`: the customer's
    language is none of ours. `contacts`: another way, as it is urgent. `answer_by`: the date that
    he is told for what he waits for since `waiting_since`; `opens_at`: the shop is closed until
    then. None: nothing is said of it.
    """

    sections: tuple[Section, ...]
    to: Address
    language: str
    refusals: tuple[Refusal, ...]
    echo_subject: bool
    sender_known: bool = False
    missing: tuple[str, ...] = ()
    number_unknown: bool = False
    faq: tuple[Link, ...] = ()
    notices: tuple[Announcement, ...] = ()
    slower: bool = False
    contacts: Contacts | None = None
    waiting_since: datetime | None = None
    answer_by: datetime | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StaySilent:
    """Send nothing, for this reason."""

    reason: Silence


@dataclass(frozen=True, slots=True)
class CancelQueued:
    """A person answered: cancel every automatic mail of the thread that is still queued."""

    thread_id: int
    reason: Silence


@dataclass(frozen=True, slots=True)
class MarkUndeliverable:
    """Send nothing automatic to this address until then."""

    address: str
    until: datetime
    status: str


@dataclass(frozen=True, slots=True)
class MarkDeliverable:
    """Mail from this address proves that it lives: it may be written to again."""

    address: str


@dataclass(frozen=True, slots=True)
class MuteSender:
    """Send nothing automatic to this address until then: a program is suspected behind it, or
    somebody there complained.
    """

    address: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class MuteThread:
    """Send nothing automatic in the thread of this message any more: a rule says so."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The customer says how it went, from 1 to 5; it takes the place of what he said before."""

    rating: int


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the conversation to a colleague, and tell this address of it."""

    to: str


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the message, as it came, to a partner (by name) at this address."""

    partner: str
    to: str


@dataclass(frozen=True, slots=True)
class WithholdForward:
    """A partner should get the message, and must not: `why`. A person may send it on by hand."""

    partner: str
    why: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A mail of ours was seen: whatever we thought, it was accepted. `filed`: seen in Sent."""

    message_id: str
    filed: bool = False


@dataclass(frozen=True, slots=True)
class TakeProbe:
    """The mail to ourselves with this number is back: note it, and delete it in the mailbox."""

    number: int


Action = (
    OpenThread
    | MergeThread
    | JoinThread
    | QueueMail
    | StaySilent
    | CancelQueued
    | MarkUndeliverable
    | MarkDeliverable
    | MuteSender
    | MuteThread
    | Rate
    | Assign
    | Forward
    | WithholdForward
    | Witness
    | TakeProbe
)
