"""A session with a real Dovecot over a line that breaks, each time elsewhere.

The daemon's own steps, its database and its IMAP client: a first start, three new mails, their
answers (to a fake SMTP server), a look at the inbox by IDLE, and the copies for Sent. One
connection of it is broken, once; then the steps go on as the daemon's loops would. Mail arrives by
LMTP. What Dovecot holds in the end is the judge.
"""

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path
from typing import Literal

from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_login import ImapLimits, ImapServer
from maildaemon.errors import (
    MailboxPasswordRefusedError,
    MailboxRefusedError,
    MailboxUnavailableError,
)
from tests.campaigns.smtp_faults import memory
from tests.campaigns.table import Table
from tests.servers.dovecot import Account, Dovecot
from tests.servers.relay import Direction, Fault, Kind, Relay
from tests.service.shop import Shop, a_mail

# What is silent for so long is taken for dead; the real limits are 60 s, and 180 s for a command.
_QUICK = ImapLimits(connect=2, answer=0.25, command=2)
_UNHURRIED = ImapLimits(connect=10, answer=10, command=10)
_CUSTOMERS = ("clara@x.example", "dora@x.example", "emil@x.example")
_LINES = 60
# More than the server gives in a session; a mail is one of them, however many lines it has.
_ANSWERS = 120
# The fault strikes once: what fails more often than that has not recovered by itself.
_TRIES = 4
_KINDS_OF_CUT: tuple[Kind, ...] = ("cut", "reset", "stall")


@dataclass(frozen=True, slots=True)
class Session:
    """What one broken session came to; `lost` and the like name what they concern."""

    fault: Fault | None
    troubles: int
    connections: int
    most_open: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unanswered: tuple[str, ...]
    copies_wrong: tuple[str, ...]
    touched: tuple[str, ...]
    stuck: tuple[str, ...]


@dataclass
class Visit:
    """A shop that reads its mailbox through the relay."""

    shop: Shop
    account: Account
    relay: Relay
    troubles: int = 0
    stuck: list[str] = field(default_factory=list)

    def live(self) -> None:
        """Do what a daemon does in its first minutes, each step until it succeeds."""
        shop = self.shop
        self._insist(shop.start)
        self._insist(shop.receive)
        for number, sender in enumerate(_CUSTOMERS):
            body = "Where is my order?\n" + "I have been waiting for weeks now.\n" * (
                _LINES if number == 1 else 1
            )
            raw = a_mail(body, sender=sender, message_id=f"m-{sender}", date=shop.at)
            self.account.deliver(raw, sender=sender)
        for _ in range(2):
            self._insist(shop.receive)
            while shop.process():
                pass
            while shop.deliver():
                pass
            self._insist(lambda: shop.mailbox.wait("INBOX", timedelta(0)))
            shop.wait(seconds=61)
            self._insist(shop.receive)
            self._insist(shop.settle)
        # A claim of a step that broke off ends after two minutes, a mail withheld is asked for again.
        while self.troubles and self._is_unfinished() and len(self.stuck) < _TRIES:
            shop.wait(minutes=3)
            self._insist(shop.receive)
            while shop.process() + shop.deliver():
                pass
            self._insist(shop.settle)
            self.stuck.append("unfinished after three more minutes")
        if not self._is_unfinished():
            self.stuck.clear()

    def _is_unfinished(self) -> bool:
        waiting = "select 1 from settlement where state = 'waiting' union all "
        waiting += "select 1 from inbound where state = 'waiting' union all "
        waiting += "select 1 from gap where state = 'open'"
        done = self.shop.rows("select 1 from settlement where state = 'done'")
        return bool(self.shop.rows(waiting)) or len(done) < len(_CUSTOMERS)

    def _insist(self, step: Callable[[], object]) -> None:
        for _ in range(_TRIES):
            try:
                step()
            except MailboxPasswordRefusedError:
                raise
            except (MailboxUnavailableError, MailboxRefusedError) as error:
                # What looks as if a person had to mend it is tried again after a minute.
                refused = isinstance(error, MailboxRefusedError)
                self.shop.wait(seconds=60 if refused else 1)
                self.troubles += 1
            else:
                return
        self.stuck.append(f"{_TRIES} tries were not enough")


