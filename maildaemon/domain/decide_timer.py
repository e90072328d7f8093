"""Decides what a timer that is due leads to. The counterpart of `decide`, for what time brings."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from maildaemon.domain.automatic import Silence
from maildaemon.domain.dates import over_at
from maildaemon.domain.delivery import Section, is_writable
from maildaemon.domain.hours import due_at
from maildaemon.domain.message import Address
from maildaemon.domain.policy import Policy
from maildaemon.domain.timers import Timer, TimerKind, template_section
from maildaemon.domain.understanding import Matter

LATE_AFTER = timedelta(hours=24)
# Who has two conversations with us is not asked for something in both on the same day.
ASKED_AGAIN_AFTER = timedelta(hours=24)
ASKS = frozenset({TimerKind.FOLLOW_UP, TimerKind.FEEDBACK})


@dataclass(frozen=True, slots=True)
class TimerContext:
    """What the decision knows besides the timer. Instants are aware UTC.

    `customer` is who is written to, None if there is nobody. `spoken_to`: he has had an answer, or
    an acknowledgement, from us: what was kept silent at first stays so. `language`: that of his
    mails, None if it is not known. `asked_at`: when he was last asked for something in another
    conversation, about the time that this is due. The rest is said of him or of the thread.
    """

    policy: Policy
    now: datetime
    customer: Address | None = None
    spoken_to: bool = False
    language: str | None = None
    matter: Matter = field(default_factory=Matter)
    assigned_to: str | None = None
    muted_until: datetime | None = None
    sender_muted_until: datetime | None = None
    undeliverable_until: datetime | None = None
    junked: bool = False
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WriteCustomer:
    """Send the customer this. `template`: the words of a reminder. `until`: the date that the mail
    names, None for none. `asked_at`: by that date he is promised an answer to what he wrote then,
    None for no promise. `not_before`: it waits until then, None for at once. `too_late`: it is
    kept for a person to release or forget.
    """

    section: Section
    to: Address
    language: str
    template: str | None = None
    until: datetime | None = None
    asked_at: datetime | None = None
    not_before: datetime | None = None
    too_late: bool = False


@dataclass(frozen=True, slots=True)
class TellStaff:
    """Tell these colleagues what the timer is about. `until`: by when they are to answer."""

    to: tuple[str, ...]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resolve:
    """Take the matter as settled."""


@dataclass(frozen=True, slots=True)
class KeepSilent:
    """The customer gets nothing, for this reason."""

    reason: Silence


TimedAction = WriteCustomer | TellStaff | Resolve | KeepSilent


def decide_timer(timer: Timer, context: TimerContext) -> tuple[TimedAction, ...]:
    """Return what to do about a timer that is due, in order; it is still in the thread's plan."""
    policy, matter = context.policy, context.matter
    match timer.kind:
        case TimerKind.WARNING if timer.promised_at and timer.promised_at <= context.now:
            return ()  # after a downtime: that it broke is told by itself
        case TimerKind.WARNING | TimerKind.RESOLUTION:
            return (TellStaff(_staff(context), timer.promised_at),)
        case TimerKind.LATE:
            told = TellStaff(_staff(context), timer.due_at)
            wanted = policy.time.promise(matter).tell_customer
            return (told, *_apologise(timer, context, wanted))
        case TimerKind.UPDATE:
            wanted = policy.time.promise(matter).update_customer
            return (
                TellStaff(_staff(context)),
                *_write(timer, context, Section.UPDATE, None, wanted),
            )
        case TimerKind.ESCALATION:
            return _escalate(timer, context)
        case TimerKind.UNANSWERED:
            return (TellStaff(policy.time.escalation[timer.step].to, timer.due_at),)
        case TimerKind.FOLLOW_UP:
            return _remind(timer, context)
        case TimerKind.RESOLVE:
            return (Resolve(),)
        case TimerKind.FEEDBACK:
            return _write(timer, context, Section.FEEDBACK, None, wanted=True)


def _apologise(
    timer: Timer, context: TimerContext, wanted: bool
) -> tuple[WriteCustomer | KeepSilent, ...]:
    """Tell the customer once what he was promised is over for him, too."""
    promised = timer.promised_at
    over = over_at(promised, context.policy.hours.zone, timer.since) if promised else None
    written = _write(timer, context, Section.LATE, promised, wanted)
    return tuple(
        replace(one, not_before=over) if isinstance(one, WriteCustomer) else one for one in written
    )


def _escalate(timer: Timer, context: TimerContext) -> tuple[TimedAction, ...]:
    step = context.policy.time.escalation[timer.step]
    within = step.answer_within
    until = due_at(context.now, within, context.policy.hours) if within else None
    written = _write(timer, context, Section.ESCALATED, until, step.tell_customer)
    asked_at = timer.since if until else None
    return (
        TellStaff(step.to, until),
        *(
            replace(one, asked_at=asked_at) if isinstance(one, WriteCustomer) else one
            for one in written
        ),
    )


def _remind(timer: Timer, context: TimerContext) -> tuple[TimedAction, ...]:
    step = context.policy.time.follow_up[timer.step]
    assert step.template is not None  # noqa: S101  a reminder is planned only where there is one
    section = template_section(step.template)
    until = _closing_at(timer, context) if section is Section.CLOSING_SOON else None
    return _write(timer, context, section, until, wanted=True, template=step.template)


def _closing_at(timer: Timer, context: TimerContext) -> datetime | None:
    """Return when the matter will be taken as settled, None if it never is."""
    policy = context.policy
    later = (one for one in policy.time.follow_up[timer.step :] if one.resolve)
    return next((due_at(timer.since, one.after, policy.hours) for one in later), None)


def _write(
    timer: Timer,
    context: TimerContext,
    section: Section,
    until: datetime | None,
    wanted: bool,
    template: str | None = None,
) -> tuple[WriteCustomer | KeepSilent, ...]:
    if not wanted:
        return ()
    if (reason := why_not_written(context)) is not None or context.customer is None:
        return (KeepSilent(reason or Silence.NOTHING_TO_SAY),)
    policy = context.policy
    language = context.language if context.language in policy.languages else None
    return (
        WriteCustomer(
            section=section,
            to=context.customer,
            language=language or policy.default_language,
            template=template,
            until=until,
            too_late=context.now - may_go_at(timer, context) > LATE_AFTER,
        ),
    )


def may_go_at(timer: Timer, context: TimerContext) -> datetime:
    """Return when a timer may do its work: when it is due, or a day after its customer was asked
    for something else.
    """
    if timer.kind not in ASKS or context.asked_at is None:
        return timer.due_at
    return max(timer.due_at, context.asked_at + ASKED_AGAIN_AFTER)


def why_not_written(context: TimerContext) -> Silence | None:
    """Return why the customer of a thread gets nothing by a timer, None if he may."""
    customer, now = context.customer, context.now
    if context.junked:
        return Silence.SPAM
    if customer is None or not context.spoken_to:
        return Silence.NOTHING_TO_SAY
    if not is_writable(customer.address) or _lasts(context.undeliverable_until, now):
        return Silence.ADDRESS_UNDELIVERABLE
    if _lasts(context.muted_until, now) or _lasts(context.sender_muted_until, now):
        return Silence.MUTED
    return None


def _staff(context: TimerContext) -> tuple[str, ...]:
    """Return who is told: who looks after it, else those who are meant to be, else whoever reads
    the mailbox itself.
    """
    assigned, policy = context.assigned_to, context.policy
    if assigned and is_writable(assigned):
        return (assigned,)
    return policy.warned or (policy.sender.address,)


def _lasts(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now
