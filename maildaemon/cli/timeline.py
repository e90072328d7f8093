"""What was simulated, as objects and as a page for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from maildaemon.adapters.sql.chronicle import Case
from maildaemon.cli.output import paint, plain, put_facts, say, span
from maildaemon.cli.simulation import Simulated
from maildaemon.cli.words import HANDED_OVER, KINDS, SECTIONS, SILENCES, STATUSES, TIMERS, in_words
from maildaemon.domain.automatic import Kind
from maildaemon.domain.outcome import Change, Difference, Fate, Promised
from maildaemon.domain.policy import Mode, Policy
from maildaemon.domain.threads import Status
from maildaemon.domain.timeline import Event, Told

_WHEN = "%a %Y-%m-%d %H:%M"
_INDENT = " " * len("Mon 2026-11-23 09:00")


def zone_of(one: Simulated) -> tzinfo:
    """Return the zone in which times are told: that of the first mailbox."""
    return one.policies[0].hours.zone


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


def summary_as_object(one: Simulated) -> dict[str, Any]:
    """Return the last object of `simulate --json`: what it comes to."""
    zone = zone_of(one)
    return {
        "event": "summary",
        "since": _iso(one.span.since, zone),
        "until": _iso(one.span.until, zone),
        "mode": {policy.mailbox: _modes(policy) for policy in one.policies},
        "messages": dict(_messages(one.told)),
        "own_left_out": one.own,
        "conversations": _statuses(one.cases),
        "promises": {fate.value: _fates(one.promises)[fate] for fate in Fate},
        "late": [_late_as_object(it, zone) for it in _late(one.promises)],
        "sent": dict(_sent(one.told, Event.MAIL_QUEUED)),
        "staff_warned": dict(_sent(one.told, Event.STAFF_WARNED)),
        "escalated": dict(_sent(one.told, Event.ESCALATED)),
        "resolved": _count(one.told, Event.THREAD_RESOLVED),
        "reopened": _count(one.told, Event.THREAD_REOPENED),
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


def _modes(policy: Policy) -> dict[str, str]:
    special = {section.value: mode.value for section, mode in policy.modes}
    return {"default": policy.mode.value, **special}


def put_page(one: Simulated) -> None:
    """Print conversation after conversation, then what it comes to."""
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
            _put_case(case, events, zone)
    _put_quiet(quiet, zone)
    _put_summary(one, zone)


def _is_quiet(events: Sequence[Told]) -> bool:
    return all(one.event in {Event.MESSAGE_RECEIVED, Event.SILENCE} for one in events)


def _put_case(case: Case, events: Sequence[Told], zone: tzinfo) -> None:
    about = ", ".join(filter(None, (case.category, case.priority)))
    title = f"{case.reference}  “{plain(case.subject)}”"
    say(f"{paint(title, 'cyan')}  ({about}; {in_words(case.status.value, STATUSES)})")
    shown = ""
    for one, text in _lines(events, zone):
        at = f"{one.at.astimezone(zone):{_WHEN}}"
        say(f"  {_INDENT if at == shown else at}  {text}")
        shown = at
    say()


def _lines(events: Sequence[Told], zone: tzinfo) -> Iterator[tuple[Told, str]]:
    answered = {one.at for one in events if one.event is Event.STAFF_ANSWERED}
    for one in events:
        ours = one.why == Kind.STAFF and one.at in answered
        if one.event is Event.MESSAGE_RECEIVED and ours:
            continue  # that it is an answer is said as well
        if text := in_a_line(one, zone):
            yield one, text


def in_a_line(one: Told, zone: tzinfo) -> str:
    """Return an event in words; empty if people need not hear of it."""
    match one.event:
        case Event.MESSAGE_RECEIVED:
            return _received(one)
        case Event.STAFF_ANSWERED:
            return f"we answer ({plain(one.author)})"
        case Event.MAIL_QUEUED | Event.STAFF_WARNED | Event.ESCALATED:
            return _sending(one, zone)
        case Event.SILENCE if one.why not in _OF_COURSE:
            return f"no automatic mail: {in_words(one.why or '', SILENCES)}"
        case Event.PROMISE_BROKEN:
            return f"✗ no answer by the time that was promised{_since(one, zone)}"
        case Event.THREAD_RESOLVED:
            return f"taken as settled: {TIMERS.get(one.why or '', 'by hand')}{_since(one, zone)}"
        case Event.THREAD_REOPENED:
            return "opened again"
        case _:
            # What was planned and came to nothing is of interest to programs alone.
            return ""


# Nobody expects an automatic answer to one of us.
_OF_COURSE = frozenset({"own_address", "own_mail"})


def _received(one: Told) -> str:
    about = f"“{plain(one.subject)}”" if one.subject else "(no subject)"
    if one.why == Kind.CUSTOMER:
        return f"{plain(one.author)} writes: {about}"
    return f"{plain(one.author)}: {about} ({KINDS.get(one.why or '', one.why)})"


def _sending(one: Told, zone: tzinfo) -> str:
    arrow = f"→ {plain(one.to or '')}: "
    match one.event:
        case Event.STAFF_WARNED:
            return f"{arrow}warned: {TIMERS.get(one.mail or '', one.mail)}{_since(one, zone)}"
        case Event.ESCALATED:
            return f"{arrow}escalated: {TIMERS.get(one.mail or '', one.mail)}{_since(one, zone)}"
        case _:
            return f"{arrow}{_mail(one.mail or '')}{_since(one, zone)}"


def _mail(mail: str) -> str:
    words = [SECTIONS.get(one, HANDED_OVER.get(one, one)) for one in mail.split("+")]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _since(one: Told, zone: tzinfo) -> str:
    return f" (since {one.since.astimezone(zone):{_WHEN}})" if one.since else ""


def _put_quiet(events: Sequence[Told], zone: tzinfo) -> None:
    """Print what belongs to no conversation that anybody has: machines, lists, advertising."""
    if not events:
        return
    say(paint("Nobody's turn: machines, lists, advertising", "cyan"))
    for one in sorted(events, key=lambda one: one.at):
        if text := in_a_line(one, zone):
            say(f"  {one.at.astimezone(zone):{_WHEN}}  {text}")
    say()


def _put_summary(one: Simulated, zone: tzinfo) -> None:
    since, until = one.span.since.astimezone(zone), one.span.until.astimezone(zone)
    say(paint(f"Summary: {since:{_WHEN}} to {until:{_WHEN}} ({zone})", "cyan"))
    put_facts((f"  {name}", value) for name, value in _facts(one, zone))


def _facts(one: Simulated, zone: tzinfo) -> Iterator[tuple[str, str]]:
    for policy in one.policies:
        yield "mode", f"{policy.mailbox}: {_mode_in_words(policy)}"
    for kind, count in _messages(one.told).most_common():
        yield "mails", f"{count} {KINDS.get(kind, kind)}"
    if one.own:
        yield "mails", f"{one.own} in Sent that a daemon of ours has sent (left out)"
    for status, count in _statuses(one.cases).items():
        yield "conversations", f"{count} {in_words(status, STATUSES)}"
    yield from _answers(one.promises, zone)
    yield from _happened(one.told)
    for it in one.stopped:
        at = f"{it.at.astimezone(zone):{_WHEN}}"
        yield "brakes", f"{at} {it.brake}: {it.reason} (released at once, here)"


def _happened(told: Sequence[Told]) -> Iterator[tuple[str, str]]:
    for event, name in _GROUPS:
        for mail, count in _sent(told, event).most_common():
            yield name, f"{count} {_mail(mail) if event is Event.MAIL_QUEUED else TIMERS[mail]}"
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


def _mode_in_words(policy: Policy) -> str:
    special = [f"{section}: {mode}" for section, mode in policy.modes]
    modes = ", ".join((policy.mode.value, *special))
    return modes if modes == Mode.LIVE else f"{modes} (judged as if it were live)"


def _answers(promises: Sequence[Promised], zone: tzinfo) -> Iterator[tuple[str, str]]:
    fates = _fates(promises)
    words = ((count, _FATES[fate]) for fate in Fate if (count := fates[fate]))
    if promises:
        yield "answers promised", ", ".join(f"{count} {word}" for count, word in words)
    for one in _late(promises):
        due = f"{one.due_at.astimezone(zone):{_WHEN}}"
        given = f"{span(one.answered_at - one.due_at)} late" if one.answered_at else "never given"
        yield "late", f"{one.thread}  due {due}, {given}"


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
    return Counter(one for one in why if one not in _OF_COURSE)


def _sent(told: Sequence[Told], event: Event) -> Counter[str]:
    return Counter(one.mail or "" for one in told if one.event is event)


def _count(told: Sequence[Told], event: Event) -> int:
    return sum(one.event is event for one in told)


def _statuses(cases: Sequence[Case]) -> dict[str, int]:
    found = Counter(one.status for one in cases)
    return {status.value: found[status] for status in Status if found[status]}


def difference_as_object(one: Difference, zone: tzinfo) -> dict[str, Any]:
    """Return a difference as `simulate --compare --json` prints it."""
    return {
        "change": one.change.value,
        "before": as_object(one.before, zone) if one.before else None,
        "after": as_object(one.after, zone) if one.after else None,
    }


def put_difference(one: Difference, zone: tzinfo) -> None:
    """Print a difference in a line: `+` more, `-` less, `~` otherwise."""
    told = one.after or one.before
    assert told is not None  # noqa: S101  one of the two is always there
    at = f"{told.at.astimezone(zone):{_WHEN}}"
    line = f"{_SIGNS[one.change]} {at}  {told.thread or '-'}  {in_a_line(told, zone)}"
    if one.before and one.after and one.change is Change.TIME:
        line += f", not {one.before.at.astimezone(zone):{_WHEN}}"
    elif one.before and one.after:
        line += f", not {plain(one.before.to or '')}"
    say(line)


_SIGNS = {Change.MORE: "+", Change.LESS: "-", Change.TIME: "~", Change.RECIPIENT: "~"}
