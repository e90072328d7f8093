"""What is PostgreSQL's own: its lock of `run`, its roles and encodings, its driver and backup."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql import postgresql
from maildaemon.adapters.sql.backup import dump
from maildaemon.adapters.sql.reading import open_reading, place_of
from maildaemon.adapters.sql.servers import working_on
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.errors import AlreadyRunningError, OperatorError
from maildaemon.locks import Locks
from maildaemon.settings import Settings, minimal, read_settings
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.postgresql


@pytest.fixture
def own() -> Iterator[Postgres]:
    """A server of this test, which may be stopped."""
    with Postgres() as server:
        yield server


def test_several_daemons_work_on_a_database_and_who_changes_it_is_told_from_where(url: str) -> None:
    with (
        working_on(url),
        working_on(url),
        pytest.raises(AlreadyRunningError, match=r"from 127\.0\.0\.1, since"),
        working_on(url, alone=True),
    ):
        pass

    with (
        working_on(url, alone=True),
        pytest.raises(AlreadyRunningError, match="changing the tables"),
        working_on(url),
    ):
        pass


def test_a_daemon_that_lost_its_connection_stops_working_while_the_tables_are_changed(
    url: str, store: SqlStore, postgres: Callable[[], Postgres]
) -> None:
    key = postgresql.RUN_LOCK
    with working_on(url), postgres().connect(str(store.engine.url.database)) as other:
        with store.begin() as tx:
            tx.mailboxes.ensure("support")
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        other.execute("SELECT pg_advisory_lock(%s)", (key,))

        with pytest.raises(AlreadyRunningError), store.begin():
            pass

        other.execute("SELECT pg_advisory_unlock(%s)", (key,))
        with store.begin() as tx:
            assert tx.mailboxes.ensure("support").mailbox_id == 1


def test_a_reload_with_another_url_of_the_same_database_keeps_the_hold(
    url: str, tmp_path: Path
) -> None:
    other = url + ("&" if "?" in url else "?") + "application_name=renewed"

    def settings(address: str) -> Settings:
        text = minimal("support@shop.example", "imap.shop.example", "smtp.shop.example")
        text = re.sub(r"url: \S+", f"url: {json.dumps(address)}", text)
        text += f"service: {{data_dir: {tmp_path}/data}}\n" if "service:" not in text else ""
        return read_settings(text, tmp_path / "maildaemon.yaml")

    with Locks() as locks:
        locks.take(settings(url))
        locks.take(settings(other))
        locks.keep_only(settings(other))
        with pytest.raises(AlreadyRunningError), working_on(url, alone=True):
            pass

    with working_on(url, alone=True):
        pass


def test_a_wrong_password_is_an_operators_matter_and_is_not_repeated(own: Postgres) -> None:
    with own.connect("postgres") as connection:
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'secret'")
    url = own.url("postgres", "guarded:hush")

    with pytest.raises(OperatorError, match="password authentication failed") as refused:
        open_reading(url)

    assert "hush" not in str(refused.value)
    assert refused.value.where == f"postgresql://guarded:***@127.0.0.1:{own.port}/postgres"


def test_a_password_in_the_query_is_not_shown_either() -> None:
    url = "postgresql://us@db.example/mail?password=hush&sslmode=require"

    assert place_of(url) == "postgresql://us@db.example/mail"


def test_a_database_that_cannot_hold_every_language_is_refused(own: Postgres) -> None:
    with own.connect("postgres") as connection:
        connection.execute("CREATE DATABASE old ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    store = SqlStore(own.url("old"))

    with pytest.raises(OperatorError, match="SQL_ASCII"), store.begin():
        pass
    store.close()


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    with pytest.raises(
        OperatorError, match=r"pip install --require-hashes -r requirements/postgres\.txt"
    ):
        SqlStore("postgresql://us@db.example/mail")


def test_an_error_repeats_no_word_of_a_mail(store: SqlStore) -> None:
    with pytest.raises(DBAPIError) as failed, store.begin() as tx:
        tx._connection.execute(text("SELECT 1 / :n, :words"), {"n": 0, "words": "hush"})  # type: ignore[attr-defined]

    assert "hush" not in str(failed.value)


def test_a_backup_is_whole_and_shows_no_password(
    url: str, tmp_path: Path, store: SqlStore, postgres: Callable[[], Postgres]
) -> None:
    with store.begin() as tx:
        tx.mailboxes.ensure("support")

    size = dump(url, tmp_path / "copy")

    assert size == (tmp_path / "copy").stat().st_size
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "copy").read_bytes().startswith(b"PGDMP")
    assert postgresql.libpq_address("postgresql+psycopg://us:hush@db/mail?password=h2") == (
        "postgresql://us@db/mail",
        "hush",
    )
    with pytest.raises(OperatorError, match="a file already"):
        dump(url, tmp_path / "copy")
