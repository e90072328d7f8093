"""What another configuration changes, as objects and in lines for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

from maildaemon.cli.output import paint, plain, put_facts, put_json, say
from maildaemon.cli.simulation import Simulated
from maildaemon.cli.summary import mode_in_words, modes_as_object
from maildaemon.cli.timeline import WHEN, as_object, in_a_line, mail_in_words, zone_of
from maildaemon.cli.words import TIMERS
from maildaemon.domain.outcome import Change, Difference
from maildaemon.domain.policy import Policy
from maildaemon.domain.timeline import Event, Told
from maildaemon.domain.timers import TimerKind

_SIGNS = {Change.MORE: "+", Change.LESS: "-"}


def put_differences(
    before: Simulated, after: Simulated, found: Sequence[Difference], *, as_json: bool
) -> bool:
    """Print what differs; return whether anything does."""
    modes = [*_other_modes(before.policies, after.policies)]
    if as_json:
        for old, new in modes:
            put_json(_mode_as_object(old, new))
        for one in found:
            put_json(_as_object(one, zone_of(after, _told(one).thread)))
    else:
        _put_modes(modes)
        _put_all(found, after)
    return bool(modes or found)


def _other_modes(
    before: Sequence[Policy], after: Sequence[Policy]
) -> Iterator[tuple[Policy, Policy]]:
    """Yield the mailboxes in both that have another mode: it is judged as live, and so nothing else
    would show that.
    """
    old = {one.mailbox: one for one in before}
    for new in after:
        known = old.get(new.mailbox)
        if known and (known.mode, known.modes) != (new.mode, new.modes):
            yield known, new


def _mode_as_object(old: Policy, new: Policy) -> dict[str, Any]:
    return {
        "change": "another_mode",
        "mailbox": new.mailbox,
        "before": modes_as_object(old),
        "after": modes_as_object(new),
    }


def _put_modes(modes: Sequence[tuple[Policy, Policy]]) -> None:
    for old, new in modes:
        say(f"~ mode of {new.mailbox}: {mode_in_words(new)} (before: {mode_in_words(old)})")
    if modes:
        say("  From then on, what `simulate` shows is sent, put into the drafts, or only recorded,")
        say("  as the mode says. Nothing is made up for that was due before.")
        say()


def _as_object(one: Difference, zone: tzinfo) -> dict[str, Any]:
    return {
        "change": one.change.value,
        "before": as_object(one.before, zone) if one.before else None,
        "after": as_object(one.after, zone) if one.after else None,
    }


def _put_all(found: Sequence[Difference], after: Simulated) -> None:
    """Print each in a line: `+` more, `-` less, `~` otherwise; what staff are reminded of again and
    again, once for each conversation. Then what it comes to.
    """
    first: dict[tuple[object, ...], int] = Counter(_reminder(one) for one in found)
    told: set[tuple[object, ...]] = set()
    for one in found:
        what = _reminder(one)
        if what in told:
            continue
        line = _in_a_line(one, zone_of(after, _told(one).thread))
        if what:
            told.add(what)
            more = first[what] - 1
            line += f" … and {more} more of these" if more else ""
        say(line)
    if len(found) > 1:
        _put_sum(found)


def _reminder(one: Difference) -> tuple[object, ...]:
    """Return what names a reminder to staff that is only one of many; empty if it is none."""
    told = _told(one)
    if told.event is not Event.STAFF_WARNED or told.mail != TimerKind.UPDATE:
        return ()
    return one.change, told.thread


def _put_sum(found: Sequence[Difference]) -> None:
    counted = Counter((one.change, _what(_told(one))) for one in found)
    say()
    say(paint("Differences", "cyan"))
    put_facts(
        (f"  {_WORDS[change]}", f"{count} × {what}")
        for change in Change
        for (its, what), count in counted.most_common()
        if its is change
    )


def _what(told: Told) -> str:
    match told.event:
        case Event.STAFF_WARNED:
            return f"staff warned: {TIMERS.get(told.mail or '', told.mail)}"
        case Event.ESCALATED:
            return "escalated"
        case Event.THREAD_RESOLVED:
            return "taken as settled"
        case _:
            return mail_in_words(told.mail or "")


_WORDS = {
    Change.MORE: "+ more",
    Change.LESS: "- no more",
    Change.TIME: "~ at another time",
    Change.RECIPIENT: "~ to somebody else",
    Change.DATE: "~ with another date",
}


def _told(one: Difference) -> Told:
    told = one.after or one.before
    assert told is not None  # noqa: S101  one of the two is always there
    return told


def _in_a_line(one: Difference, zone: tzinfo) -> str:
    told = _told(one)
    at = f"{told.at.astimezone(zone):{WHEN}}"
    line = f"{_SIGNS.get(one.change, '~')} {at}  {told.thread or '-'}  {in_a_line(told, zone)}"
    if one.before and one.after:
        line += f", {_otherwise(one.before, one.after, one.change, zone)}"
    return line


def _otherwise(before: Told, after: Told, change: Change, zone: tzinfo) -> str:
    match change:
        case Change.TIME:
            return f"not {before.at.astimezone(zone):{WHEN}}"
        case Change.DATE if before.due_at:
            no = "not" if after.due_at else "no more"
            return f"{no} by {before.due_at.astimezone(zone):{WHEN}}"
        case Change.DATE:
            return "where no date stood"
        case _:
            return f"not {plain(before.to or '')}"
