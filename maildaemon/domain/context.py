"""What a decision knows, and what it is."""

from dataclasses import dataclass, field
from datetime import datetime

from maildaemon.domain.actions import Action, JoinThread, OpenThread, QueueMail, Rate
from maildaemon.domain.attachments import Judged
from maildaemon.domain.automatic import Judgement, Silence
from maildaemon.domain.policy import Policy
from maildaemon.domain.responder import Glance
from maildaemon.domain.threads import Lookups, Match, Status, ThreadFacts
from maildaemon.domain.understanding import Matter, Understanding


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision knows besides the message. Instants are aware UTC.

    `received_at` is the INTERNALDATE, `recorded_at` when we first saw the message: age is judged
    by that, once, so that a message does not grow old in our own queue. `own`: we signed it, or a
    server told us this id; `probe`: which of our mails to ourselves it is, None if it is none.
    `reported_thread` is the thread of the mail of ours that a bounce or
    a receipt is about, `reported_to` the address (a key) that it went to, None if there is no such
    mail. What is said of the sender
    (`sender_responses_at`: the times of the automatic mails to this address, `sender_lately`: his
    other mails of the last hour) is said of `find_writer`. `history`: read from the time before
    the first start. `placed`: the thread in which the message has stood since an earlier decision;
    `rescued`: that one took it for spam, and a person did not. `rating`: what it says by a mark of
    ours about how it went in the thread of `lookups.addressed`, None without such a mark.
    """

    policy: Policy
    now: datetime
    received_at: datetime
    recorded_at: datetime
    new_reference: str
    lookups: Lookups = field(default_factory=Lookups)
    in_sent: bool = False
    in_junk: bool = False
    rescued: bool = False
    placed: ThreadFacts | None = None
    history: bool = False
    own: bool = False
    probe: int | None = None
    reported_to: str | None = None
    reported_thread: ThreadFacts | None = None
    undeliverable_until: datetime | None = None
    sender_muted_until: datetime | None = None
    sender_lately: tuple[Glance, ...] = ()
    sender_responses_at: tuple[datetime, ...] = ()
    sender_known: bool = False
    earlier_language: str | None = None
    breaker_open: bool = False
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer: what the message is, where it belongs, what is done about it.

    `silence` is None exactly if a mail is queued. `understanding` is of the message alone,
    `matter` of its conversation with it.
    """

    judgement: Judgement
    match: Match
    verdicts: tuple[Judged, ...]
    actions: tuple[Action, ...]
    silence: Silence | None
    staff_answer: bool = False
    understanding: Understanding = field(default_factory=Understanding)
    matter: Matter = field(default_factory=Matter)

    @property
    def staff_begins(self) -> bool:
        """Tell whether one of us, provably, begins a conversation with this message."""
        opened = (a for a in self.actions if isinstance(a, OpenThread))
        return any(a.status is Status.PENDING for a in opened)

    @property
    def thread(self) -> str | None:
        """Return the reference of the thread that the message goes to, None for no thread."""
        filed = (a.reference for a in self.actions if isinstance(a, OpenThread | JoinThread))
        return next(filed, None)

    @property
    def rating(self) -> int | None:
        """Return how the customer rates the help he got, None if he does not."""
        return next((a.rating for a in self.actions if isinstance(a, Rate)), None)

    @property
    def mail(self) -> QueueMail | None:
        """Return the mail that is to be queued, None if there is silence."""
        return next((a for a in self.actions if isinstance(a, QueueMail)), None)
