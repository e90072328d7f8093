"""Migrating an empty database gives exactly the declared tables, and loses no rows."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from maildaemon.adapters.sql.schema import ensure_schema, revisions, upgrade
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import metadata


def test_the_migrated_schema_is_the_declared_one(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/mail.db")
    ensure_schema(store.engine)

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    store.close()


def test_indexes_and_keys_are_migrated_as_declared(tmp_path: Path) -> None:
    migrated = SqlStore(f"sqlite:///{tmp_path}/migrated.db")
    declared = SqlStore(f"sqlite:///{tmp_path}/declared.db")
    ensure_schema(migrated.engine)
    metadata.create_all(declared.engine)

    query = "select name from sqlite_master where type = 'index' and name like 'ix_%' order by name"
    names = []
    for store in (migrated, declared):
        with store.engine.connect() as connection:
            names.append([row[0] for row in connection.exec_driver_sql(query)])
        store.close()

    assert names[0] == names[1]


def test_upgrading_twice_changes_nothing(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/mail.db")
    ensure_schema(store.engine)
    with store.begin() as tx:
        tx.mailboxes.ensure("support")

    upgrade(store.engine)

    assert revisions(store.engine)[0] == revisions(store.engine)[1]
    with store.read() as tx:
        assert tx.mailboxes.ensure("support").mailbox_id == 1
    store.close()
