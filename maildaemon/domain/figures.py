"""What a shop's months looked like in numbers: a pure function of what the records hold."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import ceil

from maildaemon.domain.overview import Waiting
from maildaemon.domain.policy import Policy
from maildaemon.domain.threads import Status
from maildaemon.domain.timers import History, Written, answer_due
from maildaemon.domain.understanding import Matter

_HOUR = 3600
# How long a first reply took, up to how many seconds; the last step takes the rest.
STEPS = (
    ("under 1 hour", _HOUR),
    ("1 to 4 hours", 4 * _HOUR),
    ("4 to 8 hours", 8 * _HOUR),
    ("8 to 24 hours", 24 * _HOUR),
    ("1 to 2 days", 48 * _HOUR),
    ("2 to 3 days", 72 * _HOUR),
    ("3 to 7 days", 7 * 24 * _HOUR),
    ("over 7 days", None),
)
_UNNAMED = "none"
# A question that came once is no repeated one.
_REPEATED = 2
_QUESTIONS = 10


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the records hold of a conversation. `settled`: when it was taken as settled, each time;
    `promised` as in `History`; `question` is what it began with, as far as it can be compared.
    """

    matter: Matter
    written: tuple[Written, ...]
    settled: tuple[datetime, ...] = ()
    promised: Mapping[datetime, datetime] | None = None
    question: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Mails of one kind in a period, by what became of them."""

    what: str
    sent: int = 0
    drafts: int = 0
    shadow: int = 0


@dataclass(frozen=True, slots=True)
class Chronicle:
    """All that is counted of one mailbox in a period: conversations with mail in it (also such as
    began before), reasons and how often, the ratings that were given, and how it stands now.
    """

    conversations: tuple[Conversation, ...] = ()
    silences: Mapping[str, int] | None = None
    refused: Mapping[str, int] | None = None
    held: Mapping[str, int] | None = None
    ratings: tuple[int | None, ...] = ()
    mails: tuple[Sent, ...] = ()
    statuses: Mapping[str, int] | None = None
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """How many first replies took so long."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class FirstReplies:
    """Of the conversations that customers began in the period: how many were answered by a person,
    settled without a word, or are waiting; how long the answer took. Seconds are None if there is
    no answer, `share_in_time` (of those with a promise) if nothing was promised.
    """

    answered: int
    settled: int
    waiting: int
    median_seconds: int | None
    nine_in_ten_seconds: int | None
    share_in_time: float | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Promises:
    """Every wait of a customer that began in the period and for which something was promised.
    `pending`: neither kept nor broken yet.
    """

    kept: int
    broken: int
    pending: int
    share_kept: float | None


@dataclass(frozen=True, slots=True)
class Question:
    """Something that several conversations began with."""

    question: str
    count: int


@dataclass(frozen=True, slots=True)
class Month:
    """The conversations that customers began in a month (`2026-11`, in the shop's zone)."""

    month: str
    conversations: int
    categories: dict[str, int]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """How customers rated us. `average` None: nobody gave a digit."""

    answers: int
    average: float | None
    ratings: dict[str, int]


@dataclass(frozen=True, slots=True)
class Open:
    """A customer who waits now, without saying who he is. `danger`: broken, at_risk."""

    thread: str
    subject: str
    since: datetime
    due: datetime | None
    danger: str | None
    priority: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of all mailboxes together, from `since` until before `until`."""

    since: datetime
    until: datetime
    mailboxes: tuple[str, ...]
    conversations: int
    first_replies: FirstReplies
    promises: Promises
    statuses: dict[str, int]
    waiting: tuple[Open, ...]
    silences: dict[str, int]
    refused: dict[str, int]
    held: dict[str, int]
    feedback: Feedback
    months: tuple[Month, ...]
    mails: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A wait of a customer. `end` None: it lasts; `answered`: a person's answer ended it. `due`
    None: nothing was promised.
    """

    start: datetime
    end: datetime | None = None
    answered: bool = False
    due: datetime | None = None

    def kept(self, now: datetime) -> bool | None:
        """Tell whether the promise was kept; None if there was none, or it is not decided yet."""
        if self.due is None or (self.end is None and now < self.due):
            return None
        return self.end is not None and self.end <= self.due


def find_spans(conversation: Conversation, policy: Policy) -> tuple[Span, ...]:
    """Return every wait of the customer, in order of time; thanks wait for nothing."""
    spans: list[Span] = []
    start: datetime | None = None
    # What is settled at the instant of a message was settled after it.
    events = [
        *((one.at, 0, one) for one in conversation.written),
        *((at, 1, None) for at in conversation.settled),
    ]
    for at, _, one in sorted(events, key=lambda each: each[:2]):
        if one is not None and one.by_customer:
            start = start if start is not None or one.thanks else at
        elif start is not None:
            spans.append(_span(conversation, policy, start, at, answered=one is not None))
            start = None
    if start is not None:
        spans.append(_span(conversation, policy, start, None, answered=False))
    return tuple(spans)


def _span(
    conversation: Conversation,
    policy: Policy,
    start: datetime,
    end: datetime | None,
    *,
    answered: bool,
) -> Span:
    history = History(
        Status.OPEN,
        conversation.matter,
        conversation.written,
        promised=conversation.promised or {},
    )
    return Span(start, end, answered, answer_due(history, start, policy))


