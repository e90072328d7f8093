"""An SMTP server that keeps what it accepts and misbehaves on request.

What it accepts is in the log, flushed, before the 250 leaves: the log is the truth about what a
real server would have delivered. Runs in a thread of the test, or alone:
`python -m tests.servers.sink --port 2525 --log accepted.jsonl --lose 0.02 --seed 7`.
"""

import asyncio
import base64
import contextlib
import functools
import hashlib
import imaplib
import json
import logging
import random
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.process import HOST

# aiosmtpd complains about itself on every AUTH.
logging.getLogger("mail.log").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail the sink took responsibility for; `message_id` is None if it has none."""

    at: datetime
    mail_from: str
    rcpt_to: tuple[str, ...]
    message_id: str | None
    sha256: str
    user: str | None
    options: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class SentFolder:
    """Where a server that files Sent copies puts them, `within` a random time after accepting."""

    port: int
    user: str
    password: str = "secret"
    folder: str = "Sent"
    within: float = 0.3

    def file(self, raw: bytes) -> None:
        """Put a copy there, as read, as Gmail and Exchange do."""
        with imaplib.IMAP4(HOST, self.port, timeout=20) as imap:
            imap.login(self.user, self.password)
            stamp = imaplib.Time2Internaldate(datetime.now(UTC))
            kind, data = imap.append(f'"{self.folder}"', r"(\Seen)", stamp, raw)
            if kind != "OK":
                raise AssertionError(f"the sink could not file a copy: {data!r}")


class Filing(Protocol):
    """What a server does with a mail that it has accepted, `within` a random time after that."""

    @property
    def within(self) -> float: ...

    def file(self, raw: bytes) -> None: ...


class SmtpSink:
    """An SMTP server on its own thread and loop.

    `plan(verb, *faults)` queues faults, one for each coming command of that verb. Verbs: CONNECT,
    EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT (the end of the mail), RSET, NOOP, QUIT. Faults:
    `451 text` (any reply), `drop`, `stall`; for DOT also `accept_then_drop`, `accept_then_stall`,
    `accept`; an empty string lets one command pass.
    """

    user = "support@example.test"
    password = "secret"

    def __init__(
        self,
        log: Path,
        *,
        port: int = 0,
        security: Literal["none", "starttls", "tls"] = "none",
        certificate: tuple[Path, Path] | None = None,
        require_auth: bool = False,
        takes_token: Callable[[str, str], bool] | None = None,
        lose: float = 0.0,
        seed: int = 0,
        files_sent: Filing | None = None,
    ) -> None:
        """`lose` is the share of mails whose 250 never arrives although they were accepted.

        `certificate` (certificate, key) is needed for `starttls` and `tls`.
        """
        self.port = port
        self.log = log
        self._security = security
        self._tls = _server_context(*certificate) if certificate else None
        self._require_auth = require_auth
        self._takes_token = takes_token
        if takes_token is not None:
            self.auth_XOAUTH2 = self._show_token
        self._lose = lose
        self._random = random.Random(seed)
        self._files_sent = files_sent
        self._plan: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}
        self.commands: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._news = threading.Condition()
        self._reading = threading.Lock()
        self._read: list[Accepted] = []
        self._read_until = 0
        self._filing: set[asyncio.Task[None]] = set()
        self._connections: set[_Protocol] = set()

    def plan(self, verb: str, *faults: str) -> None:
        """Queue what happens to the next commands of this verb."""
        self._plan[verb.upper()].extend(faults)

    def always(self, verb: str, fault: str | None) -> None:
        """Let this happen to every command of the verb once the plan is used up; None ends it."""
        if fault is None:
            self._always.pop(verb.upper(), None)
        else:
            self._always[verb.upper()] = fault

    def next_fault(self, verb: str) -> str:
        self.commands.append(verb)
        queue = self._plan[verb]
        return queue.popleft() if queue else self._always.get(verb, "")

    def accepted(self) -> list[Accepted]:
        """Return every mail accepted since the log was begun, in order."""
        with self._reading:
            if self.log.exists():
                with self.log.open("rb") as log:
                    log.seek(self._read_until)
                    # The last line may be half written at this moment.
                    whole, end, _ = log.read().rpartition(b"\n")
                self._read_until += len(whole) + len(end)
                self._read += [_accepted(line.decode()) for line in whole.splitlines()]
            return [*self._read]

    def wait_accepted(self, count: int, timeout: float = 10) -> list[Accepted]:
        """Wait until that many mails were accepted, and return all."""
        with self._news:
            enough = self._news.wait_for(lambda: len(self.accepted()) >= count, timeout)
        assert enough, f"not {count} mails within {timeout:g} s but {len(self.accepted())}"
        return self.accepted()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; the port stays the same when the sink is started again."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="smtp sink")
        self._thread.start()
        if not ready.wait(10) or not self.port:
            raise RuntimeError("the SMTP sink did not start")

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            self._protocol,
            HOST,
            self.port,
            ssl=self._tls if self._security == "tls" else None,
        )
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for connection in tuple(self._connections):
            connection.cut()
        # What was accepted is filed, even if the client was cut off.
        await asyncio.gather(*self._filing)

    def stop(self) -> None:
        """Cut all connections and stop listening; copies due in Sent are filed first."""
        if self._thread is None:
            return
        if self._thread.is_alive() and self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self._thread = None

    def _protocol(self) -> "_Protocol":
        return _Protocol(
            self,
            loop=self._loop,
            hostname="mx.example.test",
            enable_SMTPUTF8=True,
            # A TLS context makes aiosmtpd offer STARTTLS.
            tls_context=self._tls if self._security == "starttls" else None,
            require_starttls=self._security == "starttls",
            auth_require_tls=False,
            authenticator=self._authenticate,
        )

    def _authenticate(
        self, server: object, session: Session, envelope: object, mechanism: str, data: object
    ) -> AuthResult:
        if isinstance(data, LoginPassword) and data.password == self.password.encode():
            return AuthResult(success=True, auth_data=data.login.decode("utf-8", "replace"))
        return AuthResult(success=False, handled=False)

    # aiosmtpd calls these on the server's loop.

    async def _show_token(self, server: SMTP, args: list[str]) -> AuthResult:
        """Take an account and a token of its, as Google and Microsoft do."""
        assert self._takes_token is not None
        user, shown, *_ = base64.b64decode(args[1]).decode().split("\1")
        account = user.removeprefix("user=")
        if self._takes_token(account, shown.removeprefix("auth=Bearer ")):
            return AuthResult(success=True, auth_data=account)
        await server.challenge_auth('{"status":"400"}')
        return AuthResult(success=False, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._require_auth and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, server: "_Protocol", session: Session, envelope: Envelope) -> str:
        fault = self.next_fault("DOT")
        if not fault and self._random.random() < self._lose:
            fault = "accept_then_drop"
        if fault in {"", "accept", "accept_then_drop", "accept_then_stall"}:
            self._accept(session, envelope)
            fault = fault.removeprefix("accept").removeprefix("_then_")
        if fault:
            return await server.fail(fault)
        return f"250 2.0.0 OK queued as {self._random.getrandbits(40):010X}"

    def _accept(self, session: Session, envelope: Envelope) -> None:
        raw: bytes = envelope.original_content or b""
        entry = {
            "at": datetime.now(UTC).isoformat(),
            # aiosmtpd leaves the null reverse path as `<>`, and an address without brackets.
            "mail_from": (envelope.mail_from or "").removeprefix("<>"),
            "rcpt_to": envelope.rcpt_tos,
            "message_id": _message_id(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
            "user": session.auth_data,
            "options": envelope.mail_options + envelope.rcpt_options,
            "raw": base64.b64encode(raw).decode("ascii"),
        }
        with self._news:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(entry) + "\n")
            self._news.notify_all()
        if self._files_sent is not None:
            assert self._loop is not None
            task = self._loop.create_task(self._file(self._files_sent, raw))
            self._filing.add(task)
            task.add_done_callback(self._filing.discard)

    def file_with(self, files_sent: SentFolder) -> None:
        """File what is accepted there from now on."""
        self._files_sent = files_sent

    async def _file(self, folder: Filing, raw: bytes) -> None:
        await asyncio.sleep(self._random.uniform(0, folder.within))
        await asyncio.to_thread(folder.file, raw)

    def connected(self, connection: "_Protocol") -> None:
        self._connections.add(connection)

    def disconnected(self, connection: "_Protocol") -> None:
        self._connections.discard(connection)


class _Protocol(SMTP):
    """aiosmtpd's server with a fault before every verb."""

    # Real servers take long MAIL commands (DSN, SMTPUTF8, SIZE) and long lines.
    line_length_limit = 2**20

    def __init__(self, sink: SmtpSink, **options: Any) -> None:
        super().__init__(sink, **options)
        self._sink = sink
        self._smtp_methods = {
            verb: functools.partial(self._obey, verb, method)
            for verb, method in self._smtp_methods.items()
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.connected(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.disconnected(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        if fault := self._sink.next_fault("CONNECT"):
            await self.push(await self.fail(fault))
            self.cut()
            return
        await super()._handle_client()

    async def _obey(
        self, verb: str, method: Callable[[str | None], Coroutine[Any, Any, None]], arg: str | None
    ) -> None:
        if fault := self._sink.next_fault(verb):
            await self.push(await self.fail(fault))
            # RFC 5321 §3.8: a 421 announces that the server closes.
            if fault.startswith("421"):
                self.cut()
            return
        await method(arg)

    async def fail(self, fault: str) -> str:
        """Return the reply to give; `drop` and `stall` end this connection's task."""
        if fault == "drop":
            self.cut()
            raise asyncio.CancelledError
        if fault == "stall":
            await asyncio.Event().wait()
        return fault

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.close()


def _server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _message_id(raw: bytes) -> str | None:
    """Return the Message-ID as it stands, without angle brackets."""
    head = raw.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
    value = message_from_bytes(head).get("Message-ID")
    return value.strip().strip("<>") if value else None


def _accepted(line: str) -> Accepted:
    entry = json.loads(line)
    return Accepted(
        at=datetime.fromisoformat(entry["at"]),
        mail_from=entry["mail_from"],
        rcpt_to=tuple(entry["rcpt_to"]),
        message_id=entry["message_id"],
        sha256=entry["sha256"],
        user=entry["user"],
        options=tuple(entry["options"]),
        raw=base64.b64decode(entry["raw"]),
    )


def main() -> None:
    """Run alone until SIGTERM, as a campaign's server that outlives the daemon's deaths."""
    import argparse
    import signal

    arguments = argparse.ArgumentParser(prog="python -m tests.servers.sink")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--log", type=Path, required=True)
    arguments.add_argument("--lose", type=float, default=0.0, help="share of 250s that get lost")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--imap", type=int, help="port of the server whose Sent gets a copy")
    arguments.add_argument("--imap-user", default=SmtpSink.user)
    arguments.add_argument("--sent", default="Sent")
    given = arguments.parse_args()
    files_sent = SentFolder(given.imap, given.imap_user, folder=given.sent) if given.imap else None
    sink = SmtpSink(
        given.log, port=given.port, lose=given.lose, seed=given.seed, files_sent=files_sent
    )
    # Blocked in every thread and waited for in this one: a handler that sets an Event can lock
    # itself out while the Event is being waited for.
    endings = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with sink:
        print(f"listening {sink.port}", flush=True)
        signal.sigwait(endings)


if __name__ == "__main__":
    main()
