"""Migrating an empty database gives exactly the declared tables, and loses no rows."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from maildaemon.adapters.sql.schema import ensure_schema, find_differences, revisions, upgrade
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import metadata
from tests.databases import database_url, empty_url, is_sqlite


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A database whose tables the migrations have made."""
    opened = SqlStore(database_url(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(empty_url(tmp_path))
    yield opened
    opened.close()


def test_the_migrated_schema_is_the_declared_one(store: SqlStore) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_indexes_and_keys_are_migrated_as_declared(store: SqlStore, empty: SqlStore) -> None:
    with empty.engine.begin() as connection:
        metadata.create_all(connection)

    found = []
    for each in (store, empty):
        with each.engine.connect() as connection:
            seen = inspect(connection)
            tables = set(seen.get_table_names()) - {"alembic_version"}
            found.append(
                {
                    table: (
                        sorted(seen.get_indexes(table), key=repr),
                        sorted(seen.get_unique_constraints(table), key=repr),
                        seen.get_pk_constraint(table),
                        sorted(seen.get_foreign_keys(table), key=repr),
                    )
                    for table in sorted(tables)
                }
            )

    assert found[0] == found[1]


def test_upgrading_twice_changes_nothing(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.mailboxes.ensure("support")

    upgrade(store.engine)

    assert revisions(store.engine)[0] == revisions(store.engine)[1]
    with store.read() as tx:
        assert tx.mailboxes.ensure("support").mailbox_id == 1


def test_records_of_the_first_release_survive_the_upgrade(empty: SqlStore) -> None:
    upgrade(empty.engine, "0001")
    with empty.engine.begin() as connection:
        match = connection.dialect.identifier_preparer.quote("match")
        for statement in _RECORDS:
            connection.exec_driver_sql(statement.replace(" match,", f" {match},"))

    upgrade(empty.engine)

    with empty.engine.connect() as connection:
        for table in ("mailbox", "thread", "message", "citation", "participant"):
            count = connection.exec_driver_sql(f"select count(*) from {table}").scalar()
            assert count == 1, table
        if not is_sqlite():
            return
        assert connection.exec_driver_sql("pragma foreign_key_check").fetchall() == []
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1


def test_two_that_start_at_once_make_the_tables_once(empty: SqlStore) -> None:
    ready = Barrier(2)
    done: list[bool] = []

    def start() -> None:
        ready.wait(timeout=10)
        upgrade(empty.engine)
        done.append(True)

    threads = [Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert done == [True, True]
    ensure_schema(empty.engine)


def test_a_table_that_somebody_has_changed_is_found(store: SqlStore) -> None:
    assert find_differences(store.engine) == ()
    name = "ix_message_mailbox_id_kind_recorded_at"
    (index,) = (one for one in metadata.tables["message"].indexes if one.name == name)

    with store.engine.begin() as connection:
        index.drop(connection)

    (difference,) = find_differences(store.engine)
    assert name in difference
    with store.engine.begin() as connection:
        index.create(connection)


_RECORDS = """
insert into mailbox (id, name) values (1, 'support');
insert into thread (id, mailbox_id, reference, status, subject, bare_subject, opened_at,
    last_message_at, stranger, begun_earlier, history)
    values (1, 1, 'K7F3-Q2', 'open', '', '', '2026-11-21 12:00:00', '2026-11-21 12:00:00', false, false, false);
insert into message (id, mailbox_id, identity, message_id, message_id_sha256, thread_id, kind,
    evidence, from_name, from_address, sender_sha256, recipients, subject, bare_subject,
    received_at, recorded_at, size, text, reply_text, defects, match, why_match, staff_answer,
    history)
    values (1, 1, 'i', 'm', 's', 1, 'customer', '[]', '', '', '', '[]', '', '', '2026-11-21 12:00:00', '2026-11-21 12:00:00', 1, '', '',
    '[]', 'new', '', false, false);
insert into citation (mailbox_id, cited_sha256, message_id) values (1, 'c', 1);
insert into participant (thread_id, address, address_sha256, name, role)
    values (1, '', 'a', '', 'customer')
""".split(";")
