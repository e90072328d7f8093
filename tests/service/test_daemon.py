"""The loops side by side: woken, survived, ended in order."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.errors import (
    MailboxPasswordRefusedError,
    MailboxUnavailableError,
    OperatorError,
    ParserUnavailableError,
)
from maildaemon.mail.compose_digest import compose_digest
from maildaemon.ports import FolderName, FolderState
from maildaemon.ports.brakes import Alarm, AlertRow
from maildaemon.services import steps
from maildaemon.services.crew import Crew, Step, Works
from maildaemon.services.daemon import Daemon
from maildaemon.services.deliver import deliver_next
from maildaemon.services.desk import Desk
from maildaemon.services.digest import Orders
from maildaemon.services.guard import Guard
from maildaemon.services.lease import Shared
from maildaemon.services.loop import Loop, Rest
from maildaemon.services.polling import Polling
from tests.fakes.mailbox import FakeAccount, FakeMailbox
from tests.fakes.pulse import FakePulse
from tests.servers.process import wait_until
from tests.service.shop import Shop, a_mail


class HandTicker:
    """Ticks when told to."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []
        self.running = False

    def every(self, interval: timedelta, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def tick(self) -> None:
        for callback in self.callbacks:
            callback()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def a_daemon(
    shop: Shop,
    *only: Step,
    digest: Orders | None = None,
    shared: Shared | None = None,
    alive: Callable[[], None] = lambda: None,
    watching: Callable[[str], None] = lambda _: None,
    others: Sequence[Desk] = (),
) -> tuple[Daemon, HandTicker]:
    ticker = HandTicker()
    works = Works(
        store=shop.store,
        parser=shop.parser,
        blobs=shop.blobs,
        files=shop.files,
        ticker=ticker,
        now=shop.now,
        jitter=lambda: 0.0,
        boot=shop.boot,
        pulse=shop.pulse,
        alerts=shop.alerts,
        free=lambda: shop.free,
        places=shop.places,
        configuration="",
        digest=digest,
        shared=shared,
        alive=alive,
        watching=watching,
    )
    lease = shared.holder.lease("support") if shared else None
    crew = Crew(
        desk=shop.desk,
        mode="live",
        work=shop.mailbox,
        watch=FakeMailbox(shop.account),
        transport=shop.transport,
        composer=shop.composer,
        poll_every=timedelta(seconds=5),
        idle=timedelta(seconds=30),
        imap_credential=str,
        smtp_credential=str,
        lease=lease,
    )
    more = [replace(crew, desk=one, work=FakeMailbox(FakeAccount(shop.now))) for one in others]
    return Daemon(works, (crew, *more), frozenset(only)), ticker


async def eventually(condition: Callable[[], bool], ticker: HandTicker) -> None:
    async with asyncio.timeout(20):
        while not condition():
            ticker.tick()
            await asyncio.sleep(0)


async def test_a_message_is_answered_and_the_daemon_ends_when_told(shop: Shop) -> None:
    daemon, ticker = a_daemon(shop)
    running = asyncio.create_task(daemon.run())
    await eventually(
        lambda: bool(shop.rows("select 1 from mailbox where started_at is not null")), ticker
    )

    shop.write(a_mail())
    await eventually(lambda: len(shop.transport.accepted) == 1, ticker)
    daemon.stop()
    async with asyncio.timeout(10):
        await running

    assert not ticker.running
    assert shop.outbox == ["sent"]


async def test_what_the_server_tells_of_waits_for_no_look(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()

    def is_time(polling: Polling) -> bool:
        if polling.is_told:
            told.set()
        return not told.is_set()

    monkeypatch.setattr(Polling, "is_time", is_time)
    monkeypatch.setattr(Polling, "is_quiet", property(lambda polling: polling.is_told))
    shop.start()
    daemon, ticker = a_daemon(shop)
    running = asyncio.create_task(daemon.run())
    await eventually(told.is_set, ticker)

    shop.write(a_mail())
    await eventually(lambda: shop.outbox == ["sent"], ticker)

    daemon.stop()
    await running


async def test_what_has_waited_for_sent_goes_as_soon_as_that_is_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, nobody, slow = asyncio.Event(), HandTicker(), threading.Event()
    examine, in_vain, folders = FakeMailbox.examine, threading.Event(), FakeMailbox.folders

    async def attempt(*given: Any) -> int | Rest:
        decided = "queued" in shop.outbox
        found = await deliver_next(*given)
        if decided and not found:
            in_vain.set()
        return found

    def from_afar(mailbox: FakeMailbox, folder: str) -> FolderState:
        # Everything has been decided, and looked at in vain, before the server answers.
        if folder == "Sent" and slow.is_set():
            assert in_vain.wait(10)
            slow.clear()
        return examine(mailbox, folder)

    def list_last(mailbox: FakeMailbox) -> tuple[FolderName, ...]:
        # Nor does it wait for what is looked at afterwards.
        if in_vain.is_set():
            wait_until(lambda: shop.outbox == ["sent"], 10, "it goes before the folders are listed")
        return folders(mailbox)

    monkeypatch.setattr(FakeMailbox, "examine", from_afar)
    monkeypatch.setattr(FakeMailbox, "folders", list_last)
    monkeypatch.setattr(steps, "deliver_next", attempt)
    monkeypatch.setattr(Polling, "is_quiet", property(lambda _: True))
    monkeypatch.setattr(Polling, "is_time", lambda _: not told.is_set())
    shop.start()
    daemon, ticker = a_daemon(shop, watching=lambda _: told.set())
    running = asyncio.create_task(daemon.run())
    await eventually(told.is_set, ticker)
    [polling] = daemon._steps._polling.values()
    await eventually(lambda: polling.is_told, ticker)

    shop.wait(minutes=5)
    slow.set()
    shop.write(a_mail())
    await eventually(lambda: shop.outbox == ["sent"], nobody)

    assert not slow.is_set()
    daemon.stop()
    await running


async def test_an_outage_is_survived_and_waited_out(shop: Shop) -> None:
    shop.start()
    shop.account.fail(MailboxUnavailableError("gone"), on="folders")
    daemon, ticker = a_daemon(shop)
    running = asyncio.create_task(daemon.run())
    await eventually(lambda: bool(shop.rows("select 1 from account where failures = 1")), ticker)

    shop.write(a_mail())
    shop.wait(seconds=2)
    await eventually(lambda: len(shop.transport.accepted) == 1, ticker)
    daemon.stop()
    await running


async def test_a_mailbox_is_watched_once_it_has_been_read_and_what_arrives_then_is_answered(
    shop: Shop,
) -> None:
    said: list[str] = []
    shop.account.fail(MailboxUnavailableError("gone"), on="folders")
    daemon, ticker = a_daemon(shop, watching=said.append)
    running = asyncio.create_task(daemon.run())
    await eventually(lambda: bool(shop.rows("select 1 from account where failures = 1")), ticker)
    # It lies there when the server lets us in, as all of the years before it.
    shop.write(a_mail(message_id="before@customer.example", sender="before@customer.example"))
    assert (said, daemon.doing) == ([], "has yet to read support (live)")

    shop.wait(seconds=2)
    await eventually(lambda: bool(said), ticker)
    shop.write(a_mail())
    await eventually(lambda: len(shop.transport.accepted) == 1, ticker)
    daemon.stop()
    await running

    assert (said, daemon.doing) == (["support"], "watches support (live)")
    assert [mail["To"] for mail in shop.customers_got] == ["clara@customer.example"]


async def test_of_two_mailboxes_each_is_watched_when_it_has_been_read(shop: Shop) -> None:
    said: list[str] = []
    shop.start()
    shop.account.refusal = MailboxUnavailableError("gone")
    with shop.sql.begin() as tx:
        row = tx.mailboxes.ensure("orders")
    other = replace(
        shop.desk, mailbox_id=row.mailbox_id, policy=replace(shop.policy, mailbox="orders")
    )
    daemon, ticker = a_daemon(shop, others=[other], watching=said.append)
    running = asyncio.create_task(daemon.run())
    await eventually(lambda: bool(said), ticker)
    daemon.stop()
    await running

    assert said == ["orders"]
    assert daemon.doing == "watches orders (live); has yet to read support (live)"


def test_a_daemon_that_reads_nothing_watches_nothing(shop: Shop) -> None:
    daemon, _ = a_daemon(shop, Step.DELIVER, Step.FIRE)

    assert daemon.doing == "does deliver, fire for support (live)"


async def test_once_does_everything_that_is_due(shop: Shop) -> None:
    shop.start()
    shop.write(a_mail())
    daemon, _ = a_daemon(shop)

    assert await daemon.run_once() == ()
    await daemon.close()

    assert len(shop.transport.accepted) == 1


async def test_only_the_named_steps_run(shop: Shop) -> None:
    shop.start()
    shop.write(a_mail())
    daemon, _ = a_daemon(shop, Step.RECEIVE)

    await daemon.run_once()
    await daemon.close()

    assert shop.rows("select state from inbound") == [("waiting",)]


async def test_a_mailbox_that_cannot_be_reached_is_said_after_the_others_had_their_turn(
    shop: Shop,
) -> None:
    shop.start()
    shop.write(a_mail())
    shop.receive()
    shop.account.refusal = MailboxUnavailableError("imap.example:993: no route to host")
    daemon, _ = a_daemon(shop)

    troubles = await daemon.run_once()
    await daemon.close()

    assert [(one.mailbox, one.step, str(one.error)) for one in troubles] == [
        ("support", Step.RECEIVE, "imap.example:993: no route to host")
    ]
    with shop.sql.read() as tx:
        again_at = tx.mailboxes.account(shop.desk.mailbox_id, "imap").next_attempt_at
    assert again_at is not None
    assert again_at - shop.at == getattr(troubles[0].error, "retry_in", None)

    assert len(shop.transport.accepted) == 1


async def test_a_bug_in_a_step_does_not_end_its_loop() -> None:
    stopping, calls = asyncio.Event(), 0

    async def step() -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("a bug")
        if calls == 2:
            raise OperatorError("something to mend", where="here", advice="mend it")
        stopping.set()
        return 0

    async with asyncio.timeout(10):
        await Loop("test", step, stopping, jitter=lambda: 0.0).run()

    assert calls == 3


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (MailboxUnavailableError("no route"), [1, 2, 4, 8, 16]),
        (ParserUnavailableError("killed as it began"), [1, 2, 4, 4, 4]),
    ],
)
async def test_a_server_is_left_alone_for_longer_each_time_and_a_process_of_ours_is_not(
    error: Exception, waits: list[int]
) -> None:
    assert await waited(error, len(waits)) == [timedelta(seconds=one) for one in waits]


