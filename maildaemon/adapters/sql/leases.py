"""Who works on a database of a server, and on what: a few rows, renewed every few seconds."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    text,
    update,
)

from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.tables import daemon, inbound, lease, mailbox, outbox
from maildaemon.adapters.sql.values import Instant
from maildaemon.domain.delivery import OutboxState, Phase
from maildaemon.domain.leases import Daemon, Held, Holding

# Not the time at which the transaction began: that one may have waited for others.
_CLOCKS: dict[str, Any] = {
    dialect: text(words).columns(now=Instant())
    for dialect, words in (
        ("postgresql", "SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now"),
        ("sqlite", "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS now"),
        ("mysql", "SELECT UTC_TIMESTAMP(6) AS now"),
        ("mariadb", "SELECT UTC_TIMESTAMP(6) AS now"),
    )
}
# Put together once, as in `questions`.
_LIVING = select(daemon).where(daemon.c.until > bindparam("now")).order_by(daemon.c.started_at)
_LEASE = select(lease).where(lease.c.name == bindparam("lease"))
_HELD = select(lease.c.fence).where(
    lease.c.name == bindparam("lease"),
    lease.c.holder.in_(select(daemon.c.id).where(daemon.c.until > bindparam("now"))),
)
_STANDS: Select[Any] = (
    select(literal_column("1"))
    .select_from(lease)
    .where(lease.c.name == bindparam("lease"), lease.c.fence == bindparam("given"))
    # Nobody takes it before we have committed.
    .with_for_update()
)


class SqlLeases:
    """`ports.leases.Leases` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def others(self, one: Daemon) -> tuple[Daemon, ...]:
        """Return who else is alive, from another data folder."""
        living = daemon.c.home != one.home, daemon.c.until > self._now()
        return tuple(
            Daemon(row.id, row.home, row.place, row.key_mark, tuple(row.mailboxes))
            for row in self._connection.execute(select(daemon).where(*living))
        )

    def arrive(self, one: Daemon, life: timedelta) -> None:
        """Give the first sign of life: whoever used the same data folder before is dead."""
        before = daemon.c.home == one.home, daemon.c.id != one.daemon_id
        self._connection.execute(delete(daemon).where(*before))
        self.live(one, life)

    def live(self, one: Daemon, life: timedelta) -> None:
        """Give a sign of life that lasts so long, and forget who is dead."""
        now = self._now()
        until = now + life
        others = daemon.c.id != one.daemon_id
        self._connection.execute(delete(daemon).where(others, daemon.c.until <= now))
        # The server's clock may have been set back: nobody lives for longer than he can.
        longer = update(daemon).where(others, daemon.c.until > until)
        self._connection.execute(longer.values(until=until))
        values = {"place": one.place, "mailboxes": list(one.mailboxes), "until": until}
        ours = update(daemon).where(daemon.c.id == one.daemon_id)
        if self._connection.execute(ours.values(**values)).rowcount == 0:
            # The first one, or he was taken for dead.
            more = {"home": one.home, "key_mark": one.key_mark, "started_at": now}
            row = {"id": one.daemon_id, **more, **values}
            self._connection.execute(insert(daemon).values(**row))

    def hold(self, one: Daemon, names: tuple[str, ...], now: datetime) -> tuple[Held, ...]:
        """Take what is free, give back what is not wanted; return everything that is held."""
        missing = [{"name": name, "holder": None, "fence": 0, "since": None} for name in names]
        insert_missing(self._connection, lease, missing)
        alive = set(self._connection.scalars(select(daemon.c.id)))
        rows = self._connection.execute(select(lease).order_by(lease.c.name).with_for_update())
        held = []
        for row in rows.all():
            if row.name not in names:
                if row.holder == one.daemon_id:
                    self._pass_on(row.name, row.fence, None)
            elif row.holder == one.daemon_id:
                held.append(Held(row.name, row.fence))
            elif row.holder not in alive:
                self._pass_on(row.name, row.fence, one.daemon_id)
                self._void_claims(row.name, now)
                held.append(Held(row.name, row.fence + 1, taken_over=row.holder is not None))
        return tuple(held)

    def _pass_on(self, name: str, fence: int, holder: str | None) -> None:
        since = self._now() if holder else None
        changed = {"holder": holder, "fence": fence + 1, "since": since}
        self._connection.execute(update(lease).where(lease.c.name == name).values(**changed))

    def _void_claims(self, name: str, now: datetime) -> None:
        """Let what the last holder had taken be due. What he had brought to the final dot waits for
        its witness as ever, and a message that he may have died of until its claim ends.
        """
        mailbox_id = select(mailbox.c.id).where(mailbox.c.name == name).scalar_subquery()
        for table, claimed in (
            (inbound, (inbound.c.state == "waiting", inbound.c.claim == "batch")),
            (
                outbox,
                (
                    outbox.c.state == OutboxState.QUEUED.value,
                    outbox.c.phase == Phase.CLAIMED.value,
                ),
            ),
        ):
            theirs = table.c.mailbox_id == mailbox_id, table.c.next_attempt_at > now, *claimed
            self._connection.execute(update(table).where(*theirs).values(next_attempt_at=now))

    def resign(self, daemon_id: str) -> None:
        """Give everything back, and be gone."""
        held = select(lease).where(lease.c.holder == daemon_id).with_for_update()
        for row in self._connection.execute(held).all():
            self._pass_on(row.name, row.fence, None)
        self._connection.execute(delete(daemon).where(daemon.c.id == daemon_id))

    def stands(self, name: str, fence: int) -> bool:
        """Tell whether nobody has taken this lease since."""
        asked = {"lease": name, "given": fence}
        return self._connection.execute(_STANDS, asked).first() is not None

    def holding(self, name: str) -> tuple[Holding | None, tuple[Holding, ...]]:
        """Return who alive holds a mailbox, and who else could, the oldest first."""
        now = self._now()
        alive = self._connection.execute(_LIVING, {"now": now}).all()
        row = self._connection.execute(_LEASE, {"lease": name}).first()
        holder = row.holder if row else None
        since = row.since if row and row.since else now
        return (
            next((Holding(one.place, since) for one in alive if one.id == holder), None),
            tuple(
                Holding(one.place, one.started_at)
                for one in alive
                if name in one.mailboxes and one.id != holder
            ),
        )

    def fence(self, name: str) -> int | None:
        """Return by which fence somebody alive holds a mailbox, None if nobody does."""
        return self._connection.scalar(_HELD, {"lease": name, "now": self._now()})

    def _now(self) -> datetime:
        clock = _CLOCKS[self._connection.dialect.name]
        now: datetime = self._connection.execute(clock).scalar_one()
        return now
