"""Sends a mail to ourselves now and then, notes when it is back, and deletes it in the mailbox.

It goes the way of every mail: queued, claimed, sent once. Deleted is only what is proven, by what
the server delivers at that moment, to be the very mail that we sent and that came back.
"""

import logging
from datetime import datetime
from enum import IntEnum
from hashlib import sha256

from maildaemon.domain.brakes import Brake
from maildaemon.domain.delivery import MailKind, Note, OutboxState
from maildaemon.domain.message import Address
from maildaemon.domain.policy import Mode, Probing
from maildaemon.domain.probes import (
    KEPT_FOR,
    LIVES,
    SUBJECT,
    TEXT,
    cause_of,
    is_due,
    marks_of,
    number_in,
)
from maildaemon.domain.tokens import issue_loop_token, issue_probe_mark
from maildaemon.errors import MailboxRefusedError
from maildaemon.ports import BlobStore, Composer, Mailbox, Now, Role
from maildaemon.ports.persons import Bytes
from maildaemon.ports.probes import ProbePlace, ProbeReturn
from maildaemon.ports.rows import InboundRow, NewMail, SettlementRow, Verb
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import Desk, log
from maildaemon.services.outgoing import own_id, queue_mail
from maildaemon.services.removal import remove_noted

_AT_ONCE = 200
NOT_IT = "it is not what came back"

Places = tuple[ProbePlace, ...]


class Removed(IntEnum):
    """What became of a mail to ourselves in the mailbox; of several places, the worst."""

    GONE = 0
    MARKED = 1  # the server cannot delete a single message
    LEFT = 2  # what lies there cannot be proven to be ours


def probe_next(store: Store, composer: Composer, desk: Desk, now: Now) -> int:
    """Queue a mail to ourselves if one is due; return how many (0 or 1).

    None while the one before has not left, or while the mailbox cannot be read: what is then to be
    seen is seen already. One cause, the second in which it is due, has one mail, whatever dies.
    """
    probing, at = desk.policy.probe, now()
    if probing is None:
        return 0
    with store.read() as tx:
        if not _may_go(tx, desk, probing, at):
            return 0
    number = int(at.timestamp())
    cause = cause_of(desk.policy.mailbox, number)
    mail = _compose(composer, desk, probing, cause, number, at)
    with store.begin() as tx:
        mode, kind = Mode.LIVE, mail.kind.value
        outbox_id = queue_mail(tx, desk, mail, mode, at, kind=kind, to=mail.recipient)
        if outbox_id is None:
            return 0
        tx.probes.add(desk.mailbox_id, outbox_id, at)
    return 1


def _may_go(tx: Transaction, desk: Desk, probing: Probing, now: datetime) -> bool:
    last = tx.probes.newest(desk.mailbox_id)
    if last is not None and last.state is OutboxState.QUEUED:
        return False
    if not is_due(probing, last.queued_at if last else None, now):
        return False
    if any(one.brake is Brake.CLOCK for one in tx.brakes.on(desk.mailbox_id)):
        return False
    started = tx.mailboxes.get(desk.mailbox_id).started_at is not None
    return started and tx.mailboxes.account(desk.mailbox_id, "imap").last_error is None


def _compose(
    composer: Composer, desk: Desk, probing: Probing, cause: str, number: int, now: datetime
) -> NewMail:
    policy, message_id = desk.policy, own_id(desk, cause)
    note = Note(
        message_id=message_id,
        date=now.replace(microsecond=0),
        sender=policy.sender,
        recipient=Address("", probing.to),
        subject=SUBJECT,
        text=TEXT,
        loop_token=issue_loop_token(desk.key, cause),
        # RFC 3834 §5: it answers nobody.
        auto_submitted="auto-generated",
        probe_mark=issue_probe_mark(desk.key, policy.mailbox, number),
    )
    return NewMail(
        mailbox_id=desk.mailbox_id,
        thread_id=None,
        cause_id=None,
        message_id=message_id,
        kind=MailKind.PROBE,
        sections=(),
        language="en",
        reverse_path=policy.sender.address,
        recipient=probing.to,
        raw=composer.compose_note(note),
        state=OutboxState.QUEUED,
        queued_at=now,
        send_at=now,
        expires_at=now + LIVES,
    )


