"""How `SmtpTransport` sends one mail: word for word, against silence, and over a cut line."""

import asyncio
import hashlib
import inspect
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from aiosmtplib.protocol import SMTPProtocol

from maildaemon.adapters.smtp import SmtpTransport, why_unsendable
from maildaemon.adapters.smtp_session import SmtpLimits
from maildaemon.domain.delivery import Accepted, Envelope, Outcome, Rejected, Reply, Uncertain
from maildaemon.errors import TransportUnavailableError
from tests.fakes.submission import (
    ENVELOPE,
    QUICK,
    RAW,
    Scripted,
    a_scripted_server,
    a_transport,
    an_account,
    never,
    nothing,
    serving,
)
from tests.servers.process import wait_until
from tests.servers.relay import Direction, Fault, Relay
from tests.servers.sink import SmtpSink

# --- the conversation, word for word -----------------------------------------------------------


async def conversation(
    *extensions: str,
    envelope: Envelope = ENVELOPE,
    raw: bytes = RAW,
    replies: Mapping[str, str] | None = None,
) -> tuple[Outcome, Scripted]:
    """Return what the transport made of it, and what the server heard."""
    async with (
        a_scripted_server(*extensions, replies=replies) as server,
        a_transport(an_account(server.port)) as transport,
    ):
        await transport.open()
        return await transport.send(envelope, raw, nothing), server


async def test_a_plain_server_is_asked_for_nothing_it_does_not_offer() -> None:
    _, server = await conversation()

    assert server.heard[:4] == [
        "EHLO daemon.example.test",
        "MAIL FROM:<support@shop.example>",
        "RCPT TO:<anna@customer.example>",
        "DATA",
    ]


async def test_size_is_announced_and_bounces_are_declined_where_offered() -> None:
    _, server = await conversation("SIZE 1000000", "DSN", "8BITMIME", "SMTPUTF8")

    assert server.heard[1:3] == [
        f"MAIL FROM:<support@shop.example> SIZE={len(RAW)}",
        "RCPT TO:<anna@customer.example> NOTIFY=NEVER",
    ]


async def test_the_null_reverse_path() -> None:
    _, server = await conversation(envelope=Envelope("", "anna@customer.example"))

    assert server.heard[1] == "MAIL FROM:<>"


async def test_8bit_text_is_announced() -> None:
    _, server = await conversation("8BITMIME", raw="Subject: x\r\n\r\nè\r\n".encode())

    assert server.heard[1] == "MAIL FROM:<support@shop.example> BODY=8BITMIME"


async def test_8bit_text_is_rejected_here_where_the_server_cannot_take_it() -> None:
    outcome, server = await conversation(raw="Subject: x\r\n\r\nè\r\n".encode())

    assert outcome == Rejected(Reply(554, "5.6.3 the server does not offer 8BITMIME (not sent)"))
    assert "DATA" not in server.heard


async def test_an_internationalised_address_is_announced() -> None:
    outcome, server = await conversation(
        "SMTPUTF8", "8BITMIME", envelope=replace(ENVELOPE, forward_path="änne@bücher.example")
    )

    assert isinstance(outcome, Accepted)
    assert server.heard[1:3] == [
        "MAIL FROM:<support@shop.example> SMTPUTF8",
        "RCPT TO:<änne@bücher.example>",
    ]


