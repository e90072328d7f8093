"""Writes the morning's mail to staff: once a day, whatever dies, from records that are fresh."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from maildaemon.domain.delivery import Draft, MailKind, OutboxState
from maildaemon.domain.digest import Digest, Due, due_digest, write_digest
from maildaemon.domain.message import Address
from maildaemon.domain.overview import Facts
from maildaemon.domain.policy import Mode, Reads
from maildaemon.domain.tokens import issue_loop_token
from maildaemon.ports import Now
from maildaemon.ports.rows import NewMail
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.accounts import lasts
from maildaemon.services.desk import Desk, log
from maildaemon.services.outgoing import own_id, queue_mail

# Later it is news of yesterday.
_LIVES = timedelta(hours=12)
_DAY = timedelta(days=1)
_WAITS_AT_MOST = timedelta(hours=1)
# Failures in a row, after which a server has been out of reach for about a minute.
_LASTS = 6


@dataclass(frozen=True, slots=True)
class Orders:
    """Who gets the digest, and when, in the shop's zone. It is sent from the first mailbox.

    `compose` returns the wire bytes; of the draft only the header counts.
    """

    to: tuple[str, ...]
    at: time
    zone: tzinfo
    compose: Callable[[Draft, Digest], bytes]


@dataclass(frozen=True, slots=True)
class Watched:
    """A mailbox that the digest tells of."""

    desk: Desk
    poll_every: timedelta


def digest_next(store: Store, orders: Orders, watched: Sequence[Watched], now: Now) -> int:
    """Queue the digest if it is due; return how many mails.

    It waits until every mailbox has been read, or tried in vain, since it was due. Of one day each
    gets one mail: all are queued at once, and their ids follow from the day. What the mode is does
    not matter: it goes to colleagues, and is how the owner of a rehearsal sees what would be sent.
    """
    due, at = due_digest(now(), orders.at, orders.zone), now()
    senders = [one.desk for one in watched if one.desk.policy.reads is Reads.ALL]
    if due is None or not senders:
        return 0
    desk = senders[0]
    with store.read() as tx:
        causes = {f"digest:{due.day}:{to.lower()}": to for to in orders.to}
        causes = {
            key: to for key, to in causes.items() if not tx.outbox.is_known(own_id(desk, key))
        }
        if not causes or not all(_is_fresh(tx, one, due, at) for one in watched):
            return 0
        facts = [
            tx.overview.facts(
                one.desk.mailbox_id, one.desk.policy, one.poll_every, due.at - _DAY, at
            )
            for one in watched
        ]
    digest = write_digest(Facts(orders.zone, tuple(facts)), at)
    with store.begin() as tx:
        for cause, to in causes.items():
            _queue(tx, orders, desk, digest, cause, to, at)
    log("digest.written", mailbox=desk.policy.mailbox, mails=len(causes))
    return len(causes)


def _is_fresh(tx: Transaction, one: Watched, due: Due, now: datetime) -> bool:
    """Tell whether the records show the morning: after a night's sleep they show the evening."""
    account = tx.mailboxes.account(one.desk.mailbox_id, "imap")
    tried = [at for at in (account.last_success_at, account.last_error_at) if at is not None]
    if not any(at >= due.at for at in tried):
        return False
    if account.last_error is not None:
        # What cannot be read is told, above all what somebody has to mend; that a machine which has
        # just woken up is not yet connected again, is not.
        return account.refusals > 0 or lasts(account, _LASTS)
    if one.desk.policy.reads is not Reads.ALL:
        return True
    decided = tx.mailboxes.has_decided_since(one.desk.mailbox_id, due.at)
    return decided or now - due.at > _WAITS_AT_MOST


def _queue(
    tx: Transaction,
    orders: Orders,
    desk: Desk,
    digest: Digest,
    cause: str,
    to: str,
    now: datetime,
) -> None:
    policy, message_id = desk.policy, own_id(desk, cause)
    draft = Draft(
        message_id=message_id,
        date=now.replace(microsecond=0),
        sender=policy.sender,
        recipient=Address("", to),
        language=policy.default_language,
        reference="",
        sections=(),
        subject=None,
        in_reply_to=None,
        references=(),
        loop_token=issue_loop_token(desk.key, cause),
        # RFC 3834 §5: it answers nobody.
        auto_submitted="auto-generated",
    )
    mail = NewMail(
        mailbox_id=desk.mailbox_id,
        thread_id=None,
        cause_id=None,
        message_id=message_id,
        kind=MailKind.DIGEST,
        sections=(),
        language="en",
        reverse_path=policy.sender.address,
        recipient=to,
        raw=orders.compose(draft, digest),
        state=OutboxState.QUEUED,
        queued_at=now,
        send_at=now,
        expires_at=now + _LIVES,
    )
    queue_mail(tx, desk, mail, Mode.LIVE, now, kind=mail.kind.value, to=to)
