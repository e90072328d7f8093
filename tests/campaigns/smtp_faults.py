"""One mail after the other over a line that breaks, each time at the next byte.

The daemon's own steps (`process_next`, `deliver_next`), its database and its SMTP client talk to a
real server; the mailbox is a fake one, in which the campaign files what the server has accepted, or
nothing. The clock is moved, so that doubts and waits end. What the server has delivered in the end
is the judge.
"""

import contextlib
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from enum import StrEnum
from pathlib import Path

from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.smtp_session import SmtpLimits
from maildaemon.domain.delivery import Envelope
from maildaemon.domain.policy import Limits, Rate
from maildaemon.domain.rules import Condition, Rule
from maildaemon.errors import TransportRefusedError, TransportUnavailableError
from tests.campaigns.table import Table
from tests.fakes.submission import a_tls_account, an_account
from tests.fakes.transport import Mail
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.process import wait_until
from tests.servers.relay import Direction, Fault, Kind, Relay
from tests.servers.sink import SmtpSink
from tests.service.shop import Shop, a_mail

_COLLEAGUE = "berta@shop.example"
# What is silent for so long is taken for dead; the real limits are 60 s, and 600 s at the dot.
_QUICK = SmtpLimits(connect=2, command=0.25, dot=0.25)
_UNHURRIED = SmtpLimits(connect=10, command=10, dot=10)
_ANY_NUMBER = Rate(10**6, timedelta(hours=1))


class What(StrEnum):
    """Which mail it is, and whether there is a witness of what became of it."""

    WITNESSED = "acknowledgements, copies in Sent"
    ACKNOWLEDGEMENT = "acknowledgements, no copies"
    NOTE = "notes to a colleague, no copies"


class Seen(StrEnum):
    """What the daemon made of the broken conversation."""

    SENT = "sent"
    HARMLESS = "not accepted"
    UNCERTAIN = "unknowable"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where the line is broken, and how: at every n-th byte, and at all of the last `near`, where
    the dot and its reply are.
    """

    every: int = 1
    near: int = 40
    kinds: Sequence[Kind] = ("cut",)
    seed: int = 0

    def wants(self, at: int, length: int) -> bool:
        return at % self.every == self.seed % self.every or at > length - self.near


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fault, and what came of the mail: how it ended in the outbox, and how often sent."""

    fault: Fault
    message_id: str
    seen: Seen
    state: str
    resent: bool


@dataclass(frozen=True, slots=True)
class Server:
    """A submission server behind a relay; `delivered` is where its mail ends up."""

    name: str
    relay: Relay
    dovecot: Dovecot
    delivered: SmtpSink
    tls: bool


