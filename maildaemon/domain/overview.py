"""What a shop should know at the start of a day: facts about its mailboxes, as they stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from maildaemon.domain.hours import due_at
from maildaemon.domain.policy import Mode, Policy
from maildaemon.domain.standing import Trouble
from maildaemon.domain.timers import History, answer_due
from maildaemon.domain.understanding import Priority

# What falls due until the next morning is told this morning.
_SOON = timedelta(days=1)


class Danger(StrEnum):
    """How it stands with a promise. `at_risk`: staff were warned, or it is due within a day."""

    BROKEN = "broken"
    AT_RISK = "at_risk"


@dataclass(frozen=True, slots=True)
class Wait:
    """A customer waits since then; `due` None: nothing was promised."""

    since: datetime
    due: datetime | None = None
    danger: Danger | None = None


@dataclass(frozen=True, slots=True)
class About:
    """The conversation that something belongs to. `customer` is an address, empty if nobody is
    known; `subject` as the customer wrote it.
    """

    reference: str
    customer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer whose turn it is not. `working`: answered before, but we owe more."""

    about: About
    wait: Wait
    priority: Priority = Priority.NORMAL
    working: bool = False
    assigned_to: str | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A conversation that is open with us, though its customer's last word is answered."""

    about: About
    last_message_at: datetime


@dataclass(frozen=True, slots=True)
class OwnMail:
    """A mail of ours that a person should know of. `what`: what it says, by its sections or kind;
    `why`: what became of it.
    """

    outbox_id: int
    recipient: str
    what: str
    at: datetime
    about: About | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was held or refused. `told`: the customer knows."""

    attachment_id: int
    filename: str
    reason: str
    held: bool
    told: bool
    sender: str
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that somebody should look at; `what` says more about it."""

    sender: str
    subject: str
    at: datetime
    what: str = ""
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """What happened since the last morning: customers' mails that came, conversations that were
    answered and settled, mails that we sent by ourselves.
    """

    came: int = 0
    answered: int = 0
    resolved: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """One mailbox. `unlisted`: how many open conversations were not looked into any more. `shadow`
    is what would have been sent in `live`, `failed` what we sent and did not arrive, `bounced` the
    reports of that, `too_large` mails of which only the header was read, `withheld` what a partner
    should have got. `day` None: a colleague's account, of which only the troubles matter.
    """

    mailbox: str
    mode: Mode = Mode.LIVE
    day: Day | None = None
    troubles: tuple[Trouble, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    owed: tuple[Owed, ...] = ()
    unlisted: int = 0
    held: tuple[OwnMail, ...] = ()
    drafts: tuple[OwnMail, ...] = ()
    shadow: tuple[OwnMail, ...] = ()
    failed: tuple[OwnMail, ...] = ()
    files: tuple[KeptFile, ...] = ()
    junk: tuple[Mail, ...] = ()
    bounced: tuple[Mail, ...] = ()
    parked: tuple[Mail, ...] = ()
    too_large: tuple[Mail, ...] = ()
    withheld: tuple[Mail, ...] = ()
    feedback: tuple[Mail, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All mailboxes. Instants are aware UTC, and told in the shop's `zone`."""

    zone: tzinfo
    mailboxes: tuple[MailboxFacts, ...]


def find_wait(history: History, policy: Policy, now: datetime) -> Wait | None:
    """Return for what the customer waits, None if he does not."""
    since = history.waiting_since
    if since is None:
        return None
    due = answer_due(history, since, policy)
    if due is None:
        return Wait(since)
    if due <= now:
        return Wait(since, due, Danger.BROKEN)
    warn_at = policy.time.promise(history.matter).warn_at
    warned = warn_at is not None and due_at(since, warn_at, policy.hours) <= now
    return Wait(since, due, Danger.AT_RISK if warned or due - now < _SOON else None)
