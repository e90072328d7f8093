"""Nothing can be written: the database is locked, the disk is full. It is told, once, and it ends."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from maildaemon.domain.leases import Daemon
from maildaemon.errors import (
    AlertFailedError,
    MaildaemonError,
    OperatorError,
    StoreUnavailableError,
)
from maildaemon.ports.brakes import AlertRow
from maildaemon.services.crew import Step
from maildaemon.services.outage import Outage
from maildaemon.services.plan import put_in_force
from tests.fakes.pulse import FakeAlert, FakePulse
from tests.service.shop import Shop, a_mail
from tests.service.test_crash import (
    Dying,
    DyingStore,
    Fuse,
    facts,
    make_shop,
    memory,
    sent_ids,
)
from tests.service.test_daemon import a_daemon

__all__ = ["memory"]
_TIMES = 3


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    opened.look()
    yield opened
    opened.close()


@contextmanager
def locked(shop: Shop) -> Iterator[None]:
    """Another process works on the database, and we do not wait for it."""
    shop.sql.close()
    other = sqlite3.connect(shop.folder / "mail.db", isolation_level=None)
    with closing(other), patch("maildaemon.adapters.sql.store._BUSY_SECONDS", 0):
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    shop.sql.close()


def look_for(shop: Shop, seconds: int) -> None:
    """Look every ten seconds, as the daemon does, whatever comes of it."""
    for _ in range(0, seconds, 10):
        shop.wait(seconds=10)
        with suppress(MaildaemonError):
            shop.look()
        with suppress(AlertFailedError):
            shop.outage.tell("command")


def told(shop: Shop) -> list[str]:
    while shop.tell():
        pass
    return [one.event for one in shop.alert.told]


@pytest.mark.sqlite
def test_a_database_that_is_locked_for_minutes_is_told_once_and_again_when_it_is_free(
    shop: Shop,
) -> None:
    with locked(shop):
        look_for(shop, 600)
        assert [one.event for one in shop.alert.told] == ["store.out"]
    look_for(shop, 20)

    assert told(shop) == ["store.out", "store.recovered"]
    assert "is locked" in shop.alert.told[0].text
    assert "none is sent" in shop.alert.told[0].text


@pytest.mark.sqlite
def test_a_command_for_alarms_that_fails_is_tried_again_while_it_lasts(shop: Shop) -> None:
    shop.alert.broken = "the line is dead, too"
    with locked(shop):
        look_for(shop, 200)
        shop.alert.broken = None
        look_for(shop, 60)

    assert [one.event for one in shop.alert.told] == ["store.out"]


@pytest.mark.sqlite
def test_a_database_that_is_away_for_some_seconds_is_not_told(shop: Shop) -> None:
    shop.wait(seconds=59)
    with locked(shop):
        look_for(shop, 20)
    look_for(shop, 100)

    assert told(shop) == []


@pytest.mark.sqlite
def test_a_step_that_cannot_write_makes_the_guard_look_at_once(shop: Shop) -> None:
    async def step() -> int:
        shop.wait(seconds=20)
        raise StoreUnavailableError("the database is locked")

    guard = shop.guard
    assert guard is not None
    with locked(shop):
        with suppress(StoreUnavailableError):
            asyncio.run(run(guard.watching(step)))
        shop.wait(seconds=11)
        with pytest.raises(StoreUnavailableError):
            shop.look()

    assert shop.outage.tell("command") == 1
    assert [one.event for one in shop.alert.told] == ["store.out"]


@pytest.mark.sqlite
def test_nobody_waits_for_who_is_told_and_the_end_is_told_after_it(shop: Shop) -> None:
    began, go_on, got = threading.Event(), threading.Event(), shop.alert.told

    def tell(_: FakeAlert, alarm: AlertRow) -> None:
        began.set()
        assert go_on.wait(20)
        got.append(alarm)

    with patch.object(FakeAlert, "tell", tell):
        telling = threading.Thread(target=shop.outage.tell, args=["command"])
        with locked(shop):
            for _ in range(12):
                shop.wait(seconds=10)
                with suppress(StoreUnavailableError):
                    shop.look()
            telling.start()
            assert began.wait(20)
            shop.wait(seconds=10)
            with pytest.raises(StoreUnavailableError):
                shop.look()
        shop.wait(seconds=10)
        shop.look()
        assert shop.rows("select event from alert") == []
        go_on.set()
        telling.join(20)
    shop.wait(seconds=60)
    shop.look()

    assert told(shop) == ["store.out", "store.recovered"]


async def run(step: Callable[[], Awaitable[int]]) -> int:
    return await step()


@pytest.mark.sqlite
def test_while_nothing_can_be_written_loops_that_ask_together_do_not_wait_one_after_the_other(
    shop: Shop,
) -> None:
    asked = 0

    def refuse(*_: object) -> None:
        nonlocal asked
        asked += 1
        raise OperatorError("cannot be used: read-only file system", where="heartbeat")

    shop.wait(seconds=61)
    with patch.object(FakePulse, "write", refuse):
        for _ in range(5):
            with pytest.raises(MaildaemonError, match="read-only"):
                shop.look()

    assert asked == 1


@pytest.mark.sqlite
def test_with_too_little_room_no_mail_is_fetched_and_the_rest_goes_on(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    shop.write(a_mail())
    shop.receive()
    shop.write(a_mail(sender="dora@x.example", message_id="d1@x.example"))
    shop.free = 2 * shop.policy.max_message_size + 200 * 10**6 - 1
    daemon, _ = a_daemon(shop)

    async def live() -> None:
        for _ in range(3):
            troubles = await daemon.run_once()
            assert [(one.step, str(one.error)) for one in troubles] == [
                (Step.RECEIVE, "202 MB are free where mail is kept, 202 are needed")
            ]
            shop.wait(hours=2)
        assert shop.rows("select count(*) from inbound") == [(1,)]
        shop.free += 1
        assert await daemon.run_once() == ()
        await daemon.close()

    asyncio.run(live())

    assert told(shop) == ["disk.full", "disk.recovered"]
    assert shop.rows("select count(*) from inbound") == [(2,)]


@pytest.mark.sqlite
def test_a_disk_that_fills_up_is_told_once_long_before_it_is_full(shop: Shop) -> None:
    needed = 2 * shop.policy.max_message_size + 200 * 10**6

    def look(free: float) -> list[str]:
        """Start anew, and look twice."""
        shop.guard = None
        shop.look()
        for _ in range(2):
            shop.wait(hours=2)
            shop.free = int(free)
            with suppress(StoreUnavailableError):
                shop.outage.need_room(shop.policy.max_message_size, shop.at)
            while shop.tell():
                pass
        return told(shop)

    assert look(needed + 10**9) == []
    assert look(needed + 10**9 - 1) == ["disk.filling"]
    assert "below 202 MB no mail is fetched" in str(shop.alert.told[-1].text)
    assert look(needed) == ["disk.filling"]
    assert look(needed + 1.05 * 10**9) == ["disk.filling"]
    assert look((needed + 10**9) * 1.1) == ["disk.filling", "disk.cleared"]
    # Who has heard that it is full need not hear that it will be.
    events = ["disk.filling", "disk.cleared", "disk.full"]
    assert look(needed - 1) == events
    # Whoever is started then knows of it, and tells that it is over.
    assert look(needed + 1) == [*events, "disk.recovered"]
    assert look(10**12) == [*events, "disk.recovered"]


@pytest.mark.sqlite
def test_mailboxes_that_take_mail_of_different_sizes_tell_of_one_disk(shop: Shop) -> None:
    with shop.sql.begin() as tx:
        row = tx.mailboxes.ensure("orders")
    policy = replace(shop.policy, mailbox="orders", max_message_size=150 * 10**6)
    other = replace(shop.desk, mailbox_id=row.mailbox_id, policy=policy)
    put_in_force(shop.store, other, shop.at)
    daemon, _ = a_daemon(shop, others=[other])
    shop.free = 1_450 * 10**6

    async def live() -> None:
        for _ in range(4):
            assert await daemon.run_once() == ()
            shop.wait(hours=2)
        await daemon.close()

    asyncio.run(live())

    assert told(shop) == ["disk.filling"]
    assert "below 500 MB no mail is fetched" in str(shop.alert.told[0].text)


def room(shop: Shop, free: int, home: str) -> Outage:
    """What one of two daemons knows of its own disk."""
    return Outage(shop.store, shop.alerts, lambda: free, Daemon(home, home, f"{home}/1", "", ()))


@pytest.mark.sqlite
def test_each_of_several_daemons_tells_of_its_own_disk(shop: Shop) -> None:
    full, filling, roomy = room(shop, 0, "c"), room(shop, 900 * 10**6, "a"), room(shop, 10**12, "b")
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            full.need_room(10**6, shop.at)
        for one in (filling, roomy):
            one.need_room(10**6, shop.at)
        shop.wait(hours=2)
        while shop.tell():
            pass

    assert sorted(told(shop)) == ["disk.filling", "disk.full"]
    texts = "".join(str(one.text) for one in shop.alert.told)
    assert "900 MB are free where mail is kept (a/1)" in texts
    assert "0 MB are free where mail is kept (c/1)" in texts
    # Started anew, each knows what it has told.
    again = room(shop, 10**12, "a")
    again.need_room(10**6, shop.at)
    shop.wait(hours=2)
    while shop.tell():
        pass
    assert told(shop)[-1] == "disk.cleared"
    with pytest.raises(StoreUnavailableError):
        room(shop, 0, "c").need_room(10**6, shop.at)
    assert told(shop)[-1] == "disk.cleared"
    room(shop, 10**12, "c").need_room(10**6, shop.at)
    assert told(shop)[-1] == "disk.recovered"
    room(shop, 10**12, "c").need_room(10**6, shop.at)
    assert told(shop)[-1] == "disk.recovered"


class Full(Fuse):
    """Not a death: what is to be written finds no room, three times in a row."""

    def burn(self) -> None:
        self.burnt += 1
        if self.length is not None and self.length <= self.burnt < self.length + _TIMES:
            raise StoreUnavailableError("no space left on device")


def go_on(shop: Shop) -> None:
    """Do all steps; what cannot be written is left for the next time."""
    for step in (shop.start, shop.receive, shop.process, shop.fire, shop.deliver, shop.settle):
        with suppress(StoreUnavailableError):
            while step():
                pass


@pytest.mark.sqlite
def test_a_disk_that_is_full_at_any_write_loses_nothing_and_doubles_nothing(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildaemon.services.deliver.WRITE_AGAIN_AFTER", timedelta(0))

    def live(length: int | None) -> tuple[int, dict[str, object], list[str], list[str]]:
        shop = make_shop(memory / f"{length}", files_sent=True)
        full = Full(length)
        shop.store = DyingStore(shop.sql, full)
        shop.blobs = Dying(shop.blobs, full, "put_all")  # type: ignore[assignment]
        shop.files = Dying(shop.files, full, "put_all")  # type: ignore[assignment]
        writes = 0
        for minutes in (2, 6, 16, 2):
            go_on(shop)
            # Later on nothing happens any more, if nothing has gone wrong.
            writes = writes or full.burnt
            shop.wait(minutes=minutes)
        go_on(shop)
        result = writes, facts(shop), sent_ids(shop), shop.outbox
        shop.close()
        return result

    writes, *undisturbed = live(None)
    assert writes > 15
    assert undisturbed[2] == ["sent", "sent"]
    for length in range(1, writes, _TIMES):
        assert [*live(length)[1:]] == undisturbed, f"full from write {length} on"
