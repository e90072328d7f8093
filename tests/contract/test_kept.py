"""Transactions on SQLite connections that stay open."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore

_COUNT = text("SELECT count(*) FROM mailbox")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(f"sqlite:///{tmp_path}/mail.db")
    ensure_schema(opened.engine)
    yield opened
    opened.close()


def _names(store: SqlStore) -> int:
    with store.engine.connect().execution_options(reading=True) as connection:
        return int(connection.execute(_COUNT).scalar_one())


def test_what_fails_is_rolled_back_and_the_next_one_begins_anew(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as tx:
        tx.mailboxes.ensure("support")
        raise ZeroDivisionError
    with store.begin() as tx:
        tx.mailboxes.ensure("orders")

    assert _names(store) == 1


def test_transactions_side_by_side_do_not_see_what_is_not_committed(store: SqlStore) -> None:
    with store.read() as before, store.begin() as tx:
        mailbox_id = tx.mailboxes.ensure("support").mailbox_id
        with store.read() as beside:
            assert beside.mailboxes.folders(mailbox_id) == ()
        assert before.mailboxes.folders(mailbox_id) == ()
        assert _names(store) == 0

    assert _names(store) == 1


def test_what_only_reads_cannot_write(store: SqlStore) -> None:
    with pytest.raises(Exception, match="readonly"), store.read() as tx:
        tx.mailboxes.ensure("support")

    assert _names(store) == 0


def test_a_connection_on_which_nothing_ends_any_more_is_thrown_away(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.mailboxes.ensure("support")
    with pytest.raises(DBAPIError, match="closed"), store.begin() as tx:
        tx._connection._driver.close()  # type: ignore[attr-defined]
    with store.begin() as tx:
        tx.mailboxes.ensure("orders")

    assert _names(store) == 2


def test_after_a_commit_that_failed_all_goes_on_as_before(store: SqlStore) -> None:
    orphan = text(
        "INSERT INTO folder (mailbox_id, name, role, uidvalidity, last_uid) "
        "VALUES (4711, 'INBOX', 'inbox', 1, 1)"
    )
    for _ in range(3):
        # It is at the end that SQLite looks; so it is when the disk is full.
        with pytest.raises(DBAPIError, match="FOREIGN KEY"), store.begin() as tx:
            connection = tx._connection  # type: ignore[attr-defined]
            connection._driver.execute("PRAGMA defer_foreign_keys=ON")
            connection._connection.execute(orphan)
        with store.begin() as tx:
            tx._connection._connection.execute(text("SELECT 1"))  # type: ignore[attr-defined]
            tx.mailboxes.ensure("support")

    assert _names(store) == 1


def test_what_is_given_back_to_a_store_that_was_closed_is_closed(store: SqlStore) -> None:
    with store.read() as tx:
        store.close()
        assert tx.mailboxes.folders(1) == ()

    assert not store._kept[0]._idle  # type: ignore[index]


def test_more_connections_than_are_kept_are_closed_again(store: SqlStore) -> None:
    depth = 6

    def nested(left: int) -> None:
        if left:
            with store.read():
                nested(left - 1)

    nested(depth)

    assert len(store._kept[0]._idle) < depth  # type: ignore[index]
    nested(depth)


def test_what_the_transaction_does_not_have_is_an_error(store: SqlStore) -> None:
    with store.read() as tx, pytest.raises(AttributeError, match="nothing"):
        tx.nothing  # type: ignore[attr-defined]  # noqa: B018
