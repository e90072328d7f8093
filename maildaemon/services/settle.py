"""Does what is left to do in the mailbox: files copies of what was sent, puts drafts, and deletes
mails to ourselves.

A copy only where the server does not file it itself; that is seen once and remembered. Before
anything is filed a second time after a death, the folder is read: it may be there.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.policy import Mode
from maildaemon.domain.tokens import issue_draft_id
from maildaemon.domain.waiting import GIVE_UP_SETTLING_AFTER, OTHER_MODE_WAIT, settle_wait
from maildaemon.errors import MailboxRefusedError
from maildaemon.ports import FolderName, Mailbox, Now, Role
from maildaemon.ports.rows import SettlementRow, Verb
from maildaemon.ports.store import Store
from maildaemon.services.answers import may_be_answered
from maildaemon.services.desk import Desk, log
from maildaemon.services.probe import NOT_IT, Removed, remove_probe
from maildaemon.services.whereabouts import find_message

CLAIM = timedelta(minutes=2)
_DEADLINE = CLAIM - timedelta(seconds=30)
_AT_ONCE = 20
_LOOK_FIRST = timedelta(seconds=10)
# Clocks differ, and servers date what they are given as they like.
_DRAFTS_SINCE = timedelta(days=2)
_NO_DRAFTS = MailboxRefusedError(
    "the mailbox has no folder for drafts",
    advice="make one, or name it in the configuration (`imap.drafts`)",
)

_REMOVED: dict[Removed, tuple[str, str | None]] = {
    Removed.GONE: ("done", None),
    Removed.MARKED: ("marked", None),
    Removed.LEFT: ("given_up", NOT_IT),
}


def settle_next(store: Store, mailbox: Mailbox, desk: Desk, now: Now) -> int:
    """Do what is due in the mailbox; return how many entries were worked on."""
    began_at = now()
    with store.begin() as tx:
        rows = tx.outbox.claim_settlements(desk.mailbox_id, now(), now() + CLAIM, _AT_ONCE)
    if not rows:
        return 0
    folders = {name.role: name for name in reversed(mailbox.folders())}
    work = _Work(store, mailbox, desk, now)
    for row in rows:
        if now() - began_at > _DEADLINE:
            break  # the rest comes back when its claim ends
        match row.verb:
            case Verb.FILE_COPY:
                work.file_copy(row, folders.get(Role.SENT))
            case Verb.PUT_DRAFT:
                work.put_draft(row, folders.get(Role.DRAFTS))
            case Verb.REMOVE_PROBE:
                work.remove_probe(row)
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Work:
    """What all entries of one mailbox share."""

    store: Store
    mailbox: Mailbox
    desk: Desk
    now: Now

    def file_copy(self, row: SettlementRow, sent: FolderName | None) -> None:
        with self.store.read() as tx:
            files = tx.mailboxes.get(self.desk.mailbox_id).server_files_sent
            seen = tx.outbox.is_filed(row.outbox_id)
        if sent is None:
            self._finish(row, "given_up", "the mailbox has no folder for sent mail")
            return
        if files or seen:
            # What we have not tried to file is the server's.
            untouched = row.fence == 1
            learned = True if seen and files is None and untouched else None
            self._finish(row, "by_server" if untouched else "done", learn=learned)
            return
        may_be_there = row.fence > 1 or files is None
        if may_be_there and not self._has_read_sent(row.sent_at):
            self._look_first(row, "reading Sent first: the copy may be there")
            return
        self.desk.require_lease()
        try:
            self.mailbox.append(sent.name, row.raw, row.sent_at)
        except MailboxRefusedError as error:
            self._refused(row, error, "copy.refused", "copy.given_up")
            return
        self._finish(row, "done", learn=False if files is None else None)
        self._tell(row, "copy.filed", folder=sent.name)

    def put_draft(self, row: SettlementRow, drafts: FolderName | None) -> None:
        now = self.now()
        if row.expires_at <= now:
            self._close(row, OutboxState.EXPIRED, "could not be put into the mailbox in time")
            return
        if self.desk.policy.mode_of_mail(row.kind, row.sections) is Mode.SHADOW:
            self._put_off(row, now)
            return
        with self.store.read() as tx:
            held = may_be_answered(
                tx,
                self.desk,
                cause_recorded_at=row.cause_recorded_at,
                queued_at=row.queued_at,
                due_at=row.queued_at,
                now=now,
            ) or bool(tx.brakes.on(self.desk.mailbox_id))
            has_sent = tx.mailboxes.witness_horizon(self.desk.mailbox_id) is not None
        # After a death it may be there, and sent from there: then the answer stands in Sent.
        if held or (row.fence > 1 and has_sent and not self._has_read_sent(row.queued_at)):
            self._look_first(row, "reading Sent first: a person may have answered")
            return
        try:
            if drafts is None:
                raise _NO_DRAFTS
            there = self._holds(drafts, issue_draft_id(self.desk.key, row.message_id), row)
            with self.store.read() as tx:
                wanted = tx.outbox.is_draft(row.outbox_id)
            if wanted and not there:
                self.desk.require_lease()
                self.mailbox.append(drafts.name, row.raw, now, draft=True)
        except MailboxRefusedError as error:
            self._refused_draft(row, error)
            return
        if not wanted:
            self._finish(row, "cancelled", "a person was first")
            return
        self._close(row, OutboxState.DRAFT, "put into the mailbox")

    def remove_probe(self, row: SettlementRow) -> None:
        with self.store.read() as tx:
            places = tx.probes.places(row.outbox_id)
        try:
            removed = remove_probe(self.mailbox, self.desk, row, places)
        except MailboxRefusedError as error:
            self._refused(row, error, "probe.kept", "probe.left")
            return
        with self.store.begin() as tx:
            if tx.probes.places(row.outbox_id) != places:
                why = "it was seen in another place meanwhile"
                tx.outbox.retry_settlement(row, self.now(), why, failed=False)
            else:
                tx.outbox.finish_settlement(row, *_REMOVED[removed])

    def _put_off(self, row: SettlementRow, now: datetime) -> None:
        """Leave the mailbox alone in a rehearsal, whatever was to be put there before."""
        with self.store.begin() as tx:
            why = "waits: the mode is `shadow` now"
            tx.outbox.retry_settlement(row, now + OTHER_MODE_WAIT, why, failed=False)

    def _holds(self, folder: FolderName, message_id: str, row: SettlementRow) -> bool:
        """Tell whether the folder holds it already."""
        self.mailbox.examine(folder.name)
        listed = self.mailbox.list_since(folder.name, row.queued_at - _DRAFTS_SINCE)
        return find_message(self.mailbox, folder.name, listed, message_id) is not None

    def _has_read_sent(self, since: datetime) -> bool:
        with self.store.read() as tx:
            horizon = tx.mailboxes.witness_horizon(self.desk.mailbox_id)
        return horizon is not None and horizon >= max(since, self.now() - 3 * _LOOK_FIRST)

    def _look_first(self, row: SettlementRow, why: str) -> None:
        with self.store.begin() as tx:
            tx.outbox.retry_settlement(row, self.now() + _LOOK_FIRST, why, failed=False)

    def _finish(
        self, row: SettlementRow, state: str, error: str | None = None, learn: bool | None = None
    ) -> None:
        with self.store.begin() as tx:
            tx.outbox.finish_settlement(row, state, error)
            if learn is not None:
                tx.mailboxes.learn_server_files_sent(self.desk.mailbox_id, learn)

    def _close(self, row: SettlementRow, state: OutboxState, why: str) -> None:
        """Conclude a draft; in the state `draft` it is in the folder."""
        done = state is OutboxState.DRAFT
        with self.store.begin() as tx:
            tx.outbox.close_draft(row.outbox_id, state, why, self.now())
            tx.records.note(
                self.desk.mailbox_id,
                "draft_put" if done else f"draft_{state.value}",
                self.now(),
                thread_id=row.thread_id,
                outbox_id=row.outbox_id,
            )
            tx.outbox.finish_settlement(row, "done" if done else "given_up", why)
        if done:
            self._tell(row, "draft.put")
        else:
            self._tell(row, f"draft.{state.value}", logging.ERROR, error=why)

    def _refused(
        self, row: SettlementRow, error: MailboxRefusedError, refused: str, over: str
    ) -> None:
        given_up = row.failures + 1 >= GIVE_UP_SETTLING_AFTER
        if given_up:
            self._finish(row, "given_up", str(error))
        else:
            self._try_again(row, error)
        self._tell(row, over if given_up else refused, logging.WARNING, error=str(error))

    def _refused_draft(self, row: SettlementRow, error: MailboxRefusedError) -> None:
        # Not given up before its time: somebody will make the folder, or room in it.
        self._try_again(row, error)
        self._tell(row, "draft.refused", logging.ERROR, error=str(error))

    def _try_again(self, row: SettlementRow, error: MailboxRefusedError) -> None:
        retry_at = self.now() + settle_wait(row.failures + 1)
        with self.store.begin() as tx:
            tx.outbox.retry_settlement(row, retry_at, str(error), failed=True)

    def _tell(
        self, row: SettlementRow, event: str, level: int = logging.INFO, **facts: str
    ) -> None:
        mailbox = self.desk.policy.mailbox
        log(event, level, failure=None, mailbox=mailbox, outbox=row.outbox_id, **facts)
