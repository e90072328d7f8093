"""The first look into a mailbox: where the cursors begin, and which conversations are under way."""

from datetime import datetime, timedelta

from maildaemon.domain.reading import Reading
from maildaemon.ports import FolderName, Mailbox, Now, Parser, Role
from maildaemon.ports.rows import Earlier, FolderRow
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import Desk, log
from maildaemon.services.folders import watched
from maildaemon.services.receive import newest_uid

HISTORY_READ_AT_START = timedelta(days=90)
_HEADERS_AT_ONCE = 500


def start_mailbox(store: Store, mailbox: Mailbox, parser: Parser, desk: Desk, now: Now) -> bool:
    """On the first start, set the cursors to the newest message and read the headers of the last
    90 days, so that running conversations are known. Return False if that was done before.

    Nothing of it is ever answered. After a death in the middle it goes on where it was.
    """
    with store.read() as tx:
        if tx.mailboxes.get(desk.mailbox_id).started_at is not None:
            return False
    started_at = now()
    names = watched(mailbox)
    for name in names:
        _begin_at_newest(store, mailbox, desk, name)
    count = sum(_read_headers(store, mailbox, parser, desk, name, started_at) for name in names)
    with store.begin() as tx:
        tx.mailboxes.started(desk.mailbox_id, started_at)
    log("mailbox.started", mailbox=desk.policy.mailbox, earlier=count)
    return True


def _begin_at_newest(store: Store, mailbox: Mailbox, desk: Desk, name: FolderName) -> None:
    state = mailbox.examine(name.name)
    newest = newest_uid(mailbox, name, state)
    with store.begin() as tx:
        # A cursor that stands stays: what came since then would be skipped.
        if name.name not in {row.name for row in tx.mailboxes.folders(desk.mailbox_id)}:
            tx.mailboxes.set_cursor(
                desk.mailbox_id, name.name, name.role, state.uidvalidity, newest
            )


def _read_headers(
    store: Store,
    mailbox: Mailbox,
    parser: Parser,
    desk: Desk,
    name: FolderName,
    started_at: datetime,
) -> int:
    """Keep who wrote what, of all that stands below the cursor; return how many messages.

    Of Junk only what could be answered if somebody moved it out, and not its senders: they are
    forged.
    """
    junk = name.role is Role.JUNK
    since = started_at - (desk.policy.reply_within if junk else HISTORY_READ_AT_START)
    with store.read() as tx:
        folder = {row.name: row for row in tx.mailboxes.folders(desk.mailbox_id)}[name.name]
    with store.read() as tx:
        done = _done(tx, folder)
    listed = mailbox.list_since(name.name, since)
    uids = [one.uid for one in listed if done < one.uid <= folder.last_uid]
    for start in range(0, len(uids), _HEADERS_AT_ONCE):
        chunk = uids[start : start + _HEADERS_AT_ONCE]
        raws = [fetched.raw for fetched in mailbox.fetch_headers(name.name, chunk)]
        found = [parser.parse(raw, Reading()).message for raw in raws]
        with store.begin() as tx:
            tx.add_earlier(
                desk.mailbox_id,
                [
                    Earlier(
                        one.message_id,
                        one.from_.key if one.from_ and not junk else "",
                        one.date,
                    )
                    for one in found
                ],
            )
            tx.brakes.keep_fact(_progress(folder), f"{folder.uidvalidity}:{chunk[-1]}")
        if len(uids) > _HEADERS_AT_ONCE:
            done, of = start + len(chunk), len(uids)
            log("history.read", mailbox=desk.policy.mailbox, folder=name.name, done=done, of=of)
    return len(uids)


def _done(tx: Transaction, folder: FolderRow) -> int:
    """Return up to which message a start that was broken off has read the headers of a folder."""
    validity, _, uid = (tx.brakes.fact(_progress(folder)) or "").partition(":")
    return int(uid) if validity == str(folder.uidvalidity) else 0


def _progress(folder: FolderRow) -> str:
    return f"headers:{folder.folder_id}"
