"""Brings a database to the schema of this version, with the shipped migrations."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql import mariadb, postgresql
from maildaemon.adapters.sql.reading import explain_opening, newest_revision, place_of
from maildaemon.errors import SchemaError
from maildaemon.shipped import shipped

# Loaded only where a database is to be changed: it takes longer than everything else at a start.
if TYPE_CHECKING:
    from alembic.config import Config


def ensure_schema(engine: Engine) -> None:
    """Make the tables of an empty database; SchemaError if it is of another version."""
    revision, expected = revisions(engine)
    if revision == expected:
        return
    if _is_to_be_made(engine):
        upgrade(engine)
        return
    raise SchemaError(
        f"the database is at revision {revision or 'none'}, this version needs {expected}",
        where=place_of(_url(engine)),
        advice="back it up with `maildaemon db backup FILE`, then run `maildaemon db upgrade`",
    )


def revisions(engine: Engine) -> tuple[str | None, str]:
    """Return the revision of the database (None if it has none) and the one we need."""
    current = None
    try:
        with engine.connect() as connection:
            if inspect(connection).has_table("alembic_version"):
                current = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError as error:
        raise explain_opening(_url(engine), error) from error
    return current, newest_revision()


def upgrade(
    engine: Engine,
    revision: str = "head",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Bring the database to the newest (or this) revision, in one transaction.

    `progress(done, total)` counts revisions.
    """
    from alembic import command

    with _changing_tables(engine) as connection:
        config = _config(connection)
        left = _revisions_left(config, connection, revision)
        progress(0, left)
        done = itertools.count(1)
        config.attributes["applied"] = lambda **_: progress(next(done), left)
        command.upgrade(config, revision)


@contextmanager
def _changing_tables(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose transaction may change tables, however long that takes."""
    match engine.dialect.name:
        case "mariadb":
            with mariadb.changing_tables(engine.url) as connection:
                yield connection
        case "postgresql":
            with engine.begin() as connection:
                postgresql.take_schema(connection)
                yield connection
        case _:
            with (
                engine.connect() as connection,
                _tables_may_be_rebuilt(connection),
                connection.begin(),
            ):
                yield connection


def _revisions_left(config: "Config", connection: Connection, revision: str) -> int:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    before = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    return sum(1 for _ in script.iterate_revisions(revision, before or "base"))


@contextmanager
def _tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """Let SQLite replace a table by an altered copy although rows of others refer to it.

    Dropping the old one would delete its rows first, and that those rows are needed would be
    an error. https://sqlite.org/lang_altertable.html has the procedure.
    """
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101  it is connected
    # Outside of the transaction: within one it is ignored.
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def find_differences(engine: Engine) -> tuple[str, ...]:
    """Return where the tables are not those of this version; empty if they are."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from maildaemon.adapters.sql.tables import metadata

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return tuple(map(_difference, compare_metadata(context, metadata)))


def _difference(found: object) -> str:
    # A change of a column comes in a list, with its context.
    change = found[0] if isinstance(found, list) else found
    if not isinstance(change, tuple):
        return str(change)
    names = [getattr(one, "name", one) for one in change[1:]]
    return " ".join(str(one) for one in (change[0], *names) if isinstance(one, str) and one)


def _is_to_be_made(engine: Engine) -> bool:
    """Tell whether there are no tables yet, or only a part of those of the first start."""
    if not inspect(engine).get_table_names():
        return True
    with engine.connect() as connection:
        return connection.dialect.name == "mariadb" and mariadb.is_half_made(connection)


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    config.attributes["connection"] = connection
    return config
