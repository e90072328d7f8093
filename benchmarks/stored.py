"""A shop on throw-away servers that has so many messages on record, for whatever is measured there."""

import hashlib
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine, create_engine

from benchmarks.filler import fill
from benchmarks.ingest import deliver, first_start, number, written_now
from benchmarks.judge import Verdict, judge
from benchmarks.mailbox import SUPPORT, Truth
from maildaemon.adapters.installation import read_key
from maildaemon.domain.chain import until_of
from tests.campaigns.installation import Installation, installed
from tests.servers.postgres import Postgres
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink

# As many as a few days bring: enough for all shapes, few enough for a thousand records.
ORIGINALS = 400
_ANSWERED = 2
_LONGEST = 120
_STILL = 2


@dataclass(frozen=True, slots=True)
class Stored:
    """The daemon does not run. `after` is the last UID of the inbox; `records`: how many messages."""

    installation: Installation
    sink: SmtpSink
    url: str
    engine: Engine
    records: int
    after: int
    accepted: int

    def start(self) -> None:
        """Start the daemon; return when it is idle."""
        self.installation.start()
        self.installation.wait_begun()
        threading.Event().wait(_STILL)

    def count(self, query: str) -> int:
        return number(self.engine, query)

    def newest(self, table: str) -> int:
        """Return the highest key of a table: what comes from now on is above it."""
        return self.count(f"SELECT max(id) FROM {table}")

    def wait_concluded(self, after: int, count: int, seconds: float) -> None:
        """Wait until so many rows of the journal above `after` are concluded."""
        asked = f"SELECT count(*) FROM inbound WHERE id > {after} AND state <> 'waiting'"

        def concluded() -> bool:
            self.installation.check_alive()
            return self.count(asked) >= count

        wait_until(concluded, seconds, f"{count} messages are concluded")

    def judge(self, truths: Sequence[Truth]) -> Verdict:
        """Compare what has come above `after` with what was delivered there."""
        found = [it.raw for it in self.installation.account.messages() if it.uid > self.after]
        sha256s = [hashlib.sha256(raw).hexdigest() for raw in found]
        # While somebody looks on, the server does not always number them as they were delivered.
        by_number = {one.number: one for one in truths}
        numbered = [by_number[_number_of(raw)] for raw in found]
        assert Counter(numbered) == Counter(truths), "the server holds something else"
        accepted = self.sink.accepted()[self.accepted :]
        verdict = judge(self.url, sha256s, numbered, accepted, self.after)
        self.installation.keep |= bool(verdict.wrong)
        return verdict


def _number_of(raw: bytes) -> int:
    found = re.search(rb"^Message-ID: <bench\.(\d+)@", raw, re.MULTILINE | re.IGNORECASE)
    assert found, f"not a mail of the bench: {raw[:200]!r}"
    return int(found[1])


@contextmanager
def stored(
    name: str, records: int, seed: int, say: Callable[[str], None], *, postgresql: bool = False
) -> Iterator[Stored]:
    """Give a shop with about so many messages on record, on SQLite or a PostgreSQL of its own; with
    0 it has been started once, and knows none.
    """
    with ExitStack() as stack:
        installation, sink = stack.enter_context(installed(name, files_sent=False))
        url = f"sqlite:///{installation.records.path}"
        if postgresql:
            server = stack.enter_context(Postgres(durable=True))
            url = server.url(server.empty())
            installation.keep_records_on(url)
            url = url.replace("postgresql:", "postgresql+psycopg:")
        first_start(installation, url)
        after = 0
        if records:
            after = _fill(installation, sink, url, records, seed, say)
            # What filling left behind is on the disk before anything is measured.
            os.sync()
        engine = create_engine(url)
        stack.callback(engine.dispose)
        kept = number(engine, "SELECT count(*) FROM message")
        yield Stored(installation, sink, url, engine, kept, after, len(sink.accepted()))
        installation.stop()


def _fill(
    installation: Installation,
    sink: SmtpSink,
    url: str,
    records: int,
    seed: int,
    say: Callable[[str], None],
) -> int:
    """Record some mails and answers of staff, and copy them; return the last UID of the inbox."""
    originals = min(ORIGINALS, records)
    say(f"recording {originals} messages")
    # Other people than those who will write.
    _, truths = deliver(installation, written_now(seed + 1_000_000, originals))
    asked = [one for one in truths if one.acknowledged]
    due = len({one.person for one in asked})
    installation.start()
    installation.wait_done(_LONGEST + originals, lambda: len(sink.accepted()) >= due)
    for truth in asked[::_ANSWERED]:
        installation.account.file(_answer(truth), "Sent")
    answers, engine = len(asked[::_ANSWERED]), create_engine(url)
    staff = partial(number, engine, "SELECT count(*) FROM message WHERE kind = 'staff'")
    installation.wait_done(_LONGEST, lambda: staff() >= answers)
    engine.dispose()
    installation.stop()
    say(f"copying them until there are {records}")
    key = read_key(installation.config.parent / "var")
    last = fill(url, records, partial(until_of, key))
    for folder, uid in last.items():
        installation.account.skip_uids(folder, uid)
    return last["INBOX"]


def _answer(truth: Truth) -> bytes:
    """Return what a person of the shop writes in her own mail client."""
    at, cited = datetime.now(UTC), f"<bench.{truth.number}@customer{truth.number % 97}.example>"
    return (
        f"From: Shop <{SUPPORT}>\r\nTo: {truth.person}\r\nSubject: Re: your mail\r\n"
        f"Date: {at:%a, %d %b %Y %H:%M:%S} +0000\r\nMessage-ID: <staff.{truth.number}@example.test>\r\n"
        f"In-Reply-To: {cited}\r\nReferences: {cited}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        "Hello,\r\n\r\nwe have sent it to you today; it should be with you by Friday.\r\n\r\nAnna\r\n"
    ).encode()
