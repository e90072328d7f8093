"""A shop whose mail is let arrive on a virtual clock: what its customers and staff would get."""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from maildaemon.adapters.sql.chronicle import Chronicle, read_chronicle, tell_all
from maildaemon.adapters.sql.simulated import SentAtOnce
from maildaemon.domain.policy import Policy
from maildaemon.domain.timeline import Event, Told
from maildaemon.domain.timers import TimerKind
from maildaemon.mail.parse import parse_message
from maildaemon.ports import Role
from maildaemon.services.desk import Desk
from maildaemon.services.simulate import Post, Walk, walk
from maildaemon.settings import load_settings
from maildaemon.settings.policy import make_policy
from maildaemon.shipped import shipped
from tests.service.shop import KEY, a_mail

CLARA = "clara@customer.example"
OURS = "care@jeweller.example"
LEAD, SENIOR = "lead@jeweller.example", "senior@jeweller.example"
ORDER = "Where is my order EJ-123456? Nothing has come."
ANSWER = "It was sent yesterday. Did it arrive?"
_AFTERWARDS = timedelta(days=60)


@functools.cache
def policy_of(shop: str) -> Policy:
    """Return the policy of one of the shops that are shipped."""
    settings = load_settings(shipped("config") / "shops" / f"{shop}.yaml")
    return make_policy(settings, settings.mailboxes[0])


@dataclass(frozen=True, slots=True)
class Letter:
    """Somebody's mail, at a time of the shop's wall clock."""

    at: str
    raw: bytes
    role: Role = Role.INBOX


_numbers = itertools.count(1)


def customer(at: str, body: str = ORDER, **fields: Any) -> Letter:
    """A mail of Clara's, in the one conversation that she has with the shop."""
    fields = {"In_Reply_To": "<c0@customer.example>", **fields}
    if "message_id" not in fields:
        fields["message_id"] = f"c{next(_numbers)}@customer.example"
    return Letter(at, a_mail(body, sender=f"Clara <{CLARA}>", to=OURS, **_dated(at, fields)))


def first(at: str, body: str = ORDER, **fields: Any) -> Letter:
    """The mail with which the conversation begins."""
    fields = {"message_id": "c0@customer.example", **fields}
    return Letter(at, a_mail(body, sender=f"Clara <{CLARA}>", to=OURS, **_dated(at, fields)))


def answer(at: str, body: str = ANSWER, **fields: Any) -> Letter:
    """An answer of the shop's, out of its folder of sent mail."""
    fields = {"In_Reply_To": "<c0@customer.example>", "to": CLARA, **fields}
    fields["message_id"] = f"s{next(_numbers)}@shop.example"
    raw = a_mail(body, sender=f"Anna <{OURS}>", **_dated(at, fields))
    return Letter(at, raw, Role.SENT)


def _dated(at: str, fields: dict[str, Any]) -> dict[str, Any]:
    # Of the date only its age matters, and every zone is near enough for that.
    return {**fields, "date": datetime.fromisoformat(at).replace(tzinfo=UTC)}


@dataclass(frozen=True, slots=True)
class Lived:
    """What happened, by the shop's wall clock."""

    policy: Policy
    walk: Walk
    chronicle: Chronicle
    told: tuple[Told, ...]

    def events(self, *wanted: Event) -> list[str]:
        """Return these events in order: `Mon 2026-11-23 05:00 staff_warned late`, each once."""
        lines = (self._line(one) for one in self.told if one.event in wanted)
        return list(dict.fromkeys(lines))

    def letters(self) -> list[str]:
        """Return what somebody would have got: `Mon 2026-11-23 05:00 late to staff`. A warning goes
        to each of them.
        """
        lines = (
            f"{self._at(one)} {one.mail} to {self._whom(one)}"
            for one in self.told
            if one.event in {Event.MAIL_QUEUED, Event.STAFF_WARNED, Event.ESCALATED}
        )
        return list(dict.fromkeys(lines))

    def _whom(self, one: Told) -> str:
        everybody = one.event is Event.STAFF_WARNED and one.mail != TimerKind.UNANSWERED
        return "staff" if everybody and one.to in self.policy.staff else str(one.to)

    @property
    def status(self) -> str:
        """Return how the first conversation ended."""
        return self.chronicle.cases[0].status.value

    def _line(self, one: Told) -> str:
        return " ".join(filter(None, (self._at(one), one.event, one.mail, one.why)))

    def _at(self, one: Told) -> str:
        return f"{one.at.astimezone(self.policy.hours.zone):%a %Y-%m-%d %H:%M}"


def live_through(
    policy: Policy, *letters: Letter, until: str | None = None, since: str | None = None
) -> Lived:
    """Let these mails arrive, in the order in which they stand, and time pass after them."""
    zone = policy.hours.zone

    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=zone)

    store = SentAtOnce()
    with store.begin() as tx:
        mailbox_id = tx.mailboxes.ensure("support").mailbox_id
    desk = Desk(mailbox_id, policy, KEY, timedelta(days=30))
    posts: Sequence[Post] = [
        Post(
            instant(one.at),
            one.at,
            desk,
            one.role,
            parse_message(one.raw, policy.reading).message,
        )
        for one in letters
    ]
    done = walk(
        store,
        [desk],
        posts,
        since=instant(since) if since else posts[0].at,
        until=instant(until) if until else posts[-1].at + _AFTERWARDS,
    )
    chronicle = read_chronicle(store)
    store.close()
    told = tell_all(chronicle, done.cancelled)
    return Lived(policy, done, chronicle, told)
