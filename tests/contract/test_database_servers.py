"""What only a server can do to us, and what it refuses to store: the same on each that we know."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text, update
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql import mariadb, postgresql
from maildaemon.adapters.sql.reading import ReadingStore, open_reading
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import event as event_table
from maildaemon.adapters.sql.tables import mailbox, message
from maildaemon.domain.automatic import Judgement, Kind
from maildaemon.domain.context import Decision
from maildaemon.domain.message import Address
from maildaemon.domain.reading import Reading
from maildaemon.domain.threads import Match, MatchRule
from maildaemon.errors import OperatorError, StoreUnavailableError
from tests.databases import backend, database_url
from tests.servers.database import DatabaseServer
from tests.servers.mariadb import Mariadb
from tests.servers.postgres import Postgres
from tests.service.shop import Shop, a_mail

pytestmark = [pytest.mark.postgresql, pytest.mark.mariadb]
MODULES: dict[str, Any] = {"postgresql": postgresql, "mariadb": mariadb}


@pytest.fixture
def own() -> Iterator[DatabaseServer]:
    """A server of this test, which may be stopped."""
    with Mariadb() if backend() == "mariadb" else Postgres() as server:
        yield server


@pytest.fixture
def server(postgres: Callable[[], Postgres], mariadb: Callable[[], Mariadb]) -> DatabaseServer:
    """The server that all tests share."""
    return mariadb() if backend() == "mariadb" else postgres()


def test_a_restarted_server_is_used_again_without_anybody_noticing(own: DatabaseServer) -> None:
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
    store: SqlStore, server: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StoreUnavailableError), store.begin() as tx:
        tx.mailboxes.ensure("support")
        server.break_off(str(store.engine.url.database))
        tx.mailboxes.ensure("sales")

    with store.read() as tx:
        assert tx.mailboxes.folders(1) == ()
    assert not caplog.records  # whoever catches the error tells of it


def test_a_connection_that_is_lost_as_a_transaction_begins_is_no_error_in_the_log(
    store: SqlStore, server: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    with store.begin() as tx:
        tx.mailboxes.ensure("support")

    def lose(_connection: Connection) -> None:
        server.break_off(str(store.engine.url.database))
        raise StoreUnavailableError("somebody else writes")

    event.listen(store.engine, "begin", lose, insert=True)
    with pytest.raises(StoreUnavailableError), store.begin() as tx:
        tx.mailboxes.ensure("sales")

    assert not caplog.records


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
    # MariaDB counts whole seconds.
    monkeypatch.setattr(MODULES[backend()], "_LOCK_SECONDS", {"mariadb": 1}.get(backend(), "0.2"))
    impatient = SqlStore(url)

    with (
        store.begin() as tx,
        pytest.raises(StoreUnavailableError, match=r"lock timeout|Lock wait timeout"),
        impatient.begin(),
    ):
        tx.mailboxes.ensure("never")
    impatient.close()


def test_no_statement_outlives_a_claim(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, asks = MODULES[backend()], {"mariadb": "SELECT SLEEP(20) FROM alembic_version"}
    assert 0 < module._STATEMENT_SECONDS + module._LOCK_SECONDS < 150
    monkeypatch.setattr(module, "_STATEMENT_SECONDS", {"mariadb": 0.2}.get(backend(), "0.2"))
    store = SqlStore(url)

    with (
        pytest.raises(StoreUnavailableError, match=r"statement timeout|max_statement_time"),
        store.read() as tx,
    ):
        tx._connection.execute(text(asks.get(backend(), "SELECT pg_sleep(20)")))  # type: ignore[attr-defined]
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

    with pytest.raises(DBAPIError, match=r"(?i)read.only"), store.begin() as tx:
        tx.mailboxes.ensure("support")
    store.close()


def test_a_database_that_does_not_exist_is_an_operators_matter(server: DatabaseServer) -> None:
    store = SqlStore(server.url("nowhere"))

    with pytest.raises(OperatorError, match=r"(?i)database .nowhere"):
        ensure_schema(store.engine)
    store.close()


def test_a_server_that_does_not_answer_is_waited_for() -> None:
    store = SqlStore(f"{backend()}://us@127.0.0.1:1/mail")

    with pytest.raises(StoreUnavailableError), store.begin():
        pass
    store.close()


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
        detail = connection.scalar(select(event_table.c.detail))
    assert detail == {"huge": 10**40, "words": CLEAN, "nan": None}
    shop.close()
