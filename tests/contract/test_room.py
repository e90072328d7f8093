"""Where records are to be made anew nothing is written over that holds some."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildaemon.adapters.sql.room import UNDER_WAY, Found, put_aside, what_stands_there
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.errors import OperatorError
from tests.databases import database_url, empty_url, is_sqlite

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_what_was_never_used_is_nothing(tmp_path: Path) -> None:
    url = database_url(tmp_path)
    store = SqlStore(url)
    with store.begin() as tx:
        tx.mailboxes.ensure("support")
    store.close()

    assert what_stands_there(empty_url(tmp_path)) is Found.NOTHING
    assert what_stands_there(url) is Found.NOTHING


def test_a_mailbox_that_was_read_is_a_record_and_one_being_made_anew_is_told_apart(
    tmp_path: Path,
) -> None:
    url = database_url(tmp_path)
    store = SqlStore(url)
    with store.begin() as tx:
        tx.mailboxes.started(tx.mailboxes.ensure("support").mailbox_id, NOW)
    assert what_stands_there(url) is Found.RECORDS

    with store.begin() as tx:
        tx.brakes.keep_fact(UNDER_WAY, "under way")
    assert what_stands_there(url) is Found.UNDER_WAY

    with store.begin() as tx:
        tx.brakes.keep_fact(UNDER_WAY, "")
    assert what_stands_there(url) is Found.RECORDS
    store.close()


@pytest.mark.sqlite
def test_a_damaged_file_is_put_aside_with_what_belongs_to_it(tmp_path: Path) -> None:
    file = tmp_path / "mail.db"
    file.write_bytes(b"this was a database once" * 100)
    (tmp_path / "mail.db-wal").write_bytes(b"its log")
    url = f"sqlite:///{file}"
    assert what_stands_there(url) is Found.UNREADABLE

    aside = put_aside(url, NOW)

    assert aside.name == "mail.db.before-rebuild-20261123-090000"
    assert aside.read_bytes().startswith(b"this was")
    assert aside.with_name(f"{aside.name}-wal").exists()
    assert what_stands_there(url) is Found.NOTHING


def test_a_database_of_a_server_is_never_taken_away(tmp_path: Path) -> None:
    url = database_url(tmp_path)
    if is_sqlite():
        url = "postgresql://nobody@localhost/mail"

    with pytest.raises(OperatorError, match="put aside"):
        put_aside(url, NOW)