def take_probe(
    tx: Transaction, desk: Desk, row: InboundRow, number: int, recorded: int, now: datetime
) -> None:
    """Note that a mail to ourselves has turned up as this record, and have it deleted; a copy that
    is not what turned up first is left where it lies.
    """
    message_id = own_id(desk, cause_of(desk.policy.mailbox, number))
    outbox_id = tx.probes.take(desk.mailbox_id, message_id, recorded, _return_of(row))
    if outbox_id is None:
        tx.records.note(desk.mailbox_id, "probe_copied", now, message_id=recorded)
        return
    # Whatever became of it: here it is.
    tx.outbox.witnessed(desk.mailbox_id, message_id, now)
    tx.outbox.add_settlement(desk.mailbox_id, outbox_id, now, Verb.REMOVE_PROBE)


def see_probe_again(
    tx: Transaction, desk: Desk, row: InboundRow, recorded: int, now: datetime
) -> bool:
    """Have a further copy of a mail to ourselves deleted; tell whether the record is one."""
    outbox_id = tx.probes.see(recorded, _return_of(row))
    if outbox_id is None:
        return False
    tx.outbox.add_settlement(desk.mailbox_id, outbox_id, now, Verb.REMOVE_PROBE)
    return True


def _return_of(row: InboundRow) -> ProbeReturn | None:
    """Return how it came back; in Sent it has only left."""
    if row.role is Role.SENT:
        return None
    return ProbeReturn(row.recorded_at, junked=row.role is Role.JUNK)


def remove_probe(mailbox: Mailbox, desk: Desk, row: SettlementRow, places: Places) -> Removed:
    """Delete a mail to ourselves in all these places; return what became of it.

    What dies in between is done again: what is gone is no trouble. A place that is refused keeps
    none of the others from being tried. Raises what the mailbox raises.
    """
    found: list[Removed] = []
    refusal: MailboxRefusedError | None = None
    for place in places:
        try:
            found.append(_remove(mailbox, desk, row, place))
        except MailboxRefusedError as error:
            refusal = refusal or error
    if refusal is not None:
        raise refusal
    return max(found, default=Removed.GONE)


def _remove(mailbox: Mailbox, desk: Desk, row: SettlementRow, place: ProbePlace) -> Removed:
    if mailbox.examine(place.folder).uidvalidity != place.uidvalidity:
        return Removed.GONE  # it is seen again under another number
    found = mailbox.fetch(place.folder, [place.uid])
    raw = next((one.raw for one in found if one.uid == place.uid), None)
    if raw is None:
        return Removed.GONE
    if not _is_it(raw, desk, row, place):
        _tell("probe.left", desk, place, logging.WARNING, why=NOT_IT)
        return Removed.LEFT
    desk.require_lease()
    gone = mailbox.delete(place.folder, place.uid)
    _tell("probe.removed" if gone else "probe.marked", desk, place)
    return Removed.GONE if gone else Removed.MARKED


def _tell(
    event: str, desk: Desk, place: ProbePlace, level: int = logging.INFO, **facts: str
) -> None:
    mailbox, folder, uid = desk.policy.mailbox, place.folder, place.uid
    log(event, level, failure=None, mailbox=mailbox, folder=folder, uid=uid, **facts)


def _is_it(raw: bytes, desk: Desk, row: SettlementRow, place: ProbePlace) -> bool:
    """Tell whether these bytes are the ones that came back, signed as this very mail."""
    mailbox = desk.policy.mailbox
    number = number_in(desk.key, mailbox, marks_of(raw))
    if number is None or own_id(desk, cause_of(mailbox, number)) != row.message_id:
        return False
    return place.raw_sha256 in {None, sha256(raw).hexdigest()}


def drop_probes(store: Store, raw: BlobStore, files: BlobStore, desk: Desk, now: Now) -> int:
    """Let go of what is recorded of old mails to ourselves, some at a time; return how many."""
    at = now()
    with store.begin() as tx:
        count, gone = tx.probes.drop(desk.mailbox_id, at - KEPT_FOR, _AT_ONCE)
        tx.removals.note(Bytes(gone, ()), at_once=False)
    if count:
        remove_noted(store, raw, files, at)
        log("probes.dropped", mailbox=desk.policy.mailbox, count=count)
    return count