async def test_the_log_tells_when_an_account_is_tried_again_though_its_password_is_looked_at_sooner(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = MailboxPasswordRefusedError("refused the login")
    refused.retry_in = timedelta(hours=6)

    assert await waited(refused, 2) == [timedelta(minutes=1)] * 2
    [line] = [one for one in caplog.records if one.message == "loop.failed"]
    assert line.facts["retry_in"] == "21600s"  # type: ignore[attr-defined]


async def waited(error: Exception, times: int) -> list[timedelta | None]:
    """Return how long a loop waits whose step fails so often."""
    stopping, waits = asyncio.Event(), list[timedelta | None]()

    class Noting(Loop):
        async def _wait(self, wait: timedelta | None) -> None:
            waits.append(wait)
            if len(waits) == times:
                stopping.set()

    async def step() -> int:
        raise error

    await Noting("test", step, stopping, jitter=lambda: 1.0).run()
    return waits


async def test_trouble_is_said_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stopping, calls = asyncio.Event(), 0

    async def step() -> int:
        nonlocal calls
        calls += 1
        if calls <= 3:
            raise MailboxUnavailableError("no route")
        if calls == 5:
            stopping.set()
        return 0

    loop = Loop("test", step, stopping, jitter=lambda: 0.0)
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(10):
        while not running.done():
            loop.wake()
            await asyncio.sleep(0)

    assert [record.message for record in caplog.records if record.name == "maildaemon"] == [
        "loop.failed",
        "loop.recovered",
    ]


async def test_after_a_sleep_of_the_machine_everything_reconnects(shop: Shop) -> None:
    daemon, ticker = a_daemon(shop)
    running = asyncio.create_task(daemon.run())
    await eventually(
        lambda: bool(shop.rows("select 1 from mailbox where started_at is not null")), ticker
    )
    interrupted: list[str] = []
    shop.mailbox.interrupt = lambda: interrupted.append("work")  # type: ignore[method-assign]

    shop.wait(hours=2)
    await eventually(lambda: bool(interrupted), ticker)
    daemon.stop()
    await running


@pytest.mark.sqlite
async def test_it_is_alive_while_it_waits_for_a_look_but_not_for_ever(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs, over = [0], threading.Event()
    monkeypatch.setattr(Guard, "look", lambda _: over.wait(60))
    daemon, ticker = a_daemon(shop, alive=lambda: signs.append(0))
    running = asyncio.create_task(daemon.run())
    try:
        await eventually(lambda: len(signs) > 5, ticker)
        shop.wait(minutes=20)
        signs.clear()
        for _ in range(5):
            ticker.tick()
            await asyncio.sleep(0)
        assert signs == []
        over.set()
        await eventually(lambda: bool(signs), ticker)
    finally:
        over.set()
        daemon.stop()
        await running


@pytest.mark.sqlite
async def test_that_nothing_can_be_written_is_told_while_it_lasts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OperatorError("cannot be used: read-only file system", where="heartbeat")

    def is_told_in_time() -> bool:
        shop.wait(seconds=0.1)
        return bool(shop.alert.told)

    monkeypatch.setattr(FakePulse, "write", refuse)
    daemon, ticker = a_daemon(shop)
    running = asyncio.create_task(daemon.run())
    try:
        await eventually(is_told_in_time, ticker)
    finally:
        daemon.stop()
        await running

    assert [one.event for one in shop.alert.told] == ["store.out"]


@pytest.mark.sqlite
async def test_many_who_are_slow_to_be_told_keep_no_loop_from_its_work(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, over = [0], threading.Event()

    class Slow:
        def tell(self, _: AlertRow) -> None:
            begun.append(0)
            assert over.wait(60)

    monkeypatch.setattr(Shop, "alerts", {f"smtp:{one}@b.example": Slow() for one in range(10)})
    with shop.store.begin() as tx:
        tx.alerts.raise_alarm(Alarm("mail.late", "support", "late"), shop.at)
    daemon, ticker = a_daemon(shop)
    running = asyncio.create_task(daemon.run())
    try:
        await eventually(lambda: len(begun) > 10, ticker)
        shop.start()
        shop.write(a_mail())
        await eventually(lambda: len(shop.transport.accepted) == 1, ticker)
    finally:
        over.set()
        daemon.stop()
        await running


def digest_for_anna(shop: Shop) -> Orders:
    return Orders(("anna@shop.example",), shop.at.time(), UTC, compose_digest)


async def test_the_digest_is_written_and_sent_when_it_is_due(shop: Shop) -> None:
    daemon, ticker = a_daemon(shop, digest=digest_for_anna(shop))
    running = asyncio.create_task(daemon.run())

    await eventually(lambda: len(shop.transport.accepted) == 1, ticker)
    daemon.stop()
    await running

    assert shop.rows("select kind, recipient from outbox") == [("digest", "anna@shop.example")]


async def test_run_once_writes_and_sends_it_too(shop: Shop) -> None:
    daemon, _ = a_daemon(shop, digest=digest_for_anna(shop))

    assert await daemon.run_once() == ()
    await daemon.close()

    assert [one.envelope.forward_path for one in shop.transport.accepted] == ["anna@shop.example"]
