"""What is known of threads, and of the mail by which a message may belong to one.

What is known is loaded beforehand and handed in; nothing here asks a database. Which thread it is
decides `matching`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maildaemon.domain.delivery import Refusal, Section
from maildaemon.domain.message import Address
from maildaemon.domain.understanding import Matter, OrderNumber


class MatchRule(StrEnum):
    """By what a message was matched, strongest first."""

    OWN_MESSAGE_ID = "own_message_id"
    REPLY_ADDRESS = "reply_address"
    IN_REPLY_TO = "in_reply_to"
    REFERENCES = "references"
    SHARED_REFERENCE = "shared_reference"
    SUBJECT_TAG = "subject_tag"
    ORDER_NUMBER = "order_number"
    SAME_SENDER_SUBJECT = "same_sender_subject"
    SAME_CUSTOMER = "same_customer"
    NEW = "new"


# Anybody can guess what these go by: they say what is meant, and prove nothing.
GUESSABLE = frozenset(
    {
        MatchRule.SUBJECT_TAG,
        MatchRule.ORDER_NUMBER,
        MatchRule.SAME_SENDER_SUBJECT,
        MatchRule.SAME_CUSTOMER,
    }
)


class Status(StrEnum):
    """Whose turn it is: ours, ours though answered, the customer's, nobody's."""

    OPEN = "open"
    WORKING = "working"
    PENDING = "pending"
    RESOLVED = "resolved"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class ThreadFacts:
    """A thread as a decision sees it. Addresses are keys (lower case); instants aware UTC.

    `customers` are the participants a staff answer can be meant for, `reply_addresses` where they
    want it (Reply-To), `proven` those for whose mail
    our own server has vouched before, `lists` the mailing lists through which it runs.
    `consulted` are those whom only we have written to in it, beside its customers: a supplier,
    say; `customer_names` what its customers call themselves (lower case).
    `responses_at` are the
    times of automatic mails queued in it; `refusals_explained` says one of them explained a
    refused file, `noticed_at` when the newest that tells a notice was queued, `untold` are
    refusals that none of them has told yet. `rehearsed` is what mails of it would have said that
    were only recorded (shadow). `asked_at`: when the
    customer's mails came that no person has answered. `begun_earlier`: the
    conversation was under way before we knew of it. `junked`: a person moved a message of it to
    Junk, and not back. `by_hand`: a person said whose turn it is. `kept_apart`: a person took
    it out of another one, or another out of it. `matter`: what its customers wrote of.
    `asked_how`: the ids of our mails that asked how it went; `asks_by_hand`: a person was to send
    one of them.
    """

    thread_id: int
    reference: str
    status: Status
    bare_subject: str
    participants: frozenset[str]
    customers: frozenset[str]
    reply_addresses: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    consulted: frozenset[str] = frozenset()
    customer_names: frozenset[str] = frozenset()
    begun_earlier: bool = False
    acknowledged: bool = False
    staff_answered: bool = False
    refusals_explained: bool = False
    noticed_at: datetime | None = None
    untold: tuple[Refusal, ...] = ()
    rehearsed: frozenset[Section] = frozenset()
    muted_until: datetime | None = None
    junked: bool = False
    kept_apart: bool = False
    by_hand: bool = False
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    last_message_at: datetime | None = None
    assigned_to: str | None = None
    asked_at: tuple[datetime, ...] = ()
    responses_at: tuple[datetime, ...] = ()
    matter: Matter = field(default_factory=Matter)
    asked_how: frozenset[str] = frozenset()
    asks_by_hand: bool = False

    def consults(self, writer: Address | None) -> bool:
        """Tell whether somebody takes part only because we asked him: a supplier, say. Who calls
        himself as a customer does is that customer, with another address.
        """
        if writer is None or writer.key not in self.consulted:
            return False
        return writer.name.strip().lower() not in self.customer_names


@dataclass(frozen=True, slots=True)
class Known:
    """A cited Message-ID that we have a record of.

    `own`: it is an automatic mail of ours. `thread_id` None: the record belongs to no thread.
    `cited_only`: never seen itself, but another stored message cites it too, of which
    `bare_subject` is the subject and `author` the key of its From; `direct`: as what it answers;
    `staff`: we wrote it, provably. There may be several of these to one id. `earlier`: seen only
    as a header when the mailbox was first read.
    """

    message_id: str
    thread_id: int | None
    bare_subject: str
    own: bool = False
    cited_only: bool = False
    author: str = ""
    staff: bool = False
    direct: bool = False
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A stored message that cites this one, although it came before it. `direct`: answers it.

    `author` is the key of its From; `staff`: we wrote it, provably.
    """

    message_id: str
    thread_id: int
    bare_subject: str
    author: str
    staff: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Clues:
    """What else than ids may lead to a thread; what is empty is not looked for.

    `reply_token` is the reference in a plus address that we signed. `subject` is bare, and telling
    enough to be gone by; only threads with mail since `since` count for it. `author`: the key of
    who writes. `recipients` (keys, of people outside) are given for what we provably wrote
    ourselves: it is known by whom it is to. `answers`: it cites some mail.
    """

    reply_token: str | None = None
    author: str = ""
    recipients: tuple[str, ...] = ()
    answers: bool = False
    order_numbers: tuple[OrderNumber, ...] = ()
    subject: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lookups:
    """What the database knows of the ids of one message, and of what else may tell its thread.

    `addressed` and `tagged` are the threads of a reply address and of a subject tag; `ordered`
    the open ones with the same order number, `resembling` those of the same sender and subject,
    the newest first. `waiting` is the only one that a mail of ours, written anew to this customer,
    can be meant for.
    """

    known: tuple[Known, ...] = ()
    tagged: int | None = None
    threads: Mapping[int, ThreadFacts] = field(default_factory=dict)
    addressed: int | None = None
    children: tuple[Child, ...] = ()
    ordered: tuple[int, ...] = ()
    resembling: tuple[int, ...] = ()
    waiting: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The thread found, or None for a new one; `stranger_to` is the one that stayed closed.

    `parent` is the cited id that decided. `cites_unknown`: it answers something, but nothing of
    it is in any thread of ours, so a conversation was under way before us. `merged`: threads that
    this message proves to be one with `thread`, whose facts are those of all. `continues`: the
    one it answers, resolved too long ago to be opened again. `begins`: it is the mail that a
    thread begun before it was missing. `answered`: a person has answered this very message.
    """

    rule: MatchRule
    thread: ThreadFacts | None
    why: str
    stranger_to: ThreadFacts | None = None
    parent: str | None = None
    cites_unknown: bool = False
    merged: tuple[ThreadFacts, ...] = ()
    continues: ThreadFacts | None = None
    begins: bool = False
    answered: bool = False

    @property
    def matter(self) -> Matter:
        """Return what the conversation was about before this message."""
        return self.thread.matter if self.thread else Matter()


_REFERENCES_AT_MOST = 1500
_AROUND_AN_ID = len("<> ")


def trim_references(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids that a reply of ours cites: the last, the first, and the newest between
    them that fit into 1 500 characters. The last one is kept whatever its length.

    Some relays refuse a header block of more than 4 KB, and long threads cite hundreds.
    """
    if not ids:
        return ()
    last = ids[-1]
    older = [one for one in dict.fromkeys(ids) if one != last]
    room = _REFERENCES_AT_MOST - len(last) - _AROUND_AN_ID
    kept = {last}
    for one in (*older[:1], *reversed(older[1:])):
        room -= len(one) + _AROUND_AN_ID
        if room < 0:
            break
        kept.add(one)
    return tuple(one for one in (*older, last) if one in kept)
