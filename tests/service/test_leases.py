"""A daemon that was taken over, and does not know it: nothing it does stands, nothing goes out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.blobs import FileBlobStore
from maildaemon.adapters.sql.listings import read_listings
from maildaemon.domain.delivery import Envelope, Outcome
from maildaemon.domain.in_force import InForce, fact_of
from maildaemon.domain.leases import LIFE, SHARED, Daemon
from maildaemon.errors import LeaseLostError, OperatorError
from maildaemon.services.in_force import note_in_force, note_refusal
from maildaemon.services.lease import FencedStore, Holder, Shared, require_same_key
from tests.service.shop import Shop, a_mail
from tests.service.test_daemon import a_daemon, eventually

ONE, OTHER = (
    Daemon(name * 4, f"home of {name}", f"{name}.example/1", "key", ("support",))
    for name in ("anna", "bert")
)


class FencedShop(Shop):
    """A shop whose daemon holds its mailbox by a lease; another one stands by."""

    slept = 0.0

    def open(self) -> None:
        super().open()
        self.holder = Holder(self.sql, ONE.daemon_id, self.boot, self.now)
        self.holder.serve(ONE, lambda _name: None)
        lease = self.holder.lease("support")
        self.desk = replace(self.desk, require_lease=lease.require)
        self.store = FencedStore(self.sql, lease)

    def close(self) -> None:
        self.holder.close()
        super().close()

    def boot(self) -> float:
        return super().boot() + self.slept

    def take_over(self) -> None:
        """Let the other daemon take what this one holds, as if it had died."""
        with self.sql.begin() as tx:
            tx.leases.resign(ONE.daemon_id)
            tx.leases.live(OTHER, LIFE)
            assert tx.leases.hold(OTHER, ("support", SHARED), self.now())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[FencedShop]:
    opened = FencedShop(tmp_path)
    opened.start()
    yield opened
    opened.close()


class Interrupted:
    """Sends as the transport does; something happens right before, or right after the dot."""

    def __init__(
        self, inner: Any, before: Callable[[], None] = lambda: None, after: Any = lambda: None
    ) -> None:
        self._inner, self._before, self._after = inner, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        async def around() -> None:
            self._before()
            await before_dot()

        outcome: Outcome = await self._inner.send(envelope, raw, around)
        self._after()
        return outcome


def queue_an_acknowledgement(shop: FencedShop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    assert shop.outbox == ["queued"]


def test_nothing_of_a_message_is_recorded_by_who_was_taken_over(shop: FencedShop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.take_over()

    with pytest.raises(LeaseLostError):
        shop.process()
    with pytest.raises(LeaseLostError):
        shop.receive()

    assert shop.rows("select state, attempts from inbound") == [("waiting", 0)]
    assert shop.outbox == []


def test_what_is_told_to_be_in_force_is_noted_by_who_holds_the_mailbox(shop: FencedShop) -> None:
    def told() -> InForce | None:
        with read_listings(shop.sql) as listings:
            return listings.standing(shop.desk.mailbox_id, shop.at).in_force

    fence = shop.holder.lease("support").fence
    noted = InForce("live", "ab12", "0.1.0", shop.at, ONE.home, fence)
    note_in_force(shop.store, shop.desk, noted)
    assert told() == noted
    note_refusal(shop.store, shop.desk, shop.at)
    assert told() == noted.refused(shop.at)
    with shop.store.begin() as tx:
        tx.brakes.keep_fact(fact_of(shop.desk.mailbox_id), '{"written": "by another version"}')
    assert told() is None
    note_refusal(shop.store, shop.desk, shop.at)
    assert told() is None

    shop.take_over()

    assert told() is None
    with pytest.raises(LeaseLostError):
        note_refusal(shop.store, shop.desk, shop.at)


def test_who_is_taken_over_while_it_processes_leaves_the_message_to_the_other(
    shop: FencedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = shop.parser.parse

    def slowly(raw: bytes, reading: Any) -> Any:
        shop.take_over()
        return parse(raw, reading)

    shop.write(a_mail())
    shop.receive()
    monkeypatch.setattr(shop.parser, "parse", slowly)
    with pytest.raises(LeaseLostError):
        shop.process()

    monkeypatch.undo()
    shop.store = shop.sql
    shop.process()
    assert shop.outbox == ["queued"]
    assert shop.rows("select failures from inbound") == [(0,)]


def test_who_is_taken_over_before_the_dot_sends_nothing(shop: FencedShop) -> None:
    queue_an_acknowledgement(shop)
    server = shop.transport
    shop.transport = Interrupted(server, before=shop.take_over)  # type: ignore[assignment]

    with pytest.raises(LeaseLostError):
        shop.deliver()

    assert server.accepted == []
    assert shop.rows("select state, phase from outbox") == [("queued", "waiting")]


def test_who_has_slept_after_it_marked_the_dot_does_not_send_it(
    shop: FencedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_an_acknowledgement(shop)
    server, begin = shop.transport, shop.store.begin

    def then_sleep() -> Any:
        shop.slept += 120
        return begin()

    def before_the_dot() -> None:
        monkeypatch.setattr(shop.store, "begin", then_sleep)

    shop.transport = Interrupted(server, before=before_the_dot)  # type: ignore[assignment]
    with pytest.raises(LeaseLostError):
        shop.deliver()

    assert server.accepted == []
    assert shop.rows("select state, phase from outbox") == [("queued", "waiting")]


def test_what_the_server_has_accepted_is_written_down_whoever_holds_the_mailbox(
    shop: FencedShop,
) -> None:
    queue_an_acknowledgement(shop)
    server = shop.transport
    shop.transport = Interrupted(server, after=shop.take_over)  # type: ignore[assignment]

    assert shop.deliver() == 1

    assert len(server.accepted) == 1
    assert shop.outbox == ["sent"]


def test_who_may_have_been_taken_over_puts_no_copy_into_sent(shop: FencedShop) -> None:
    queue_an_acknowledgement(shop)
    shop.deliver()
    shop.wait(seconds=20)
    shop.holder.look()
    shop.receive()
    shop.wait(seconds=60)
    shop.holder.look()
    shop.receive()
    shop.slept += 60

    with pytest.raises(LeaseLostError):
        shop.settle()

    assert shop.rows("select state, attempts from settlement") == [("waiting", 1)]
    assert shop.account.messages("Sent") == []


def test_what_cannot_be_renewed_is_held_no_more_before_another_can_take_it(
    shop: FencedShop,
) -> None:
    def is_held(after: float) -> bool:
        shop.slept += after
        return shop.holder.lease("support").is_held

    assert is_held(after=LIFE.total_seconds() - 6)
    assert not is_held(after=1.1)
    shop.holder.look()
    assert is_held(after=0)


def test_two_daemons_of_one_database_have_one_key(shop: FencedShop) -> None:
    with pytest.raises(OperatorError, match=r"the daemon anna\.example/1 works .* another key"):
        require_same_key(shop.sql, replace(OTHER, key_mark="another"))

    require_same_key(shop.sql, OTHER)


async def test_a_daemon_that_waits_does_nothing_until_the_mailbox_is_its_own(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.start()
    holder = Holder(shop.sql, OTHER.daemon_id, shop.boot, shop.now)
    with shop.sql.begin() as tx:
        tx.leases.arrive(ONE, LIFE)
        tx.leases.hold(ONE, ("support", SHARED), shop.now())
    daemon, ticker = a_daemon(shop, shared=Shared(holder, OTHER))
    running = asyncio.create_task(daemon.run())
    shop.write(a_mail())
    await eventually(lambda: ticker.running, ticker)
    for _ in range(50):
        ticker.tick()
        await asyncio.sleep(0)
    assert shop.rows("select count(*) from inbound") == [(0,)]
    assert daemon.doing == "stands by for support (live)"

    with shop.sql.begin() as tx:
        tx.leases.resign(ONE.daemon_id)
    holder.look()
    await eventually(lambda: len(shop.transport.accepted) == 1, ticker)
    daemon.stop()
    await running
    holder.close()
    shop.close()


def test_the_fence_is_looked_at_in_every_transaction_that_writes(shop: FencedShop) -> None:
    shop.take_over()

    with pytest.raises(LeaseLostError), shop.store.begin() as tx:
        tx.mailboxes.ensure("another")

    assert shop.rows("select name from mailbox") == [("support",)]


def test_bytes_that_another_machine_has_fetched_are_fetched_again(shop: FencedShop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.blobs = FileBlobStore(shop.folder / "on another machine")

    shop.process()
    shop.receive()
    shop.wait(seconds=11)
    shop.process()

    assert shop.outbox == ["queued"]
    assert shop.rows("select state, failures from inbound") == [("done", 0)]
    assert shop.rows("select state from gap") == [("closed",)]


def test_bytes_that_are_nowhere_any_more_are_the_messages_own_failure(shop: FencedShop) -> None:
    uid = shop.write(a_mail())
    shop.receive()
    shop.blobs = FileBlobStore(shop.folder / "on another machine")
    shop.account.expunge("INBOX", uid)

    shop.process()
    shop.receive()
    for _ in range(4):
        shop.wait(minutes=30)
        shop.process()

    assert shop.rows("select state, failures from inbound") == [("parked", 3)]