def visit(
    dovecot: Dovecot, relay: Relay, security: Literal["none", "tls"], fault: Fault | None
) -> Session:
    """Live through one session with this fault, and compare what came of it with Dovecot."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-faults-", dir=memory()))
    account = dovecot.account()
    shop = Shop(folder)
    shop.at = datetime.now(UTC)
    # Of a spoilt length in TLS comes a wait, too.
    waits = fault is not None and fault.kind in {"stall", "corrupt"}
    limits = _QUICK if waits else _UNHURRIED
    server = ImapServer(
        "localhost", relay.port, security, account.user, lambda: dovecot.password, dovecot.ca_file
    )
    mailbox = ImapMailbox(server, limits=limits)
    shop.mailbox = mailbox  # type: ignore[assignment]
    visiting = Visit(shop, account, relay)
    before, relay.most_open = relay.connections, 0
    relay.break_next(fault)
    try:
        visiting.live()
    finally:
        relay.break_next(None)
        mailbox.close()
    relay.wait_idle()
    session = _judged(visiting, fault, relay.connections - before, relay.most_open)
    shop.close()
    shutil.rmtree(folder)
    return session


def _judged(visiting: Visit, fault: Fault | None, connections: int, most_open: int) -> Session:
    shop, account = visiting.shop, visiting.account
    inbox, sent = account.messages(), account.messages("Sent")
    rows = shop.rows(
        "select i.uid, i.raw_sha256 from inbound i join folder f on f.id = i.folder_id "
        "where f.role = 'inbox' and i.state = 'done'"
    )
    recorded = {row[0]: row[1] for row in rows}
    records = Counter(
        row[0] for row in shop.rows("select message_id from message where kind = 'customer'")
    )
    answered = Counter(mail.envelope.forward_path for mail in shop.transport.accepted)
    copies = Counter(str(message_from_bytes(one.raw)["To"]) for one in sent)
    return Session(
        fault=fault,
        troubles=visiting.troubles,
        connections=connections,
        most_open=most_open,
        lost=tuple(
            f"UID {one.uid}"
            for one in inbox
            if recorded.get(one.uid) != sha256(one.raw).hexdigest()
        ),
        doubled=tuple(str(one) for one, count in records.items() if count > 1)
        + tuple(one for one, count in answered.items() if count > 1),
        unanswered=tuple(set(_CUSTOMERS) - set(answered)),
        copies_wrong=tuple(one for one in _CUSTOMERS if copies[one] != 1)
        + tuple(set(copies) - set(_CUSTOMERS)),
        touched=tuple(f"UID {one.uid}" for one in inbox if one.flags),
        stuck=tuple(visiting.stuck),
    )


def faults(
    relay: Relay,
    counted: tuple[dict[Direction, int], dict[Direction, int]],
    *,
    tls: bool,
    every: int,
) -> Iterator[Fault]:
    """Yield a fault for each boundary of a command or an answer, and for every n-th byte.

    Within TLS nobody sees commands; there every n-th byte is also spoilt. In the clear a spoilt
    byte would be a mail with other bytes, which nobody can tell.
    """
    passed, lines = counted
    ways: tuple[Direction, ...] = ("up", "down")
    if not tls:
        for way in ways:
            for after in range(lines[way] + 1):
                for kind in _KINDS_OF_CUT:
                    yield Fault(kind, way, after, "lines")
        for after in range(_ANSWERS):
            yield Fault("repeat", "down", after, "lines")
            yield Fault("swap", "down", after, "lines")
    kinds: tuple[Kind, ...] = (*_KINDS_OF_CUT, "corrupt") if tls else _KINDS_OF_CUT
    for way in ways:
        for number, after in enumerate(range(0, passed[way], every)):
            yield Fault(kinds[number % len(kinds)], way, after)


def campaign(*, tls: bool, every: int, share: int = 1, seed: int = 0) -> Table:
    """Break a session at every boundary and every n-th byte, or at one in `share` of those, from
    which on the seed says.
    """
    security: Literal["none", "tls"] = "tls" if tls else "none"
    table = Table(f"IMAP (Dovecot, {'TLS' if tls else 'in the clear'})")
    with contextlib.ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot())
        relay = stack.enter_context(Relay(dovecot.imaps_port if tls else dovecot.imap_port))
        undisturbed = visit(dovecot, relay, security, None)
        assert undisturbed.connections == 1, undisturbed
        counted = dict(relay.passed), dict(relay.lines)
        sessions = [
            visit(dovecot, relay, security, fault)
            for fault in [*faults(relay, counted, tls=tls, every=every)][seed % share :: share]
        ]
        judge(table, sessions)
        table.fact("logins that Dovecot counted", dovecot.log.count("imap-login: Info: Login:"))
    return table


def judge(table: Table, sessions: Sequence[Session]) -> None:
    """Say what was broken, and what came of it."""
    kinds = Counter(one.fault.kind for one in sessions if one.fault)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    table.fact("sessions", f"{len(sessions)} ({told})")
    table.fact("  that met their fault and noticed", sum(bool(one.troubles) for one in sessions))
    for name, field_name in (
        ("messages lost", "lost"),
        ("records or answers doubled", "doubled"),
        ("customers unanswered", "unanswered"),
        ("copies in Sent missing or doubled", "copies_wrong"),
        ("messages whose flags were changed", "touched"),
        ("sessions that did not recover by themselves", "stuck"),
    ):
        wrong = [
            f"{_where(one)}: {getattr(one, field_name)}"
            for one in sessions
            if getattr(one, field_name)
        ]
        table.none(name, wrong)
    most = max((one.most_open for one in sessions), default=0)
    # The server may not have noticed the end of one when the next one is opened.
    table.promise("most connections at a time", most, most <= 2, "at most 2 a mailbox")
    connections = max((one.connections for one in sessions), default=0)
    kept = connections <= _TRIES  # one a try; on a busy machine a server is silent by itself
    table.promise("most connections in a session", connections, kept, f"at most {_TRIES}")


def _where(session: Session) -> str:
    fault = session.fault
    return (
        "undisturbed"
        if fault is None
        else f"{fault.kind} {fault.direction} after {fault.after} {fault.unit}"
    )
