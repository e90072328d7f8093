"""What is MariaDB's own: what it must be like, its locks, its tables half made, its numbers, backup."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from maildaemon.adapters.sql import mariadb as adapter
from maildaemon.adapters.sql.backup import dump
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.mariadb import client_options, is_passing, run_holder, take_run
from maildaemon.adapters.sql.reading import open_existing, open_reading, place_of
from maildaemon.adapters.sql.schema import ensure_schema, revisions, upgrade
from maildaemon.adapters.sql.servers import server_engine
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import gap
from maildaemon.errors import OperatorError, SchemaError, StoreUnavailableError
from tests.contract.test_store import a_mail
from tests.databases import empty_url
from tests.servers.mariadb import Mariadb
from tests.servers.process import wait_until

pytestmark = pytest.mark.mariadb
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def server(mariadb: Callable[[], Mariadb]) -> Mariadb:
    return mariadb()


def opened(url: str) -> None:
    store = SqlStore(url)
    try:
        with store.begin():
            pass
    finally:
        store.close()


def test_a_database_that_ignores_case_or_trailing_spaces_is_refused(
    server: Mariadb, tmp_path: Path
) -> None:
    url = empty_url(tmp_path)
    name = url.rpartition("/")[2]
    for collation in ("utf8mb4_general_ci", "utf8mb4_bin", "latin1_bin"):
        server.run(f"ALTER DATABASE {name} COLLATE {collation}")
        with pytest.raises(OperatorError, match=collation) as refused:
            opened(url)
        # What is advised mends it.
        server.run(refused.value.advice.partition(": ")[2])
        opened(url)


def test_a_server_that_takes_only_short_statements_is_refused(server: Mariadb, url: str) -> None:
    server.run("SET GLOBAL max_allowed_packet = 16777216")
    try:
        with pytest.raises(OperatorError, match=r"above 16 MB .*max_allowed_packet = 64M"):
            opened(url)
    finally:
        server.run("SET GLOBAL max_allowed_packet = 67108864")


def test_a_server_that_is_read_only_for_now_is_waited_for_and_may_be_read(
    server: Mariadb, url: str
) -> None:
    server.run("SET GLOBAL read_only = 1")
    try:
        with pytest.raises(StoreUnavailableError, match="read-only"):
            opened(url)
        open_reading(url).close()
    finally:
        server.run("SET GLOBAL read_only = 0")


@pytest.mark.parametrize("version", ["10.4.34-MariaDB-log", "8.0.36", "5.7.44-log"])
def test_a_server_that_is_too_old_or_another_one_is_refused(
    version: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    ask = adapter._ask
    monkeypatch.setattr(adapter, "_ask", lambda *asked: (version, *ask(*asked)[1:]))

    with pytest.raises(OperatorError, match=rf"the server is {version}, and no MariaDB 10\.5"):
        opened(url)


def test_a_wrong_password_is_an_operators_matter_and_is_shown_nowhere(
    server: Mariadb, url: str
) -> None:
    name = url.rpartition("/")[2]
    server.run(
        "CREATE OR REPLACE USER guarded@127.0.0.1 IDENTIFIED BY 'secret'",
        "CREATE OR REPLACE USER stranger@127.0.0.1",
        f"GRANT ALL ON {name}.* TO guarded@127.0.0.1",
    )

    open_reading(server.url(name, "guarded:secret")).close()
    with pytest.raises(OperatorError, match="Access denied for user 'guarded'") as refused:
        open_reading(server.url(name, "guarded:hush"))
    with pytest.raises(OperatorError, match="Access denied for user 'stranger'"):
        open_reading(server.url(name, "stranger"))

    assert "hush" not in str(refused.value)
    assert refused.value.where == f"mariadb://guarded:***@127.0.0.1:{server.port}/{name}"


def test_a_password_in_the_query_is_not_shown_either() -> None:
    url = "mysql+pymysql://us@db.example/mail?password=hush&ssl_ca=/ca.pem"

    assert place_of(url) == "mariadb://us@db.example/mail"


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymysql", None)

    with pytest.raises(
        OperatorError, match=r"pip install --require-hashes -r requirements/mariadb\.txt"
    ):
        SqlStore("mariadb://us@db.example/mail")


def test_an_error_repeats_no_word_of_a_mail(store: SqlStore) -> None:
    with pytest.raises(DBAPIError) as failed, store.begin() as tx:
        tx._connection.execute(text("SELECT :words FROM nowhere"), {"words": "hush"})  # type: ignore[attr-defined]

    assert "hush" not in str(failed.value)


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        *((code, True) for code in (1205, 1213, 1969, 1053, 1040, 1290, 2006, 2013, 1114, 1927)),
        *((code, False) for code in (1064, 1146, 1235, 1366, 1406, 1062, 1054, 1153)),
    ],
)
def test_what_passes_by_itself_is_told_from_what_is_wrong(code: int, passes: bool) -> None:
    assert is_passing(code) is passes


def test_a_mistake_of_ours_is_not_taken_for_an_outage(store: SqlStore) -> None:
    # The driver calls it an operational error.
    limited = "SELECT id FROM thread WHERE id IN (SELECT id FROM thread LIMIT 1)"

    with pytest.raises(DBAPIError), store.begin() as tx:
        tx._connection.execute(text(limited))  # type: ignore[attr-defined]


def test_a_row_that_somebody_else_has_locked_is_a_temporary_matter(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.mailboxes.ensure("a")
        tx.mailboxes.ensure("b")
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        other.exec_driver_sql("SET autocommit = 0")
        other.exec_driver_sql("UPDATE mailbox SET name = 'x' WHERE id = 1")
        other.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 0")
        with pytest.raises(StoreUnavailableError, match="Lock wait timeout"), store.begin() as tx:
            tx._connection.execute(text("SET SESSION innodb_lock_wait_timeout = 0"))  # type: ignore[attr-defined]
            tx._connection.execute(text("UPDATE mailbox SET name = 'y' WHERE id = 1"))  # type: ignore[attr-defined]
        other.exec_driver_sql("ROLLBACK")


def test_of_rows_only_those_that_are_known_are_left_out(store: SqlStore) -> None:
    row = {"uidvalidity": 1, "state": "open", "attempts": 0, "failures": 0, "seen_at": NOW}

    with pytest.raises(ValueError, match="would have left out a row"), store.engine.begin() as it:
        insert_missing(it, gap, [row | {"folder_id": 999, "uid": 1}])
    with pytest.raises(IntegrityError), store.engine.begin() as it:
        it.execute(gap.insert(), row | {"folder_id": 999, "uid": 1})


def test_several_daemons_hold_a_database_or_one_that_is_to_be_alone(url: str) -> None:
    engine = server_engine(make_url(url)).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as first, engine.connect() as second, engine.connect() as third:
        assert run_holder(third) is None
        assert (take_run(first, alone=False), take_run(second, alone=False)) == (True, True)
        assert take_run(third, alone=True) is False
        assert run_holder(third) == "from 127.0.0.1"
        for one in (first, second):
            one.invalidate()
        # The server gives back what a connection held a moment after that is gone.
        wait_until(lambda: take_run(third, alone=True), 10, "nobody else holds it")
        with engine.connect() as late:
            assert take_run(late, alone=False) is False
        third.invalidate()
    engine.dispose()


def test_tables_that_were_being_made_when_somebody_died_are_made_anew(tmp_path: Path) -> None:
    store = SqlStore(empty_url(tmp_path))

    def die(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade(store.engine, progress=die)
    assert revisions(store.engine)[0] != revisions(store.engine)[1]

    ensure_schema(store.engine)

    assert revisions(store.engine)[0] == revisions(store.engine)[1]
    with store.begin() as tx:
        assert tx.mailboxes.ensure("support").mailbox_id == 1
    store.close()


def test_an_upgrade_that_was_broken_off_says_that_the_backup_is_to_be_brought_back(
    tmp_path: Path,
) -> None:
    store = SqlStore(empty_url(tmp_path))
    upgrade(store.engine, "0001")

    def die(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade(store.engine, progress=die)

    with pytest.raises(SchemaError):
        ensure_schema(store.engine)
    with pytest.raises(OperatorError, match=r"was broken off.*bring the last backup back"):
        upgrade(store.engine)
    store.close()


def test_a_mail_of_thirty_megabytes_is_kept_and_given_back(store: SqlStore) -> None:
    raw = bytes(range(256)) * (30 * 4096)

    with store.begin() as tx:
        tx.mailboxes.ensure("support")
        tx.outbox.queue(replace(a_mail(), raw=raw))

    with store.read() as tx:
        row = tx.outbox.next_due(1, NOW)
        assert row is not None
        assert row.raw == raw


def test_a_backup_is_whole_can_be_brought_back_and_shows_no_password(
    url: str, tmp_path: Path, store: SqlStore, server: Mariadb
) -> None:
    with store.begin() as tx:
        tx.mailboxes.ensure("support")

    size = dump(url, tmp_path / "copy")

    assert size == (tmp_path / "copy").stat().st_size
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    restored = empty_url(tmp_path / "restored")
    server.restore(restored.rpartition("/")[2], tmp_path / "copy")
    with open_existing(restored).read() as tx:
        assert tx.mailboxes.ensure("support").mailbox_id == 1
    address = make_url("mysql://us:hush@db:3307/mail?ssl_ca=/ca.pem&read_default_file=/my.cnf")
    assert client_options(address) == (
        (
            "--defaults-extra-file=/my.cnf",
            "--host=db",
            "--port=3307",
            "--user=us",
            "--ssl-ca=/ca.pem",
        ),
        "hush",
    )
    with pytest.raises(OperatorError, match="a file already"):
        dump(url, tmp_path / "copy")
