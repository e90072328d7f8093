"""A small, strict HTTP server on this very machine: it answers GET, and takes nothing in.

Whoever asks slowly, much, or wrongly costs a bounded number of connections for a bounded time, and
no mail waits for it.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from maildaemon.errors import OperatorError

HOST = "127.0.0.1"
_MOST_CONNECTIONS = 32
_LONGEST_REQUEST = 8192
_PATIENCE = 5.0
_ANSWER_WITHIN = 30.0

# RFC 9112 §3: what we answer to; only a path, and no byte that could be read in two ways.
_REQUEST = re.compile(rb"([A-Z]+) (/[!-~]*) HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\x80-\xff]*?)[ \t]*")
# A page elsewhere may have its own name lead here (DNS rebinding): a browser then sends that name.
_OURS = re.compile(rb"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_FIELDS = """\
Cache-Control: no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
X-Frame-Options: DENY
Cross-Origin-Resource-Policy: same-origin
Connection: close
"""
_NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back. `style` is the source of a page's only style sheet, as CSP names it."""

    status: int
    content_type: str
    body: str
    style: str = "'none'"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections at once, and how many seconds for a request to come, and to go."""

    connections: int = _MOST_CONNECTIONS
    patience: float = _PATIENCE


class HttpServer:
    """Listens on one port of the loopback address."""

    def __init__(
        self, port: int, answer: Callable[[str], Awaitable[Answer]], limits: Limits | None = None
    ) -> None:
        """`answer` gets a path without what follows `?`. Nothing is opened before `open`."""
        self.port, self.answer = port, answer
        self._limits = limits or Limits()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen; OperatorError if the port cannot be had."""
        try:
            self._server = await asyncio.start_server(
                self._accept, HOST, self.port, limit=_LONGEST_REQUEST
            )
        except OSError as error:
            raise OperatorError(
                f"nothing can listen on {HOST}:{self.port}: {error.strerror or error}",
                where="service.http.port",
                advice="choose a port that no other program uses",
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more; what is being answered is broken off."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= self._limits.connections:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._limits.patience):
                    request = await _read(reader)
                if request is not None:
                    await self._respond(request, writer)
        finally:
            writer.transport.abort()

    async def _respond(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        path, head_only, wrong = _understand(request)
        if wrong:
            answer = _plainly(wrong)
        else:
            try:
                answer = await asyncio.wait_for(self.answer(path), _ANSWER_WITHIN)
            except TimeoutError:
                answer = _plainly(HTTPStatus.SERVICE_UNAVAILABLE)
        writer.write(_wire(answer, head_only=head_only))
        async with asyncio.timeout(self._limits.patience):
            await writer.drain()
            writer.close()
            await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    """Return what stands before the empty line, None if it does not come or is too much."""
    try:
        return (await reader.readuntil(b"\r\n\r\n"))[:-4]
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None


def _understand(request: bytes) -> tuple[str, bool, HTTPStatus | None]:
    """Return the path, whether only the header is wanted, and why it is not answered."""
    line, *rest = request.split(b"\r\n")
    asked = _REQUEST.fullmatch(line)
    fields = [_FIELD.fullmatch(one) for one in rest]
    # RFC 9112 §5.2: no folded lines, nothing between name and colon.
    if asked is None or not all(fields):
        return "", False, HTTPStatus.BAD_REQUEST
    named = [(one[1].lower(), one[2]) for one in fields if one]
    # RFC 9112 §3.2: exactly one Host. Nobody has a body to send here, in whatever framing.
    hosts = [value for name, value in named if name == b"host"]
    body = {name for name, _ in named} & {b"content-length", b"transfer-encoding"}
    head_only = asked[1] == b"HEAD"
    if len(hosts) != 1 or body:
        return "", head_only, HTTPStatus.BAD_REQUEST
    if not _OURS.fullmatch(hosts[0]):
        return "", head_only, HTTPStatus.MISDIRECTED_REQUEST
    if asked[1] not in {b"GET", b"HEAD"}:
        return "", False, HTTPStatus.METHOD_NOT_ALLOWED
    return asked[2].decode("ascii").partition("?")[0], head_only, None


def _plainly(status: HTTPStatus) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", f"{status.value} {status.phrase}\n")


def _wire(answer: Answer, *, head_only: bool) -> bytes:
    body = answer.body.encode("utf-8", "replace")
    policy = (
        _NOTHING_ELSE if answer.style == "'none'" else f"{_NOTHING_ELSE}; style-src {answer.style}"
    )
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\n"
        f"Content-Type: {answer.content_type}\n"
        f"Content-Length: {len(body)}\n"
        f"Content-Security-Policy: {policy}\n"
        f"{'Allow: GET, HEAD' + chr(10) if answer.status == HTTPStatus.METHOD_NOT_ALLOWED else ''}"
        f"{_FIELDS}\n"
    )
    return head.replace("\n", "\r\n").encode() + (b"" if head_only else body)
