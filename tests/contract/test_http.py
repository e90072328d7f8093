"""The HTTP server on a real socket: strict, bounded, and for this machine alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from maildaemon.adapters.http import HOST, Answer, HttpServer, Limits
from maildaemon.errors import OperatorError

OURS = b"Host: localhost\r\n"
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


async def echo(path: str) -> Answer:
    return Answer(200, "text/plain", f"you asked for {path}")


@asynccontextmanager
async def serving(
    limits: Limits | None = None, answer: Callable[[str], Awaitable[Answer]] = echo
) -> AsyncIterator[HttpServer]:
    server = HttpServer(0, answer, limits)
    await server.open()
    try:
        yield server
    finally:
        await server.close()


async def said(server: HttpServer, request: bytes) -> bytes:
    """Return all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(request)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:8080", b"[::1]:99", b"LOCALHOST:1"])
async def test_a_path_is_answered_without_its_query_and_with_a_policy_that_allows_nothing(
    host: bytes,
) -> None:
    async with serving() as server:
        answer = await said(server, b"GET /x?secret=1 HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")

    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b"you asked for /x"
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert {
        "Content-Length: 16",
        f"Content-Security-Policy: {NOTHING}",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "Connection: close",
    } <= {*lines}


async def test_head_gets_the_header_alone() -> None:
    async with serving() as server:
        answer = await said(server, b"HEAD / HTTP/1.1\r\n" + OURS + b"\r\n")

    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length: 15" in answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: 192.168.1.1\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + 2 * OURS + b"\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n" + OURS + b"\r\n", b"405"),
        (b"DELETE / HTTP/1.1\r\n" + OURS + b"\r\n", b"405"),
        (b"GET / HTTP/1.1\r\n" + OURS + b"Content-Length: 3\r\n\r\nabc", b"400"),
        (b"GET / HTTP/1.1\r\n" + OURS + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + OURS + b"X: a\r\n folded\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", b"400"),
        (b"GET http://localhost/ HTTP/1.1\r\n" + OURS + b"\r\n", b"400"),
        (b"GET / HTTP/2.0\r\n" + OURS + b"\r\n", b"400"),
        (b"GET /\x00 HTTP/1.1\r\n" + OURS + b"\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
    ],
)
async def test_what_is_not_ours_to_answer_is_refused(request_: bytes, status: bytes) -> None:
    async with serving() as server:
        assert (await said(server, request_)).startswith(b"HTTP/1.1 " + status + b" ")


async def test_a_request_that_is_too_long_is_cut_off() -> None:
    async with serving() as server:
        answer = await said(server, b"GET / HTTP/1.1\r\n" + OURS + b"X: " + b"a" * 100_000)

    assert answer == b""


async def test_who_says_nothing_is_cut_off_and_others_are_answered_meanwhile() -> None:
    async with serving(Limits(connections=3, patience=0.5)) as server:
        slow = asyncio.create_task(said(server, b"GET / HTTP/1.1\r\n"))
        assert b" 200 " in await said(server, b"GET / HTTP/1.1\r\n" + OURS + b"\r\n")
        assert await slow == b""


async def test_more_connections_than_there_is_room_for_are_closed_at_once() -> None:
    async with serving(Limits(connections=2, patience=60)) as server:
        held = [await asyncio.open_connection(HOST, server.port) for _ in range(2)]
        assert await said(server, b"GET / HTTP/1.1\r\n" + OURS + b"\r\n") == b""
        for _, writer in held:
            writer.close()


async def test_who_does_not_read_the_answer_is_cut_off() -> None:
    async def much(path: str) -> Answer:
        return Answer(200, "text/plain", "x" * 20_000_000)

    async with serving(Limits(connections=1, patience=0.5), much) as server:
        _, writer = await asyncio.open_connection(HOST, server.port)
        writer.write(b"GET / HTTP/1.1\r\n" + OURS + b"\r\n")
        async with asyncio.timeout(20):
            while not await said(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
                """There is room for one alone."""
        writer.close()


async def test_a_port_that_is_taken_is_told() -> None:
    async with serving() as server:
        with pytest.raises(OperatorError, match="nothing can listen on 127"):
            await HttpServer(server.port, echo).open()
