"""What every `Transport` promises: the fake, and the real adapter against aiosmtpd and Postfix."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.smtp_session import SmtpLimits
from maildaemon.domain.delivery import (
    Accepted,
    Deferred,
    Envelope,
    Outcome,
    Rejected,
    Reply,
    Uncertain,
)
from maildaemon.errors import (
    TransportPasswordRefusedError,
    TransportRefusedError,
    TransportUnavailableError,
)
from maildaemon.ports import Transport
from tests.fakes.submission import ENVELOPE, QUICK, RAW, a_tls_account, an_account, never, nothing
from tests.fakes.transport import FakeTransport, Mail
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink


@dataclass(frozen=True, slots=True)
class Bench:
    """A transport, how to make its server misbehave, and what that server accepted."""

    transport: Transport
    plan: Callable[..., None]
    accepted: Callable[[], list[Mail]]

    async def submit(
        self,
        envelope: Envelope = ENVELOPE,
        raw: bytes = RAW,
        before_dot: Callable[[], Awaitable[None]] = nothing,
    ) -> Outcome:
        await self.transport.open()
        return await self.transport.send(envelope, raw, before_dot)

    async def session_is_over(self) -> bool:
        """Tell by trying to go on without a new `open`."""
        try:
            await self.transport.send(ENVELOPE, RAW, never)
        except TransportUnavailableError:
            return True
        return False


def mails_of(sink: SmtpSink) -> list[Mail]:
    return [Mail(Envelope(it.mail_from, *it.rcpt_to), it.raw) for it in sink.accepted()]


@pytest.fixture(params=["fake", "tls_sink"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "fake":
        fake = FakeTransport()
        yield Bench(fake, fake.plan, lambda: fake.accepted)
        return
    sink: SmtpSink = request.getfixturevalue("tls_sink")
    dovecot: Dovecot = request.getfixturevalue("dovecot")
    transport = SmtpTransport(a_tls_account(sink, dovecot), QUICK)
    yield Bench(transport, sink.plan, lambda: mails_of(sink))
    await transport.close()


# --- the contract ------------------------------------------------------------------------------


async def test_an_accepted_mail_is_with_the_server_and_its_words_are_kept(bench: Bench) -> None:
    outcome = await bench.submit()

    assert isinstance(outcome, Accepted)
    assert outcome.reply.code == 250
    assert "queued as" in outcome.reply.text
    assert bench.accepted() == [Mail(ENVELOPE, RAW)]


@pytest.mark.parametrize(
    ("verb", "fault"),
    [
        ("CONNECT", "421 4.3.2 Too busy"),
        ("CONNECT", "554 5.7.1 Not you"),
        ("CONNECT", "drop"),
        ("EHLO", "421 4.3.2 Too busy"),
        ("EHLO", "451 4.3.0 Not now"),
        ("EHLO", "550 5.7.1 Not you"),
        ("EHLO", "drop"),
        ("STARTTLS", "454 4.7.0 No entropy"),
        ("STARTTLS", "502 5.5.1 Not any more"),
        ("STARTTLS", "drop"),
        ("AUTH", "454 4.7.0 Password file locked"),
        ("AUTH", "421 4.3.2 Too busy"),
        ("AUTH", "drop"),
    ],
)
async def test_trouble_with_the_session_waits_and_fails_no_mail(
    bench: Bench, verb: str, fault: str
) -> None:
    bench.plan(verb, fault)

    with pytest.raises(TransportUnavailableError):
        await bench.submit()

    assert bench.accepted() == []
    assert isinstance(await bench.submit(), Accepted)


@pytest.mark.parametrize("fault", ["535 5.7.8 Wrong", "534 5.7.9 Too weak", "530 5.7.0 No", "550"])
async def test_refused_credentials_are_told_apart_and_fail_no_mail(
    bench: Bench, fault: str
) -> None:
    bench.plan("AUTH", fault)

    with pytest.raises(TransportPasswordRefusedError):
        await bench.submit()

    assert bench.accepted() == []
    assert isinstance(await bench.submit(), Accepted)


@pytest.mark.parametrize(
    ("verb", "fault", "expected"),
    [
        ("MAIL", "450 4.2.1 Later", Deferred(Reply(450, "4.2.1 Later"))),
        ("MAIL", "550 5.1.0 Never", Rejected(Reply(550, "5.1.0 Never"))),
        ("MAIL", "552 5.3.4 Too big", Rejected(Reply(552, "5.3.4 Too big"))),
        ("RCPT", "450 4.2.1 Later", Deferred(Reply(450, "4.2.1 Later"))),
        ("RCPT", "550 5.1.1 Nobody", Rejected(Reply(550, "5.1.1 Nobody"))),
        ("RCPT", "552 5.2.2 Full", Deferred(Reply(552, "5.2.2 Full"))),
        ("DATA", "451 4.3.0 Later", Deferred(Reply(451, "4.3.0 Later"))),
        ("DATA", "554 5.7.1 Never", Rejected(Reply(554, "5.7.1 Never"))),
        ("DOT", "452 4.3.1 No space", Deferred(Reply(452, "4.3.1 No space"))),
        ("DOT", "421 4.3.2 Closing", Deferred(Reply(421, "4.3.2 Closing"))),
        ("DOT", "550 5.7.1 Spam", Rejected(Reply(550, "5.7.1 Spam"))),
    ],
)
async def test_a_refusal_concerns_this_mail_only(
    bench: Bench, verb: str, fault: str, expected: Outcome
) -> None:
    bench.plan(verb, fault)
    reached_the_dot: list[bool] = []

    async def before_dot() -> None:
        reached_the_dot.append(True)

    assert await bench.submit(before_dot=before_dot) == expected

    assert reached_the_dot == ([True] if verb == "DOT" else [])
    assert bench.accepted() == []
    assert isinstance(await bench.submit(), Accepted)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", ["421 4.3.2 Closing", "530 5.7.0 Log in first", "drop"])
async def test_before_the_dot_a_lost_session_is_harmless(
    bench: Bench, verb: str, fault: str
) -> None:
    bench.plan(verb, fault)

    with pytest.raises(TransportUnavailableError):
        await bench.submit()

    assert bench.accepted() == []
    assert await bench.session_is_over()
    assert isinstance(await bench.submit(), Accepted)


@pytest.mark.parametrize(("fault", "accepted"), [("drop", 0), ("accept_then_drop", 1)])
async def test_after_the_dot_a_lost_session_leaves_it_uncertain(
    bench: Bench, fault: str, accepted: int
) -> None:
    bench.plan("DOT", fault)

    outcome = await bench.submit()

    assert isinstance(outcome, Uncertain)
    assert outcome.reason
    assert len(bench.accepted()) == accepted
    assert await bench.session_is_over()
    assert isinstance(await bench.submit(), Accepted)


async def test_if_before_dot_raises_the_server_accepts_nothing(bench: Bench) -> None:
    class CommitFailedError(OSError):
        """Even one that looks like trouble with the line."""

    async def before_dot() -> None:
        raise CommitFailedError("disk full")

    with pytest.raises(CommitFailedError):
        await bench.submit(before_dot=before_dot)

    assert await bench.session_is_over()
    assert isinstance(await bench.submit(), Accepted)
    assert len(bench.accepted()) == 1


async def test_if_the_task_is_cancelled_before_the_dot_the_server_accepts_nothing(
    bench: Bench,
) -> None:
    async def before_dot() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await bench.submit(before_dot=before_dot)

    assert await bench.session_is_over()
    assert isinstance(await bench.submit(), Accepted)
    assert len(bench.accepted()) == 1


async def test_without_a_session_nothing_is_sent(bench: Bench) -> None:
    assert await bench.session_is_over()
    assert bench.accepted() == []


async def test_close_says_goodbye_once_and_may_be_repeated(bench: Bench) -> None:
    await bench.submit()
    await bench.transport.close()
    await bench.transport.close()

    assert await bench.session_is_over()
    assert isinstance(await bench.submit(), Accepted)


# --- a real server -----------------------------------------------------------------------------


@pytest.fixture
async def submission(postfix: Postfix, dovecot: Dovecot) -> AsyncIterator[SmtpTransport]:
    account = an_account(
        postfix.port,
        security="starttls",
        username=dovecot.user,
        secret=lambda: dovecot.password,
        ca_file=postfix.ca_file,
    )
    transport = SmtpTransport(account, SmtpLimits())
    yield transport
    await transport.close()


async def relayed(
    transport: SmtpTransport, sink: SmtpSink, envelope: Envelope, raw: bytes
) -> tuple[Outcome, list[Mail]]:
    """Send, and return the outcome and what came out at the other end of Postfix."""
    before = len(sink.accepted())
    await transport.open()
    outcome = await transport.send(envelope, raw, nothing)
    if isinstance(outcome, Accepted):
        await asyncio.to_thread(sink.wait_accepted, before + 1)
    return outcome, mails_of(sink)[before:]


async def logged(postfix: Postfix, words: str) -> None:
    """Wait for Postfix's log, which is written behind its back."""
    await asyncio.to_thread(wait_until, lambda: words in postfix.log, 10, f"logged: {words}")


