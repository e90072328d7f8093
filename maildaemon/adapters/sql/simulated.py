"""A database for what is only simulated: in memory, and whatever is queued counts as sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from maildaemon.adapters.sql.outbox import SqlOutbox
from maildaemon.adapters.sql.quick import QuickConnection
from maildaemon.adapters.sql.reading import ScratchStore
from maildaemon.adapters.sql.store import SqlTransaction
from maildaemon.adapters.sql.timers import SqlTimers
from maildaemon.domain.delivery import OutboxState
from maildaemon.ports.rows import NewMail
from maildaemon.ports.store import Transaction
from maildaemon.ports.timers import TimerRow


class SentAtOnce(ScratchStore):
    """An empty database in memory whose mail is accepted in the moment in which it is queued.

    Nobody else looks into it: one connection stays open, and one transaction follows the other.
    """

    def __init__(self) -> None:
        """Make the tables at once."""
        super().__init__()
        # Of all that a connection is, the repositories call no more than this one has.
        self._connection = cast(Connection, QuickConnection(self.engine.connect()))
        self._reading = self._made()

    def _made(self) -> SqlTransaction:
        transaction = SqlTransaction(self._connection)
        transaction.outbox = _SentAtOnce(self._connection)
        transaction.timers = _NobodyElses(self._connection, transaction.grown)
        return transaction

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Begin a transaction that writes."""
        transaction = self._made()
        try:
            yield transaction
            transaction.mark_grown()
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Look at what is there."""
        yield self._reading

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
        super().close()


class _SentAtOnce(SqlOutbox):
    def queue(self, mail: NewMail) -> int | None:
        if mail.state is OutboxState.QUEUED:
            mail = replace(mail, state=OutboxState.SENT)
        return super().queue(mail)


class _NobodyElses(SqlTimers):
    def claim(self, row: TimerRow, until: datetime) -> TimerRow:
        return row
