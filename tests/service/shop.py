"""A whole shop without a network: real decisions, real database, fake servers, a clock to move."""

import asyncio
import atexit
import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from sqlalchemy import text

from maildaemon.adapters.blobs import FileBlobStore
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.templates import TemplateComposer
from maildaemon.adapters.tombstones import TombstoneFile
from maildaemon.domain.message import Address, Parsed
from maildaemon.domain.policy import (
    AttachmentPolicy,
    EchoSubject,
    Limits,
    Mode,
    Policy,
    Rate,
    Treatment,
)
from maildaemon.domain.reading import Reading
from maildaemon.mail.authors import read_people
from maildaemon.mail.parse import parse_message
from maildaemon.ports.brakes import Alert
from maildaemon.ports.store import Store
from maildaemon.services.alert import tell_next
from maildaemon.services.backlog import process_backlog
from maildaemon.services.deliver import deliver_next
from maildaemon.services.desk import Desk
from maildaemon.services.erase import Places
from maildaemon.services.fire import fire_next
from maildaemon.services.first_start import start_mailbox
from maildaemon.services.guard import Guard
from maildaemon.services.last_look import Look, look
from maildaemon.services.marks import make_folders, notice_marks, show_marks
from maildaemon.services.outage import Outage
from maildaemon.services.plan import put_in_force
from maildaemon.services.process import Batch
from maildaemon.services.receive import receive_new
from maildaemon.services.settle import settle_next
from tests.builders import ARCHIVES
from tests.databases import as_sqlite_says_it, open_store
from tests.fakes.mailbox import FakeAccount, FakeMailbox
from tests.fakes.pulse import FakeAlert, FakePulse
from tests.fakes.transport import FakeTransport

KEY = bytes(range(32))
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LANGUAGES = ("en", "it", "fr", "de", "es", "ru", "pt", "nl", "pl", "uk")


def a_policy(**overrides: Any) -> Policy:
    values: dict[str, Any] = {
        "mailbox": "support",
        "sender": Address("Example Shop", "support@shop.example"),
        "addresses": frozenset({"support@shop.example"}),
        "staff": frozenset({"anna@shop.example"}),
        "warned": ("anna@shop.example",),
        "trust_reply_to": frozenset(),
        "authserv_id": None,
        "default_language": "en",
        "languages": LANGUAGES,
        "reply_within": timedelta(hours=24),
        "mode": Mode.LIVE,
        "echo_subject": EchoSubject.KNOWN,
        "max_message_size": 1_000_000,
        "attachments": AttachmentPolicy(
            max_file_size=500_000,
            max_total_size=800_000,
            max_files=5,
            allowed_types=("image/*", "application/pdf", "text/plain"),
            blocked_extensions=frozenset({"exe", "js"}),
            archives=ARCHIVES,
            macros=Treatment.REFUSE,
            unscanned=Treatment.HOLD,
        ),
        "limits": Limits(
            per_address=(Rate(1, timedelta(minutes=10)), Rate(3, timedelta(hours=24))),
            per_thread=Rate(3, timedelta(hours=24)),
            per_mailbox=Rate(60, timedelta(hours=1)),
            burst=20,
            longest_delay=timedelta(hours=6),
        ),
    }
    return Policy(**{**values, **overrides})


class InProcessParser:
    """The real parser without its process: these tests are not about that."""

    def parse(self, raw: bytes, reading: Reading) -> Parsed:
        return parse_message(raw, reading)

    def expect(self, raw: bytes, reading: Reading) -> None:
        pass

    def close(self) -> None:
        pass