@contextlib.contextmanager
def serving(name: str, *, tls: bool) -> Iterator[Server]:
    """Start `postfix` (always with STARTTLS and AUTH) or `sink` (with both if `tls`)."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-faults-"))
    with contextlib.ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot())
        secured = tls and name == "sink"
        sink = SmtpSink(
            folder / "accepted.jsonl",
            security="starttls" if secured else "none",
            certificate=(dovecot.ca_file, dovecot.key_file) if secured else None,
            require_auth=secured,
        )
        stack.enter_context(sink)
        port = sink.port
        if name == "postfix":
            port = stack.enter_context(Postfix(dovecot, sink.port)).port
        relay = stack.enter_context(Relay(port))
        yield Server(name, relay, dovecot, sink, tls or name == "postfix")
    shutil.rmtree(folder)


class _Line(SmtpTransport):
    """The real client; `accepted` is what the server took responsibility for, as `Shop` asks it."""

    def __init__(self, server: Server, limits: SmtpLimits) -> None:
        relay, dovecot, sink = server.relay, server.dovecot, server.delivered
        account = an_account(relay.port)
        if server.tls:
            account = a_tls_account(sink, dovecot, port=relay.port)
        super().__init__(account, limits)
        self._sink = sink

    @property
    def accepted(self) -> list[Mail]:
        return [
            Mail(Envelope(one.mail_from, one.rcpt_to[0]), one.raw) for one in self._sink.accepted()
        ]


@dataclass
class Sending:
    """A shop whose mails meet one fault each."""

    what: What
    server: Server
    shop: Shop
    attempts: list[Attempt] = field(default_factory=list)
    written: int = 0

    def send(self, fault: Fault | None) -> None:
        """Let a customer write, and answer him (or tell a colleague) over a line with this fault."""
        number, shop = self.written, self.shop
        self.written += 1
        shop.transport = _Line(self.server, _QUICK if _is_slow(fault) else _UNHURRIED)  # type: ignore[assignment]
        address = f"c{number}@x.example"
        message_id = f"{self.what.name}-{number}@x.example"
        shop.write(a_mail(sender=address, message_id=message_id, date=shop.at))
        self._catch_up()
        queued = self._row()
        assert queued[1] == "queued", f"nothing was queued for mail {number}"
        self.server.relay.break_next(fault)
        self._deliver()
        self.server.relay.break_next(None)
        seen = self._seen()
        if fault is not None:
            self._recover(fault, seen)
        self._file_what_was_accepted(self._row()[0])
        shop.wait(minutes=2)
        self._catch_up()

    def _catch_up(self) -> None:
        """Read the mailbox, and do in it what is due."""
        self.shop.receive()
        while self.shop.process():
            pass
        self.shop.settle()

    def _deliver(self) -> None:
        with contextlib.suppress(TransportUnavailableError, TransportRefusedError):
            self.shop.deliver()
        _run(self.shop.transport)
        # asyncio waits for half a minute for the other side to end TLS in order.
        self.server.relay.wait_idle(40)

    def _seen(self) -> Seen:
        _, state, phase, _ = self._row()
        if state == "sent":
            return Seen.SENT
        return Seen.UNCERTAIN if phase == "dot" else Seen.HARMLESS

    def _row(self) -> tuple[str, str, str, bool]:
        [row] = self.shop.rows(
            "select message_id, state, phase, resent from outbox order by id desc limit 1"
        )
        return str(row[0]), str(row[1]), str(row[2]), bool(row[3])

    def _recover(self, fault: Fault, seen: Seen) -> None:
        """Let time pass on a sound line until the mail is concluded."""
        shop, message_id = self.shop, self._row()[0]
        shop.transport = _Line(self.server, _UNHURRIED)  # type: ignore[assignment]
        for _ in range(6):
            if self._row()[1] != "queued":
                break
            self._file_what_was_accepted(message_id)
            shop.wait(minutes=16 if self._row()[2] == "dot" else 1)
            self._catch_up()
            self._deliver()
        _, state, _, resent = self._row()
        self.attempts.append(Attempt(fault, message_id, seen, state, resent))

    def _file_what_was_accepted(self, message_id: str) -> None:
        """Put the copy there that the server would file: of what it accepted, even if unheard."""
        if self.what is not What.WITNESSED:
            return
        if self.server.name == "postfix" and self._row()[2] == "dot":
            # It passes on what it has accepted, which takes a moment; what it has not, never.
            with contextlib.suppress(AssertionError):
                wait_until(lambda: self._arrived(message_id), 1.5, "Postfix has passed it on")
        self.shop._file_sent()

    def _arrived(self, message_id: str) -> bool:
        return any(one.message_id == message_id for one in self.server.delivered.accepted())


def _run(transport: object) -> None:
    from tests.service.shop import _runner

    assert isinstance(transport, SmtpTransport)
    _runner().run(transport.close())


def _is_slow(fault: Fault | None) -> bool:
    # Of a spoilt length in TLS comes a wait, too.
    return fault is not None and fault.kind in {"stall", "corrupt"}


def a_shop(folder: Path, what: What) -> Shop:
    rules = (Rule(name="all", when=Condition(), assign=_COLLEAGUE, mute=True),)
    limits = Limits((_ANY_NUMBER,), _ANY_NUMBER, _ANY_NUMBER, 10**6, timedelta(hours=6))
    shop = Shop(
        folder,
        files_sent=what is What.WITNESSED,
        staff=frozenset({_COLLEAGUE}),
        rules=rules if what is What.NOTE else (),
        limits=limits,
    )
    shop.start()
    return shop


def positions(relay: Relay, before: tuple[int, int], sweep: "Sweep") -> Iterator[Fault]:
    """Yield a fault for every n-th byte of the conversation that has just gone by."""
    up, down = relay.passed["up"] - before[0], relay.passed["down"] - before[1]
    first = sweep.seed % sweep.every
    places: list[tuple[Direction, int]] = []
    for way, length in (("up", up), ("down", down)):
        places += [(way, at) for at in range(length + 1) if sweep.wants(at, length)]  # type: ignore[misc]
    for number, (direction, at) in enumerate(places):
        yield Fault(sweep.kinds[(number + first) % len(sweep.kinds)], direction, at)


def campaign(server: str, sweep: Sweep, *, tls: bool, whats: Sequence[What] = tuple(What)) -> Table:
    """Break the conversation wherever the sweep says, for each of these mails."""
    way = "STARTTLS and AUTH" if tls or server == "postfix" else "in the clear"
    table = Table(f"SMTP ({server}, {way}), broken by {', '.join(sweep.kinds)}")
    with serving(server, tls=tls) as started:
        for what in whats:
            _run_one(table, started, what, sweep)
    return table


def _run_one(table: Table, server: Server, what: What, sweep: Sweep) -> None:
    folder = Path(tempfile.mkdtemp(prefix="campaign-faults-", dir=memory()))
    shop = a_shop(folder, what)
    sending = Sending(what, server, shop)
    shop._filed = len(server.delivered.accepted())
    before = server.relay.passed["up"], server.relay.passed["down"]
    sending.send(None)
    for fault in [*positions(server.relay, before, sweep)]:
        sending.send(fault)
    _wait_delivered(server, sending)
    judge(table, server, sending)
    shop.close()
    shutil.rmtree(folder)


def _wait_delivered(server: Server, sending: Sending) -> None:
    sure = {one.message_id for one in sending.attempts if one.state == "sent"}

    def all_there() -> bool:
        return sure <= {str(one.message_id) for one in server.delivered.accepted()}

    with contextlib.suppress(AssertionError):
        wait_until(all_there, 30, "the server has delivered all that it accepted")
    if server.name == "postfix":
        threading.Event().wait(2)


def judge(table: Table, server: Server, sending: Sending) -> None:
    """Compare what the daemon knows of each mail with how often the server delivered it."""
    counts = Counter(one.message_id for one in server.delivered.accepted())
    bytes_of: dict[str | None, bytes] = {}
    differing = set()
    for one in server.delivered.accepted():
        if bytes_of.setdefault(one.message_id, _body(one.raw)) != _body(one.raw):
            differing.add(one.message_id)
    of = sending.attempts
    times = {one: counts[one.message_id] for one in of}
    name = sending.what.value
    table.fact(name, f"{len(of)} conversations broken")
    for seen in Seen:
        met = [one for one in of if one.seen is seen]
        table.fact(f"  held for {seen.value}", len(met))
    harmless = [one for one in of if one.seen is Seen.HARMLESS]
    table.none("  held for not accepted, and was", [_where(o) for o in harmless if times[o] > 1])
    table.none(
        "  not accepted, and not sent after that",
        [_where(o) for o in harmless if o.state != "sent" or not times[o]],
    )
    table.none(
        "  held for sent, and was not once",
        [_where(o) for o in of if o.seen is Seen.SENT and times[o] != 1],
    )
    table.none("  unfinished", [_where(o) for o in of if o.state not in {"sent", "unknown"}])
    table.none("  sent again with other bytes", differing)
    _judge_doubts(table, sending.what, [o for o in of if o.seen is Seen.UNCERTAIN], times)


def _judge_doubts(
    table: Table, what: What, doubts: Sequence[Attempt], times: dict[Attempt, int]
) -> None:
    unknown = [one for one in doubts if one.state == "unknown"]
    doubled = [one for one in doubts if times[one] > 1]
    missing = [one for one in doubts if not times[one]]
    resent = [one for one in doubts if one.resent]
    table.fact("  unknowable: sent once more", len(resent))
    table.fact("  unknowable: listed as unknown", len(unknown))
    if what is What.NOTE:
        # Nobody can know; it goes once more, the same bytes, and says so.
        table.fact("  unknowable: arrived twice", len(doubled))
        table.none(
            "  arrived twice, not listed as resent", [_where(o) for o in doubled if not o.resent]
        )
        table.none("  arrived three times", [_where(o) for o in doubled if times[o] > 2])
        table.none("  missing", [_where(one) for one in missing])
        return
    table.none("  doubled", [_where(one) for one in doubled])
    if what is What.WITNESSED:
        table.none("  missing", [_where(one) for one in missing])
    else:
        table.fact("  missing, listed as unknown", sum(o.state == "unknown" for o in missing))
        table.none(
            "  missing, not listed as unknown",
            [_where(one) for one in missing if one.state != "unknown"],
        )


def _body(raw: bytes) -> bytes:
    """Return what we wrote: a relaying server puts its Received line on top."""
    found = message_from_bytes(raw)
    return (
        b"\n".join(
            f"{name}: {value}".encode(errors="replace")
            for name, value in found.items()
            if name not in {"Received", "X-Peer"}
        )
        + raw.partition(b"\r\n\r\n")[2]
    )


def _where(attempt: Attempt) -> str:
    fault = attempt.fault
    return f"{fault.kind} {fault.direction} after {fault.after} {fault.unit}"


def memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
