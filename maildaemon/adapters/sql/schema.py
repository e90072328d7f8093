"""Brings a database to the schema of this version, with the shipped migrations."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql.reading import explain_opening
from maildaemon.errors import SchemaError
from maildaemon.shipped import shipped


def ensure_schema(engine: Engine) -> None:
    """Make the tables of an empty database; SchemaError if it is of another version."""
    revision, expected = revisions(engine)
    if revision == expected:
        return
    if revision is None and not _has_tables(engine):
        upgrade(engine)
        return
    raise SchemaError(
        f"the database is at revision {revision or 'none'}, this version needs {expected}",
        where=engine.url.render_as_string(),
        advice="back it up with `maildaemon db backup FILE`, then run `maildaemon db upgrade`",
    )


def revisions(engine: Engine) -> tuple[str | None, str]:
    """Return the revision of the database (None if it has none) and the one we need."""
    expected = ScriptDirectory.from_config(_config()).get_current_head()
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        url = engine.url.render_as_string(hide_password=False)
        raise explain_opening(url, error) from error
    return current, expected or ""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to the newest (or this) revision, in one transaction."""
    with engine.connect() as connection, _tables_may_be_rebuilt(connection), connection.begin():
        command.upgrade(_config(connection), revision)


@contextmanager
def _tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """Let SQLite replace a table by an altered copy although rows of others refer to it.

    Dropping the old one would delete its rows first, and that those rows are needed would be
    an error. https://sqlite.org/lang_altertable.html has the procedure.
    """
    raw = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or raw is None:
        yield
        return
    # Outside of the transaction: within one it is ignored.
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _has_tables(engine: Engine) -> bool:
    return bool(inspect(engine).get_table_names())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    config.attributes["connection"] = connection
    return config