class Shop:
    """One mailbox with a customer side, a staff side, and a daemon that is run step by step."""

    def __init__(self, folder: Path, *, files_sent: bool = False, **policy: Any) -> None:
        self.folder = folder
        self.at = START
        self.files_sent = files_sent
        self.account = FakeAccount(self.now)
        self.transport = FakeTransport()
        self.policy = a_policy(**policy)
        self.parser = InProcessParser()
        self.composer = _composer()
        self._filed = 0
        self.pulse = FakePulse()
        self.alert = FakeAlert()
        self.free = 10**12
        self.jumped = timedelta()
        self.guard: Guard | None = None
        self.open()

    def look(self) -> None:
        """Watch the clock and the memory, as the daemon does before each step."""
        if self.guard is None:
            self.outage = Outage(self.store, self.alerts, lambda: self.free)
            self.guard = Guard(
                self.store,
                self.pulse,
                self.now,
                self.boot,
                [self.desk],
                reads=True,
                outage=self.outage,
            )
        self.guard.look()

    def boot(self) -> float:
        """Return the seconds since the machine was started: they pass with `wait` only."""
        return (self.at - START).total_seconds() - self.jumped.total_seconds()

    def set_clock(self, **span: float) -> None:
        """Let somebody set the wall clock; no time passes."""
        self.at += timedelta(**span)
        self.jumped += timedelta(**span)

    def tell(self) -> int:
        return tell_next(self.store, self.alerts, "command", self.now)

    @property
    def alerts(self) -> dict[str, Alert]:
        return {"command": self.alert}

    def open(self) -> None:
        """Start the process (anew)."""
        self.guard = None
        self.sql = open_store(self.folder)
        self.store: Store = self.sql
        ensure_schema(self.sql.engine)
        self.mailbox = FakeMailbox(self.account, control=self.policy.control.folders)
        self.transport.connected = False
        self.blobs = FileBlobStore(self.folder / "raw")
        self.files = FileBlobStore(self.folder / "files")
        with self.sql.begin() as tx:
            row = tx.mailboxes.ensure("support")
        self.desk = Desk(row.mailbox_id, self.policy, KEY, timedelta(days=30))
        put_in_force(self.store, self.desk, self.now())

    def close(self) -> None:
        self.sql.close()

    def now(self) -> datetime:
        return self.at

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)

    # The world

    def write(self, raw: bytes, folder: str = "INBOX", **options: Any) -> int:
        """Somebody's mail arrives; return its UID."""
        return self.account.deliver(raw, folder, **options)

    @property
    def customers_got(self) -> list[EmailMessage]:
        """What the SMTP server took responsibility for."""
        return [parsed(mail.raw) for mail in self.transport.accepted]

    # The daemon, step by step

    def start(self) -> bool:
        return start_mailbox(self.store, self.mailbox, self.parser, self.desk, self.now)

    def receive(self) -> int:
        count = receive_new(self.store, self.mailbox, self.blobs, self.desk, self.now)
        notice_marks(self.store, self.mailbox, self.desk, self.now)
        return count

    def process(self) -> int:
        """Process one batch."""
        return process_backlog(self.a_batch, lambda _: False)

    def a_batch(self) -> Batch:
        return Batch(
            self.store,
            self.parser,
            self.composer,
            self.blobs,
            self.files,
            self.desk,
            self.now,
        )

    def deliver(self) -> int:
        try:
            return _runner().run(
                deliver_next(
                    self.store, self.transport, self.desk, self.now, lambda: 1.0, self._look
                )
            )
        finally:
            self._file_sent()

    async def _look(self, since: datetime) -> Look:
        return look(self.store, self.mailbox, self.desk, since)

    def fire(self) -> int:
        """Plan, and do what is due by time."""
        return fire_next(self.store, self.composer, self.desk, self.now)

    def _file_sent(self) -> None:
        """The server files what it accepted, whether or not we heard of it."""
        for mail in self.transport.accepted[self._filed :] if self.files_sent else ():
            self.account.deliver(mail.raw, "Sent", flags=("\\Seen",))
        self._filed = len(self.transport.accepted)

    def settle(self) -> int:
        count = settle_next(self.store, self.mailbox, self.desk, self.now)
        make_folders(self.store, self.mailbox, self.desk, self.now)
        return count + show_marks(self.store, self.mailbox, self.desk, self.now)

    def round(self) -> None:
        """Do everything that is due now."""
        self.start()
        self.receive()
        for step in (self.process, self.fire, self.deliver):
            _exhaust(step)
        self.receive()
        _exhaust(self.process)
        _exhaust(self.fire)
        self.settle()

    @property
    def places(self) -> Places:
        """Return where something of a person can stand."""
        graves = TombstoneFile(self.folder)
        return Places(self.store, self.blobs, self.files, graves, KEY, lambda: None, read_people)

    # The records

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what stands in the database, on each in the same words."""
        with self.sql.engine.connect() as connection:
            return [tuple(map(as_sqlite_says_it, row)) for row in connection.execute(text(query))]

    @property
    def silences(self) -> list[str | None]:
        return [row[0] for row in self.rows("select silence from message order by id")]

    @property
    def outbox(self) -> list[str]:
        return [row[0] for row in self.rows("select state from outbox order by id")]


@functools.cache
def _composer() -> TemplateComposer:
    return TemplateComposer(languages=LANGUAGES, default="en", own=None)


def _exhaust(step: Callable[[], int]) -> None:
    for _ in range(1000):
        if step() == 0:
            return
    raise AssertionError(f"{step} finds work for ever")


@functools.cache
def _runner() -> asyncio.Runner:
    """One event loop with its threads for all mails of all shops: a new one each costs more."""
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner


@functools.lru_cache(maxsize=1000)
def parsed(raw: bytes) -> EmailMessage:
    from email import message_from_bytes, policy

    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def a_mail(
    body: str = "Where is my order 123456? I have been waiting for two weeks now.",
    *,
    sender: str = "Clara <clara@customer.example>",
    to: str = "support@shop.example",
    subject: str = "My order",
    message_id: str | None = "c1@customer.example",
    date: datetime = START,
    files: tuple[tuple[str, str, bytes], ...] = (),
    **fields: str,
) -> bytes:
    """A mail as a customer's client sends it; `files` are (name, type, content)."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = date
    if message_id:
        message["Message-ID"] = f"<{message_id}>"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    for name, media_type, content in files:
        main, _, sub = media_type.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes(policy=SMTP)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
EXE = b"MZ" + bytes(400)
