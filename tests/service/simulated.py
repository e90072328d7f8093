"""A shop whose mail is let arrive on a virtual clock: what its customers and staff would get."""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from maildaemon.adapters.sql.chronicle import Chronicle, read_chronicle, tell_all
from maildaemon.adapters.sql.simulated import SentAtOnce
from maildaemon.domain.policy import Policy
from maildaemon.domain.timeline import Event, Told
from maildaemon.mail.parse import parse_message
from maildaemon.ports import Role
from maildaemon.services.desk import Desk
from maildaemon.services.simulate import Post, Walk, walk
from maildaemon.settings import read_settings
from maildaemon.settings.policy import make_policy
from tests.service.shop import KEY, a_mail

CLARA = "clara@customer.example"
OURS = "support@shop.example"
ANNA, LEAD, SENIOR = "anna@shop.example", "lead@shop.example", "senior@shop.example"
_MAILBOX = f"""
service: {{mode: live}}
database: {{url: sqlite:///maildaemon.db}}
mailboxes:
  - name: support
    address: {OURS}
    staff: [{ANNA}]
    imap: {{host: imap.example.com, username: support, password: {{env: NEVER_SET}}}}
    smtp: {{host: smtp.example.com, username: support, password: {{env: NEVER_SET}}}}
"""
_AFTERWARDS = timedelta(days=60)


@functools.cache
def policy(text: str) -> Policy:
    """Return the policy of a mailbox with these sections of a configuration."""
    settings = read_settings(_MAILBOX + text, Path("maildaemon.yaml"))
    return make_policy(settings, settings.mailboxes[0])


@dataclass(frozen=True, slots=True)
class Letter:
    """Somebody's mail, at a time of the shop's wall clock."""

    at: str
    raw: bytes
    role: Role = Role.INBOX


_numbers = itertools.count(1)


def customer(at: str, body: str = "Where is my order? Nothing has come.", **fields: Any) -> Letter:
    """A mail of Clara's, in the one conversation that she has with the shop."""
    fields = {"In_Reply_To": "<c0@customer.example>", **fields}
    if "message_id" not in fields:
        fields["message_id"] = f"c{next(_numbers)}@customer.example"
    return Letter(at, a_mail(body, sender=f"Clara <{CLARA}>", to=OURS, **_dated(at, fields)))


def first(at: str, body: str = "Where is my order? Nothing has come.", **fields: Any) -> Letter:
    """The mail with which the conversation begins."""
    fields = {"message_id": "c0@customer.example", **fields}
    return Letter(at, a_mail(body, sender=f"Clara <{CLARA}>", to=OURS, **_dated(at, fields)))


def answer(at: str, body: str = "It was sent yesterday. Did it arrive?", **fields: Any) -> Letter:
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
        """Return these events in order: `Mon 2026-11-23 05:00 staff_warned late`."""
        return [self._line(one) for one in self.told if one.event in wanted]

    def letters(self) -> list[str]:
        """Return what somebody would have got: `Mon 2026-11-23 05:00 late to anna@…`."""
        return [
            f"{self._at(one)} {one.mail} to {one.to}"
            for one in self.told
            if one.event in {Event.MAIL_QUEUED, Event.STAFF_WARNED, Event.ESCALATED}
        ]

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
