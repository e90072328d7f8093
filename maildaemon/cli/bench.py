"""What `explain` judges with: the policy, what is known already, and what would be said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from maildaemon.adapters.installation import read_key
from maildaemon.adapters.sql.listings import read_listings
from maildaemon.adapters.sql.reading import ScratchStore, is_new, open_reading
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import note, plain
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import Policy
from maildaemon.errors import OperatorError
from maildaemon.ports import Lookup, Parser
from maildaemon.services.desk import Desk
from maildaemon.services.explain import (
    Arrival,
    Correspondence,
    Explanation,
    draft_of,
    explain,
    read_message,
)
from maildaemon.settings import MailboxSettings, Settings, minimal, read_settings
from maildaemon.settings.policy import make_policy

Judge = Callable[[str, Desk, Message, Arrival], Explanation]

_NOBODYS_KEY = bytes(32)


@dataclass(frozen=True, slots=True)
class Bench:
    """`desks` are the mailboxes in question. `anybodys`: there is no configuration, so whatever a
    message is addressed to counts as ours. `settled` tells how an explanation stands once all
    messages are in.
    """

    settings: Settings
    desks: tuple[Desk, ...]
    anybodys: bool
    judge: Judge
    settled: Callable[[Explanation], Explanation]

    def read(self, parser: Parser, raw: bytes) -> tuple[Desk, Message]:
        """Return the message, and the mailbox that it is for."""
        first = self.desks[0]
        message = read_message(parser, first, raw)
        desk = self._desk_of(message)
        if desk.policy.reading != first.policy.reading:
            message = read_message(parser, desk, raw)
        return desk, message

    def _desk_of(self, message: Message) -> Desk:
        recipients = _recipients(message)
        if self.anybodys:
            return _addressed_to(self.desks[0], message, recipients)
        for desk in self.desks:
            if desk.policy.addresses & {one.key for one in recipients}:
                return desk
        return self.desks[0]

    def compose(self, desk: Desk, explanation: Explanation, now: datetime) -> str | None:
        """Return the text of the response, None if there is silence."""
        from maildaemon.bootstrap import make_composer
        from maildaemon.cli.letter import read_letter

        draft = draft_of(desk, explanation, now)
        if draft is None:
            return None
        try:
            subject, text = read_letter(make_composer(self.settings).compose(draft))
        except (OperatorError, ValueError) as error:
            # A broken template, or an address that no mail can be written to.
            note(f"error: {plain(str(error))}")
            return None
        return f"Subject: {subject}\n\n{text}"


@contextmanager
def open_bench(invocation: Invocation, mailbox: str | None, *, in_order: bool) -> Iterator[Bench]:
    """Put together what `explain` needs; nothing is made, changed or asked over a network."""
    path = invocation.find_config()
    if path is None:
        note("no configuration was found: judged by the defaults, for whatever address it is for")
        text = minimal("support@example.com", "localhost", "localhost")
        settings = read_settings(text, Path("maildaemon.yaml"))
    else:
        settings = invocation.settings()
    chosen = settings.mailboxes if mailbox is None else (choose_mailbox(settings, mailbox),)
    known = path is not None and not in_order
    store = _open_store(settings) if known else ScratchStore()
    key = known_key(settings.service.data_dir) if path is not None else _NOBODYS_KEY
    try:
        desks = tuple(_desk(settings, one, store, key) for one in chosen)
        letters = Correspondence(store, all_take_part=path is None)
        judge = letters.add if in_order else _by_itself(store)
        yield Bench(settings, desks, path is None, judge, letters.settled)
    finally:
        store.close()


def _open_store(settings: Settings) -> SqlStore:
    url = settings.database.url
    if is_new(url):
        return ScratchStore()
    return open_reading(url)


def known_key(data_dir: Path) -> bytes:
    """Return the key of this installation, nobody's if it has none or may not be read."""
    if not (data_dir / "key").exists():
        return _NOBODYS_KEY
    try:
        return read_key(data_dir)
    except OperatorError as error:
        note(f"mails of our own are not recognised: {error}")
        return _NOBODYS_KEY


def _desk(settings: Settings, mailbox: MailboxSettings, store: SqlStore, key: bytes) -> Desk:
    if isinstance(store, ScratchStore):
        with store.begin() as tx:
            mailbox_id = tx.mailboxes.ensure(mailbox.name).mailbox_id
    else:
        with read_listings(store) as listings:
            mailbox_id = listings.mailbox_id(mailbox.name) or 0
    hold_for = timedelta(days=settings.policy_of(mailbox).attachments.hold_days)
    lookup = _make_lookup(settings, mailbox)
    return Desk(mailbox_id, make_policy(settings, mailbox), key, hold_for, lookup=lookup)


def _make_lookup(settings: Settings, mailbox: MailboxSettings) -> Lookup | None:
    if not any(one.lookup for one in settings.policy_of(mailbox).order_numbers):
        return None
    # It loads everything that a daemon needs.
    from maildaemon.bootstrap import make_lookup

    return make_lookup(settings, mailbox)


def _by_itself(store: SqlStore) -> Judge:
    def judge(_file: str, desk: Desk, message: Message, arrival: Arrival) -> Explanation:
        with store.read() as tx:
            return explain(tx, desk, message, arrival)

    return judge


def _recipients(message: Message) -> tuple[Address, ...]:
    delivered = (*message.field("delivered-to"), *message.field("x-original-to"))
    named = (Address("", one.strip().strip("<>")) for one in delivered)
    return (*message.to, *message.cc, *message.bcc, *named)


def _addressed_to(desk: Desk, message: Message, recipients: tuple[Address, ...]) -> Desk:
    author = message.from_.key if message.from_ else ""
    ours = [one for one in recipients if one.key != author and "@" in one.address]
    if not ours:
        return desk
    policy: Policy = replace(
        desk.policy,
        sender=Address("", ours[0].address),
        addresses=frozenset(one.key for one in ours),
    )
    return replace(desk, policy=policy)
