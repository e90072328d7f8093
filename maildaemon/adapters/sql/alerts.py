"""The queue of what people are to be told."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    delete,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)

from maildaemon.adapters.sql.claim import claim, finish
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.tables import alert
from maildaemon.ports.brakes import Alarm, AlertRow

_ONE_AN_HOUR = timedelta(hours=1)
_UNSERVED_FOR = timedelta(days=1)
_WHAT = ("subject_sha256", "topic_sha256", "ends", "event", "mailbox", "text", "facts", "count")


class SqlAlerts:
    """`ports.brakes.Alerts` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def raise_alarm(self, alarm: Alarm, now: datetime) -> None:
        """Queue an alarm, for whatever paths there are."""
        what = {
            "subject_sha256": digest(alarm.subject),
            "topic_sha256": digest(alarm.topic),
            "ends": alarm.ends,
            "event": alarm.event,
            "mailbox": alarm.mailbox,
            "text": alarm.text,
            "facts": dict(alarm.facts),
            "count": 1,
        }
        self._add(what, None, now, now)

    def spread_alarms(self, paths: Sequence[str], now: datetime) -> None:
        """Give what was raised to each path; without any it is given up. What waits for a path that
        is none of these, for a day by now, is given up as well.
        """
        # A path that comes back in months would tell of things long past.
        unserved = alert.c.path.not_in(paths), alert.c.at < now - _UNSERVED_FOR
        self._connection.execute(_giving_up(alert.c.state == "waiting", *unserved))
        waiting = select(alert).where(alert.c.state == "waiting", alert.c.path.is_(None))
        for row in self._connection.execute(waiting.order_by(alert.c.id)).all():
            ours = alert.c.id == row.id
            if not paths:
                self._connection.execute(_giving_up(ours))
                continue
            for path in paths:
                self._give(row, path, now)
            self._connection.execute(delete(alert).where(ours))

    def claim_alert(self, path: str, now: datetime, until: datetime) -> AlertRow | None:
        """Take the oldest alarm that is due on this path, None if none is."""
        # What a clock that was ahead has put off is due now: it tells of that clock.
        due = or_(alert.c.next_attempt_at <= now, alert.c.at > now)
        before = alert.alias("before")
        untold = exists().where(
            before.c.state == "waiting",
            before.c.path == path,
            before.c.topic_sha256 == alert.c.topic_sha256,
            before.c.id < alert.c.id,
        )
        row = self._connection.execute(
            select(alert)
            .where(alert.c.state == "waiting", alert.c.path == path, due)
            .where(or_(not_(alert.c.ends), not_(untold)))
            .order_by(alert.c.id)
            .limit(1)
        ).first()
        if row is None or not claim(
            self._connection, alert, row.id, seen=row.attempts, until=until
        ):
            return None
        return AlertRow(
            alert_id=row.id,
            event=row.event,
            mailbox=row.mailbox,
            text=row.text,
            facts=row.facts,
            count=row._mapping["count"],  # noqa: SLF001  `count` is a method of every row
            at=row.at,
            fence=row.attempts + 1,
            failures=row.failures,
            ends=row.ends,
        )

    def conclude_alert(self, row: AlertRow, state: str, now: datetime) -> None:
        """Conclude as `told`, or `given_up`."""
        self._finish(row, state=state, told_at=now, next_attempt_at=None)

    def retry_alert(self, row: AlertRow, at: datetime) -> None:
        """Try again at that time."""
        self._finish(row, failures=row.failures + 1, next_attempt_at=at)

    def _give(self, row: Row[tuple[object, ...]], path: str, now: datetime) -> None:
        told_at = self._connection.scalar(
            select(func.max(alert.c.told_at)).where(
                alert.c.subject_sha256 == row.subject_sha256,
                alert.c.path == path,
                alert.c.state == "told",
                # By a clock that was wrong it may have been told in the future.
                alert.c.told_at <= now,
            )
        )
        what = {name: row._mapping[name] for name in _WHAT}  # noqa: SLF001
        self._add(what, path, row.at, max(now, told_at + _ONE_AN_HOUR) if told_at else now)

    def _add(self, what: dict[str, object], path: str | None, at: datetime, due: datetime) -> None:
        """Queue it, or count it in the one of its subject that still waits there."""
        on_path = alert.c.path.is_(None) if path is None else alert.c.path == path
        if not what["ends"]:
            # It is not over after all. Told after this one, which may wait for its hour, the end
            # would be the last word.
            ended = alert.c.topic_sha256 == what["topic_sha256"], alert.c.ends == true()
            self._connection.execute(_giving_up(alert.c.state == "waiting", on_path, *ended))
        # The newest words are the right ones. Who is just telling the old ones has lost his claim:
        # it is told once more when that ends.
        merged = self._connection.execute(
            update(alert)
            .where(
                alert.c.subject_sha256 == what["subject_sha256"],
                alert.c.state == "waiting",
                on_path,
            )
            .values(
                text=what["text"],
                facts=what["facts"],
                count=alert.c.count + what["count"],
                at=at,
                attempts=alert.c.attempts + 1,
            )
        )
        if merged.rowcount:
            return
        self._connection.execute(
            insert(alert).values(
                **what,
                path=path,
                at=at,
                state="waiting",
                attempts=0,
                failures=0,
                next_attempt_at=due,
            )
        )

    def _finish(self, row: AlertRow, **values: object) -> None:
        finish(self._connection, alert, row.alert_id, fence=row.fence, expect="waiting", **values)


def _giving_up(*which: ColumnElement[bool]) -> Update:
    # Who is just telling it has lost his claim.
    values = {"state": "given_up", "next_attempt_at": None, "attempts": alert.c.attempts + 1}
    return update(alert).where(*which).values(values)
