"""What is sent, and what became of it (RFC 5321).

The life of an outbox row::

    queued ──250──► sent            (a 250 counts even if the row was cancelled meanwhile)
      │ ├──5yz────► failed
      │ ├──4yz────► queued, later   ──too old──► expired
      │ ├──died at the dot──► queued, `uncertain_at` set
      │ │               ├─ a witness is found ──► sent
      │ │               ├─ none, an acknowledgement ──► unknown
      │ │               └─ none, anything else ──► queued once more, `resent`
      │ └──a human answered──► cancelled
      ├ draft: put into the Drafts folder, sent by a person or not at all
      │   ├──a human answered first──► cancelled
      │   └──cannot be put──► failed, or expired
      ├ shadow: recorded only, never sent
      └ held: due too long ago to go by itself; a person may release it
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from maildaemon.domain.message import Address
from maildaemon.domain.understanding import Link


class OutboxState(StrEnum):
    """Where an outbox row stands; everything but `queued` is final."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    DRAFT = "draft"
    SHADOW = "shadow"
    HELD = "held"


class Phase(StrEnum):
    """How far the present attempt got. `dot`: the server may have accepted the mail."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DOT = "dot"


class MailKind(StrEnum):
    """Why a mail is sent; part of the cause from which its Message-ID is derived."""

    RESPONSE = "response"
    ASSIGNMENT = "assignment"
    FORWARD = "forward"
    # What time brings, to customers and to colleagues.
    TIMED = "timed"
    STAFF = "staff"
    DIGEST = "digest"
    # What a person asked for, to look at and to send.
    TRANSCRIPT = "transcript"
    # To ourselves, to see that it comes back.
    PROBE = "probe"


# These go under every brake but that of the clock: by them people see how it stands.
FOR_OURSELVES = frozenset({MailKind.DIGEST, MailKind.PROBE})
# These go to whoever the configuration names for it, as long as it does.
FOR_NAMED = frozenset({MailKind.ASSIGNMENT, MailKind.FORWARD, MailKind.STAFF})


@dataclass(frozen=True, slots=True)
class Envelope:
    """RFC 5321 §2.3.1: one recipient a row. `reverse_path` is "" for the null reverse path."""

    reverse_path: str
    forward_path: str


@dataclass(frozen=True, slots=True)
class Reply:
    """RFC 5321 §4.2: what the server said, text without CR and LF."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took responsibility (2yz after the final dot)."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Deferred:
    """The server refused this message for now (4yz to MAIL, RCPT or DATA)."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server refused this message for good (5yz to MAIL, RCPT or DATA)."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The connection ended after the final dot may have left: accepted or not, nobody knows."""

    reason: str


