"""Run by alembic, from `maildaemon db upgrade` or from its own command line (DATABASE_URL)."""

import os
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from maildaemon.adapters.sql.store import open_engine
from maildaemon.adapters.sql.tables import Instant, metadata


def _frozen(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write a revision without types of ours: it must mean the same in ten years."""
    if kind == "type" and isinstance(item, Instant):
        autogen_context.imports.add("from sqlalchemy.dialects import mysql")
        return "sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=_frozen,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    _run(connection)
else:
    with open_engine(os.environ["DATABASE_URL"]).begin() as opened:
        _run(opened)
