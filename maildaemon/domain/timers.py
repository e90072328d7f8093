"""What is to happen in a conversation, and when: a pure function of its history and the policy.

Nothing here remembers anything. The history holds what was written, what has fired and what was
told; whoever asks again gets the same timers, and applies the difference to those he has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from maildaemon.domain.delivery import TIMED, Section
from maildaemon.domain.hours import due_at, not_before_opening
from maildaemon.domain.policy import Policy
from maildaemon.domain.spans import Span
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import EscalationStep, Promise, part_of
from maildaemon.domain.understanding import Matter

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class TimerKind(StrEnum):
    """What a timer does.

    To staff: `warning` (a promise is at risk), `update` (the customer should hear how it stands),
    `resolution` (the matter should be settled by now), `escalation`, `unanswered` (nor has who it
    went to answered in time). To both: `late` (a promise was not kept). To the customer:
    `follow_up`, `feedback`. `resolve` takes the matter as settled.
    """

    WARNING = "warning"
    LATE = "late"
    UPDATE = "update"
    RESOLUTION = "resolution"
    ESCALATION = "escalation"
    UNANSWERED = "unanswered"
    FOLLOW_UP = "follow_up"
    RESOLVE = "resolve"
    FEEDBACK = "feedback"


# By their order several that are due at the same instant are done: what stands on its own first.
ORDER = tuple(TimerKind)
TOLD_TO_STAFF = frozenset(TimerKind) - {TimerKind.FOLLOW_UP, TimerKind.RESOLVE, TimerKind.FEEDBACK}


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is to happen at `due_at`, because a clock has run since `since`.

    `key` names it within its thread; it fires once. `parts` are those of the policy it rests on.
    `step` is its place in `escalation` or `follow_up`. `promised_at`: the date that was promised.
    """

    key: str
    kind: TimerKind
    since: datetime
    due_at: datetime
    parts: tuple[str, ...]
    step: int = 0
    promised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A message that counts: of a customer, or a person's answer to him. `thanks`: it says nothing
    but thanks.
    """

    at: datetime
    by_customer: bool
    thanks: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What a thread's timers follow from. Instants are aware UTC.

    `written` stands in the order of arrival, without what was there before the first start.
    `resolved_at`: when it was taken as settled the last time, also if it was opened again since.
    `promised`: the dates that the customer was told, by the message that he waited for then.
    `fired`: when which timers fired. `elsewhere_at`: when the customer wrote last in another
    conversation, or into Junk, since our answer in this one was seen.
    """

    status: Status
    matter: Matter = field(default_factory=Matter)
    written: tuple[Written, ...] = ()
    resolved_at: datetime | None = None
    promised: Mapping[datetime, datetime] = field(default_factory=dict)
    fired: Mapping[str, datetime] = field(default_factory=dict)
    elsewhere_at: datetime | None = None

    @property
    def answered_at(self) -> datetime | None:
        """Return when a person answered last, None if nobody has."""
        return max((one.at for one in self.written if not one.by_customer), default=None)

    @property
    def begun_at(self) -> datetime | None:
        """Return when the case began: with the customer's first message since it was settled."""
        since = self.resolved_at or _BEGINNING
        asked = (one.at for one in self.written if one.by_customer)
        return next((at for at in asked if at > since), self.waiting_since)

    @property
    def waiting_since(self) -> datetime | None:
        """Return the arrival of the oldest message that nobody has answered, None if there is none.
        Thanks wait for nothing, nor does what was settled; but where it is our turn somebody waits.
        """
        # By their order: servers date mail by whole seconds.
        answers = [at for at, one in enumerate(self.written) if not one.by_customer]
        since = self.resolved_at or _BEGINNING
        later = self.written[answers[-1] + 1 :] if answers else self.written
        asked = [one.at for one in later if one.by_customer and not one.thanks]
        if waits := [at for at in asked if at > since]:
            return waits[0]
        # Mail is dated by another clock than settling: what came in the same moment opens it again.
        return asked[-1] if asked and self.status is Status.OPEN else None


