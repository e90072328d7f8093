"""A made-up year of the jeweller's mail, and whoever counts its minutes by hand.

python -m tests.campaigns.shop_year [--messages 5000] [--seed 1]

What is due when is compared with a calendar of single minutes and with the policy as it stands on the
shop's web page; what was sent, with what that policy says that is sent.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from benchmarks.year import Mail, year
from maildaemon.adapters.sql.simulated import SentAtOnce
from maildaemon.domain.policy import Mode
from maildaemon.domain.understanding import Priority
from maildaemon.mail.parse import parse_message
from maildaemon.ports import Role
from maildaemon.services.desk import Desk
from maildaemon.services.simulate import Post, walk
from maildaemon.settings import load_settings
from maildaemon.settings.policy import make_policy
from maildaemon.shipped import shipped
from tests.counting import Calendar, Clock, Wall

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_AFTERWARDS = timedelta(days=45)
_HOURS = "09:00-18:00"
# Federal holidays, from the government's list.
_HOLIDAYS = (
    *("2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03"),
    *("2026-07-04", "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25"),
    *("2027-01-01", "2027-01-18", "2027-02-15"),
)
JEWELLER = Wall(
    "America/New_York",
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _HOURS),
    frozenset(map(date.fromisoformat, _HOLIDAYS)),
)

_B = "business hours"
_REPLY = {"low": 48, "normal": 48, "high": 24, "urgent": 12}
_WARNING = {"low": 24, "normal": 24, "high": 12, "urgent": 8}
_SETTLED = {"high": 48, "urgent": 48}
_LADDER = {"follow_up": 3, "closing_soon": 7}
_MAY_BE_SENT = frozenset(
    (
        *("acknowledgement", "refused_files", "missing_facts", "faq"),
        *("follow_up", "closing_soon", "escalated", "feedback"),
    )
)
_STAFF = frozenset(f"{one}@jeweller.example" for one in ("anna", "lead", "senior"))


@dataclass(frozen=True, slots=True)
class Judged:
    """How many due times were compared, of each kind, and whatever should not be."""

    compared: Counter[str]
    mails: Counter[str]
    wrong: tuple[str, ...]


def judge(mails: list[Mail]) -> Judged:
    """Let this mail arrive, and judge what came of it."""
    until = mails[-1].at + _AFTERWARDS
    store = SentAtOnce()
    try:
        _walk(store, mails, until)
        with store.engine.connect() as connection:
            calendar = Calendar(JEWELLER, Clock(JEWELLER.zone, BEGIN, (until - BEGIN).days + 60))
            timers = connection.execute(text(_TIMERS)).all()
            sent = connection.execute(text(_SENT)).all()
            told = connection.execute(text(_TOLD)).all()
    finally:
        store.close()
    wrong = [
        *(f"{row}: {due}" for row in timers if (due := _why_wrong(row, calendar))),
        *(f"told {row}" for row in told if not _is_promised(row, calendar)),
        *_outside(sent),
    ]
    kinds = Counter(row.kind for row in timers) + Counter({"told to customers": len(told)})
    return Judged(kinds, Counter(one for row in sent for one in _what(row)), tuple(wrong))


_TIMERS = """
select timer.kind, timer.key, timer.since, timer.due_at, timer.state, thread.priority,
  (select json_group_array(detail) from event where event.thread_id = timer.thread_id and
  event.event = 'date_named') as told
from timer join thread on thread.id = timer.thread_id order by timer.id"""
_TOLD = """
select event.detail, outbox.sections, event.at from event join outbox
  on outbox.id = event.outbox_id where event.event = 'date_named'"""
_SENT = """
select outbox.sections, outbox.kind, outbox.recipient, outbox.state, outbox.queued_at,
  thread.reference, thread.id from outbox join thread on thread.id = outbox.thread_id
