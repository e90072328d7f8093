"""Submission servers that say exactly what a test tells them, and lines that break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.smtp_session import SmtpAccount, SmtpLimits
from maildaemon.domain.delivery import Envelope
from tests.servers.dovecot import Dovecot
from tests.servers.process import HOST
from tests.servers.sink import SmtpSink

ENVELOPE = Envelope("support@shop.example", "anna@customer.example")
RAW = (
    b"From: support@shop.example\r\nTo: anna@customer.example\r\nSubject: Hello\r\n"
    b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\n\r\nHi.\r\n"
)
QUICK = SmtpLimits(connect=5, command=5, dot=5)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def nothing() -> None:
    """A `before_dot` with nothing to do."""


async def never() -> None:
    """A `before_dot` for a mail that must not come so far."""
    raise AssertionError("the dot must not be reached")


def an_account(port: int, **overrides: object) -> SmtpAccount:
    plain = SmtpAccount(HOST, port, security="none", hostname="daemon.example.test")
    return replace(plain, **overrides)  # type: ignore[arg-type]


def a_tls_account(sink: SmtpSink, dovecot: Dovecot, **overrides: object) -> SmtpAccount:
    account = an_account(
        sink.port,
        security="starttls",
        username=sink.user,
        secret=lambda: sink.password,
        ca_file=dovecot.ca_file,
    )
    return replace(account, **overrides)  # type: ignore[arg-type]


@asynccontextmanager
async def a_transport(
    account: SmtpAccount, limits: SmtpLimits = QUICK
) -> AsyncIterator[SmtpTransport]:
    transport = SmtpTransport(account, limits)
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def serving(handler: Handler, host: str = HOST) -> AsyncIterator[int]:
    """Serve on a free port, which is returned; in the end every connection must be over."""
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, host, 0) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            # A connection that is already over at the other end is still to be noticed here.
            await asyncio.sleep(0)
            hanging = (await asyncio.wait(connections, timeout=5))[1] if connections else set()
    assert not hanging


@dataclass
class Scripted:
    """A server that notes what it hears; `body` as it came, with dots stuffed and the last one."""

    port: int = 0
    heard: list[str] = field(default_factory=list)
    body: bytes = b""


@asynccontextmanager
async def a_scripted_server(
    *extensions: str, replies: Mapping[str, str] | None = None
) -> AsyncIterator[Scripted]:
    """Offer these extensions; `replies` by verb, DOT being the end of the mail."""
    said = {"DATA": "354 go on", **(replies or {})}
    said["EHLO"] = "\r\n".join(["250-mx", *(f"250-{it}" for it in extensions), "250 HELP"])
    server = Scripted()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(verb: str) -> None:
            writer.write(f"{said.get(verb, '250 ok')}\r\n".encode(errors="surrogateescape"))

        writer.write(b"220 mx ESMTP\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            server.heard.append(line)
            verb = line.split(" ", 1)[0]
            say(verb)
            if verb == "DATA" and said[verb].endswith("354 go on"):
                try:
                    server.body = await reader.readuntil(b"\r\n.\r\n")
                except asyncio.IncompleteReadError:
                    return
                say("DOT")

    async with serving(serve) as server.port:
        yield server
