"""Mails that are made to stop whoever reads them, among others: what do they cost the others?

The daemon is stopped, mail is delivered by LMTP, the daemon is started, and the time is taken until
all of it is recorded: once without poison, once with it in between. Meanwhile the process that parses
is killed now and then. Nobody's mail may be late for it, and of the poison all is to be seen. What
cannot be read at all is put aside, is to be seen, and is read when somebody has it tried again.

python -m tests.campaigns.poison --messages 1000 --poisonous 50 --seed 1
"""

import argparse
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from random import Random

from tests.campaigns.installation import Installation, descendants, installed
from tests.campaigns.judge import judge_log, judge_records
from tests.campaigns.mails import SUPPORT, question
from tests.campaigns.table import Table, conclude
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink

_WITHIN = 1800
_TIMES = 2
_LATE = 60
# The start of two daemons is not what is compared.
_START = 10


def _nested(depth: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (one, one)
        for one in range(depth)
    )
    return opened + b"\r\ndeep\r\n"


def _parts(count: int) -> bytes:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    return b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * count + b"--b--\r\n"


def _text(head: bytes) -> bytes:
    return head + b"\r\n\r\nHello\r\n"


def _lines(name: bytes, value: bytes, count: int) -> bytes:
    return b"\r\n".join([name + b": " + value] * count)


# The rows of what costs Python's own `email` seconds, gigabytes or its life.
POISONS: dict[str, Callable[[], bytes]] = {
    "nested 1000 deep": lambda: _nested(1000),
    "500 comments in From": lambda: _text(
        b"From: " + b"(" * 500 + b")" * 500 + b" eve@attacker.example"
    ),
    "10000 To fields": lambda: _text(_lines(b"To", b"a@b.example", 10_000)),
    "20000 addresses": lambda: _text(b"Cc: " + b",\r\n ".join([b"a@b.example"] * 20_000)),
    "20000 encoded words": lambda: _text(
        b"Subject: " + b"\r\n ".join([b"=?utf-8?q?abc?="] * 20_000)
    ),
    "2 MB of References": lambda: _text(
        b"References: " + b"\r\n ".join([b"<a@b.example>"] * 130_000)
    ),
    "50000 parameters": lambda: _text(
        b"Content-Type: text/plain" + b"".join(b";\r\n a%d=b" % one for one in range(50_000))
    ),
    "20000 parts": lambda: _parts(20_000),
    "CRLF in a name": lambda: _text(b"From: =?utf-8?q?a=0D=0ABcc=3A_x?= <eve@attacker.example>"),
    "CRLF in the subject": lambda: _text(b"Subject: =?utf-8?q?a=0D=0ABcc=3A_x?="),
    "controls in the subject": lambda: _text(b"Subject: a\x0bBcc: x\x0cBcc: y\x1cBcc: z"),
    "a group without an end": lambda: _text(b"From: a:;,:;<<@>>"),
    "an absurd date": lambda: _text(b"Date: Mon, 99 Foo 99999999999 99:99:99 +99999999999"),
    "an unknown charset": lambda: (
        b"Content-Type: text/plain; charset=\xff\xfe\r\n\r\n\xff\xfe\xfd\r\n"
    ),
    "quotes in quotes": lambda: b"\r\n" + b"\r\n".join(b">" * n + b" a" for n in range(2000)),
    "HTML 20000 deep": lambda: b"Content-Type: text/html\r\n\r\n" + b"<div>\r\n" * 20_000 + b"x",
    "1 MB in one line": lambda: b"\r\n" + b"a " * 500_000 + b"\r\n",
}


@dataclass(frozen=True, slots=True)
class Run:
    """How many seconds after the start the mails of people were recorded."""

    seconds: tuple[float, ...]
    kills: int


