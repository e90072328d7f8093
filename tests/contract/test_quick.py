"""The shortest way to SQLite returns and stores what the usual way does."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import Connection, bindparam, create_engine, delete, func, insert, select, update
from sqlalchemy import event as event_
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound, OperationalError

from maildaemon.adapters.sql.inserts import insert_missing, insert_new, insert_one
from maildaemon.adapters.sql.quick import QuickConnection
from maildaemon.adapters.sql.tables import event, ledger, metadata

_AT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
_OF_MAILBOX = select(event).where(event.c.mailbox_id == bindparam("mailbox")).order_by(event.c.id)
_NAMED = select(event.c.event, event.c.at, event.c.detail).where(
    event.c.mailbox_id == bindparam("mailbox"), event.c.event.in_(("opened", "sent"))
)
_COUNT = select(func.count()).select_from(event)
_ONE = select(event.c.id.label("count")).where(event.c.event == bindparam("event"))
_RENAME = update(event).where(event.c.event == bindparam("was")).values(event=bindparam("becomes"))
_ENTER = insert(ledger)
_FORGET = delete(event).where(event.c.mailbox_id == bindparam("mailbox"))


@pytest.fixture(params=["usual", "quick"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    usual = engine.connect()
    yield usual if request.param == "usual" else cast(Connection, QuickConnection(usual))
    usual.close()
    engine.dispose()


def _thrice(ask: Callable[[], Any]) -> list[Any]:
    """The first time it goes the usual way, the second it is prepared, the third it is known."""
    return [ask(), ask(), ask()]


def _note(connection: Connection, name: str, mailbox: int = 1) -> int:
    detail = {"why": "ärger\0", "many": [1, 2]}
    return insert_one(
        connection, event, mailbox_id=mailbox, at=_AT, event=name, thread_id=None, detail=detail
    )


def test_what_is_written_is_read_again_with_its_types(connection: Connection) -> None:
    assert _thrice(lambda: _note(connection, "opened")) == [1, 2, 3]

    for rows in _thrice(lambda: connection.execute(_OF_MAILBOX, {"mailbox": 1}).all()):
        assert [row.id for row in rows] == [1, 2, 3]
        assert rows[2].at == _AT
        assert rows[2].detail == {"why": "ärger", "many": [1, 2]}
        assert rows[2].thread_id is None
        assert rows[2]._mapping["event"] == "opened"


def test_lists_that_stand_in_a_statement_are_looked_up(connection: Connection) -> None:
    for name in ("opened", "sent", "lost"):
        _note(connection, name)

    for rows in _thrice(lambda: list(connection.execute(_NAMED, {"mailbox": 1}))):
        assert [(name, at) for name, at, _ in rows] == [("opened", _AT), ("sent", _AT)]


def test_lists_of_any_length_may_be_given(connection: Connection) -> None:
    ids = [_note(connection, "opened") for _ in range(3)]
    asked = select(event.c.id).where(event.c.id.in_(bindparam("ids", expanding=True)))

    for wanted in (ids[:1], ids, [], ids[1:]):
        assert connection.scalars(asked, {"ids": wanted}).all() == wanted


def test_one_row_is_one_row(connection: Connection) -> None:
    _note(connection, "opened")
    _note(connection, "twice")
    _note(connection, "twice")

    for row in _thrice(lambda: connection.execute(_ONE, {"event": "opened"}).one()):
        assert row[0] == 1
    for row in _thrice(lambda: connection.execute(_ONE, {"event": "nothing"}).first()):
        assert row is None
    with pytest.raises(NoResultFound):
        connection.execute(_ONE, {"event": "nothing"}).one()
    with pytest.raises(MultipleResultsFound):
        connection.execute(_ONE, {"event": "twice"}).one()
    assert connection.scalar(_ONE, {"event": "nothing"}) is None


def test_how_many_rows_were_changed_is_told(connection: Connection) -> None:
    for _ in range(3):
        _note(connection, "opened")

    changes = [("opened", "sent", 3), ("opened", "sent", 0), ("sent", "read", 3)]
    for was, becomes, changed in changes:
        asked = {"was": was, "becomes": becomes}
        assert connection.execute(_RENAME, asked).rowcount == changed
    assert connection.execute(_FORGET, {"mailbox": 1}).rowcount == 3


def test_several_rows_are_written_at_once_and_none_twice(connection: Connection) -> None:
    def entries(*keys: str) -> list[dict[str, Any]]:
        shared = {"mailbox_id": 1, "thread_id": None, "recipient_sha256": "x", "at": _AT}
        return [{"key": key, **shared} for key in keys]

    assert insert_missing(connection, ledger, entries("a", "b")) == 2
    assert insert_missing(connection, ledger, entries("b", "c")) == 1
    assert insert_missing(connection, ledger, entries("c")) == 0
    assert insert_new(connection, ledger, **entries("c")[0]) is None
    assert insert_new(connection, ledger, **entries("d")[0]) is not None
    assert insert_new(connection, ledger, **entries("d")[0]) is None
    for _ in range(3):
        with pytest.raises(IntegrityError):
            connection.execute(_ENTER, entries("d"))


def test_what_is_taken_back_is_gone_and_what_stands_stays(connection: Connection) -> None:
    for _ in range(3):
        _note(connection, "opened")
        connection.commit()
        _note(connection, "sent")
        connection.rollback()

    assert _thrice(lambda: connection.scalar(_COUNT)) == [3, 3, 3]


def test_whoever_counts_statements_is_told_of_each(connection: Connection) -> None:
    told: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _v: Any, _x: Any, many: bool) -> None:
        told.append(f"{statement.split(maxsplit=1)[0]} {many}")

    event_.listen(connection.engine, "before_cursor_execute", note)
    for _ in range(3):
        connection.scalar(_COUNT)

    assert told == ["SELECT False"] * 3


def test_errors_of_the_database_are_those_of_the_usual_way(connection: Connection) -> None:
    for _ in range(3):
        connection.scalar(_COUNT)
    connection.exec_driver_sql("DROP TABLE event")

    with pytest.raises(OperationalError, match="no such table") as told:
        connection.scalar(_COUNT)

    assert isinstance(told.value.orig, sqlite3.OperationalError)
