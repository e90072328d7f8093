"""Keywords on messages: what was seen in the mailbox, and what is just being written there."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from maildaemon.adapters.sql.by_hand import thread_state
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.tables import event, folder, inbound, mark, message, thread
from maildaemon.domain.control import Keyword
from maildaemon.ports import Role
from maildaemon.ports.marks import Place

_THREADS_AT_MOST = 200
_PLACES_AT_MOST = 1000
# A person who has resolved a matter by mistake finds out soon.
_UNDO_WITHIN = timedelta(days=14)
_READ = tuple(one.value for one in Role if one not in {Role.JUNK, Role.DRAFTS})
_LAST_ROLE = (
    select(folder.c.role)
    .join(inbound, inbound.c.folder_id == folder.c.id)
    .where(inbound.c.message_id == bindparam("message"), inbound.c.id != bindparam("but"))
    .order_by(inbound.c.id.desc())
    .limit(1)
)


class SqlMarks:
    """`ports.marks.Marks` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def places(self, mailbox_id: int, now: datetime) -> tuple[Place, ...]:
        """See `Marks.places`."""
        states = {
            row.id: thread_state(row)
            for row in self._connection.execute(
                select(thread)
                .where(
                    thread.c.mailbox_id == mailbox_id,
                    thread.c.merged_into.is_(None),
                    thread.c.junked_at.is_(None),
                    or_(
                        thread.c.status.in_(("open", "working", "pending")),
                        and_(
                            thread.c.status == "resolved",
                            thread.c.resolved_at >= now - _UNDO_WITHIN,
                        ),
                    ),
                )
                .order_by(thread.c.last_message_at.desc())
                .limit(_THREADS_AT_MOST)
            )
        }
        overdue = self._overdue(states)
        newest = self._newest(states)
        return tuple(
            Place(
                message_id=row.id,
                thread=states[row.thread_id],
                folder_id=row.folder_id,
                folder=row.name,
                role=Role(row.role),
                uidvalidity=row.uidvalidity,
                uid=row.uid,
                newest=row.id in newest,
                seen=_keywords(row.seen),
                writing=_keywords(row.writing),
                due=row.next_attempt_at is None or row.next_attempt_at <= now,
                fence=row.attempts or 0,
                failures=row.failures or 0,
                overdue=row.thread_id in overdue,
            )
            for row in self._rows(states)
        )

    def _rows(self, threads: Iterable[int]) -> Iterator[Any]:
        """Yield each message with the place where it was seen last."""
        rows = self._connection.execute(
            select(
                message.c.id,
                message.c.thread_id,
                inbound.c.folder_id,
                inbound.c.uidvalidity,
                inbound.c.uid,
                folder.c.name,
                folder.c.role,
                mark.c.seen,
                mark.c.writing,
                mark.c.attempts,
                mark.c.failures,
                mark.c.next_attempt_at,
            )
            .join(inbound, inbound.c.message_id == message.c.id)
            .join(folder, folder.c.id == inbound.c.folder_id)
            .outerjoin(mark, mark.c.message_id == message.c.id)
            .where(
                message.c.thread_id.in_([*threads]),
                message.c.kind.in_(("customer", "staff")),
                message.c.history.is_(False),
                inbound.c.uidvalidity == folder.c.uidvalidity,
                folder.c.role.in_(_READ),
            )
            .order_by(inbound.c.id.desc())
            .limit(_PLACES_AT_MOST)
        )
        found: set[int] = set()
        for row in rows:
            if row.id not in found:
                found.add(row.id)
                yield row

    def _newest(self, threads: Iterable[int]) -> frozenset[int]:
        """Return the newest message of each thread's customers."""
        rows = self._connection.scalars(
            select(func.max(message.c.id))
            .where(
                message.c.thread_id.in_([*threads]),
                message.c.kind == "customer",
                message.c.history.is_(False),
            )
            .group_by(message.c.thread_id)
        )
        return frozenset(rows)

    def _overdue(self, threads: Iterable[int]) -> frozenset[int]:
        """Return the threads in which a promise was broken since a person answered last."""
        ids = [*threads]
        broken = self._connection.execute(
            select(event.c.thread_id, func.max(event.c.at).label("at"))
            .where(event.c.thread_id.in_(ids), event.c.event == "promise_broken")
            .group_by(event.c.thread_id)
        ).all()
        if not broken:
            return frozenset()
        answers = self._connection.execute(
            select(message.c.thread_id, func.max(message.c.received_at).label("at"))
            .where(message.c.thread_id.in_(ids), message.c.staff_answer.is_(True))
            .group_by(message.c.thread_id)
        )
        answered = {row.thread_id: row.at for row in answers}
        return frozenset(
            row.thread_id
            for row in broken
            if row.thread_id not in answered or answered[row.thread_id] < row.at
        )

    def modseq(self, folder_id: int) -> int | None:
        """See `Marks.modseq`."""
        return self._connection.scalar(select(folder.c.modseq).where(folder.c.id == folder_id))

    def looked(self, folder_id: int, modseq: int | None) -> None:
        """See `Marks.looked`."""
        self._connection.execute(
            update(folder).where(folder.c.id == folder_id).values(modseq=modseq)
        )

    def saw(self, message_id: int, keywords: frozenset[Keyword]) -> None:
        """Note what stands on a message."""
        values = {"seen": sorted(keywords), "writing": None, "next_attempt_at": None}
        row = {"message_id": message_id, "attempts": 0, "failures": 0, **values}
        if not insert_missing(self._connection, mark, [row]):
            self._connection.execute(
                update(mark).where(mark.c.message_id == message_id).values(**values)
            )

    def write(self, place: Place, keywords: frozenset[Keyword], until: datetime) -> bool:
        """Note what we are about to make of a message, due again at `until`."""
        taken = self._connection.execute(
            update(mark)
            .where(mark.c.message_id == place.message_id, mark.c.attempts == place.fence)
            .values(writing=sorted(keywords), attempts=place.fence + 1, next_attempt_at=until)
        )
        return taken.rowcount == 1

    def written(
        self, place: Place, keywords: frozenset[Keyword], failures: int, next_at: datetime | None
    ) -> None:
        """Note what stands there now."""
        self._connection.execute(
            update(mark)
            .where(mark.c.message_id == place.message_id, mark.c.attempts == place.fence + 1)
            .values(seen=sorted(keywords), writing=None, failures=failures, next_attempt_at=next_at)
        )

    def last_role(self, message_id: int, but: int) -> Role | None:
        """See `Marks.last_role`."""
        role = self._connection.scalar(_LAST_ROLE, {"message": message_id, "but": but})
        return None if role is None else Role(role)


def _keywords(written: list[str] | None) -> frozenset[Keyword] | None:
    return None if written is None else frozenset(map(Keyword, written))
