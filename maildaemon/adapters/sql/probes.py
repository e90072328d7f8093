"""Mails to ourselves: which are under way, which are back, and where those lie."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from maildaemon.adapters.sql.erasing import unheld
from maildaemon.adapters.sql.tables import (
    attachment,
    citation,
    event,
    folder,
    inbound,
    mark,
    message,
    outbox,
    probe,
    settlement,
)
from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.standing import ProbeStanding
from maildaemon.ports.probes import ProbePlace, ProbeReturn, ProbeRow
from maildaemon.ports.rows import Verb

_WEEK = timedelta(days=7)
# A server, or whatever it lets look through the mail, may have added to one on its way.
_PARTS = (attachment, citation, mark)

# Put together once, as in `questions`. Numbers are given in order, whatever the clock did.
_OURS: Any = bindparam("mailbox_id")
_SINCE: Any = bindparam("since")
_BACK = (
    select(probe)
    .where(probe.c.mailbox_id == _OURS, probe.c.back_at.is_not(None))
    .order_by(probe.c.outbox_id.desc())
    .limit(1)
)
_UNDER_WAY = (
    select(outbox)
    .join(probe, probe.c.outbox_id == outbox.c.id)
    .where(
        probe.c.mailbox_id == _OURS,
        probe.c.back_at.is_(None),
        probe.c.outbox_id > bindparam("after"),
        outbox.c.state != OutboxState.CANCELLED.value,
    )
    .order_by(probe.c.outbox_id)
    .limit(1)
)
_GIVEN_UP = (
    select(func.count())
    .select_from(probe)
    .join(settlement, settlement.c.outbox_id == probe.c.outbox_id)
    .where(
        probe.c.mailbox_id == _OURS,
        probe.c.queued_at >= _SINCE,
        settlement.c.state == "given_up",
        settlement.c.verb == Verb.REMOVE_PROBE.value,
    )
)
_COPIED = (
    select(func.count())
    .select_from(message)
    .where(
        message.c.mailbox_id == _OURS,
        message.c.kind == Kind.PROBE.value,
        message.c.recorded_at >= _SINCE,
        message.c.history.is_(False),
        ~select(probe.c.outbox_id).where(probe.c.message_id == message.c.id).exists(),
    )
)
# Those that lie there for good: given up, or a copy that somebody has changed.
_LEFT = select(
    _GIVEN_UP.scalar_subquery().label("given_up"), _COPIED.scalar_subquery().label("copied")
)


class SqlProbes:
    """`ports.probes.Probes` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def newest(self, mailbox_id: int) -> ProbeRow | None:
        """See `Probes.newest`."""
        row = self._connection.execute(
            select(probe.c.outbox_id, probe.c.queued_at, outbox.c.state)
            .join(outbox, outbox.c.id == probe.c.outbox_id)
            .where(probe.c.mailbox_id == mailbox_id)
            .order_by(probe.c.outbox_id.desc())
            .limit(1)
        ).first()
        return ProbeRow(row.outbox_id, row.queued_at, OutboxState(row.state)) if row else None

    def add(self, mailbox_id: int, outbox_id: int, at: datetime) -> None:
        """See `Probes.add`."""
        values = {"outbox_id": outbox_id, "mailbox_id": mailbox_id, "queued_at": at}
        self._connection.execute(insert(probe).values(**values))

    def take(
        self, mailbox_id: int, message_id: str, recorded: int, back: ProbeReturn | None
    ) -> int | None:
        """See `Probes.take`."""
        row = self._connection.execute(
            select(probe.c.outbox_id, probe.c.message_id)
            .join(outbox, outbox.c.id == probe.c.outbox_id)
            .where(outbox.c.message_id == message_id, probe.c.mailbox_id == mailbox_id)
        ).first()
        if row is None:
            return None
        self._came_back(row.outbox_id, back)
        of_it = probe.c.outbox_id == row.outbox_id, probe.c.message_id.is_(None)
        self._connection.execute(update(probe).where(*of_it).values(message_id=recorded))
        return int(row.outbox_id) if row.message_id in {None, recorded} else None

    def see(self, recorded: int, back: ProbeReturn | None) -> int | None:
        """See `Probes.see`."""
        of_it = select(probe.c.outbox_id).where(probe.c.message_id == recorded)
        outbox_id = self._connection.scalar(of_it)
        if outbox_id is not None:
            self._came_back(outbox_id, back)
        return outbox_id

    def _came_back(self, outbox_id: int, back: ProbeReturn | None) -> None:
        if back is None:
            return
        of_it = probe.c.outbox_id == outbox_id, probe.c.back_at.is_(None)
        values = {"back_at": back.at, "junked": back.junked}
        self._connection.execute(update(probe).where(*of_it).values(**values))

    def places(self, outbox_id: int) -> tuple[ProbePlace, ...]:
        """See `Probes.places`. Of what was too large only the header is known: that is no probe."""
        rows = self._connection.execute(
            select(folder.c.name, inbound.c.uidvalidity, inbound.c.uid, inbound.c.raw_sha256)
            .select_from(probe)
            .join(inbound, inbound.c.message_id == probe.c.message_id)
            .join(folder, folder.c.id == inbound.c.folder_id)
            .where(
                probe.c.outbox_id == outbox_id,
                inbound.c.mailbox_id == probe.c.mailbox_id,
                inbound.c.uidvalidity == folder.c.uidvalidity,
                inbound.c.header_only.is_(False),
            )
            .order_by(inbound.c.id)
        )
        return tuple(ProbePlace(*row) for row in rows)

    def standing(self, mailbox_id: int, now: datetime) -> ProbeStanding:
        """Return what became of them."""
        asked: dict[str, Any] = {"mailbox_id": mailbox_id}
        back = self._connection.execute(_BACK, asked).first()
        after = back.outbox_id if back else 0
        waits = self._connection.execute(_UNDER_WAY, {**asked, "after": after}).first()
        said = waits.why if waits else None
        if waits and waits.reply_code and waits.state != OutboxState.SENT.value:
            said = f"{waits.reply_code} {waits.reply_text}"
        return ProbeStanding(
            back_at=back.back_at if back else None,
            seconds=max(0.0, (back.back_at - back.queued_at).total_seconds()) if back else None,
            junked=bool(back and back.junked),
            waiting_since=waits.queued_at if waits else None,
            waiting_state=OutboxState(waits.state) if waits else None,
            waiting_failures=waits.failures if waits else 0,
            waiting_why=said,
            left=sum(self._connection.execute(_LEFT, {**asked, "since": now - _WEEK}).one()),
        )

    def drop(self, mailbox_id: int, before: datetime, most: int) -> tuple[int, tuple[str, ...]]:
        """See `Probes.drop`. The newest of each table stay: SQLite would give their numbers again,
        and what counts on from there would take the next for known.
        """
        removed = select(settlement.c.id).where(
            settlement.c.outbox_id == probe.c.outbox_id,
            settlement.c.verb == Verb.REMOVE_PROBE.value,
            settlement.c.state == "done",
        )
        rows = self._connection.execute(
            select(probe.c.outbox_id, probe.c.message_id)
            .join(outbox, outbox.c.id == probe.c.outbox_id)
            .where(
                probe.c.mailbox_id == mailbox_id,
                probe.c.queued_at < before,
                outbox.c.state != OutboxState.QUEUED.value,
                or_(probe.c.message_id.is_(None), removed.exists()),
            )
            .order_by(probe.c.outbox_id)
            .limit(most)
        ).all()
        kept_mails, kept_records = self._newest()
        rows = [
            row
            for row in rows
            if row.outbox_id not in kept_mails and row.message_id not in kept_records
        ]
        if not rows:
            return 0, ()
        records = [row.message_id for row in rows if row.message_id is not None]
        return len(rows), self._delete([row.outbox_id for row in rows], records)

    def _newest(self) -> tuple[set[int | None], set[int]]:
        """Return which mails and which records have the newest number of some table."""
        scalar, execute = self._connection.scalar, self._connection.execute
        noted = execute(
            select(event.c.outbox_id, event.c.message_id).order_by(event.c.id.desc()).limit(1)
        ).first()
        seen = scalar(select(inbound.c.message_id).order_by(inbound.c.id.desc()).limit(1))
        mails = {scalar(select(func.max(outbox.c.id))), noted.outbox_id if noted else None}
        records = {scalar(select(func.max(message.c.id))), noted.message_id if noted else None}
        settled = scalar(select(settlement.c.outbox_id).order_by(settlement.c.id.desc()).limit(1))
        return {*mails, settled}, {one for one in {*records, seen} if one is not None}

    def _delete(self, mails: Sequence[int], records: Sequence[int]) -> tuple[str, ...]:
        execute = self._connection.execute
        names = {
            name
            for column, of in (
                (inbound.c.raw_sha256, inbound.c.message_id),
                (message.c.raw_sha256, message.c.id),
            )
            for name in self._connection.scalars(select(column).where(of.in_(records)))
            if name is not None
        }
        execute(delete(probe).where(probe.c.outbox_id.in_(mails)))
        execute(delete(settlement).where(settlement.c.outbox_id.in_(mails)))
        of_them = or_(event.c.outbox_id.in_(mails), event.c.message_id.in_(records))
        execute(delete(event).where(of_them))
        for table in (*_PARTS, inbound):
            execute(delete(table).where(table.c.message_id.in_(records)))
        execute(delete(message).where(message.c.id.in_(records)))
        execute(delete(outbox).where(outbox.c.id.in_(mails)))
        return unheld(self._connection, names, inbound.c.raw_sha256, message.c.raw_sha256)
