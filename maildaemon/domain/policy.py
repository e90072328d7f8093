"""What the operator wants, as the decisions see it. Made from the settings by `bootstrap`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from maildaemon.domain.control import Control
from maildaemon.domain.delivery import FOR_OURSELVES, Contacts, MailKind, Section
from maildaemon.domain.message import Address
from maildaemon.domain.opening import Hours
from maildaemon.domain.reading import NumberPattern, Reading
from maildaemon.domain.retention import Retention
from maildaemon.domain.rules import Rule, make_reading
from maildaemon.domain.timepolicy import TimePolicy


class Mode(StrEnum):
    """What becomes of a mail once it is decided, the most cautious first; no silence.

    `shadow`: recorded, never sent. `drafts`: put into the Drafts folder for a person to send.
    """

    SHADOW = "shadow"
    DRAFTS = "drafts"
    LIVE = "live"


class Reads(StrEnum):
    """What of a mailbox is read. `sent_only`: a colleague's own account, in which only answers to
    threads of the other mailboxes matter; nothing else of it is kept, and nothing is sent for it.
    """

    ALL = "all"
    SENT_ONLY = "sent_only"


class EchoSubject(StrEnum):
    """Whether the customer's subject may stand in our mail (it could be a spammer's text)."""

    NEVER = "never"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within any span of `per`."""

    count: int
    per: timedelta

    def is_reached(self, times: tuple[datetime, ...], now: datetime) -> bool:
        """Tell whether one more now would be too many."""
        return sum(now - at < self.per for at in times) >= self.count

    def __str__(self) -> str:
        """Return the rate as an operator reads it."""
        return f"{self.count} in {self.per}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings on what is sent. The first two silence; the mailbox's rate only delays.

    `reopen_within`: for how long an answer opens a resolved thread again. `same_subject_within`:
    for how long a thread may be known by its sender and subject alone; zero for never.
    """

    per_address: tuple[Rate, ...]
    per_thread: Rate
    per_mailbox: Rate
    burst: int
    longest_delay: timedelta
    reopen_within: timedelta = timedelta(days=30)
    same_subject_within: timedelta = timedelta(days=14)


class Treatment(StrEnum):
    """What becomes of a file that is welcome but for one thing: `hold` leaves it to staff."""

    REFUSE = "refuse"
    HOLD = "hold"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class ArchivePolicy:
    """How much an archive may hold; `max_size` in bytes, `max_ratio` unpacked to packed."""

    max_depth: int
    max_files: int
    max_size: int
    max_ratio: int
    encrypted: Treatment


@dataclass(frozen=True, slots=True)
class AttachmentPolicy:
    """Sizes in bytes; types may end in `/*`; extensions are lower case without the dot.

    `unscanned` is what becomes of a file while the virus scanner cannot be asked.
    """

    max_file_size: int
    max_total_size: int
    max_files: int
    allowed_types: tuple[str, ...]
    blocked_extensions: frozenset[str]
    archives: ArchivePolicy
    macros: Treatment
    unscanned: Treatment


@dataclass(frozen=True, slots=True)
class Notice:
    """A dated text that stands in responses from `starts_at` until before `ends_at` (aware UTC).

    `template` names it; `last_day` is what the customer is told.
    """

    template: str
    starts_at: datetime
    ends_at: datetime
    last_day: date


@dataclass(frozen=True, slots=True)
class Partner:
    """A seller or workshop that gets mails from rules; `address` is in lower case."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Probing:
    """How often a mail goes to ourselves, to which address, and after how long it is missed."""

    every: timedelta
    late_after: timedelta
    to: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that is decided for one mailbox by configuration.

    `addresses` are all of ours (lower case), `staff` those of colleagues; `warned` are those of
    them who are told what time brings where nobody else is named. `trust_reply_to` lists contact
    forms whose Reply-To is the customer. `authserv_id` None: no verdict is believed.
    `modes` are those of single sections, where they differ from `mode`. `plus_address`: what is
    sent automatically carries an address of its own for answers. `privacy_url` None: no
    privacy foot. `probe` None: no mail goes to ourselves. `reading` follows from the rest: what is
    looked for in a mail so that it can be judged.
    """

    mailbox: str
    sender: Address
    addresses: frozenset[str]
    staff: frozenset[str]
    trust_reply_to: frozenset[str]
    authserv_id: str | None
    default_language: str
    languages: tuple[str, ...]
    reply_within: timedelta
    mode: Mode
    echo_subject: EchoSubject
    max_message_size: int
    attachments: AttachmentPolicy
    limits: Limits
    reads: Reads = Reads.ALL
    warned: tuple[str, ...] = ()
    modes: tuple[tuple[Section, Mode], ...] = ()
    notices: tuple[Notice, ...] = ()
    plus_address: bool = False
    privacy_url: str | None = None
    retention: Retention = field(default_factory=Retention)
    partners: tuple[Partner, ...] = ()
    contacts: Contacts | None = None
    hours: Hours = field(default_factory=Hours)
    rules: tuple[Rule, ...] = ()
    order_numbers: tuple[NumberPattern, ...] = ()
    time: TimePolicy = field(default_factory=TimePolicy)
    control: Control = field(default_factory=Control)
    probe: Probing | None = None
    reading: Reading = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put together once what is asked for every message."""
        reading = make_reading(self.languages, self.rules, self.order_numbers)
        object.__setattr__(self, "reading", reading)

    def mode_of(self, sections: Iterable[Section]) -> Mode:
        """Return the mode of a mail with these sections: that of the most cautious one."""
        special = dict(self.modes)
        cautious = [*Mode]
        modes = (special.get(one, self.mode) for one in sections)
        # What has no sections, a mail to a colleague or a partner, follows the mailbox.
        return min(modes, key=cautious.index, default=self.mode)

    def names(self, address: str) -> bool:
        """Tell whether the configuration names this address: as that of a colleague, of a partner,
        or of the mailbox itself.
        """
        named = {
            *self.staff,
            *self.warned,
            self.sender.address,
            *(to for step in self.time.escalation for to in step.to),
            *(one.assign for one in self.rules if one.assign is not None),
            *(one.address for one in self.partners),
        }
        return address.lower() in map(str.lower, named)

    def mode_of_mail(self, kind: MailKind, sections: Iterable[Section]) -> Mode:
        """Return the mode of a mail of this kind. What colleagues are told about time is no draft:
        nobody would send it to himself; the digest tells them what a rehearsal would send, and a
        probe goes to nobody else.
        """
        if kind in FOR_OURSELVES:
            return Mode.LIVE
        if kind is MailKind.TRANSCRIPT:
            return Mode.DRAFTS  # a person asked for it, and sends it or not
        mode = self.mode_of(sections)
        return Mode.LIVE if kind is MailKind.STAFF and mode is Mode.DRAFTS else mode