async def test_an_internationalised_address_is_rejected_here_where_the_server_cannot_take_it() -> (
    None
):
    outcome, server = await conversation(
        envelope=replace(ENVELOPE, forward_path="änne@bücher.example")
    )

    assert outcome == Rejected(Reply(553, "5.6.7 the server does not offer SMTPUTF8 (not sent)"))
    assert not [line for line in server.heard if line.startswith("MAIL")]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@customer.example",
        "anna@",
        "x@y.example BODY=8BITMIME",
        "x@y.example> NOTIFY=NEVER",
        "x@y.example\r\nRCPT TO:<z@y.example>",
        "<x@y.example>",
        "x@[127.0.0.1]",
        "x(comment)@y.example",
        "x\x00@y.example",
        "x\x85@y.example",
        "x\u2028@y.example",
        "x\u202e@y.example",
        "x\ud800@y.example",
        "x\u00a0@y.example",
        "x" * 250 + "@y.example",
    ],
)
async def test_s13_an_address_that_smtp_cannot_carry_never_reaches_the_wire(address: str) -> None:
    outcome, server = await conversation(
        "SMTPUTF8", envelope=replace(ENVELOPE, forward_path=address)
    )

    assert outcome == Rejected(Reply(553, "5.1.3 not an address that SMTP can carry (not sent)"))
    assert server.heard == ["EHLO daemon.example.test", "QUIT"]
    if address:
        assert why_unsendable(Envelope(address, ENVELOPE.forward_path), RAW) == outcome.reply


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: x\n\nhi\r\n",
        b"Subject: x\r\n\r\nhi\n.\r\nMAIL FROM:<a@b>\r\n",
        b"Subject: x\r\n\r\nhi\r\n.\rMAIL\r\n",
        b"Subject: x\r\n\r\nhi\r\r\n",
        b"Subject: x\r\n\r\nno end",
        b"Subject: x\r\n\r\n\0\r\n",
        b"Subject: " + b"x" * 990 + b"\r\n\r\n",
    ],
)
async def test_s14_bytes_that_are_not_lines_never_reach_the_wire(raw: bytes) -> None:
    outcome, server = await conversation(raw=raw)

    assert isinstance(outcome, Rejected)
    assert outcome.reply.code == 554
    assert server.heard == ["EHLO daemon.example.test", "QUIT"]


async def test_s14_dots_are_stuffed_and_only_one_line_ends_the_mail() -> None:
    raw = b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\nx.\r\n\r\n.\r\n"

    _, server = await conversation(raw=raw)

    assert server.body == b"Subject: x\r\n\r\n..\r\n...\r\n..x\r\nx.\r\n\r\n..\r\n.\r\n"


async def test_an_empty_mail_is_a_mail(sink: SmtpSink) -> None:
    async with a_transport(an_account(sink.port)) as transport:
        await transport.open()
        assert isinstance(await transport.send(ENVELOPE, b"", nothing), Accepted)


@pytest.mark.parametrize(
    ("verb", "reply"),
    [("MAIL", "250 ok\r\n250 ok"), ("RCPT", "250 ok\r\n250 ok"), ("DATA", "354 go on\r\n250 ok")],
)
async def test_a_reply_too_many_is_never_taken_for_the_next_one(verb: str, reply: str) -> None:
    with pytest.raises(TransportUnavailableError, match="out of turn"):
        await conversation(replies={verb: reply, "DOT": "554 5.7.1 refused"})


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["hello", "199 hm", "300 hm", "666 hm"])
async def test_a_reply_that_makes_no_sense_before_the_dot_is_harmless(
    verb: str, reply: str
) -> None:
    with pytest.raises(TransportUnavailableError):
        await conversation(replies={verb: reply})


async def test_data_that_is_answered_with_success_at_once_is_harmless() -> None:
    with pytest.raises(TransportUnavailableError):
        await conversation(replies={"DATA": "250 ok"})


@pytest.mark.parametrize("reply", ["hello", "199 hm", "354 more", "666 hm"])
async def test_a_reply_to_the_dot_that_makes_no_sense_leaves_it_uncertain(reply: str) -> None:
    outcome, _ = await conversation(replies={"DOT": reply})

    assert isinstance(outcome, Uncertain)
    assert reply.rsplit(maxsplit=1)[-1] in outcome.reason


async def test_what_a_server_says_becomes_one_clean_line() -> None:
    said = "250-2.0.0 Ok\x1b[31m:\r\n250-queued\t\x85 as\r\n250 4\udcff2"

    outcome, _ = await conversation(replies={"DOT": said})

    assert outcome == Accepted(Reply(250, "2.0.0 Ok [31m: queued as 4?2"))


# --- time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_server_that_falls_silent_before_the_dot_is_given_up(
    sink: SmtpSink, verb: str
) -> None:
    sink.plan(verb, "stall")
    async with a_transport(
        an_account(sink.port), SmtpLimits(connect=0.2, command=0.2)
    ) as transport:
        with pytest.raises(TransportUnavailableError):
            await transport.open()
            await transport.send(ENVELOPE, RAW, nothing)

    assert sink.accepted() == []


