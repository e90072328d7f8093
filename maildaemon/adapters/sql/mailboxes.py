"""Mailboxes, folders with their cursors, and accounts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from maildaemon.adapters.sql.inserts import insert_one
from maildaemon.adapters.sql.tables import account, concern, folder, gap, inbound, mailbox
from maildaemon.adapters.sql.values import at_most
from maildaemon.domain.waiting import PROCESS_CLAIM
from maildaemon.ports import Role
from maildaemon.ports.rows import AccountRow, Concern, FolderRow, MailboxRow

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_NOTHING_KNOWN = AccountRow(0, 0, None, None, None, None, None)
_MAILBOX: Any = bindparam("mailbox")
# Put together once, as in `questions`.
_FOLDERS = select(folder).where(folder.c.mailbox_id == _MAILBOX).order_by(folder.c.id)
_LOOKED_AT = select(func.max(folder.c.looked_at)).where(
    folder.c.mailbox_id == _MAILBOX, folder.c.role == Role.INBOX.value
)
_WAITING = (
    select(inbound.c.id)
    .where(
        inbound.c.mailbox_id == _MAILBOX,
        inbound.c.state == "waiting",
        inbound.c.history == false(),
    )
    .order_by(inbound.c.next_attempt_at)
    .limit(at_most(1))
)
# What a backfill brings stood there before everything that we could look for. They are few, and
# counted: whether there is one PostgreSQL would look for from the table's beginning.
_LEFT = select(func.count()).where(
    inbound.c.folder_id.in_(bindparam("folders", expanding=True)),
    inbound.c.state == "waiting",
    inbound.c.history == false(),
)
_LEFT_SINCE = _LEFT.where(inbound.c.recorded_at >= bindparam("since"))
_UNREAD = _LEFT.where(
    or_(
        inbound.c.next_attempt_at <= bindparam("now"),
        and_(inbound.c.claim != "", inbound.c.next_attempt_at >= bindparam("claimed_until")),
    )
)
_ROW = select(mailbox).where(mailbox.c.id == _MAILBOX)
_FOLDER_OF_NAME = (folder.c.mailbox_id == _MAILBOX, folder.c.name == bindparam("called"))
_NAMED = select(folder).where(*_FOLDER_OF_NAME)
_BEGIN_ANEW = update(folder).where(*_FOLDER_OF_NAME)
_VOID_GAPS = (
    update(gap)
    .where(
        gap.c.folder_id == bindparam("folder"),
        gap.c.state.in_(("open", "alarmed")),
        gap.c.uidvalidity != bindparam("numbers"),
    )
    .values(state="gone", next_attempt_at=None)
)
_NUMBERED = update(folder).where(
    folder.c.id == bindparam("folder"), folder.c.uidvalidity == bindparam("numbers")
)
_FORWARD = _NUMBERED.where(folder.c.last_uid < bindparam("newest"))
_CONCERNS = select(concern.c.name, concern.c.what, concern.c.advice).where(
    concern.c.mailbox_id == _MAILBOX, concern.c.name.startswith(bindparam("prefix"))
)
_ACCOUNT = tuple(column for column in account.c if column.name not in {"mailbox_id", "service"})
_BEHAVES = select(*_ACCOUNT).where(
    account.c.mailbox_id == _MAILBOX, account.c.service == bindparam("called")
)


class SqlMailboxes:
    """`ports.store.Mailboxes` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def ensure(self, name: str) -> MailboxRow:
        """Return the mailbox of this name, making it if need be."""
        found = self._connection.execute(select(mailbox).where(mailbox.c.name == name)).first()
        if found is None:
            return MailboxRow(insert_one(self._connection, mailbox, name=name), name, None, None)
        return _mailbox_row(found)

    def all(self) -> tuple[MailboxRow, ...]:
        """Return every mailbox that was ever used."""
        rows = self._connection.execute(select(mailbox).order_by(mailbox.c.id))
        return tuple(map(_mailbox_row, rows))

    def get(self, mailbox_id: int) -> MailboxRow:
        """Return the row of this mailbox."""
        return _mailbox_row(self._connection.execute(_ROW, {"mailbox": mailbox_id}).one())

    def started(self, mailbox_id: int, at: datetime) -> None:
        """Note that the history has been read and the cursors stand."""
        self._update(mailbox_id, started_at=at)

    def witness_horizon(self, mailbox_id: int, since: datetime | None = None) -> datetime | None:
        """Return until when everything in Sent is recorded and decided; None if there is none.

        What is recorded but not decided may have been there for long: a look may come late.
        """
        if since is None:
            return self._sent_until(mailbox_id, _LEFT)
        return self._sent_until(mailbox_id, _LEFT_SINCE, since=since)

    def sent_read_until(
        self, mailbox_id: int, now: datetime, taken_since: datetime
    ) -> datetime | None:
        """Return until when everything in Sent is recorded and decided; None if there is none.

        What a death has left under its claim is not waited for, nor what has failed.
        """
        asked = {"now": now, "claimed_until": taken_since + PROCESS_CLAIM}
        return self._sent_until(mailbox_id, _UNREAD, **asked)

    def _sent_until(
        self, mailbox_id: int, unread: Select[Any], **asked: datetime
    ) -> datetime | None:
        sent = self._sent(mailbox_id)
        if not sent:
            return None
        folders = [row.folder_id for row in sent]
        if self._connection.scalar(unread, {"folders": folders, **asked}):
            return _BEGINNING
        return min(row.looked_at or _BEGINNING for row in sent)

    def _sent(self, mailbox_id: int) -> list[FolderRow]:
        return [row for row in self.folders(mailbox_id) if row.role is Role.SENT]

    def hidden_in_sent(self, mailbox_id: int, since: datetime) -> bool:
        """Tell whether Sent has shown a message since then that we could not read."""
        ids = [row.folder_id for row in self._sent(mailbox_id)]
        withheld = exists().where(
            gap.c.folder_id.in_(ids), gap.c.state.in_(("open", "alarmed")), gap.c.seen_at >= since
        )
        parked = exists().where(
            inbound.c.folder_id.in_(ids),
            inbound.c.state == "parked",
            inbound.c.recorded_at >= since,
        )
        return any(self._connection.scalar(select(one)) for one in (withheld, parked))

    def learn_server_files_sent(self, mailbox_id: int, files: bool) -> None:
        """Remember whether the server files sent mail by itself."""
        self._update(mailbox_id, server_files_sent=files)

    def _update(self, mailbox_id: int, **values: Any) -> None:
        self._connection.execute(update(mailbox).where(mailbox.c.id == mailbox_id).values(**values))

    def folders(self, mailbox_id: int) -> tuple[FolderRow, ...]:
        """Return the folders that have a cursor."""
        rows = self._connection.execute(_FOLDERS, {"mailbox": mailbox_id})
        return tuple(map(_folder_row, rows))

    def set_cursor(
        self, mailbox_id: int, name: str, role: Role, uidvalidity: int, last_uid: int
    ) -> FolderRow:
        """Make a folder, or start its cursor anew after a change of UIDVALIDITY."""
        values: Mapping[str, Any] = {
            "role": role.value,
            "uidvalidity": uidvalidity,
            "last_uid": last_uid,
            "looked_at": None,
            "held_uid": None,
            "held_since": None,
            "modseq": None,
        }
        asked = {"mailbox": mailbox_id, "called": name}
        known = self._connection.execute(_NAMED, asked).first()
        if known is None or known.uidvalidity != uidvalidity:
            values = {**values, "began_uid": last_uid}
        if known is None:
            self._connection.execute(
                insert(folder), {"mailbox_id": mailbox_id, "name": name, **values}
            )
        else:
            self._connection.execute(_BEGIN_ANEW, {**asked, **values})
        row = self._connection.execute(_NAMED, asked).one()
        # Under other numbers they mean nothing: what they stood for is read anew.
        self._connection.execute(_VOID_GAPS, {"folder": row.id, "numbers": uidvalidity})
        return _folder_row(row)

    def began(self, row: FolderRow, uid: int) -> None:
        """Note above which message everything in this folder is to be recorded."""
        asked = {"folder": row.folder_id, "numbers": row.uidvalidity}
        self._connection.execute(_NUMBERED, {**asked, "began_uid": uid})

    def advance(self, row: FolderRow, last_uid: int) -> None:
        """Move the cursor. It never goes back, nor forward under another UIDVALIDITY."""
        asked = {"folder": row.folder_id, "numbers": row.uidvalidity, "newest": last_uid}
        self._connection.execute(_FORWARD, {**asked, "last_uid": last_uid})

    def hold(self, row: FolderRow, uid: int | None, since: datetime | None) -> None:
        """Note up to which message, and since when, the folder waits for the other mailboxes."""
        if (row.held_uid, row.held_since) != (uid, since):
            asked = {"folder": row.folder_id, "numbers": row.uidvalidity}
            self._connection.execute(_NUMBERED, {**asked, "held_uid": uid, "held_since": since})

    def has_decided_since(self, mailbox_id: int, since: datetime) -> bool:
        """Tell whether the mailbox has been read since then, and nothing live waits in it."""
        # The inbox is looked at first: the other folders have been looked at later still.
        looked_at: datetime | None = self._connection.scalar(_LOOKED_AT, {"mailbox": mailbox_id})
        return looked_at is not None and looked_at >= since and not self.waits(mailbox_id)

    def waits(self, mailbox_id: int) -> bool:
        """Tell whether something live is recorded and not decided yet."""
        return bool(self._connection.scalar(_WAITING, {"mailbox": mailbox_id}))

    def is_behind(self, mailbox_id: int, since: datetime) -> bool:
        """Tell whether the mailbox was read last before then, or what was recorded before waits."""
        waits = exists().where(
            inbound.c.mailbox_id == mailbox_id,
            inbound.c.state == "waiting",
            inbound.c.history == false(),
            inbound.c.recorded_at < since,
        )
        looked_at = self._connection.scalar(_LOOKED_AT, {"mailbox": mailbox_id})
        return (
            looked_at is None or looked_at < since or bool(self._connection.scalar(select(waits)))
        )

    def looked(self, row: FolderRow, at: datetime) -> None:
        """Note that everything the server listed at this time stands recorded."""
        asked = {"folder": row.folder_id, "numbers": row.uidvalidity}
        self._connection.execute(_NUMBERED, {**asked, "looked_at": at})

    def demote(self, folder_id: int) -> None:
        """Note that this folder is not the one for sent mail any more."""
        self._connection.execute(
            update(folder).where(folder.c.id == folder_id).values(role=Role.OTHER.value)
        )

    def account(self, mailbox_id: int, service: str) -> AccountRow:
        """Return how the account (`imap` or `smtp`) behaves; zeros if nothing is known."""
        asked = {"mailbox": mailbox_id, "called": service}
        found = self._connection.execute(_BEHAVES, asked).first()
        return AccountRow(**found._mapping) if found else _NOTHING_KNOWN  # noqa: SLF001

    def save_account(self, mailbox_id: int, service: str, row: AccountRow) -> None:
        """Keep how the account behaves."""
        values = {column.name: getattr(row, column.name) for column in _ACCOUNT}
        changed = self._connection.execute(
            update(account)
            .where(account.c.mailbox_id == mailbox_id, account.c.service == service)
            .values(**values)
        )
        if changed.rowcount == 0:
            self._connection.execute(
                insert(account).values(mailbox_id=mailbox_id, service=service, **values)
            )

    def concerned(self, mailbox_id: int, kind: str, found: Sequence[Concern]) -> bool:
        """Tell whether exactly these concerns of a kind are on record."""
        return self._concerns(mailbox_id, kind) == {f"{kind}:{one.name}": one for one in found}

    def set_concerns(
        self, mailbox_id: int, kind: str, found: Sequence[Concern], at: datetime
    ) -> tuple[Concern, ...]:
        """Let exactly these concerns of a kind be on record; return those that are new."""
        known = self._concerns(mailbox_id, kind)
        wanted = {f"{kind}:{one.name}": one for one in found}
        over = [name for name, one in known.items() if wanted.get(name) != one]
        self._connection.execute(
            delete(concern).where(concern.c.mailbox_id == mailbox_id, concern.c.name.in_(over))
        )
        new = {name: one for name, one in wanted.items() if known.get(name) != one}
        for name, one in new.items():
            self._connection.execute(
                insert(concern).values(
                    mailbox_id=mailbox_id, name=name, what=one.what, advice=one.advice, since=at
                )
            )
        return tuple(new.values())

    def _concerns(self, mailbox_id: int, kind: str) -> dict[str, Concern]:
        asked = {"mailbox": mailbox_id, "prefix": f"{kind}:"}
        rows = self._connection.execute(_CONCERNS, asked)
        return {row.name: Concern(row.name.partition(":")[2], row.what, row.advice) for row in rows}


def _mailbox_row(row: Row[Any]) -> MailboxRow:
    return MailboxRow(row.id, row.name, row.started_at, row.server_files_sent)


def _folder_row(row: Row[Any]) -> FolderRow:
    return FolderRow(
        folder_id=row.id,
        name=row.name,
        role=Role(row.role),
        uidvalidity=row.uidvalidity,
        last_uid=row.last_uid,
        began_uid=row.began_uid,
        looked_at=row.looked_at,
        held_uid=row.held_uid,
        held_since=row.held_since,
    )