def plan_timers(
    history: History, policy: Policy, in_force: Mapping[str, datetime] | None = None
) -> tuple[Timer, ...]:
    """Return the timers of a thread, those included that have fired; the earliest first.

    `in_force` tells since when which parts of the policy hold: what was due before is left out.
    None: it has always been so.
    """
    if not any(one.by_customer for one in history.written):
        return ()  # begun by us, and nobody has answered
    match history.status:
        case Status.OPEN | Status.WORKING:
            planned = _while_ours(history, policy)
        case Status.PENDING:
            planned = _while_theirs(history, policy)
        case Status.RESOLVED:
            planned = _once_settled(history, policy)
        case _:
            return ()
    known = in_force or {}
    timers = (
        one
        for one in planned
        if one.key in history.fired
        or all(one.due_at >= known.get(part, _BEGINNING) for part in one.parts)
    )
    return tuple(sorted(timers, key=_order))


def _order(one: Timer) -> tuple[datetime, int, int, str]:
    return one.due_at, ORDER.index(one.kind), one.step, one.key


def _while_ours(history: History, policy: Policy) -> Iterator[Timer]:
    promise = policy.time.promise(history.matter)
    if (start := history.waiting_since) is not None:
        yield from _promised(history, start, promise, policy)
        yield from _escalated(history, start, policy)
    if promise.update_every and (begun := history.begun_at or history.answered_at):
        yield from _updates(history, begun, promise, promise.update_every, policy)
    if promise.resolution and (begun := history.begun_at):
        due = due_at(begun, promise.resolution, policy.hours)
        yield _timer(TimerKind.RESOLUTION, begun, due, part_of(promise))


def _promised(
    history: History, start: datetime, promise: Promise, policy: Policy
) -> Iterator[Timer]:
    told, due = told_date(history, start), answer_due(history, start, policy)
    if due is None:
        return
    part = part_of(promise)
    # A date that was told is a fact, whatever the policy says by now.
    parts = () if told else (part,)
    yield Timer(_key(TimerKind.LATE, start), TimerKind.LATE, start, due, parts, 0, told)
    if promise.warn_at is not None:
        warn_at = due_at(start, promise.warn_at, policy.hours)
        if warn_at < due:
            yield _timer(TimerKind.WARNING, start, warn_at, part, promised_at=due)


def answer_due(history: History, start: datetime, policy: Policy) -> datetime | None:
    """Return by when what arrived at `start` is to be answered, None if nothing is promised."""
    if told := told_date(history, start):
        return told
    promise = policy.time.promise(history.matter)
    first = not any(not one.by_customer and one.at < start for one in history.written)
    span = promise.first_reply if first else promise.next_reply
    return due_at(start, span, policy.hours) if span else None


def told_date(history: History, start: datetime) -> datetime | None:
    """Return by when the customer was told to have an answer to what arrived at `start`, None if he
    was not told. What was two conversations may hold two dates: the first one counts.
    """
    answered = (one.at for one in history.written if not one.by_customer and one.at > start)
    end = min(answered, default=None)
    told = history.promised.items()
    waited = (until for since, until in told if since >= start and (end is None or since < end))
    return min(waited, default=None)


def _escalated(history: History, start: datetime, policy: Policy) -> Iterator[Timer]:
    answered = history.answered_at is not None
    for at, step in enumerate(policy.time.escalation):
        if not step.concerns(history.matter):
            continue
        if step.after is not None:
            due = due_at(start, step.after, policy.hours)
            escalation = _timer(TimerKind.ESCALATION, start, due, part_of(step), step=at)
        elif answered and (begun := history.begun_at) is not None:
            # Once a case, however often it goes to and fro from then on.
            key = _key(TimerKind.ESCALATION, begun, part_of(step))
            parts = (part_of(step),)
            escalation = Timer(key, TimerKind.ESCALATION, start, start, parts, at)
        else:
            continue
        yield escalation
        yield from _unanswered(history, escalation, step, start, policy)


def _unanswered(
    history: History, escalation: Timer, step: EscalationStep, start: datetime, policy: Policy
) -> Iterator[Timer]:
    fired_at = history.fired.get(escalation.key)
    if fired_at is None or step.answer_within is None or fired_at < start:
        return
    due = due_at(fired_at, step.answer_within, policy.hours)
    yield _timer(TimerKind.UNANSWERED, fired_at, due, part_of(step), step=escalation.step)


