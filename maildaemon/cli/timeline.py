"""What was simulated, conversation by conversation: as objects, and as a page for people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from maildaemon.adapters.sql.chronicle import Case
from maildaemon.cli.output import paint, plain, say
from maildaemon.cli.simulation import Simulated
from maildaemon.cli.words import HANDED_OVER, KINDS, SECTIONS, SILENCES, STATUSES, TIMERS, in_words
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.dates import tell_end
from maildaemon.domain.threads import Status
from maildaemon.domain.timeline import SENT, Event, Told
from maildaemon.domain.timers import TimerKind

DAY = "%a %Y-%m-%d"
WHEN = f"{DAY} %H:%M"
_INDENT = " " * len("Mon 2026-11-23 09:00")
# Nobody expects an automatic answer to one of us.
OF_COURSE = frozenset({Silence.OWN_ADDRESS, Silence.OWN_MAIL})


def zone_of(one: Simulated, thread: str | None = None) -> tzinfo:
    """Return the zone in which times are told: that of the mailbox in which a conversation is held,
    else that of the first one.
    """
    return one.zones.get(thread, one.policies[0].hours.zone)


def as_object(told: Told, zone: tzinfo) -> dict[str, Any]:
    """Return one event as `simulate --json` prints it; unknown is None, no key is ever missing."""
    return {
        "at": told.at.astimezone(zone).isoformat(timespec="seconds"),
        "thread": told.thread,
        "event": told.event.value,
        "mail": told.mail,
        "to": told.to,
        "why": told.why,
    }


def put_cases(one: Simulated) -> None:
    """Print conversation after conversation."""
    zone = zone_of(one)
    by_thread: dict[str | None, list[Told]] = {}
    for told in one.told:
        by_thread.setdefault(told.thread, []).append(told)
    quiet: list[Told] = by_thread.pop(None, [])
    cases = {case.reference: case for case in one.cases}
    for reference, events in by_thread.items():
        case = cases.get(reference or "")
        if case is None or (case.status is Status.IGNORED and _is_quiet(events)):
            quiet += events
        else:
            _put_case(case, events, zone_of(one, reference))
    _put_quiet(quiet, zone)


def _is_quiet(events: Sequence[Told]) -> bool:
    return all(one.event in {Event.MESSAGE_RECEIVED, Event.SILENCE} for one in events)


def _put_case(case: Case, events: Sequence[Told], zone: tzinfo) -> None:
    about = ", ".join(filter(None, (case.category, case.priority)))
    title = f"{case.reference}  “{plain(case.subject)}”"
    say(f"{paint(title, 'cyan')}  ({about}; {in_words(case.status.value, STATUSES)})")
    _put_lines(_lines(_to_all(_worth_telling(events)), zone), zone)
    say()


def _put_quiet(events: Sequence[Told], zone: tzinfo) -> None:
    """Print what belongs to no conversation that anybody has: machines, lists, advertising."""
    if not events:
        return
    say(paint("Nobody's turn: machines, lists, advertising", "cyan"))
    _put_lines(_lines(sorted(events, key=lambda one: one.at), zone), zone)
    say()


@dataclass(frozen=True, slots=True)
class _Line:
    """What happened `at` a time, and how often it did so again, the last time at `again_at`."""

    at: datetime
    text: str
    event: Event
    again: int = 0
    again_at: datetime | None = None


def _put_lines(lines: Iterable[_Line], zone: tzinfo) -> None:
    shown = ""
    for one in lines:
        at = f"{one.at.astimezone(zone):{WHEN}}"
        say(f"  {_INDENT if at == shown else at}  {one.text}")
        shown = at
        if one.again_at:
            last = f"{one.again_at.astimezone(zone):{WHEN}}"
            again = "once more" if one.again == 1 else f"{one.again} times more, the last time"
            say(f"  {_INDENT}  … and {again} {'on ' if one.again == 1 else ''}{last}")


def _worth_telling(events: Sequence[Told]) -> Iterator[Told]:
    answered = {one.at for one in events if one.event is Event.STAFF_ANSWERED}
    partners = {one.at for one in events if one.why == Kind.PARTNER}
    for one in events:
        ours = one.why == Kind.STAFF and one.at in answered
        if one.event is Event.MESSAGE_RECEIVED and ours:
            continue  # that it is an answer is said as well
        if one.event is Event.SILENCE and one.at in partners:
            continue  # nobody expects one
        yield one


def _to_all(events: Iterable[Told]) -> Iterator[Told]:
    """Yield what happened, a mail that several get at the same moment once, to all of them."""
    waiting: Told | None = None
    for one in events:
        if waiting and _is_same_mail(waiting, one):
            waiting = replace(waiting, to=f"{waiting.to}, {one.to}")
            continue
        if waiting:
            yield waiting
        waiting = one
    if waiting:
        yield waiting


def _is_same_mail(one: Told, other: Told) -> bool:
    return one.event in SENT and replace(one, to=None) == replace(other, to=None)


def _lines(events: Iterable[Told], zone: tzinfo) -> list[_Line]:
    """Return what people read of it; of a reminder that comes again and again, how often."""
    lines: list[_Line] = []
    before: Told | None = None
    for one in events:
        text = in_a_line(one, zone)
        if not text:
            continue
        if before and _is_repeated(before, one):
            last = lines.pop()
            lines.append(replace(last, again=last.again + 1, again_at=one.at))
        else:
            lines.append(_Line(one.at, text, one.event))
        before = one
    return lines


def _is_repeated(before: Told, one: Told) -> bool:
    same = (before.event, before.mail, before.to) == (one.event, one.mail, one.to)
    return same and one.event is Event.STAFF_WARNED


def in_a_line(one: Told, zone: tzinfo) -> str:
    """Return an event in words; empty if people need not hear of it."""
    match one.event:
        case Event.MESSAGE_RECEIVED:
            return _received(one)
        case Event.STAFF_ANSWERED:
            return f"we answer ({plain(one.author)})"
        case Event.MAIL_QUEUED | Event.STAFF_WARNED | Event.ESCALATED:
            return _sending(one) + _date(one, zone) + _since(one, zone)
        case Event.SILENCE if one.why not in OF_COURSE:
            return f"no automatic mail: {in_words(one.why or '', SILENCES)}"
        case Event.FORWARD_WITHHELD:
            return f"not sent on to the partner {plain(one.to or '')}: {plain(one.why or '')}"
        case Event.PROMISE_BROKEN:
            return f"✗ no answer by the time that was promised{_since(one, zone)}"
        case Event.THREAD_RESOLVED:
            return f"taken as settled: {TIMERS.get(one.why or '', 'by hand')}{_since(one, zone)}"
        case Event.THREAD_REOPENED:
            return "opened again"
        case Event.TIMER_PARKED:
            return f"✗ put aside ({TIMERS.get(one.mail or '', one.mail)}): {plain(one.why or '')}"
        case _:
            # What was planned and came to nothing is of interest to programs alone.
            return ""


def _received(one: Told) -> str:
    about = f"“{plain(one.subject)}”" if one.subject else "(no subject)"
    if one.why == Kind.CUSTOMER:
        return f"{plain(one.author)} writes: {about}"
    return f"{plain(one.author)}: {about} ({KINDS.get(one.why or '', one.why)})"


def _sending(one: Told) -> str:
    arrow = f"→ {plain(one.to or '')}:"
    match one.event:
        case Event.STAFF_WARNED:
            return f"{arrow} warned: {TIMERS.get(one.mail or '', one.mail)}"
        case Event.ESCALATED:
            return f"{arrow} escalated: {TIMERS.get(one.mail or '', one.mail)}"
        case _:
            return f"{arrow} {mail_in_words(one.mail or '')}"


def mail_in_words(mail: str) -> str:
    """Return what a mail says, by its sections."""
    words = [SECTIONS.get(one, HANDED_OVER.get(one, one)) for one in mail.split("+")]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _date(one: Told, zone: tzinfo) -> str:
    if one.due_at is None:
        return ""
    day, clock = tell_end(one.due_at, zone)
    return f"; it promises an answer by {day:{DAY}} {clock}"


def _since(one: Told, zone: tzinfo) -> str:
    if one.since is None:
        return ""
    since = f"{one.since.astimezone(zone):{WHEN}}"
    return f" ({_CLOCKS.get(one.why or '', 'since')} {since})"


# What has lasted for as long as the clock has run.
_CLOCKS: Mapping[str, str] = {
    TimerKind.WARNING: "waiting since",
    TimerKind.LATE: "waiting since",
    TimerKind.UPDATE: "no news since",
    TimerKind.RESOLUTION: "open since",
    TimerKind.ESCALATION: "waiting since",
    TimerKind.UNANSWERED: "theirs since",
    TimerKind.FOLLOW_UP: "silent since",
    TimerKind.FEEDBACK: "settled",
}