Outcome = Accepted | Deferred | Rejected | Uncertain


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused file as the customer is told about it; `reason` is an attachment reason code.
    `filename` None: all files of a message, of which only the header was read.
    """

    filename: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """A dated text of the shop, by the name of its template, and the last day it holds."""

    template: str
    last_day: date


class Section(StrEnum):
    """The parts of which one response is made, in this order; then the mails that time brings,
    each one by itself and in no response.
    """

    ACKNOWLEDGEMENT = "acknowledgement"
    REFUSED_FILES = "refused_files"
    MISSING_FACTS = "missing_facts"
    FAQ = "faq"
    NOTICE = "notice"
    FOLLOW_UP = "follow_up"
    CLOSING_SOON = "closing_soon"
    UPDATE = "update"
    LATE = "late"
    ESCALATED = "escalated"
    FEEDBACK = "feedback"


RESPONSE = (
    Section.ACKNOWLEDGEMENT,
    Section.REFUSED_FILES,
    Section.MISSING_FACTS,
    Section.FAQ,
    Section.NOTICE,
)
TIMED = tuple(one for one in Section if one not in RESPONSE)
# Why a mail is held for a person: it is a day late.
TOO_LATE = "too_late"
# By these we want something of a customer, and not he of us.
ASKING = frozenset({Section.FOLLOW_UP, Section.CLOSING_SOON, Section.FEEDBACK})


@dataclass(frozen=True, slots=True)
class Contacts:
    """Another way to reach the shop. `hours` are in the shop's own words, None if it names none."""

    telephone: str
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A mail to a colleague or a partner: plain text, and perhaps a message as it came.

    `auto_submitted` is an RFC 3834 §5 keyword, None for a draft that a person is to send.
    `probe_mark`: it is one to ourselves, and carries this.
    """

    message_id: str
    date: datetime
    sender: Address
    recipient: Address
    subject: str
    text: str
    loop_token: str
    auto_submitted: str | None
    enclosed: bytes | None = None
    probe_mark: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a composer needs to write one mail; the bytes follow from it and the templates.

    `subject` is what the customer wrote, only if it may be echoed, else None.
    `references` are already trimmed. `reply_to`: where answers go, None for `sender`.
    `auto_submitted` is an RFC 3834 §5 keyword, None for a draft
    that a person is to send: nothing in it says that a program wrote it.
    `sender_known`: authenticated, or here before; anybody else may have forged the address.
    `accepted_types` and `max_file_size` (bytes) are told to a customer whose file was refused.
    `missing` are the facts that are asked for (`order_number`, `photo`, `question`),
    `number_unknown`: an order number was given and is none of ours. `faq` are the pages that may
    answer at once, `notices` the dated texts of these days. `slower`: the customer's language is
    none of ours, and an answer may take longer. `contacts`: named because it is urgent.
    `privacy_url` None: no privacy foot.

    Instants are aware UTC, and told in the shop's `zone`. `answer_by`: by when an answer is
    promised; `opens_at`: when the shop, now closed, opens again. `until` is the date of a mail that
    time brings: when the matter is taken as settled (`closing_soon`), what had been promised
    (`late`), by when the answer comes (`escalated`). `template`: the shop's own words
    `follow_up.NAME` of a reminder. `ratings`: where each answer to `feedback` leads, the best one
    first.
    """

    message_id: str
    date: datetime
    sender: Address
    recipient: Address
    language: str
    reference: str
    sections: tuple[Section, ...]
    subject: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    loop_token: str
    reply_to: str | None = None
    auto_submitted: str | None = "auto-replied"
    refusals: tuple[Refusal, ...] = ()
    sender_known: bool = False
    accepted_types: tuple[str, ...] = ()
    max_file_size: int = 0
    missing: tuple[str, ...] = ()
    number_unknown: bool = False
    faq: tuple[Link, ...] = ()
    notices: tuple[Announcement, ...] = ()
    slower: bool = False
    contacts: Contacts | None = None
    privacy_url: str | None = None
    zone: tzinfo = UTC
    answer_by: datetime | None = None
    opens_at: datetime | None = None
    until: datetime | None = None
    template: str | None = None
    ratings: tuple[str, ...] = ()
    thread_index: str | None = None
    thread_topic: str | None = None


_SHORTEST_PROVIDER_ID = 16


def provider_id(text: str) -> str:
    """Return the id that a server gives to a mail: the left side of a Message-ID, or the last
    long word of a 250 reply; empty if there is none.

    Amazon SES and others rewrite Message-IDs and tell the new one only there.
    """
    words = [word.strip("<>[]();,.").partition("@")[0] for word in text.split()]
    return next((word for word in reversed(words) if len(word) >= _SHORTEST_PROVIDER_ID), "")


_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)*")
_LONGEST_PATH = 254


def is_writable(address: str) -> bool:
    """Tell whether an automatic mail can be addressed to this: RFC 5321 §4.1.2 without quoted
    local parts and address literals, which nobody uses but those who try something.
    """
    local_part, at, domain = address.rpartition("@")
    fits = len(address.encode("utf-8", "replace")) <= _LONGEST_PATH
    return bool(at and fits and _ATOM.fullmatch(local_part) and _DOMAIN.fullmatch(domain))
