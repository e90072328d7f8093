"""The history as chains: `ports.chains.Chains` on one connection."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from maildaemon.adapters.sql.tables import event, thread
from maildaemon.domain.chain import Link
from maildaemon.ports.chains import Chain

_LINK: tuple[ColumnElement[Any], ...] = (
    event.c.id,
    event.c.thread_id,
    event.c.at,
    event.c.event,
    event.c.message_id,
    event.c.outbox_id,
    event.c.detail,
    event.c.salt,
    event.c.detail_sha256,
    event.c.seal,
)
_SEAL = (
    update(event)
    .where(event.c.id == bindparam("entry"))
    .values(
        salt=bindparam("new_salt"), detail_sha256=bindparam("new_hash"), seal=bindparam("new_seal")
    )
)
_END = update(thread).where(thread.c.id == bindparam("of")).values(seal=bindparam("new_seal"))


class SqlChains:
    """See `ports.chains.Chains`."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def unsealed(self, after: int, most: int) -> tuple[Link, ...]:
        """See `Chains.unsealed`."""
        rows = self._connection.execute(
            select(*_LINK)
            .where(event.c.id > after, event.c.thread_id.is_not(None), event.c.seal.is_(None))
            .order_by(event.c.id)
            .limit(most)
        )
        return tuple(Link(*row) for row in rows)

    def last_seals(self, threads: Sequence[int]) -> dict[int, str]:
        """See `Chains.last_seals`."""
        newest = (
            select(func.max(event.c.id))
            .where(event.c.thread_id.in_(threads), event.c.seal.is_not(None))
            .group_by(event.c.thread_id)
        )
        ids = self._connection.scalars(newest).all()
        last = select(event.c.thread_id, event.c.seal).where(event.c.id.in_(ids))
        return {row.thread_id: row.seal for row in self._connection.execute(last)}

    def seal(self, links: Sequence[Link], ends: dict[int, str]) -> None:
        """See `Chains.seal`."""
        sealed = [
            {
                "entry": one.event_id,
                "new_salt": one.salt,
                "new_hash": one.detail_sha256,
                "new_seal": one.seal,
            }
            for one in links
        ]
        self._connection.execute(_SEAL, sealed)
        self._connection.execute(_END, [{"of": of, "new_seal": end} for of, end in ends.items()])

    def read(self, after: int, most: int) -> tuple[Chain, ...]:
        """See `Chains.read`."""
        threads = self._connection.execute(
            select(thread.c.id, thread.c.reference, thread.c.seal)
            .where(thread.c.id > after)
            .order_by(thread.c.id)
            .limit(most)
        ).all()
        links: dict[int, list[Link]] = {row.id: [] for row in threads}
        found = select(*_LINK).where(event.c.thread_id.in_([*links])).order_by(event.c.id)
        for row in self._connection.execute(found):
            links[row.thread_id].append(Link(*row))
        return tuple(
            Chain(row.id, row.reference, row.seal, tuple(links[row.id])) for row in threads
        )