@pytest.mark.parametrize(("fault", "accepted"), [("stall", 0), ("accept_then_stall", 1)])
async def test_a_server_that_falls_silent_after_the_dot_leaves_it_uncertain(
    sink: SmtpSink, fault: str, accepted: int
) -> None:
    sink.plan("DOT", fault)
    async with a_transport(an_account(sink.port), replace(QUICK, dot=0.2)) as transport:
        await transport.open()

        assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Uncertain)

    assert len(sink.accepted()) == accepted


async def test_a_server_that_stops_reading_is_given_up_before_the_dot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("maildaemon.adapters.smtp._SLOWEST_UPLOAD", 10**9)
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 mx", b"250 mx", b"250 ok", b"250 ok", b"354 go on"):
            writer.write(reply + b"\r\n")
            if reply != b"354 go on":
                await reader.readline()
        await ended.wait()

    raw = (b"x" * 98 + b"\r\n") * 200_000
    async with serving(serve) as port:
        async with a_transport(an_account(port), SmtpLimits(command=0.3)) as transport:
            await transport.open()
            with pytest.raises(TransportUnavailableError):
                await transport.send(ENVELOPE, raw, never)
        ended.set()


async def test_before_dot_is_awaited_when_all_but_the_dot_has_left(sink: SmtpSink) -> None:
    transport = SmtpTransport(an_account(sink.port), QUICK)
    waiting: list[int] = []

    async def before_dot() -> None:
        assert transport._client is not None
        assert isinstance(transport._client.transport, asyncio.WriteTransport)
        waiting.append(transport._client.transport.get_write_buffer_size())
        assert transport._client.transport.get_write_buffer_limits() == (0, 0)

    raw = b"Subject: big\r\n\r\n" + (b"." + b"x" * 70 + b"\r\n") * 100_000
    await transport.open()
    outcome = await transport.send(ENVELOPE, raw, before_dot)
    await transport.close()

    assert isinstance(outcome, Accepted)
    assert waiting == [0]
    assert [it.sha256 for it in sink.accepted()] == [hashlib.sha256(raw).hexdigest()]


def test_what_is_private_in_the_library_is_still_there() -> None:
    """If this fails, a new aiosmtplib must be read again: `_upload`, `_finish`, `_require_silence`."""

    async def look() -> None:
        protocol = SMTPProtocol()
        assert isinstance(protocol._buffer, bytearray)
        assert inspect.iscoroutinefunction(protocol._drain_helper)
        assert inspect.iscoroutinefunction(protocol.read_response)
        protocol.connection_made(asyncio.Transport())
        protocol.connection_lost(None)

    asyncio.run(look())


# --- the line is cut anywhere ------------------------------------------------------------------


async def attempt(sink: SmtpSink, relay: Relay, fault: Fault) -> tuple[str, int]:
    """Return what the transport made of a cut conversation, and how many mails the server has."""
    before = len(sink.accepted())
    relay.break_next(fault)
    transport = SmtpTransport(an_account(relay.port), QUICK)
    try:
        await transport.open()
        outcome = type(await transport.send(ENVELOPE, RAW, nothing)).__name__
    except TransportUnavailableError:
        outcome = "harmless"
    await transport.close()
    relay.wait_idle()
    await asyncio.to_thread(wait_until, lambda: not sink._connections, 10, "the server is done")
    return outcome, len(sink.accepted()) - before


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_wherever_the_line_is_cut_the_truth_is_told(
    sink: SmtpSink, direction: Direction
) -> None:
    told: Counter[tuple[str, int]] = Counter()
    with Relay(sink.port) as relay:
        await attempt(sink, relay, Fault("cut", direction, 10**6))
        told.clear()
        for count in range(relay.passed[direction] + 1):
            told[await attempt(sink, relay, Fault("cut", direction, count))] += 1

    print(direction, dict(told))
    assert set(told) <= {("harmless", 0), ("Uncertain", 0), ("Uncertain", 1), ("Accepted", 1)}
    # Every kind was met, so the cuts went through the whole conversation.
    assert told["harmless", 0] > 100
    assert told["Accepted", 1] > 0
    assert told["Uncertain", 1 if direction == "down" else 0] > 0