order by outbox.id"""


def _walk(store: SentAtOnce, mails: list[Mail], until: datetime) -> None:
    settings = load_settings(shipped("config") / "shops" / "jewellery.yaml")
    policy = replace(make_policy(settings, settings.mailboxes[0]), mode=Mode.LIVE, modes=())
    with store.begin() as tx:
        mailbox_id = tx.mailboxes.ensure(policy.mailbox).mailbox_id
    desk = Desk(mailbox_id, policy, bytes(32), timedelta(days=30))
    posts = (
        Post(
            one.at,
            str(number),
            desk,
            Role.SENT if one.ours else Role.INBOX,
            parse_message(one.raw, policy.reading).message,
        )
        for number, one in enumerate(mails)
    )
    walk(store, (desk,), posts, since=BEGIN, until=until)


def _why_wrong(row: Any, calendar: Calendar) -> str | None:
    since, due = _at(row.since), _at(row.due_at)
    told = [_named(one) for one in json.loads(row.told)]
    if row.kind == "late" and any(one[0] == since and one[1] <= due for one in told):
        return None  # a date that was told: judged by itself
    expected = [*_expected(row, since, calendar)]
    return None if due in expected else f"not {' or '.join(map(str, expected))}"


def _expected(row: Any, since: datetime, calendar: Calendar) -> Iterator[datetime]:
    """Yield when it may be due; while a matter is the same, it may have become more urgent."""
    priorities = [one.value for one in Priority]
    so_far = priorities[: priorities.index(row.priority) + 1]
    match row.kind:
        case "late":
            yield from (calendar.due_at(since, _REPLY[one], _B) for one in so_far)
        case "warning":
            yield from (calendar.due_at(since, _WARNING[one], _B) for one in so_far)
        case "resolution":
            yield from (calendar.due_at(since, n, _B) for p, n in _SETTLED.items() if p in so_far)
        case "update":
            yield calendar.due_at(since, 3, "business days")
        case "escalation":
            # Without an answer, or at once with the reply of whom ours did not satisfy.
            yield from (calendar.due_at(since, 48, _B), since)
        case "unanswered":
            yield calendar.due_at(since, 48, "hours")
        case "follow_up":
            days = _LADDER[row.key.split(":")[1]]
            yield _by_day(calendar.due_at(since, days, "business days"))
        case "resolve":
            yield calendar.due_at(since, 10, "business days")
        case "feedback":
            yield _by_day(calendar.due_at(since, 1, "business days"))
        case _:
            raise AssertionError(f"{row.kind}: nobody has said when that is due")


def _by_day(at: datetime) -> datetime:
    """Return the opening of a business day for what comes before it, else the instant itself."""
    local = at.astimezone(ZoneInfo(JEWELLER.zone))
    return at if local.hour >= 9 else local.replace(hour=9, minute=0, second=0, microsecond=0)


def _is_promised(row: Any, calendar: Calendar) -> bool:
    since, told = _named(row.detail)
    if "escalated" in _sections(row):
        return told >= _at(row.at) + timedelta(hours=48)
    return told in [calendar.due_at(since, count, _B) for count in {*_REPLY.values()}]


def _outside(sent: Sequence[Any]) -> Iterator[str]:
    """Yield what the policy does not say that is sent."""
    acknowledged: Counter[str] = Counter()
    for row in sent:
        sections = _sections(row)
        if row.kind == "staff" and row.recipient not in _STAFF:
            yield f"to {row.recipient}, who is none of us"
        if row.kind != "staff" and not set(sections) <= _MAY_BE_SENT:
            yield f"{row}: no policy says so"
        acknowledged[row.reference] += "acknowledgement" in sections
    yield from (f"{one} was acknowledged {n} times" for one, n in acknowledged.items() if n > 1)
    asked = Counter(row.reference for row in sent if "feedback" in _sections(row))
    yield from (f"{one} was asked {n} times how it went" for one, n in asked.items() if n > 1)


def _named(detail: str) -> tuple[datetime, datetime]:
    """Return since when a customer waits, and until when a mail names a date for the answer."""
    named = json.loads(detail)
    return datetime.fromisoformat(named["since"]), datetime.fromisoformat(named["until"])


def _sections(row: Any) -> list[str]:
    return list(json.loads(row.sections))


def _what(row: Any) -> list[str]:
    return _sections(row) or [row.kind]


def _at(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.shop_year")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    judged = judge(year(given.messages, given.seed))
    print(f"{given.messages} messages of a year, seed {given.seed}")
    for name, counts in (("due times compared", judged.compared), ("mails sent", judged.mails)):
        total = sum(counts.values())
        print(f"{name}: {total} ({', '.join(f'{one} {n}' for one, n in sorted(counts.items()))})")
    print(*judged.wrong[:20], f"{len(judged.wrong)} wrong", sep="\n")
    return bool(judged.wrong)


if __name__ == "__main__":
    sys.exit(main())