async def test_postfix_takes_a_mail_and_names_its_queue_id(
    submission: SmtpTransport, relay_sink: SmtpSink, postfix: Postfix
) -> None:
    outcome, mails = await relayed(submission, relay_sink, ENVELOPE, RAW)

    assert isinstance(outcome, Accepted)
    queue_id = outcome.reply.text.removeprefix("2.0.0 Ok: queued as ")
    await logged(postfix, f"{queue_id}: removed")
    assert [it.envelope for it in mails] == [ENVELOPE]
    assert mails[0].raw.endswith(RAW)


async def test_postfix_takes_many_mails_over_one_connection(
    submission: SmtpTransport, relay_sink: SmtpSink, postfix: Postfix
) -> None:
    queue_ids: list[str] = []

    for number in range(5):
        envelope = Envelope("", f"anna{number}@customer.example")
        outcome, mails = await relayed(submission, relay_sink, envelope, RAW)
        assert isinstance(outcome, Accepted)
        queue_ids.append(outcome.reply.text.rpartition(" ")[2])
        assert [it.envelope for it in mails] == [envelope]

    await submission.close()
    # Postfix sums up each connection in a line of its own.
    await logged(postfix, "mail=5 rcpt=5 data=5 rset=4 quit=1")
    assert len(set(queue_ids)) == 5


