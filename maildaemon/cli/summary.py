"""What a simulation comes to, as an object and in words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from maildaemon.adapters.sql.chronicle import Case
from maildaemon.cli.output import paint, plain, put_facts, say, span
from maildaemon.cli.simulation import Simulated
from maildaemon.cli.timeline import DAY, OF_COURSE, WHEN, mail_in_words, zone_of
from maildaemon.cli.words import KINDS, SILENCES, STATUSES, TIMERS, in_words
from maildaemon.domain.dates import tell_end
from maildaemon.domain.outcome import Fate, Promised
from maildaemon.domain.policy import Mode, Policy
from maildaemon.domain.threads import Status
from maildaemon.domain.timeline import Event, Told


def summary_as_object(one: Simulated) -> dict[str, Any]:
    """Return the last object of `simulate --json`: what it comes to."""
    zone = zone_of(one)
    return {
        "event": "summary",
        "since": _iso(one.span.since, zone),
        "until": _iso(one.span.until, zone),
        "mode": {policy.mailbox: modes_as_object(policy) for policy in one.policies},
        "messages": dict(_messages(one.told)),
        "own_left_out": one.own,
        "conversations": _statuses(one.cases),
        "promises": {fate.value: _fates(one.promises)[fate] for fate in Fate},
        "late": [_late_as_object(it, zone_of(one, it.thread)) for it in _late(one.promises)],
        "sent": dict(_sent(one.told, Event.MAIL_QUEUED)),
        "staff_warned": dict(_sent(one.told, Event.STAFF_WARNED)),
        "escalated": dict(_sent(one.told, Event.ESCALATED)),
        "resolved": _count(one.told, Event.THREAD_RESOLVED),
        "reopened": _count(one.told, Event.THREAD_REOPENED),
        "parked": dict(_sent(one.told, Event.TIMER_PARKED)),
        "silences": dict(_silences(one.told)),
        "brakes": [
            {"at": _iso(it.at, zone), "brake": it.brake, "reason": it.reason} for it in one.stopped
        ],
    }


def _late_as_object(one: Promised, zone: tzinfo) -> dict[str, Any]:
    return {
        "thread": one.thread,
        "since": _iso(one.since, zone),
        "due": _iso(one.due_at, zone),
        "answered": _iso(one.answered_at, zone) if one.answered_at else None,
    }


def _iso(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def modes_as_object(policy: Policy) -> dict[str, str]:
    """Return the mode of a mailbox, and those of single sections."""
    special = {section.value: mode.value for section, mode in policy.modes}
    return {"default": policy.mode.value, **special}


def put_summary(one: Simulated) -> None:
    """Print what it comes to."""
    zone = zone_of(one)
    since, until = one.span.since.astimezone(zone), one.span.until.astimezone(zone)
    say(paint(f"Summary: {since:{WHEN}} to {until:{WHEN}} ({zone})", "cyan"))
    put_facts((f"  {name}", value) for name, value in _facts(one, zone))


def _facts(one: Simulated, zone: tzinfo) -> Iterator[tuple[str, str]]:
    for policy in one.policies:
        modes = mode_in_words(policy)
        judged = "" if modes == Mode.LIVE else " (judged as if it were live)"
        yield "mode", f"{policy.mailbox}: {modes}{judged}"
    for kind, count in _messages(one.told).most_common():
        yield "mails", f"{count} {KINDS.get(kind, kind)}"
    if one.own:
        yield "mails", f"{one.own} in Sent that a daemon of ours has sent (left out)"
    for status, count in _statuses(one.cases).items():
        yield "conversations", f"{count} {in_words(status, STATUSES)}"
    yield from _answers(one)
    yield from _happened(one.told)
    for mail, count in _sent(one.told, Event.TIMER_PARKED).most_common():
        yield "put aside", f"{count} × {TIMERS[mail]}: an error, told above; nothing came of it"
    yield "not shown", "how mail waits its turn (`limits`), for a server, or under a brake"
    for it in one.stopped:
        at = f"{it.at.astimezone(zone):{WHEN}}"
        yield "brakes", f"{at} {it.brake}: {it.reason} (released at once, here)"


def _happened(told: Sequence[Told]) -> Iterator[tuple[str, str]]:
    for event, name in _GROUPS:
        for mail, count in _sent(told, event).most_common():
            words = mail_in_words(mail) if event is Event.MAIL_QUEUED else TIMERS[mail]
            yield name, f"{count} × {words}"
    if resolved := _count(told, Event.THREAD_RESOLVED):
        yield "settled by time", str(resolved)
    if reopened := _count(told, Event.THREAD_REOPENED):
        yield "opened again", str(reopened)
    for silence, count in _silences(told).most_common():
        yield "no automatic mail", f"{count} {in_words(silence, SILENCES)}"


_GROUPS = (
    (Event.MAIL_QUEUED, "would be sent"),
    (Event.STAFF_WARNED, "staff warned"),
    (Event.ESCALATED, "escalated"),
)


def mode_in_words(policy: Policy) -> str:
    """Return the mode of a mailbox, and those of single sections."""
    special = (f"{section}: {mode}" for section, mode in policy.modes)
    return ", ".join((policy.mode.value, *special))


def _answers(one: Simulated) -> Iterator[tuple[str, str]]:
    fates = _fates(one.promises)
    words = ((count, _FATES[fate]) for fate in Fate if (count := fates[fate]))
    if one.promises:
        yield "answers promised", ", ".join(f"{count} {word}" for count, word in words)
    subjects = {case.reference: plain(case.subject) for case in one.cases}
    for it in _late(one.promises):
        day, clock = tell_end(it.due_at, zone_of(one, it.thread))
        due = f"{day:{DAY}} {clock}"
        given = f"{span(it.answered_at - it.due_at)} late" if it.answered_at else "never given"
        about = f"  “{subjects[it.thread]}”" if subjects.get(it.thread) else ""
        yield "late", f"{it.thread}  due {due}, {given}{about}"


_FATES = {
    Fate.KEPT: "in time",
    Fate.LATE: "late",
    Fate.UNANSWERED: "never given",
    Fate.RUNNING: "not due yet",
    Fate.LAPSED: "settled without one",
}


def _fates(promises: Sequence[Promised]) -> Counter[Fate]:
    return Counter(one.fate for one in promises)


def _late(promises: Sequence[Promised]) -> list[Promised]:
    return [one for one in promises if one.fate in {Fate.LATE, Fate.UNANSWERED}]


def _messages(told: Sequence[Told]) -> Counter[str]:
    return Counter(one.why or "" for one in told if one.event is Event.MESSAGE_RECEIVED)


def _silences(told: Sequence[Told]) -> Counter[str]:
    why = (one.why or "" for one in told if one.event is Event.SILENCE)
    return Counter(one for one in why if one not in OF_COURSE)


def _sent(told: Sequence[Told], event: Event) -> Counter[str]:
    return Counter(one.mail or "" for one in told if one.event is event)


def _count(told: Sequence[Told], event: Event) -> int:
    return sum(one.event is event for one in told)


def _statuses(cases: Sequence[Case]) -> dict[str, int]:
    found = Counter(one.status for one in cases)
    return {status.value: found[status] for status in Status if found[status]}
