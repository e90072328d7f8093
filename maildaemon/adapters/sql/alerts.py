"""The queue of what people are to be told."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update

from maildaemon.adapters.sql.claim import claim, finish
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.tables import alert
from maildaemon.ports.brakes import Alarm, AlertRow

_ONE_AN_HOUR = timedelta(hours=1)


class SqlAlerts:
    """`ports.brakes.Alerts` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def raise_alarm(self, alarm: Alarm, now: datetime) -> None:
        """Queue an alarm. Of one subject only one an hour goes out; more are counted in it."""
        subject = digest(alarm.subject)
        ours = (alert.c.subject_sha256 == subject, alert.c.state == "waiting")
        # The newest words are the right ones. Who is just telling the old ones has lost his claim:
        # it is told once more when that ends.
        merged = self._connection.execute(
            update(alert)
            .where(*ours)
            .values(
                text=alarm.text,
                facts=dict(alarm.facts),
                count=alert.c.count + 1,
                at=now,
                attempts=alert.c.attempts + 1,
            )
        )
        if merged.rowcount:
            return
        told_at = self._connection.scalar(
            select(func.max(alert.c.told_at)).where(
                alert.c.subject_sha256 == subject,
                alert.c.state == "told",
                # By a clock that was wrong it may have been told in the future.
                alert.c.told_at <= now,
            )
        )
        self._connection.execute(
            insert(alert).values(
                subject_sha256=subject,
                event=alarm.event,
                mailbox=alarm.mailbox,
                text=alarm.text,
                facts=dict(alarm.facts),
                count=1,
                at=now,
                state="waiting",
                attempts=0,
                failures=0,
                next_attempt_at=max(now, told_at + _ONE_AN_HOUR) if told_at else now,
            )
        )

    def claim_alert(self, now: datetime, until: datetime) -> AlertRow | None:
        """Take the oldest alarm that is due, None if none is."""
        # What a clock that was ahead has put off is due now: it tells of that clock.
        due = or_(alert.c.next_attempt_at <= now, alert.c.at > now)
        row = self._connection.execute(
            select(alert).where(alert.c.state == "waiting", due).order_by(alert.c.id).limit(1)
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
        )

    def conclude_alert(self, row: AlertRow, state: str, now: datetime) -> None:
        """Conclude as `told`, or `given_up`."""
        self._finish(row, state=state, told_at=now, next_attempt_at=None)

    def retry_alert(self, row: AlertRow, at: datetime) -> None:
        """Try again at that time."""
        self._finish(row, failures=row.failures + 1, next_attempt_at=at)

    def _finish(self, row: AlertRow, **values: object) -> None:
        finish(self._connection, alert, row.alert_id, fence=row.fence, expect="waiting", **values)
