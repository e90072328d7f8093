"""Puts together what `simulate` needs: mail from files, mailboxes as configured, an empty database
in memory; and what came of it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from maildaemon.adapters.mail_files import Letter
from maildaemon.adapters.parse_ahead import parse_ahead
from maildaemon.adapters.sql.chronicle import Case, read_chronicle, tell_all
from maildaemon.adapters.sql.simulated import SentAtOnce
from maildaemon.cli.output import note
from maildaemon.domain.message import Message
from maildaemon.domain.outcome import Promised, promised, with_dates
from maildaemon.domain.policy import Mode, Policy, Reads
from maildaemon.domain.recipients import addressed
from maildaemon.domain.timeline import Told
from maildaemon.ports import Lookup, Parser, Role
from maildaemon.services.desk import Desk
from maildaemon.services.explain import read_message
from maildaemon.services.simulate import Post, Stopped, walk
from maildaemon.settings import MailboxSettings, Settings
from maildaemon.settings.policy import make_policy

LeftOut = Callable[[str, str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Span:
    """Which time is simulated: mail from before `since` is known, and nothing else."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would have happened. `policies` are those of the mailboxes, with their true modes;
    `zones` those in which conversations are told, by their references.
    """

    span: Span
    policies: tuple[Policy, ...]
    told: tuple[Told, ...]
    cases: tuple[Case, ...]
    promises: tuple[Promised, ...]
    stopped: tuple[Stopped, ...]
    own: int
    zones: Mapping[str | None, tzinfo]


def simulate(
    settings: Settings,
    mailboxes: Sequence[MailboxSettings],
    key: bytes,
    letters: Sequence[Letter],
    span: Span,
    left_out: LeftOut,
    progress: Progress,
) -> Simulated:
    """Let all letters arrive at these mailboxes, and time pass; nothing outside is touched."""
    # What a daemon would write into its log stands in the history as well.
    logging.getLogger("maildaemon").setLevel(logging.ERROR)
    store = SentAtOnce()
    try:
        desks = tuple(_desk(store, settings, one, key) for one in mailboxes)
        live = tuple(replace(one, policy=_as_live(one.policy)) for one in desks)
        posts = _posts(live, letters, left_out, progress)
        done = walk(store, live, posts, since=span.since, until=span.until)
        for name, why in done.left_out:
            left_out(name, why)
        chronicle = read_chronicle(store)
    finally:
        store.close()
    told = tell_all(chronicle, done.cancelled)
    promises = promised(tuple(chronicle.clocks.values()), told, span.until)
    return Simulated(
        span=span,
        policies=tuple(one.policy for one in desks),
        told=with_dates(told, promises),
        cases=chronicle.cases,
        promises=promises,
        stopped=tuple(done.stopped),
        own=done.own,
        zones=_zones(chronicle.cases, desks),
    )


def _zones(cases: Sequence[Case], desks: Sequence[Desk]) -> dict[str | None, tzinfo]:
    by_mailbox = {one.policy.mailbox: one.policy.hours.zone for one in desks}
    return {case.reference: by_mailbox[case.mailbox] for case in cases}


def whole_mailboxes(settings: Settings) -> tuple[MailboxSettings, ...]:
    """Return the mailboxes that customers write to: of a colleague's account only Sent is read."""
    return tuple(one for one in settings.mailboxes if one.reads is Reads.ALL)


def _desk(store: SentAtOnce, settings: Settings, mailbox: MailboxSettings, key: bytes) -> Desk:
    with store.begin() as tx:
        mailbox_id = tx.mailboxes.ensure(mailbox.name).mailbox_id
    numbers = settings.policy_of(mailbox).order_numbers
    for one in numbers:
        if one.lookup and one.lookup.database:
            note(f"order numbers called `{one.name}` are not looked up: no database is asked here")
    hold_for = timedelta(days=settings.policy_of(mailbox).attachments.hold_days)
    lookup = _lookup(settings, mailbox) if any(one.lookup for one in numbers) else None
    return Desk(mailbox_id, make_policy(settings, mailbox), key, hold_for, lookup=lookup)


def _lookup(settings: Settings, mailbox: MailboxSettings) -> Lookup | None:
    # It loads everything that a daemon needs.
    from maildaemon.bootstrap import make_lookup

    return make_lookup(settings, mailbox, files_only=True)


def _as_live(policy: Policy) -> Policy:
    # A mail that is only recorded, or left to a person, counts for nothing later.
    return replace(policy, mode=Mode.LIVE, modes=())


def _posts(
    desks: tuple[Desk, ...], letters: Sequence[Letter], left_out: LeftOut, progress: Progress
) -> Iterator[Post]:
    def read(parser: Parser, letter: Letter) -> Post | str:
        try:
            raw = letter.read()
        except OSError as error:
            left_out(letter.name, (error.strerror or str(error)).lower())
            return letter.name
        message = read_message(parser, desks[0], raw)
        desk = _desk_of(desks, message, letter.role)
        if desk.policy.reading != desks[0].policy.reading:
            message = read_message(parser, desk, raw)
        role = Role.SENT if _is_outgoing(desk, letter, message) else letter.role
        return Post(letter.arrived_at, letter.name, desk, role, message)

    for done, post in enumerate(parse_ahead(letters, read), 1):
        progress("simulated", done, len(letters))
        if isinstance(post, Post):
            yield post


def _is_outgoing(desk: Desk, letter: Letter, message: Message) -> bool:
    """Tell whether one of us wrote it to somebody else: who keeps all his mail in one file has sent
    mail beside what has come. A contact form writes in our name, too, but to us.
    """
    addresses = desk.policy.addresses
    from_us = message.from_ is not None and message.from_.key in addresses
    return letter.role is Role.INBOX and from_us and not addressed(message) & addresses


def _desk_of(desks: tuple[Desk, ...], message: Message, role: Role) -> Desk:
    """Return the mailbox that a mail is for, or was written from; the first if nothing tells."""
    author = {message.from_.key} if message.from_ else set()
    for keys in (author,) if role is Role.SENT else (addressed(message), author):
        for one in desks:
            if keys & one.policy.addresses:
                return one
    return desks[0]
