"""Notices that another installation answers from the mailbox as well, and stands still.

Two that know nothing of each other answer every customer twice. Each signs what it sends, so each
finds in Sent what the other one has sent: mail of a maildaemon, from our address, with another key.
"""

from datetime import datetime

from maildaemon.domain.authentication import speaks_for_us
from maildaemon.domain.brakes import Brake
from maildaemon.domain.message import Message
from maildaemon.domain.policy import Policy
from maildaemon.domain.probes import FIELD
from maildaemon.domain.tokens import is_of_another, is_ours
from maildaemon.ports import Role
from maildaemon.ports.rows import InboundRow
from maildaemon.ports.store import Transaction
from maildaemon.services.brakes import put_on
from maildaemon.services.desk import Desk
from maildaemon.shipped import page

_LOOP = "x-maildaemon-loop"


def watch_rivals(
    tx: Transaction, desk: Desk, row: InboundRow, message: Message, now: datetime
) -> None:
    """Stop if a newly recorded message shows that another installation sends from this mailbox.

    What anybody can write into a mail to us proves nothing: it must stand in our own Sent, or our
    own server must vouch for it. What was sent before our first start is of whoever was here before
    us, and what our records know was sent by ourselves, with a key that was lost since. Nor does a
    mail to itself: whoever only rehearses sends that as well, and answers nobody.
    """
    if message.field(FIELD.lower()):
        return
    tokens = [token.strip() for token in (message.message_id, *message.field(_LOOP))]
    theirs = [token for token in tokens if is_of_another(desk.key, token)]
    if not theirs or row.history or any(is_ours(desk.key, token) for token in tokens):
        return
    if not _is_from_us(message, desk.policy, in_sent=row.role is Role.SENT):
        return
    if not _is_news(tx, desk, message.date, now) or _is_known(tx, desk, theirs):
        return
    put_on(tx, desk, Brake.OTHER_INSTALLATION, _why(message.date or now, row.role), now)


def _is_from_us(message: Message, policy: Policy, *, in_sent: bool) -> bool:
    """Tell whether this was provably sent from this mailbox, not only passed on."""
    author = message.from_
    ours = author is not None and author.key in policy.addresses
    return ours and speaks_for_us(message, policy, in_sent=in_sent)


def _is_news(tx: Transaction, desk: Desk, sent_at: datetime | None, now: datetime) -> bool:
    """Tell whether it was sent since we work here, and since a person last released this."""
    started_at = tx.mailboxes.get(desk.mailbox_id).started_at or now
    released_at = tx.brakes.last_release(desk.mailbox_id, Brake.OTHER_INSTALLATION)
    sent_at = sent_at or now
    # RFC 5322 §3.3: a mail is dated by whole seconds.
    if sent_at < started_at.replace(microsecond=0):
        return False
    return released_at is None or sent_at > released_at


def _is_known(tx: Transaction, desk: Desk, tokens: list[str]) -> bool:
    # Some servers give a mail another id, but leave the header alone.
    domain = desk.policy.sender.domain
    ids = {token if "@" in token else f"{token}@{domain}" for token in tokens}
    return any(tx.outbox.is_known(one) for one in ids)


def _why(sent_at: datetime, role: Role) -> str:
    return (
        "another installation of maildaemon, with a database and a key of its own, answers from "
        f"this mailbox as well: its mail of {sent_at:%Y-%m-%d %H:%M} UTC lies in {role}. Every "
        "customer would be answered twice. Stop one of the two; if they are to share the work, "
        f"give them one database and one key ({page('postgresql')})"
    )
