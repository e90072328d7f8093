"""The journal of every UID seen, which is the queue of what is to be processed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from maildaemon.adapters.sql.claim import claim, finish
from maildaemon.adapters.sql.inserts import CHUNK, insert_missing
from maildaemon.adapters.sql.tables import folder, gap, inbound, message
from maildaemon.adapters.sql.values import at_most
from maildaemon.ports import Role
from maildaemon.ports.rows import FolderRow, GapRow, InboundRow, Seen

_MAILBOX: Any = bindparam("mailbox")
_NOW: Any = bindparam("now")
# Asked at every look, though nothing may be new: put together once, as in `questions`.
_LASTS = ("open", "alarmed")
_IS_DUE = (gap.c.state.in_(_LASTS), gap.c.next_attempt_at <= _NOW)
_HAS_DUE = (
    select(gap.c.id)
    .where(gap.c.folder_id == folder.c.id, gap.c.state == state, gap.c.next_attempt_at <= _NOW)
    # While none lasts, MariaDB takes both indexes for as good, and those that are over are many.
    .with_hint(gap, "FORCE INDEX (ix_gap_folder_id_state)", "mariadb")
    .correlate(folder)
    .exists()
    for state in _LASTS
)
_GAPPED = select(folder.c.id).where(folder.c.mailbox_id == _MAILBOX, or_(*_HAS_DUE))
_DUE_GAPS = (
    select(gap.c.id, gap.c.uid, gap.c.attempts, gap.c.seen_at)
    .where(
        gap.c.folder_id == bindparam("folder"),
        gap.c.uidvalidity == bindparam("numbers"),
        *_IS_DUE,
    )
    .order_by(gap.c.uid)
    .limit(at_most(CHUNK))
)
# Live mail, and history.
_DUE = tuple(
    select(inbound, folder.c.role)
    .join(folder, folder.c.id == inbound.c.folder_id)
    .where(
        inbound.c.mailbox_id == _MAILBOX,
        inbound.c.state == "waiting",
        inbound.c.history == history,
        inbound.c.next_attempt_at <= _NOW,
    )
    .order_by(inbound.c.next_attempt_at, inbound.c.id)
    .limit(bindparam("most", type_=Integer))
    for history in (false(), true())
)
_NUMBERS: Any = bindparam("numbers")
# Two spans of an index each, instead of all that the folder ever held.
_OTHERWISE_NUMBERED = tuple(
    select(inbound.c.uid, inbound.c.size, inbound.c.received_at, inbound.c.raw_sha256).where(
        inbound.c.folder_id == bindparam("folder"),
        others,
        inbound.c.received_at.between(bindparam("since"), bindparam("until")),
        inbound.c.header_only.is_(False),
    )
    for others in (inbound.c.uidvalidity < _NUMBERS, inbound.c.uidvalidity > _NUMBERS)
)
_MESSAGE: Any = bindparam("message")
_ROW: Any = bindparam("row")
_OVERTAKEN = select(exists().where(inbound.c.message_id == _MESSAGE, inbound.c.id > _ROW))
_this = inbound.alias()
_SEEN_THERE = select(
    exists().where(
        _this.c.id == _ROW,
        inbound.c.message_id == _MESSAGE,
        inbound.c.folder_id == _this.c.folder_id,
        inbound.c.uidvalidity == _this.c.uidvalidity,
        inbound.c.id != _this.c.id,
    )
)
# Of which record the same bytes became. What lies in Junk, or not, as its record does, has not been
# moved; and in Sent, where a second copy tells something, only new numbers tell nothing.
_TWINS = (
    select(_this.c.id, func.max(inbound.c.message_id).label("recorded"))
    .join(
        inbound,
        and_(
            inbound.c.raw_sha256 == _this.c.raw_sha256,
            inbound.c.mailbox_id == _this.c.mailbox_id,
            inbound.c.header_only == _this.c.header_only,
            inbound.c.size == _this.c.size,
            inbound.c.id != _this.c.id,
        ),
    )
    .join(message, message.c.id == inbound.c.message_id)
    .join(folder, folder.c.id == _this.c.folder_id)
    .where(
        _this.c.id.in_(bindparam("rows", expanding=True)),
        message.c.in_junk == (folder.c.role == Role.JUNK.value),
        or_(
            folder.c.role != Role.SENT.value,
            and_(
                inbound.c.folder_id == _this.c.folder_id,
                inbound.c.uidvalidity != _this.c.uidvalidity,
            ),
        ),
    )
    # While few rows are alike, MariaDB takes all of the mailbox for as good an index.
    .with_hint(inbound, "FORCE INDEX (ix_inbound_raw_sha256)", "mariadb")
    .group_by(_this.c.id)
)


class SqlInbound:
    """`ports.store.Inbound` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def record(
        self,
        mailbox_id: int,
        folder: FolderRow,
        seen: Sequence[Seen],
        *,
        now: datetime,
        history: bool = False,
    ) -> int:
        """Add journal rows; those that exist are left alone. Return how many are new."""
        rows = [
            {
                "mailbox_id": mailbox_id,
                "folder_id": folder.folder_id,
                "uidvalidity": folder.uidvalidity,
                "uid": one.uid,
                "state": "waiting",
                "claim": "",
                "history": history,
                "header_only": one.header_only,
                "size": one.size,
                "received_at": one.received_at,
                "recorded_at": now,
                "raw_sha256": one.raw_sha256,
                "attempts": 0,
                "failures": 0,
                "next_attempt_at": _history_at(folder, one, now) if history else now,
            }
            for one in seen
        ]
        return insert_missing(self._connection, inbound, rows)

    def known_uids(self, folder: FolderRow, uids: Iterable[int]) -> frozenset[int]:
        """Return those of the UIDs whose message was recorded."""
        wanted = list(uids)
        known: set[int] = set()
        for start in range(0, len(wanted), CHUNK):
            known.update(
                self._connection.scalars(
                    select(inbound.c.uid).where(
                        inbound.c.folder_id == folder.folder_id,
                        inbound.c.uidvalidity == folder.uidvalidity,
                        inbound.c.uid.in_(wanted[start : start + CHUNK]),
                    )
                )
            )
        return frozenset(known)

    def under_other_numbers(
        self, folder: FolderRow, since: datetime, until: datetime
    ) -> tuple[Seen, ...]:
        """See `Inbound.under_other_numbers`."""
        asked = {
            "folder": folder.folder_id,
            "numbers": folder.uidvalidity,
            "since": since,
            "until": until,
        }
        found = (self._connection.execute(one, asked).all() for one in _OTHERWISE_NUMBERED)
        return tuple(Seen(*row) for rows in found for row in rows)

    def add_gaps(self, folder: FolderRow, uids: Iterable[int], now: datetime) -> None:
        """Note UIDs that the server lists but does not deliver."""
        rows = [
            {
                "folder_id": folder.folder_id,
                "uidvalidity": folder.uidvalidity,
                "uid": uid,
                "seen_at": now,
                "state": "open",
                "attempts": 0,
                "failures": 0,
                "next_attempt_at": now,
            }
            for uid in uids
        ]
        insert_missing(self._connection, gap, rows)

    def folders_with_due_gaps(self, mailbox_id: int, now: datetime) -> frozenset[int]:
        """Return in which folders there are gaps that are to be tried again."""
        asked = {"mailbox": mailbox_id, "now": now}
        return frozenset(self._connection.scalars(_GAPPED, asked))

    def due_gaps(self, folder: FolderRow, now: datetime) -> tuple[GapRow, ...]:
        """Return gaps that are to be tried again."""
        asked = {"folder": folder.folder_id, "numbers": folder.uidvalidity, "now": now}
        return tuple(GapRow(*row) for row in self._connection.execute(_DUE_GAPS, asked))

    def close_gap(self, gap_id: int, state: str) -> None:
        """End a gap: `closed` (the message came) or `gone` (the server lists it no more)."""
        self._connection.execute(
            update(gap).where(gap.c.id == gap_id).values(state=state, next_attempt_at=None)
        )

    def fetch_again(self, row: InboundRow, now: datetime) -> bool:
        """Have the bytes of a recorded message fetched again; False if the server has none."""
        place = (inbound.c.folder_id, inbound.c.uidvalidity, inbound.c.uid)
        stands = self._connection.execute(select(*place).where(inbound.c.id == row.inbound_id))
        where = stands.one()._asdict()
        theirs = [gap.c[name] == value for name, value in where.items()]
        again = {"state": "open", "next_attempt_at": now}
        new = {**where, **again, "seen_at": now, "attempts": 0, "failures": 0}
        if insert_missing(self._connection, gap, [new]):
            return True
        reopened = update(gap).where(*theirs, gap.c.state != "gone").values(**again)
        return self._connection.execute(reopened).rowcount > 0

    def retry_gap(self, gap_row: GapRow, at: datetime, *, alarmed: bool) -> None:
        """Try a gap again later."""
        self._connection.execute(
            update(gap)
            .where(gap.c.id == gap_row.gap_id)
            .values(
                attempts=gap_row.attempts + 1,
                next_attempt_at=at,
                state="alarmed" if alarmed else "open",
            )
        )

    def claim_due(
        self,
        mailbox_id: int,
        now: datetime,
        until: datetime,
        *,
        limit: int,
        max_bytes: int,
        beside: bool = False,
    ) -> tuple[InboundRow, ...]:
        """Take waiting rows, oldest first; one whose last claim was never concluded goes alone."""
        due = self._due(mailbox_id, now, limit)
        # What took a whole batch down must not take the next batch down as well.
        suspected = bool(due and due[0].claim)
        if suspected and beside:
            return ()
        taken = due[:1] if suspected else _within([row for row in due if not row.claim], max_bytes)
        return tuple(filter(None, (self._claim(row, until, alone=suspected) for row in taken)))

    def _due(self, mailbox_id: int, now: datetime, limit: int) -> list[Row[Any]]:
        """Return live mail if there is any, else history: nobody waits behind a backfill."""
        asked = {"mailbox": mailbox_id, "now": now, "most": limit}
        for due in _DUE:
            if rows := self._connection.execute(due, asked).all():
                return list(rows)
        return []

    def _claim(self, row: Row[Any], until: datetime, *, alone: bool) -> InboundRow | None:
        # It was alone and nobody came back: it may have killed us.
        failures = row.failures + (row.claim == "alone")
        took = claim(
            self._connection,
            inbound,
            row.id,
            seen=row.attempts,
            until=until,
            claim="alone" if alone else "batch",
            failures=failures,
        )
        return _inbound_row(row, failures, alone=alone) if took else None

    def twins(self, rows: Iterable[InboundRow]) -> Mapping[int, int]:
        """See `Inbound.twins`."""
        ids = [row.inbound_id for row in rows]
        return {row.id: row.recorded for row in self._connection.execute(_TWINS, {"rows": ids})}

    def overtaken(self, row: InboundRow, message_id: int) -> bool:
        """Tell whether this record has been seen later than in this row, here or elsewhere."""
        asked = {"message": message_id, "row": row.inbound_id}
        return bool(self._connection.scalar(_OVERTAKEN, asked))

    def seen_there(self, row: InboundRow, message_id: int) -> bool:
        """Tell whether this record was seen in the same folder before, under another UID."""
        asked = {"message": message_id, "row": row.inbound_id}
        return bool(self._connection.scalar(_SEEN_THERE, asked))

    def finish(self, row: InboundRow, message_id: int) -> None:
        """Conclude a row as done, with the record it became."""
        self._conclude(row, state="done", message_id=message_id, next_attempt_at=None, error=None)

    def fail(self, row: InboundRow, error: str, failures: int, retry_at: datetime | None) -> None:
        """Give a row back that has failed so often: again at `retry_at`, or parked if None."""
        self._conclude(
            row,
            state="parked" if retry_at is None else "waiting",
            failures=failures,
            next_attempt_at=retry_at,
            error=error,
        )

    def give_back(self, row: InboundRow, retry_at: datetime) -> None:
        """Give a row back through no fault of its own."""
        self._conclude(row, next_attempt_at=retry_at)

    def _conclude(self, row: InboundRow, **values: Any) -> None:
        finish(
            self._connection,
            inbound,
            row.inbound_id,
            fence=row.fence,
            expect="waiting",
            claim="",
            **values,
        )

    def release(self, mailbox_id: int, now: datetime) -> int:
        """Let what a dead process had taken be due at once; return how many rows."""
        return self._connection.execute(
            update(inbound)
            .where(
                inbound.c.mailbox_id == mailbox_id,
                inbound.c.state == "waiting",
                inbound.c.claim != "",
                inbound.c.next_attempt_at > now,
            )
            .values(next_attempt_at=now)
        ).rowcount

    def retry_parked(self, inbound_id: int | None, now: datetime) -> int:
        """Make a parked row (all if None) due again, its failures forgotten; return how many."""
        statement = update(inbound).where(inbound.c.state == "parked")
        if inbound_id is not None:
            statement = statement.where(inbound.c.id == inbound_id)
        return self._connection.execute(
            statement.values(state="waiting", failures=0, next_attempt_at=now, error=None)
        ).rowcount


def _history_at(folder: FolderRow, one: Seen, now: datetime) -> datetime:
    """Return what gives history the order in which it was written, whatever folder it lies in."""
    # Servers count seconds: what we wrote in the same one is the answer, and what came in the next
    # one may be about that.
    at = one.received_at + timedelta(seconds=0.5 if folder.role is Role.SENT else 0)
    return min(at, now)


def _within(rows: list[Row[Any]], max_bytes: int) -> list[Row[Any]]:
    """Return the first rows that are no larger together; at least one."""
    total = 0
    for position, row in enumerate(rows):
        total += row.size
        if position and total > max_bytes:
            return rows[:position]
    return rows


def _inbound_row(row: Row[Any], failures: int, *, alone: bool) -> InboundRow:
    return InboundRow(
        inbound_id=row.id,
        mailbox_id=row.mailbox_id,
        role=Role(row.role),
        uid=row.uid,
        fence=row.attempts + 1,
        failures=failures,
        alone=alone,
        history=row.history,
        header_only=row.header_only,
        size=row.size,
        received_at=row.received_at,
        recorded_at=row.recorded_at,
        raw_sha256=row.raw_sha256,
    )