def _updates(
    history: History, begun: datetime, promise: Promise, every: Span, policy: Policy
) -> Iterator[Timer]:
    """Yield the next reminder, and those that have fired since the customer last heard of us: what
    came of them may still be on its way.
    """
    kind, part = TimerKind.UPDATE, part_of(promise)
    heard_at = max(begun, history.answered_at or begun)
    reminded = {key: at for key, at in history.fired.items() if key.startswith(f"{kind}:")}
    for key in reminded:
        since = datetime.fromisoformat(key.partition(":")[2])
        if since >= heard_at:
            yield _timer(kind, since, due_at(since, every, policy.hours), part)
    since = max((heard_at, *reminded.values()))
    # As long as it was the customer's turn he was not to hear anything.
    if (start := history.waiting_since) and due_at(since, every, policy.hours) < start:
        since = start
    yield _timer(kind, since, due_at(since, every, policy.hours), part)


def _while_theirs(history: History, policy: Policy) -> Iterator[Timer]:
    since = history.answered_at
    if since is None:
        return
    # Who has thanked us, or has written under another subject, is not silent: he is reminded of
    # nothing.
    heard = any(one.by_customer and one.at > since for one in history.written)
    heard |= history.elsewhere_at is not None and history.elsewhere_at > since
    reminded_at = _reminded_at(history, since)
    for at, step in enumerate(policy.time.follow_up):
        due = due_at(since, step.after, policy.hours)
        if step.template and not heard:
            # What nobody waits for does not come before the shop opens on that day.
            due = not_before_opening(due, policy.hours)
            mode = mode_part(policy, template_section(step.template))
            parts = (part_of(step), mode)
            key = _key(TimerKind.FOLLOW_UP, since, f"{step.template}:{_same_before(policy, at)}")
            fired_at = history.fired.get(key)
            # Of steps that are due together, as after an outage or by a new ladder, one goes. What
            # still waits of an earlier one, a later one has overtaken.
            if fired_at == reminded_at or (fired_at is None and due > reminded_at):
                yield Timer(key, TimerKind.FOLLOW_UP, since, due, parts, at)
        if step.resolve:
            yield _timer(TimerKind.RESOLVE, since, due, part_of(step), step=at)


def _reminded_at(history: History, since: datetime) -> datetime:
    """Return when the customer was reminded last of our answer of `since`."""
    start, end = f"{TimerKind.FOLLOW_UP}:", _key(TimerKind.FOLLOW_UP, since).partition(":")[2]
    keys = (key for key in history.fired if key.startswith(start) and key.endswith(end))
    return max((history.fired[key] for key in keys), default=_BEGINNING)


def _same_before(policy: Policy, at: int) -> int:
    """Return how many earlier steps send the same: a step that only moves is still the same."""
    steps = policy.time.follow_up
    return sum(one.template == steps[at].template for one in steps[:at])


def _once_settled(history: History, policy: Policy) -> Iterator[Timer]:
    feedback = policy.time.feedback
    if feedback is None or history.resolved_at is None:
        return
    due = not_before_opening(due_at(history.resolved_at, feedback, policy.hours), policy.hours)
    parts = (part_of(feedback), mode_part(policy, Section.FEEDBACK))
    # Nobody is asked twice about the same conversation.
    key = f"{TimerKind.FEEDBACK}:once"
    yield Timer(key, TimerKind.FEEDBACK, history.resolved_at, due, parts)


def template_section(template: str) -> Section:
    """Return the section of a reminder: one that is not shipped is a `follow_up` by its words."""
    return Section.CLOSING_SOON if template == Section.CLOSING_SOON else Section.FOLLOW_UP


def mode_part(policy: Policy, section: Section) -> str:
    """Return what stands for the mode of a section, to keep since when it is in force."""
    return f"mode:{section}:{policy.mode_of((section,))}"


def parts_in_force(policy: Policy) -> frozenset[str]:
    """Return every part of the policy by which timers are planned. Hours are one of them: by new
    ones all is planned anew, but on them alone no timer rests.
    """
    modes = (mode_part(policy, section) for section in TIMED)
    return frozenset((*policy.time.parts, *modes, part_of(policy.hours)))


def _timer(
    kind: TimerKind,
    since: datetime,
    due: datetime,
    part: str,
    *,
    step: int = 0,
    promised_at: datetime | None = None,
) -> Timer:
    more = part if kind in {TimerKind.ESCALATION, TimerKind.UNANSWERED} else ""
    return Timer(_key(kind, since, more), kind, since, due, (part,), step, promised_at)


def _key(kind: TimerKind, since: datetime, more: str = "") -> str:
    return ":".join(one for one in (kind, more, since.astimezone(UTC).isoformat()) if one)
