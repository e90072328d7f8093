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


def test_records_of_the_first_release_survive_the_upgrade(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/mail.db")
    upgrade(store.engine, "0001")
    with store.engine.begin() as connection:
        for statement in _RECORDS:
            connection.exec_driver_sql(statement)

    upgrade(store.engine)

    with store.engine.connect() as connection:
        for table in ("mailbox", "thread", "message", "citation", "participant"):
            count = connection.exec_driver_sql(f"select count(*) from {table}").scalar()
            assert count == 1, table
        assert connection.exec_driver_sql("pragma foreign_key_check").fetchall() == []
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
    store.close()


_RECORDS = """
insert into mailbox (id, name) values (1, 'support');
insert into thread (id, mailbox_id, reference, status, subject, bare_subject, opened_at,
    last_message_at, stranger, begun_earlier, history)
    values (1, 1, 'K7F3-Q2', 'open', '', '', 0, 0, 0, 0, 0);
insert into message (id, mailbox_id, identity, message_id, message_id_sha256, thread_id, kind,
    evidence, from_name, from_address, sender_sha256, recipients, subject, bare_subject,
    received_at, recorded_at, size, text, reply_text, defects, match, why_match, staff_answer,
    history)
    values (1, 1, 'i', 'm', 's', 1, 'customer', '[]', '', '', '', '[]', '', '', 0, 0, 1, '', '',
    '[]', 'new', '', 0, 0);
insert into citation (mailbox_id, cited_sha256, message_id) values (1, 'c', 1);
insert into participant (thread_id, address, address_sha256, name, role)
    values (1, '', 'a', '', 'customer')
""".split(";")
