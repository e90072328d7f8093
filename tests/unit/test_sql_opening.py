"""What it means that a database cannot be opened."""

import sqlite3

import pytest
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from maildaemon.adapters.sql.reading import explain_opening, place_of
from maildaemon.errors import OperatorError, StoreUnavailableError

SQLITE = "sqlite:////var/lib/maildaemon/maildaemon.db"
POSTGRES = "postgresql+psycopg://us:hush@db.example/mail"


def failed(kind: type[DBAPIError], code: str, text: str) -> DBAPIError:
    original = sqlite3.OperationalError(text)
    original.sqlite_errorname = code
    return kind("SELECT 1", None, original)


@pytest.mark.parametrize(
    ("url", "code", "text"),
    [
        (SQLITE, "SQLITE_BUSY", "database is locked"),
        (SQLITE, "SQLITE_IOERR_READ", "disk I/O error"),
        (POSTGRES, "", "connection refused"),
    ],
)
def test_what_may_pass_is_waited_for(url: str, code: str, text: str) -> None:
    error = explain_opening(url, failed(OperationalError, code, text))

    assert isinstance(error, StoreUnavailableError)
    assert text in str(error)
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    ("kind", "code", "text", "advice"),
    [
        (OperationalError, "SQLITE_CANTOPEN", "unable to open database file", "daemon's user"),
        (OperationalError, "SQLITE_READONLY", "attempt to write a readonly db", "daemon's user"),
        (DatabaseError, "SQLITE_NOTADB", "file is not a database", "restore the last backup"),
        (DatabaseError, "SQLITE_CORRUPT", "disk image is malformed", "restore the last backup"),
    ],
)
def test_what_does_not_pass_is_an_operators_matter(
    kind: type[DBAPIError], code: str, text: str, advice: str
) -> None:
    error = explain_opening(SQLITE, failed(kind, code, text))

    assert isinstance(error, OperatorError)
    assert error.where == "/var/lib/maildaemon/maildaemon.db"
    assert text in error.what
    assert advice in error.advice


def test_a_database_is_named_without_its_password() -> None:
    assert place_of(POSTGRES) == "postgresql://us:***@db.example/mail"
