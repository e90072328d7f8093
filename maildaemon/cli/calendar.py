"""What `maildaemon check` says of the hours and holidays of the shop."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING

from maildaemon.domain.hours import opens_at, over_while_closed
from maildaemon.services.check import Finding, Result

if TYPE_CHECKING:
    from maildaemon.domain.spans import Span
    from maildaemon.settings import MailboxSettings, Settings
    from maildaemon.settings.promises import HourSettings

_SHOWN = 5


def check_hours(settings: "Settings", now: datetime) -> Iterator[Finding]:
    """Yield the next holidays of every policy that says when the shop works."""
    if settings.hours != type(settings.hours)():
        yield from _findings(settings.hours, now, None)
    for mailbox in settings.mailboxes:
        if mailbox.policy is not None and "hours" in mailbox.policy.model_fields_set:
            yield from _findings(mailbox.policy.hours, now, mailbox.name)


def _findings(hours: "HourSettings", now: datetime, mailbox: str | None) -> Iterator[Finding]:
    from maildaemon.settings.policy import make_hours

    today = now.astimezone(hours.timezone).date()
    coming = [_named(*one) for one in islice(hours.closed_days(today), _SHOWN)]
    place = f"hours: {hours.timezone}"
    if coming:
        what = f"{place}; the next holidays: {', '.join(coming)}"
        yield Finding("hours", Result.OK, what, mailbox=mailbox)
    elif hours.holidays.days:
        advice = "name later ones in `hours.holidays`, or export the calendar file again"
        what = f"{place}; every holiday that is named is over"
        yield Finding("hours", Result.WARNING, what, advice, mailbox)
    else:
        yield Finding("hours", Result.OK, f"{place}; no holidays", mailbox=mailbox)
    last = hours.holidays.last_year
    if last is not None and last <= today.year:
        what = f"{place}; the holidays of {hours.holidays.country} are known until {last} only"
        advice = "name later ones in `add`, or take a newer version of the library `holidays`"
        yield Finding("hours", Result.WARNING, what, advice, mailbox)
    if opens_at(make_hours(hours), now) is None:
        advice = "look at `hours.holidays`: which entry lasts for too long?"
        what = f"{place}; closed for a whole year from now: nothing would ever be due"
        yield Finding("hours", Result.WARNING, what, advice, mailbox)


def check_promises(settings: "Settings", now: datetime) -> Iterator[Finding]:
    """Yield each promise of a mailbox that may be over while the shop is closed. Where nobody has
    said when it opens, there is nothing to hold it against.
    """
    for mailbox in settings.mailboxes:
        told = "open" in settings.policy_of(mailbox).hours.model_fields_set
        if told and mailbox.reads != "sent_only":
            yield from _promises(settings, mailbox, now)


def _promises(settings: "Settings", mailbox: "MailboxSettings", now: datetime) -> Iterator[Finding]:
    from maildaemon.settings.policy import make_policy

    policy = make_policy(settings, mailbox)
    zone = policy.hours.zone
    for priority, promise in policy.time.promises:
        promised: dict[Span | None, list[str]] = {}
        promised.setdefault(promise.first_reply, []).append("first_reply")
        promised.setdefault(promise.next_reply, []).append("next_reply")
        for span, names in promised.items():
            if span is None or (found := over_while_closed(span, policy.hours, now)) is None:
                continue
            closes, due = (f"{at.astimezone(zone):%a at %H:%M}" for at in found)
            what = (
                f"promises.{priority}.{', '.join(names)}: {span}: who writes when you close, on "
                f"{closes}, is promised an answer by {due}, before you open again"
            )
            advice = "nothing, if somebody answers then; else count in `open hours`"
            yield Finding("promises", Result.WARNING, what, advice, mailbox.name)


def _named(day: date, name: str) -> str:
    return f"{day:%a} {day}" + (f" ({name})" if name else "")
