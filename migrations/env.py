"""Run by alembic, from `maildaemon db upgrade` or from its own command line (DATABASE_URL)."""

import os
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from maildaemon.adapters.sql import values
from maildaemon.adapters.sql.store import open_engine
from maildaemon.adapters.sql.tables import metadata

_FROZEN = {
    values.Instant: "sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')",
    values.Bytes: "sa.LargeBinary().with_variant(mysql.LONGBLOB(), 'mysql', 'mariadb')",
    values.LongText: "sa.Text().with_variant(mysql.LONGTEXT(), 'mysql', 'mariadb')",
    values.AnyText: "sa.Text()",
    values.AnyJson: "sa.JSON()",
    values.WholeNumber: "sa.BigInteger()",
    values.Key: "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')",
}


def _frozen(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write a revision without types of ours: it must mean the same in ten years."""
    if kind == "type" and isinstance(item, values.Word):
        return f"sa.String(length={item.length})"
    if kind == "type" and type(item) in _FROZEN:
        autogen_context.imports.add("from sqlalchemy.dialects import mysql")
        return _FROZEN[type(item)]
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=_frozen,
        transaction_per_migration=False,
        on_version_apply=context.config.attributes.get("applied"),
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    _run(connection)
else:
    with open_engine(os.environ["DATABASE_URL"]).begin() as opened:
        _run(opened)