def add_up(
    chronicles: Sequence[tuple[Policy, Chronicle]],
    since: datetime,
    until: datetime,
    now: datetime,
    zone: tzinfo,
) -> Figures:
    """Return the numbers of a period. Promises are judged by the policy of today, but where a
    customer was told a date.
    """
    spans: list[Span] = []
    begun: list[tuple[Conversation, Span]] = []
    for policy, chronicle in chronicles:
        for one in chronicle.conversations:
            found = find_spans(one, policy)
            spans += [span for span in found if since <= span.start < until]
            first = found[0] if found else None
            if first and since <= first.start < until and _is_begun_by_customer(one):
                begun.append((one, first))
    every = [chronicle for _, chronicle in chronicles]
    waiting = (_open(each) for one in every for each in one.waiting)
    return Figures(
        since=since,
        until=until,
        mailboxes=tuple(policy.mailbox for policy, _ in chronicles),
        conversations=len(begun),
        first_replies=_first_replies([span for _, span in begun], now),
        promises=_promises(spans, now),
        statuses=_sum(one.statuses for one in every),
        waiting=tuple(sorted(waiting, key=lambda one: one.since)),
        silences=_sum(one.silences for one in every),
        refused=_sum(one.refused for one in every),
        held=_sum(one.held for one in every),
        feedback=_feedback([rating for one in every for rating in one.ratings]),
        months=tuple(_months(begun, zone)),
        mails=_mails(every),
    )


def _open(one: Waiting) -> Open:
    wait, about = one.wait, one.about
    danger = wait.danger.value if wait.danger else None
    return Open(about.reference, about.subject, wait.since, wait.due, danger, one.priority.value)


def _is_begun_by_customer(one: Conversation) -> bool:
    return bool(one.written) and one.written[0].by_customer


def _first_replies(spans: Sequence[Span], now: datetime) -> FirstReplies:
    took = sorted(
        round((span.end - span.start).total_seconds())
        for span in spans
        if span.end is not None and span.answered
    )
    judged = [kept for span in spans if (kept := span.kept(now)) is not None]
    return FirstReplies(
        answered=len(took),
        settled=sum(span.end is not None and not span.answered for span in spans),
        waiting=sum(span.end is None for span in spans),
        median_seconds=_median(took),
        nine_in_ten_seconds=took[ceil(0.9 * len(took)) - 1] if took else None,
        share_in_time=_share(sum(judged), len(judged)),
        steps=tuple(_steps(took)),
    )


def _steps(took: Sequence[int]) -> Iterable[Step]:
    before = 0
    for name, limit in STEPS:
        below = len(took) if limit is None else sum(one < limit for one in took)
        yield Step(name, below - before)
        before = below


def _median(ordered: Sequence[int]) -> int | None:
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def _promises(spans: Sequence[Span], now: datetime) -> Promises:
    judged = Counter(span.kept(now) for span in spans if span.due is not None)
    kept, broken = judged[True], judged[False]
    return Promises(kept, broken, judged[None], _share(kept, kept + broken))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _feedback(ratings: Sequence[int | None]) -> Feedback:
    given = [one for one in ratings if one is not None]
    average = round(sum(given) / len(given), 2) if given else None
    return Feedback(len(ratings), average, _ordered(Counter(str(one) for one in given)))


def _months(begun: Sequence[tuple[Conversation, Span]], zone: tzinfo) -> Iterable[Month]:
    by_month: dict[str, list[Conversation]] = {}
    for one, first in begun:
        by_month.setdefault(f"{first.start.astimezone(zone):%Y-%m}", []).append(one)
    for month in sorted(by_month):
        found = by_month[month]
        asked = Counter(one.question for one in found if one.question)
        often = sorted(asked.items(), key=lambda each: (-each[1], each[0]))
        repeated = [Question(*each) for each in often if each[1] >= _REPEATED]
        categories = Counter(one.matter.category or _UNNAMED for one in found)
        yield Month(month, len(found), _ordered(categories), tuple(repeated[:_QUESTIONS]))


def _mails(chronicles: Iterable[Chronicle]) -> tuple[Sent, ...]:
    total: dict[str, Sent] = {}
    for one in (mail for chronicle in chronicles for mail in chronicle.mails):
        known = total.get(one.what, Sent(one.what))
        total[one.what] = Sent(
            one.what,
            known.sent + one.sent,
            known.drafts + one.drafts,
            known.shadow + one.shadow,
        )
    return tuple(sorted(total.values(), key=lambda one: (-one.sent, one.what)))


def _sum(counts: Iterable[Mapping[str, int] | None]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one or {})
    return _ordered(total)


def _ordered(counted: Mapping[str, int]) -> dict[str, int]:
    """Return it with the most frequent first."""
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def previous_months(now: datetime, zone: tzinfo, months: int) -> datetime:
    """Return the first midnight, in the shop's zone, of the month so many months ago."""
    local = now.astimezone(zone)
    number = local.year * 12 + local.month - 1 - months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)


def end_of_month(begin: datetime) -> datetime:
    """Return the first midnight after the month that begins then."""
    later = begin + timedelta(days=31)
    return later.replace(day=1, hour=0, minute=0)