async def test_postfix_takes_a_big_mail_full_of_dots(
    submission: SmtpTransport, relay_sink: SmtpSink
) -> None:
    raw = RAW + b"".join(b"." * (n % 70) + b"\r\n" for n in range(60_000))

    outcome, mails = await relayed(submission, relay_sink, ENVELOPE, raw)

    assert isinstance(outcome, Accepted)
    assert mails[0].raw.endswith(raw)


async def test_postfix_takes_an_internationalised_address_and_8bit_text(
    submission: SmtpTransport, relay_sink: SmtpSink
) -> None:
    envelope = Envelope("support@shop.example", "änne@bücher.example")
    raw = "To: änne@bücher.example\r\nSubject: größe\r\n\r\nça va?\r\n".encode()

    outcome, mails = await relayed(submission, relay_sink, envelope, raw)

    assert isinstance(outcome, Accepted)
    assert [it.envelope for it in mails] == [envelope]


async def test_postfix_rejects_a_mail_too_big_by_its_size_and_the_session_goes_on(
    submission: SmtpTransport, relay_sink: SmtpSink
) -> None:
    raw = RAW + (b"x" * 76 + b"\r\n") * 300_000

    outcome, mails = await relayed(submission, relay_sink, ENVELOPE, raw)

    assert isinstance(outcome, Rejected)
    assert outcome.reply.code == 552
    assert mails == []
    outcome, _ = await relayed(submission, relay_sink, ENVELOPE, RAW)
    assert isinstance(outcome, Accepted)


async def test_postfix_accepts_nothing_if_before_dot_raises(
    submission: SmtpTransport, relay_sink: SmtpSink, postfix: Postfix
) -> None:
    await submission.open()
    with pytest.raises(AssertionError):
        await submission.send(Envelope("", "never@customer.example"), RAW, never)

    outcome, mails = await relayed(submission, relay_sink, ENVELOPE, RAW)

    assert isinstance(outcome, Accepted)
    assert [it.envelope for it in mails] == [ENVELOPE]
    assert "to=<never@customer.example>" not in postfix.log


async def test_postfix_refuses_a_wrong_password_once(
    submission: SmtpTransport, postfix: Postfix
) -> None:
    account = replace(submission._account, secret=lambda: "wrong", hostname="wrong.example.test")

    with pytest.raises(TransportPasswordRefusedError):
        await SmtpTransport(account, QUICK).open()

    await logged(postfix, "ehlo=2 starttls=1 auth=0/1")


async def test_postfix_with_an_untrusted_certificate_never_sees_the_password(
    submission: SmtpTransport, postfix: Postfix
) -> None:
    account = replace(submission._account, ca_file=None)

    with pytest.raises(TransportRefusedError, match=r"smtp\.ca_file"):
        await SmtpTransport(account, QUICK).open()

    await logged(postfix, "ehlo=1 starttls=0/1 commands=1/2")
