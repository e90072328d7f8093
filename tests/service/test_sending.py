"""What is committed around an attempt to send, and what `deliver` says that it did."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.brakes import Brake
from maildaemon.domain.delivery import Envelope, MailKind, OutboxState, Outcome
from maildaemon.domain.policy import Rate
from maildaemon.errors import LeaseLostError, TransportUnavailableError
from maildaemon.ports.rows import NewMail
from maildaemon.services.brakes import put_on, release
from maildaemon.services.deliver import deliver_next
from tests.fakes.transport import FakeTransport
from tests.service.shop import START, Shop, a_mail

# Decisions: what they ask of a database is asked on every one elsewhere.
pytestmark = pytest.mark.sqlite


class Watched(FakeTransport):
    """Notes how the row stands before the mail is offered, and before the final dot."""

    def __init__(self, look: Callable[[], Any]) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self._look = look

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        self.seen.append(self._look())

        async def dot() -> None:
            await before_dot()
            self.seen.append(self._look())

        return await super().send(envelope, raw, dot)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    opened.write(a_mail())
    opened.receive()
    opened.process()
    opened.receive()
    yield opened
    opened.close()


def at(**span: float) -> str:
    return f"{START + timedelta(**span):%Y-%m-%d %H:%M:%S.%f}"


def test_an_attempt_is_committed_before_it_is_made_and_the_dot_before_it_is_sent(
    shop: Shop,
) -> None:
    query = "select state, phase, attempts, next_attempt_at from outbox"
    shop.transport = Watched(lambda: shop.rows(query))

    assert shop.deliver() == 1

    assert shop.transport.seen == [
        [("queued", "claimed", 1, at(minutes=3))],
        [("queued", "dot", 1, at(minutes=12))],
    ]
    assert shop.outbox == ["sent"]
    assert shop.deliver() == 0


def test_what_is_too_old_to_go_is_concluded_and_not_offered(shop: Shop) -> None:
    shop.wait(hours=24)

    assert shop.deliver() == 1

    assert shop.outbox == ["expired"]
    assert shop.transport.commands == []
    assert shop.rows("select count(*) from event where event = 'mail_expired'") == [(1,)]


@pytest.mark.parametrize(
    ("verb", "fault", "state", "due"),
    [
        ("RCPT", "451 4.3.0 later", "queued", at(minutes=1)),
        ("RCPT", "550 5.1.1 no such user", "failed", None),
        ("DOT", "drop", "queued", at(minutes=15)),
    ],
)
def test_what_the_server_says_is_followed_and_written_down(
    shop: Shop, verb: str, fault: str, state: str, due: str | None
) -> None:
    shop.transport.plan(verb, fault)

    assert shop.deliver() == 1

    assert shop.rows("select state, next_attempt_at from outbox") == [(state, due)]
    dead = shop.rows("select count(*) from undeliverable")
    assert dead == [(1 if state == "failed" else 0,)]


def test_who_breaks_off_before_the_dot_has_cost_the_mail_half_a_minute(shop: Shop) -> None:
    shop.transport.plan("DATA", "drop")

    with pytest.raises(Exception, match="fake:587: drop"):
        shop.deliver()

    query = "select state, phase, failures, next_attempt_at from outbox"
    assert shop.rows(query) == [("queued", "waiting", 0, at(seconds=30))]


# --- a server that says nothing, and who is first --------------------------------------------


class Slow(FakeTransport):
    """Takes too long: before the final dot is offered, or with the reply to it."""

    def __init__(self, *, at_the_dot: bool) -> None:
        super().__init__()
        self._at_the_dot = at_the_dot

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        if self._at_the_dot:
            await before_dot()
        raise TimeoutError


STANDING = "select state, phase, failures, next_attempt_at from outbox"


def test_a_server_that_is_too_slow_before_the_dot_costs_the_mail_half_a_minute(shop: Shop) -> None:
    shop.transport = Slow(at_the_dot=False)

    with pytest.raises(TransportUnavailableError, match="took too long"):
        shop.deliver()

    assert shop.rows(STANDING) == [("queued", "waiting", 0, at(seconds=30))]
    assert not shop.transport.connected


def test_a_server_that_never_answers_the_dot_leaves_the_mail_in_doubt(shop: Shop) -> None:
    shop.transport = Slow(at_the_dot=True)

    assert shop.deliver() == 1

    assert shop.rows(STANDING) == [("queued", "dot", 0, at(minutes=15))]
    assert shop.rows("select why from outbox") == [("no reply to the final dot in time",)]
    assert not shop.transport.connected


def test_an_attempt_ends_half_a_minute_before_its_claim(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, ends = asyncio.timeout, list[float | None]()

    class Noted(FakeTransport):
        async def send(self, *given: Any) -> Outcome:
            (deadline,) = deadlines
            began = asyncio.get_running_loop().time()
            ends.append((deadline.when() or 0) - began)
            outcome = await super().send(*given)
            ends.append((deadline.when() or 0) - began)
            return outcome

    deadlines: list[asyncio.Timeout] = []

    def timeout(seconds: float | None) -> asyncio.Timeout:
        deadlines.append(real(seconds))
        return deadlines[-1]

    monkeypatch.setattr("maildaemon.services.deliver.asyncio.timeout", timeout)
    shop.transport = Noted()
    shop.deliver()

    # 2:30 of the three minutes of the claim; from the dot on, 11:30 of twelve.
    assert ends == [pytest.approx(150, abs=5), pytest.approx(690, abs=10)]


class Interrupted(FakeTransport):
    """Something happens right before the final dot; notes that it was told to end the session."""

    def __init__(self, before: Callable[[], None]) -> None:
        super().__init__()
        self._before = before
        self.closed = 0

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        self._before()
        return await super().send(envelope, raw, before_dot)

    async def close(self) -> None:
        self.closed += 1
        await super().close()


def test_an_answer_at_the_last_moment_stops_the_mail_and_ends_the_session(shop: Shop) -> None:
    def answered() -> None:
        with shop.store.begin() as tx:
            tx.outbox.cancel_thread(1, "staff_answered", shop.now())

    shop.transport = Interrupted(answered)

    assert shop.deliver() == 1

    assert shop.outbox == ["cancelled"]
    # The server is at the text of a mail: only the end of the session tells it that none comes.
    assert (shop.transport.accepted, shop.transport.closed) == ([], 1)


def test_who_has_lost_the_mailbox_before_the_dot_ends_the_session(shop: Shop) -> None:
    def lost() -> None:
        raise LeaseLostError("the mailbox may be another daemon's by now")

    shop.desk = replace(shop.desk, require_lease=lost)
    shop.transport = Interrupted(lambda: None)

    with pytest.raises(LeaseLostError):
        shop.deliver()

    assert (shop.transport.accepted, shop.transport.closed) == ([], 1)
    assert shop.rows(STANDING) == [("queued", "waiting", 0, at(seconds=30))]
    assert shop.rows("select why from outbox") == [
        ("another daemon took the mailbox over before the final dot",)
    ]


# --- when it is tried again ------------------------------------------------------------------


def deliver(shop: Shop, jitter: float) -> int:
    async def look(_since: Any) -> Any:
        raise AssertionError("only timed mail is looked after")

    return asyncio.run(
        deliver_next(shop.store, shop.transport, shop.desk, shop.now, lambda: jitter, look)
    )


def test_what_is_deferred_again_waits_for_longer_and_not_all_for_the_same_time(shop: Shop) -> None:
    shop.transport.always("RCPT", "451 4.3.0 later")

    deliver(shop, 0.5)
    first = shop.rows(STANDING)
    shop.wait(minutes=1)
    deliver(shop, 1.2)

    assert first == [("queued", "waiting", 1, at(seconds=30))]
    assert shop.rows(STANDING) == [("queued", "waiting", 2, at(minutes=1 + 5 * 1.2))]


@pytest.mark.parametrize(("reply", "dead"), [("550 5.1.1 no such user", True), ("550 no", False)])
def test_an_address_that_is_surely_dead_gets_nothing_for_thirty_days(
    shop: Shop, reply: str, dead: bool
) -> None:
    shop.transport.plan("RCPT", reply)

    shop.deliver()

    told = [(at(days=30), "550")] if dead else []
    assert shop.rows("select until, status from undeliverable") == told
    assert shop.rows("select count(*) from event where event = 'mail_failed'") == [(1,)]


def test_what_is_sent_is_in_the_history_and_the_server_is_known_to_work(shop: Shop) -> None:
    shop.deliver()

    assert shop.rows("select count(*) from event where event = 'mail_sent'") == [(1,)]
    smtp = "select last_success_at from account where service = 'smtp'"
    assert shop.rows(smtp) == [(at(),)]


# --- brakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("brake", list(Brake))
def test_under_a_brake_nothing_goes_and_by_a_wrong_clock_nothing_expires(
    shop: Shop, brake: Brake
) -> None:
    with shop.store.begin() as tx:
        put_on(tx, shop.desk, brake, "a test", shop.now())
    assert shop.deliver() == 0
    assert shop.transport.commands == []

    shop.wait(hours=25)
    assert shop.deliver() == (0 if brake is Brake.CLOCK else 1)
    assert shop.outbox == ["queued" if brake is Brake.CLOCK else "expired"]


def test_a_brake_that_is_put_on_while_we_log_in_still_stops_the_mail(shop: Shop) -> None:
    class Entered(FakeTransport):
        async def open(self) -> None:
            with shop.store.begin() as tx:
                put_on(tx, shop.desk, Brake.BREAKER, "a test", shop.now())
            await super().open()

    shop.transport = Entered()
    assert shop.deliver() == 1
    assert shop.transport.accepted == []
    assert shop.rows(STANDING) == [("queued", "waiting", 0, at())]

    with shop.store.begin() as tx:
        release(tx, shop.desk.mailbox_id, "support", shop.now())
    shop.transport = FakeTransport()
    assert shop.deliver() == 1
    assert shop.outbox == ["sent"]


@pytest.mark.parametrize(
    ("ago", "stopped"),
    [(timedelta(days=13), False), (timedelta(days=15), True)],
)
def test_what_was_usual_for_a_fortnight_is_not_far_too_much(
    shop: Shop, ago: timedelta, stopped: bool
) -> None:
    # 900 in a fortnight are 0.45 in ten minutes: five times as many are two.
    few = replace(shop.desk.policy.limits, burst=0, per_mailbox=Rate(6, timedelta(hours=1)))
    shop.desk = replace(shop.desk, policy=replace(shop.desk.policy, limits=few))
    with shop.store.begin() as tx:
        for number in range(902):
            then = START - (ago if number < 900 else timedelta(minutes=1))
            sent = {"state": OutboxState.SENT, "queued_at": then}
            tx.outbox.queue(mail_to(shop, f"n{number}", MailKind.STAFF, **sent))
    queue(shop, "next", MailKind.STAFF)

    shop.deliver()

    with shop.store.read() as tx:
        on = [one.brake for one in tx.brakes.on(shop.desk.mailbox_id)]
    assert on == [Brake.BREAKER] * stopped


# --- what time brings ------------------------------------------------------------------------


def mail_to(shop: Shop, name: str, kind: MailKind, **other: Any) -> NewMail:
    mail = NewMail(
        mailbox_id=shop.desk.mailbox_id,
        thread_id=None,
        cause_id=None,
        message_id=f"{name}@shop.example",
        kind=kind,
        sections=(),
        language="en",
        reverse_path="support@shop.example",
        recipient="clara@customer.example",
        raw=b"Subject: hello\r\n\r\nhello\r\n",
        state=OutboxState.QUEUED,
        queued_at=START,
        send_at=START,
        expires_at=START + timedelta(days=5),
    )
    return replace(mail, **other)


def queue(shop: Shop, name: str, kind: MailKind, **other: Any) -> None:
    with shop.store.begin() as tx:
        tx.outbox.cancel_thread(1, "a test", shop.now())
        tx.outbox.queue(mail_to(shop, name, kind, **other))


def standing(shop: Shop) -> tuple[Any, ...]:
    """Return how the newest mail stands."""
    query = "select state, phase, next_attempt_at, why from outbox order by id desc limit 1"
    return shop.rows(query)[0]


@pytest.mark.parametrize("kind", [MailKind.TIMED, MailKind.STAFF, MailKind.FORWARD])
@pytest.mark.parametrize("over", [timedelta(0), timedelta(microseconds=1)])
def test_timed_mail_that_is_a_day_late_is_held_for_a_person_and_no_other_mail_is(
    shop: Shop, kind: MailKind, over: timedelta
) -> None:
    queue(shop, "late", kind)
    shop.at += timedelta(hours=24) + over
    shop.receive()

    assert shop.deliver() == 1

    held = kind is MailKind.TIMED and bool(over)
    assert standing(shop)[0] == ("held" if held else "sent")
    assert shop.rows("select count(*) from event where event = 'mail_held'") == [(int(held),)]


@pytest.mark.parametrize("kind", [MailKind.TIMED, MailKind.STAFF])
def test_timed_mail_waits_for_a_colleagues_account_and_what_tells_colleagues_does_not(
    shop: Shop, kind: MailKind
) -> None:
    with shop.store.begin() as tx:
        anna = tx.mailboxes.ensure("anna")
    shop.desk = replace(shop.desk, colleagues=((anna.mailbox_id, "anna"),))
    queue(shop, "waits", kind)

    assert shop.deliver() == 1

    why = "waits: the account of anna is not read yet"
    waits = ("queued", "waiting", at(seconds=5), why)
    assert standing(shop) == (
        waits if kind is MailKind.TIMED else ("sent", "waiting", None, "accepted")
    )


@pytest.mark.parametrize(("sent", "waits"), [(19, False), (20, True)])
@pytest.mark.parametrize(
    "ago", [timedelta(minutes=10) - timedelta(seconds=1), timedelta(minutes=10)]
)
def test_of_what_time_brings_twenty_go_in_ten_minutes(
    shop: Shop, sent: int, ago: timedelta, waits: bool
) -> None:
    with shop.store.begin() as tx:
        tx.outbox.cancel_thread(1, "a test", shop.now())
    for number in range(sent):
        queue(shop, f"sent{number}", MailKind.TIMED, state=OutboxState.SENT, queued_at=START - ago)
    queue(shop, "next", MailKind.TIMED)

    assert shop.deliver() == 1

    waits = waits and ago < timedelta(minutes=10)
    assert standing(shop)[0] == ("queued" if waits else "sent")
    if waits:
        assert standing(shop)[1:] == (
            "waiting",
            at(minutes=1),
            "waits: many timed mails went just now",
        )


def test_timed_mail_goes_only_after_a_last_look_at_the_mailbox(shop: Shop) -> None:
    queue(shop, "looks", MailKind.TIMED)
    shop.write(a_mail(message_id="c2@customer.example"))

    assert shop.deliver() == 1
    assert standing(shop)[:3] == ("queued", "waiting", at(seconds=5))

    shop.wait(seconds=5)
    shop.receive()
    shop.process()
    with shop.store.begin() as tx:
        tx.outbox.cancel_thread(2, "a test", shop.now())
    shop.fire()
    assert shop.deliver() == 1
    assert shop.rows("select state from outbox where kind = 'timed'") == [("sent",)]
