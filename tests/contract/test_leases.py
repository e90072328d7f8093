"""Who of several daemons works on what, on a real database: one at a time, whatever stops."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from maildaemon.adapters.sql.leases import SqlLeases
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import daemon
from maildaemon.domain.leases import Daemon, Held
from maildaemon.ports import Role
from maildaemon.ports.rows import Seen
from tests.databases import database_url

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIFE = timedelta(seconds=30)
BOTH = ("support", "*")
ONE, OTHER = (
    Daemon(name * 4, f"home of {name}", f"{name}.example/1", "key", ("support",))
    for name in ("anna", "bert")
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(database_url(tmp_path))
    yield opened
    opened.close()


def look(store: SqlStore, who: Daemon, names: tuple[str, ...] = BOTH) -> tuple[Held, ...]:
    with store.begin() as tx:
        tx.leases.live(who, LIFE)
        return tx.leases.hold(who, names, NOW)


def die(store: SqlStore, who: Daemon) -> None:
    """Let the last sign of life be too long ago."""
    ended = datetime.now(UTC) - timedelta(seconds=1)
    with store.engine.begin() as connection:
        connection.execute(update(daemon).where(daemon.c.id == who.daemon_id).values(until=ended))


def fences(held: tuple[Held, ...]) -> dict[str, int]:
    return {one.name: one.fence for one in held}


def test_who_comes_first_holds_and_the_other_waits(store: SqlStore) -> None:
    assert fences(look(store, ONE)) == {"*": 1, "support": 1}
    assert look(store, OTHER) == ()
    assert fences(look(store, ONE)) == {"*": 1, "support": 1}


def test_the_next_takes_over_from_the_dead_by_a_higher_fence(store: SqlStore) -> None:
    look(store, ONE)
    look(store, OTHER)
    die(store, ONE)

    assert look(store, OTHER) == (
        Held("*", 2, taken_over=True),
        Held("support", 2, taken_over=True),
    )
    assert look(store, ONE) == ()
    with store.begin() as tx:
        assert not tx.leases.stands("support", 1)
        assert tx.leases.stands("support", 2)


def test_who_was_late_and_was_not_taken_over_goes_on_by_the_same_fence(store: SqlStore) -> None:
    look(store, ONE)
    die(store, ONE)

    assert fences(look(store, ONE)) == {"*": 1, "support": 1}


def test_who_stops_in_order_is_followed_at_once_and_writes_nothing_any_more(
    store: SqlStore,
) -> None:
    look(store, ONE)
    look(store, OTHER)
    with store.begin() as tx:
        tx.leases.resign(ONE.daemon_id)
        assert not tx.leases.stands("support", 1)

    assert look(store, OTHER) == (Held("*", 3), Held("support", 3))


def test_who_starts_in_the_same_data_folder_knows_that_his_predecessor_is_dead(
    store: SqlStore,
) -> None:
    look(store, ONE)
    again = Daemon("new", ONE.home, ONE.place, ONE.key_mark, ONE.mailboxes)
    with store.begin() as tx:
        assert tx.leases.others(again) == ()
        tx.leases.arrive(again, LIFE)

    assert fences(look(store, again)) == {"*": 2, "support": 2}


def test_what_is_served_no_more_is_given_back(store: SqlStore) -> None:
    look(store, ONE)

    assert fences(look(store, ONE, ("*",))) == {"*": 1}
    assert fences(look(store, OTHER)) == {"support": 3}


def test_a_clock_of_the_server_that_is_set_back_keeps_nobody_alive(store: SqlStore) -> None:
    look(store, ONE)
    later = datetime.now(UTC) + timedelta(hours=1)
    with store.engine.begin() as connection:
        connection.execute(update(daemon).values(until=later))

    look(store, OTHER)

    with store.engine.connect() as connection:
        longest = max(connection.scalars(daemon.select().with_only_columns(daemon.c.until)))
    assert longest <= datetime.now(UTC) + LIFE


def test_what_a_dead_holder_had_taken_is_due_at_once(store: SqlStore) -> None:
    look(store, ONE)
    with store.begin() as tx:
        mailbox_id = tx.mailboxes.ensure("support").mailbox_id
        folder = tx.mailboxes.set_cursor(mailbox_id, "INBOX", Role.INBOX, 7, 0)
        tx.inbound.record(mailbox_id, folder, [Seen(1, 100, NOW, "0" * 64)], now=NOW)
        until = NOW + timedelta(minutes=5)
        (taken,) = tx.inbound.claim_due(mailbox_id, NOW, until, limit=9, max_bytes=9999)
    die(store, ONE)
    look(store, OTHER)

    with store.begin() as tx:
        (again,) = tx.inbound.claim_due(mailbox_id, NOW, until, limit=9, max_bytes=9999)
    assert (taken.fence, again.fence, again.alone) == (1, 2, True)


def test_what_a_holder_died_of_alone_waits_so_that_the_next_one_gets_on(store: SqlStore) -> None:
    look(store, ONE)
    with store.begin() as tx:
        mailbox_id = tx.mailboxes.ensure("support").mailbox_id
        folder = tx.mailboxes.set_cursor(mailbox_id, "INBOX", Role.INBOX, 7, 0)
        seen = [Seen(uid, 100, NOW, str(uid) * 64) for uid in (1, 2)]
        tx.inbound.record(mailbox_id, folder, seen[:1], now=NOW)
        until = NOW + timedelta(minutes=5)
        for _ in range(2):
            tx.inbound.claim_due(mailbox_id, NOW, until, limit=9, max_bytes=9999)
            tx.inbound.release(mailbox_id, NOW)
        tx.inbound.claim_due(mailbox_id, NOW, until, limit=9, max_bytes=9999)
        tx.inbound.record(mailbox_id, folder, seen, now=NOW)
    die(store, ONE)
    look(store, OTHER)

    def due(at: datetime) -> list[tuple[int, int]]:
        with store.begin() as tx:
            rows = tx.inbound.claim_due(mailbox_id, at, until, limit=9, max_bytes=9999)
            return [(row.uid, row.failures) for row in rows]

    assert due(NOW) == [(2, 0)]
    assert due(until) == [(1, 2)]


def test_status_can_tell_who_holds_and_who_waits(store: SqlStore) -> None:
    look(store, ONE)
    look(store, OTHER)

    with store.engine.connect() as connection:
        held_by, waiting = SqlLeases(connection).holding("support")
        nobody, could = SqlLeases(connection).holding("sales")

    assert held_by is not None
    assert held_by.place == "anna.example/1"
    assert abs(datetime.now(UTC) - held_by.since) < timedelta(minutes=1)
    assert [one.place for one in waiting] == ["bert.example/1"]
    assert (nobody, could) == (None, ())
