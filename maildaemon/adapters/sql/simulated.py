"""A database for what is only simulated: in memory, and whatever is queued counts as sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from maildaemon.adapters.sql.outbox import SqlOutbox
from maildaemon.adapters.sql.reading import ScratchStore
from maildaemon.adapters.sql.store import SqlTransaction
from maildaemon.domain.delivery import OutboxState
from maildaemon.ports.rows import NewMail
from maildaemon.ports.store import Transaction


class SentAtOnce(ScratchStore):
    """An empty database in memory whose mail is accepted in the moment in which it is queued."""

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Begin a transaction that writes."""
        with self.engine.begin() as connection:
            transaction = SqlTransaction(connection)
            transaction.outbox = _SentAtOnce(connection)
            yield transaction


class _SentAtOnce(SqlOutbox):
    def queue(self, mail: NewMail) -> int | None:
        if mail.state is OutboxState.QUEUED:
            mail = replace(mail, state=OutboxState.SENT)
        return super().queue(mail)
