"""What only a server can do to us: refuse, break off, keep waiting; and what it refuses to store."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql import postgresql
from maildaemon.adapters.sql.backup import dump
from maildaemon.adapters.sql.reading import ReadingStore, open_reading, place_of
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.servers import working_on
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import event, mailbox, message
from maildaemon.bootstrap import Locks
from maildaemon.domain.automatic import Judgement, Kind
from maildaemon.domain.context import Decision
from maildaemon.domain.message import Address
from maildaemon.domain.reading import Reading
from maildaemon.domain.threads import Match, MatchRule
from maildaemon.errors import AlreadyRunningError, OperatorError, StoreUnavailableError
from maildaemon.settings import Settings, minimal, read_settings
from tests.databases import database_url
from tests.servers.postgres import Postgres
from tests.service.shop import Shop, a_mail

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database_url(tmp_path)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = SqlStore(url)
    yield opened
    opened.close()


@pytest.fixture
def own() -> Iterator[Postgres]:
    """A server of this test, which may be stopped."""
    with Postgres() as server:
        yield server


def test_a_restarted_server_is_used_again_without_anybody_noticing(own: Postgres) -> None:
    store = SqlStore(own.url(own.take()))
    with store.begin() as tx:
        tx.mailboxes.ensure("support")

    own.stop()
    with pytest.raises(StoreUnavailableError), store.begin():
        pass
    own.start()

    with store.begin() as tx:
        assert tx.mailboxes.ensure("support").mailbox_id == 1
    store.close()


def test_a_connection_that_is_lost_within_a_transaction_is_a_temporary_matter(
    store: SqlStore, postgres: Callable[[], Postgres]
) -> None:
    with pytest.raises(StoreUnavailableError), store.begin() as tx:
        tx.mailboxes.ensure("support")
        with postgres().connect("postgres") as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (store.engine.url.database,),
            )
        tx.mailboxes.ensure("sales")

    with store.read() as tx:
        assert tx.mailboxes.folders(1) == ()


def test_writers_come_one_after_another_and_see_what_the_one_before_wrote(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.mailboxes.ensure("0")

    def count() -> None:
        for _ in range(10):
            with store.engine.begin() as connection:
                seen = int(connection.scalar(select(mailbox.c.name)) or 0)
                connection.execute(update(mailbox).values(name=str(seen + 1)))

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    with store.engine.connect() as connection:
        assert connection.scalar(select(mailbox.c.name)) == "40"


def test_who_waits_too_long_for_another_writer_gives_up_for_now(
    url: str, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_LOCK_SECONDS", "0.2")
    impatient = SqlStore(url)

    with (
        store.begin() as tx,
        pytest.raises(StoreUnavailableError, match="lock timeout"),
        impatient.begin(),
    ):
        tx.mailboxes.ensure("never")
    impatient.close()


def test_no_statement_outlives_a_claim(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < postgresql._STATEMENT_SECONDS + postgresql._LOCK_SECONDS < 150
    monkeypatch.setattr(postgresql, "_STATEMENT_SECONDS", "0.2")
    store = SqlStore(url)

    with pytest.raises(StoreUnavailableError, match="statement timeout"), store.read() as tx:
        tx._connection.execute(text("SELECT pg_sleep(20)"))  # type: ignore[attr-defined]
    store.close()


@pytest.mark.sqlite
def test_a_reading_transaction_cannot_write(tmp_path: Path) -> None:
    store = SqlStore(database_url(tmp_path))

    with pytest.raises((DBAPIError, StoreUnavailableError)), store.read() as tx:
        tx.mailboxes.ensure("support")
    with store.begin() as tx:
        tx.mailboxes.ensure("support")
    store.close()


def test_what_a_command_reads_is_of_one_moment(store: SqlStore) -> None:
    with store.read() as reading:
        assert reading.mailboxes.folders(1) == ()
        with store.begin() as tx:
            tx.mailboxes.ensure("support")
        count = "SELECT count(*) FROM mailbox"
        assert reading._connection.execute(text(count)).scalar() == 0  # type: ignore[attr-defined]


def test_a_command_that_only_reads_is_kept_from_writing_by_the_server(url: str) -> None:
    store = open_reading(url)
    assert isinstance(store, ReadingStore)

    with pytest.raises(DBAPIError, match="read-only"), store.begin() as tx:
        tx.mailboxes.ensure("support")
    store.close()


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


def test_a_database_that_does_not_exist_is_an_operators_matter(
    postgres: Callable[[], Postgres],
) -> None:
    store = SqlStore(postgres().url("nowhere"))

    with pytest.raises(OperatorError, match='"nowhere" does not exist'):
        ensure_schema(store.engine)
    store.close()


def test_a_server_that_does_not_answer_is_waited_for() -> None:
    store = SqlStore("postgresql://us@127.0.0.1:1/mail")

    with pytest.raises(StoreUnavailableError), store.begin():
        pass
    store.close()


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


HOSTILE = "nul\0 lone\ud800 wide\U0001f600 combined\u0301"
CLEAN = "nul lone? wide\U0001f600 combined\u0301"


@pytest.mark.sqlite
def test_what_a_hostile_mail_holds_comes_out_the_same_on_every_database(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.start()
    shop.write(a_mail())
    shop.receive()
    with shop.sql.begin() as tx:
        (row,) = tx.inbound.claim_due(1, shop.now(), shop.now(), limit=1, max_bytes=10**9)
    parsed = replace(
        shop.parser.parse(a_mail(), Reading(("en",))).message,
        subject=HOSTILE,
        text=HOSTILE * 1000,
        from_=Address(HOSTILE, "clara@customer.example"),
        to=(Address(HOSTILE, HOSTILE),),
        message_id=HOSTILE,
        defects=(HOSTILE,),
        language="x" * 100,
        date=datetime.max.replace(tzinfo=UTC).astimezone(UTC) - timedelta(microseconds=1),
    )
    values: dict[str, Any] = {
        "subject": CLEAN,
        "text": CLEAN * 1000,
        "from_name": CLEAN,
        "recipients": [{"field": "to", "name": CLEAN, "address": CLEAN}],
        "message_id": CLEAN,
        "defects": [CLEAN],
        "language": "x" * 16,
        "size": 2**63 - 1,
    }
    decision = Decision(
        Judgement(Kind.CUSTOMER, (HOSTILE,), frozenset()),
        Match(MatchRule.NEW, None, HOSTILE),
        (),
        (),
        None,
        staff_answer=False,
    )
    with shop.sql.begin() as tx:
        tx.records.save_message(replace(row, size=10**30), parsed, decision, None, shop.now())
        tx.records.note(1, "tried", shop.now(), huge=10**40, words=HOSTILE, nan=float("nan"))
    with shop.sql.engine.connect() as connection:
        found = connection.execute(select(*(message.c[name] for name in values))).one()
        assert dict(found._mapping) == values
        detail = connection.scalar(select(event.c.detail))
    assert detail == {"huge": 10**40, "words": CLEAN, "nan": None}
    shop.close()