def poisonous(number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a poisonous mail."""
    name = [*POISONS][number % len(POISONS)]
    head, _, body = POISONS[name]().partition(b"\r\n\r\n")
    given = head.lower() + b"\r\n"
    fields = {
        b"X-Mail-Number": b"%d" % (100_000 + number),
        b"From": b"Eve <eve%d@attacker.example>" % number,
        b"To": SUPPORT.encode(),
        b"Subject": b"poison",
        b"Date": format_datetime(datetime.now(UTC)).encode(),
        b"Message-ID": b"<poison.%d@attacker.example>" % number,
    }
    lines = [
        key + b": " + value
        for key, value in fields.items()
        if not given.startswith(key.lower() + b":")
    ]
    return name, b"\r\n".join([*lines, head, b"", body])


def campaign(
    messages: int,
    poison: int,
    seed: int,
    kills: int = 10,
    unreadable: int = 0,
    say: Callable[[str], None] = print,
) -> Table:
    """Let so many mails come, so many of them poisonous; return the figures.

    After that so many come that cannot be read at all: for two minutes or so.
    """
    clean_count = messages - poison
    table = Table(f"poison: {messages} mails, {poison} of them poisonous, seed {seed}")
    with installed("poison-clean") as (installation, _):
        plain = _run(installation, clean_count, (), seed, 0)
        say(f"without poison: {max(plain.seconds):.1f} s")
    with installed("poison") as (installation, sink):
        mails = [poisonous(number) for number in range(poison)]
        mixed = _run(installation, clean_count, [raw for _, raw in mails], seed, kills)
        say(f"with poison: {max(mixed.seconds):.1f} s")
        _judge_time(table, plain, mixed)
        _judge_poison(table, installation, sink, poison)
        installation.stop()
        judge_records(table, installation, installation.account.messages())
        if unreadable:
            _put_aside_and_try_again(table, installation, unreadable)
        judge_log(table, installation)
    return table


def _run(
    installation: Installation, clean: int, poison: Sequence[bytes], seed: int, kills: int
) -> Run:
    """Deliver it all to a daemon that is stopped, start it, and wait until all is recorded."""
    installation.change("service.mode", "shadow")
    installation.start()
    installation.wait_started(120)
    installation.stop()
    mails = [
        (one.raw, one.person)
        for one in (question(n, f"person{n}@customer{n}.example") for n in range(1, clean + 1))
    ]
    mails += [(raw, "eve@attacker.example") for raw in poison]
    for raw, sender in Random(seed).sample(mails, len(mails)):
        installation.account.deliver(raw, sender=sender)
    begun = time.time()
    installation.start()
    ending = threading.Event()
    killer = _Killer(installation, kills, ending)
    killer.start()
    query = "SELECT count(*) FROM inbound WHERE state IN ('done', 'parked')"

    def done() -> bool:
        installation.check_alive()
        with installation.records.open() as connection:
            return bool(connection.execute(query).fetchone()[0] >= len(mails))

    try:
        wait_until(done, _WITHIN, "all is recorded")
    finally:
        ending.set()
        killer.join()
    return Run(_recorded(installation, begun), killer.killed)


def _recorded(installation: Installation, begun: float) -> tuple[float, ...]:
    # `inbound` tells when a message was fetched; when it was decided stands beside its thread.
    query = (
        "SELECT (julianday(min(event.at)) - 2440587.5) * 86400 FROM message "
        "JOIN event ON event.message_id = message.id "
        "WHERE message.message_id LIKE 'campaign.%' GROUP BY message.id"
    )
    with installation.records.open() as connection:
        return tuple(row[0] - begun for row in connection.execute(query))


class _Killer(threading.Thread):
    """Kills the processes of the daemon, never the daemon, now and then."""

    def __init__(self, installation: Installation, kills: int, ending: threading.Event) -> None:
        super().__init__(name="killer", daemon=True)
        self._installation, self._kills, self._ending = installation, kills, ending
        self.killed = 0

    def run(self) -> None:
        while self.killed < self._kills and not self._ending.wait(1):
            for pid in [*descendants(self._installation.pid)]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1


def _put_aside_and_try_again(table: Table, installation: Installation, count: int) -> None:
    """Take the bytes of some mails away, here and in the mailbox, until they are parked; then give
    them back.
    """
    before = _people(installation)
    for number in range(1, count + 1):
        mail = question(500_000 + number, f"person{number}@unreadable.example")
        installation.account.deliver(mail.raw, sender=mail.person)
    installation.call("run", "--once", "--only", "receive")
    with installation.records.open() as connection:
        names = "SELECT uid, raw_sha256 FROM inbound WHERE state = 'waiting'"
        waiting = connection.execute(names).fetchall()
    table.promise("fetched, not yet read", len(waiting), len(waiting) == count, f"{count}")
    away = installation.folder / "away"
    away.mkdir()
    taken = [
        (file, file.rename(away / file.name))
        for _, name in waiting
        for file in (installation.folder / "var").rglob(f"{name}*")
    ]
    for uid, _ in waiting:
        installation.account.expunge("INBOX", uid)
    installation.start()
    parked = partial(installation.listing, "parked", "list")
    wait_until(lambda: len(parked()) >= count, 300, "they are parked")
    table.promise("parked, and to be seen", len(parked()), len(parked()) == count, f"{count}")

    for file, kept in taken:
        kept.rename(file)
    table.fact("maildaemon parked retry --all", installation.call("parked", "retry", "--all"))
    wait_until(lambda: not parked(), 120, "none is parked")
    installation.wait_done(120)
    installation.stop()
    read = _people(installation) - before
    table.promise("read when they were tried again", read, read == count, f"{count}")


def _people(installation: Installation) -> int:
    query = "SELECT count(*) FROM message WHERE from_address LIKE 'person%'"
    with installation.records.open() as connection:
        return int(connection.execute(query).fetchone()[0])


def _judge_time(table: Table, plain: Run, mixed: Run) -> None:
    one, other = max(plain.seconds), max(mixed.seconds)
    table.fact("processes killed that parse", mixed.kills)
    table.promise(
        "people's mails recorded",
        len(mixed.seconds),
        len(mixed.seconds) == len(plain.seconds),
        f"{len(plain.seconds)}",
    )
    table.fact("all recorded without poison after", f"{one:.1f} s")
    limit = max(_TIMES * one, one + _START)
    table.promise("with it after", f"{other:.1f} s", other <= limit, f"<= {limit:.1f} s")
    late = [
        after - before
        for before, after in zip(sorted(plain.seconds), sorted(mixed.seconds), strict=False)
    ]
    table.promise("longest delay by it", f"{max(late):.1f} s", max(late) <= _LATE, f"<= {_LATE} s")


def _judge_poison(table: Table, installation: Installation, sink: SmtpSink, poison: int) -> None:
    query = "SELECT defects FROM message WHERE from_address NOT LIKE 'person%'"
    with installation.records.open() as connection:
        rows = connection.execute(query).fetchall()
    parked = installation.listing("parked", "list")
    seen = len(rows) + len(parked)
    table.promise("poisonous mails to be seen", seen, seen == poison, f"{poison}")
    table.fact("of them parked", len(parked))
    table.fact("of them with defects named", sum(row[0] not in ("[]", None) for row in rows))
    defects = Counter(word for row in rows for word in str(row[0]).strip("[]").split(", ") if word)
    table.fact("defects", ", ".join(f"{n} {name}" for name, n in defects.most_common(12)))
    table.none("mails sent", len(sink.accepted()))


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.poison")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--poisonous", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10, help="of processes that parse")
    parser.add_argument(
        "--unreadable", type=int, default=3, help="mails that have to be tried again by hand"
    )
    return parser.parse_args()


if __name__ == "__main__":
    given = vars(_given())
    conclude(lambda: campaign(poison=given.pop("poisonous"), **given))
