"""What is asked for every message, put together once: to build such a statement takes SQLAlchemy
four times as long as to run it. The values come when it is executed, by the names given here.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    union,
)

from maildaemon.adapters.sql.tables import (
    attachment,
    brake,
    citation,
    earlier,
    ledger,
    message,
    muted_sender,
    order_number,
    outbox,
    participant,
    thread,
    undeliverable,
)
from maildaemon.adapters.sql.values import at_most
from maildaemon.domain.attachments import DECORATION, Verdict
from maildaemon.domain.delivery import MailKind, OutboxState

_MAILBOX: BindParameter[Any] = bindparam("mailbox_id")
_THREAD: BindParameter[Any] = bindparam("thread_id")
_KEY: BindParameter[Any] = bindparam("key")
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_SINCE: BindParameter[Any] = bindparam("since")

# Mails accepted after `since` and no later than `now`; what goes to ourselves counts for nothing.
_TO_OTHERS = outbox.c.mailbox_id == _MAILBOX, outbox.c.kind != MailKind.PROBE.value
SENT_BETWEEN = select(func.count()).where(
    *_TO_OTHERS,
    outbox.c.state == OutboxState.SENT.value,
    outbox.c.concluded_at > _SINCE,
    outbox.c.concluded_at <= bindparam("now"),
)
DUE = select(func.count(), func.min(outbox.c.id)).where(
    *_TO_OTHERS,
    outbox.c.state == OutboxState.QUEUED.value,
    outbox.c.next_attempt_at <= bindparam("now"),
)
# In how many threads mail of ours has bounced.
BOUNCES_SINCE = select(func.count(message.c.thread_id.distinct())).where(
    message.c.mailbox_id == _MAILBOX,
    message.c.kind == "bounce",
    message.c.thread_id.is_not(None),
    message.c.recorded_at >= _SINCE,
    message.c.received_at >= _SINCE,
)

_HELD = exists().where(message.c.mailbox_id == _MAILBOX, message.c.message_id_sha256 == _KEY)
HOLDS_ID = select(_HELD)
RECOGNISED = select(
    select(message.c.id)
    .where(message.c.mailbox_id == _MAILBOX, message.c.identity == bindparam("identity"))
    .scalar_subquery()
    .label("recorded"),
    exists()
    .where(
        earlier.c.mailbox_id == _MAILBOX,
        earlier.c.message_id_sha256 == _KEY,
        # What lay in Junk is kept without its sender, who may be forged.
        earlier.c.sender_sha256.in_((bindparam("author"), bindparam("nobody"))),
        earlier.c.sent_at.is_not_distinct_from(bindparam("sent_at")),
    )
    .label("earlier"),
    _HELD.label("reused"),
)
MESSAGE = select(message).where(message.c.id == bindparam("message"))
IN_JUNK = select(message.c.in_junk).where(message.c.id == bindparam("message"))
NEWEST_OF_IDS = select(func.max(message.c.received_at)).where(
    message.c.mailbox_id == _MAILBOX, message.c.message_id_sha256.in_(_KEYS)
)
THREAD_OF_ANSWER = (
    select(message.c.thread_id)
    .where(
        message.c.mailbox_id == _MAILBOX,
        message.c.message_id_sha256 == _KEY,
        message.c.staff_answer.is_(True),
    )
    .limit(at_most(1))
)
REFERENCE_TAKEN = select(exists().where(thread.c.reference == bindparam("reference")))

# Of ids that a message cites.
EARLIER_IDS = select(earlier.c.message_id_sha256).where(
    earlier.c.mailbox_id == _MAILBOX, earlier.c.message_id_sha256.in_(_KEYS)
)
# The first messages that cite an id: a long thread cites its root each time.
_CITING = (
    select(citation.c.message_id, citation.c.direct)
    .where(citation.c.mailbox_id == _MAILBOX, citation.c.cited_sha256 == _KEY)
    .order_by(citation.c.message_id)
    .limit(at_most(20))
    .subquery()
)
FIRST_CITING = (
    select(
        message.c.thread_id,
        message.c.bare_subject,
        message.c.message_id,
        message.c.from_address,
        message.c.kind,
        message.c.staff_answer,
        thread.c.answered_at,
        _CITING.c.direct,
    )
    .join(_CITING, _CITING.c.message_id == message.c.id)
    .join(thread, thread.c.id == message.c.thread_id)
    .order_by(message.c.id)
)
# By either name; asked with "or", a database would look through the whole mailbox.
_NAMED = union(
    select(outbox.c.id).where(outbox.c.mailbox_id == _MAILBOX, outbox.c.message_id.in_(_KEYS)),
    select(outbox.c.id).where(
        outbox.c.mailbox_id == _MAILBOX,
        outbox.c.provider_id_sha256.in_(bindparam("provider_ids", expanding=True)),
    ),
).subquery()
OURS_BY_ID = (
    select(
        outbox.c.id,
        outbox.c.message_id,
        outbox.c.provider_id_sha256,
        outbox.c.thread_id,
        outbox.c.recipient,
        outbox.c.state,
        thread.c.subject,
    )
    .select_from(_NAMED)
    .join(outbox, outbox.c.id == _NAMED.c.id)
    .join(thread, thread.c.id == outbox.c.thread_id)
)
# A thread that was merged into another leads there.
_tagged = thread.alias()
THREAD_OF_REFERENCE = (
    select(thread.c.id)
    .join(_tagged, func.coalesce(_tagged.c.merged_into, _tagged.c.reference) == thread.c.reference)
    .where(_tagged.c.mailbox_id == _MAILBOX, _tagged.c.reference == bindparam("reference"))
)

# Of what else may tell a thread.
_OUR_TURN = ("open", "working")
_ACTIVE = (*_OUR_TURN, "pending")
_ORDERED = (
    select(
        order_number.c.id,
        order_number.c.thread_id,
        order_number.c.name,
        order_number.c.number_sha256,
    )
    .where(order_number.c.mailbox_id == _MAILBOX, order_number.c.number_sha256.in_(_KEYS))
    .order_by(order_number.c.id.desc())
    .limit(at_most(50))
    .subquery()
)
THREADS_OF_NUMBERS = (
    select(_ORDERED.c.thread_id, _ORDERED.c.name, _ORDERED.c.number_sha256)
    .join(thread, thread.c.id == _ORDERED.c.thread_id)
    .where(thread.c.status.in_(_ACTIVE))
    .order_by(_ORDERED.c.id.desc())
)
NUMBERS_OF_THREAD = select(order_number.c.name, order_number.c.number_sha256).where(
    order_number.c.thread_id == _THREAD
)

# Of a thread.
_UNTOLD = (
    attachment.c.message_id.in_(
        select(message.c.id).where(message.c.thread_id == _THREAD, message.c.kind == "customer")
    ),
    attachment.c.verdict == Verdict.REFUSED.value,
    attachment.c.told_at.is_(None),
    or_(attachment.c.inline.is_(False), attachment.c.size > DECORATION),
)
UNTOLD = (
    select(attachment.c.filename, attachment.c.reason).where(*_UNTOLD).order_by(attachment.c.id)
)
THREAD = select(thread, exists().where(*_UNTOLD).label("holds_untold")).where(
    thread.c.id == _THREAD
)
PARTICIPANTS = select(
    participant.c.address, participant.c.name, participant.c.role, participant.c.proven
).where(participant.c.thread_id == _THREAD)
# When its customer asked since a person answered last; the newest will do.
_LAST_ANSWER = (
    select(func.max(message.c.received_at))
    .where(message.c.thread_id == _THREAD, message.c.staff_answer.is_(True))
    .scalar_subquery()
)
ASKED_AT = (
    select(message.c.received_at)
    .where(
        message.c.thread_id == _THREAD,
        message.c.kind == "customer",
        message.c.history.is_(False),
        or_(_LAST_ANSWER.is_(None), message.c.received_at > _LAST_ANSWER),
    )
    .order_by(message.c.id.desc())
    .limit(at_most(20))
)
# Since when a customer had waited for an answer (`message_id`) that was given at `at`.
_AT: BindParameter[Any] = bindparam("at", type_=message.c.received_at.type)
_EARLIER_ANSWER = (
    select(func.max(message.c.received_at))
    .where(
        message.c.thread_id == _THREAD,
        message.c.staff_answer.is_(True),
        message.c.id != bindparam("message_id"),
        message.c.received_at <= _AT,
    )
    .scalar_subquery()
)
WAITED = select(
    thread.c.answered_at,
    thread.c.first_reply_seconds,
    select(func.min(message.c.received_at))
    .where(
        message.c.thread_id == _THREAD,
        message.c.kind == "customer",
        message.c.history.is_(False),
        message.c.received_at <= _AT,
        or_(_EARLIER_ANSWER.is_(None), message.c.received_at > _EARLIER_ANSWER),
    )
    .scalar_subquery()
    .label("since"),
).where(thread.c.id == _THREAD)
RESPONSES = select(ledger.c.at).where(ledger.c.thread_id == _THREAD)
SAID = select(outbox.c.sections, outbox.c.state, outbox.c.queued_at, outbox.c.message_id).where(
    outbox.c.thread_id == _THREAD
)
# Of a sender.
_ANSWERED = (
    exists()
    .where(
        participant.c.address_sha256 == _KEY,
        participant.c.role == "customer",
        thread.c.id == participant.c.thread_id,
        thread.c.mailbox_id == _MAILBOX,
        thread.c.answered_at.is_not(None),
    )
    .correlate(None)
)
_WROTE = exists().where(earlier.c.mailbox_id == _MAILBOX, earlier.c.sender_sha256 == _KEY)
# A shop's own programs write to it for years: only the newest of what an address wrote is read.
_NEWEST_FROM = (
    select(message.c.id)
    .where(message.c.mailbox_id == _MAILBOX, message.c.sender_sha256 == _KEY)
    .order_by(message.c.id.desc())
    .limit(at_most(20))
    .subquery()
)
_IS_LATELY_FROM = message.c.id.in_(select(_NEWEST_FROM.c.id))
_BY_CUSTOMER = and_(message.c.kind == "customer", message.c.history.is_(False))
LATELY_FROM = (
    select(
        message.c.bare_subject,
        # What programs write is long, and says nothing here.
        case((_BY_CUSTOMER, message.c.reply_text)).label("reply_text"),
        message.c.received_at,
        message.c.language,
        _BY_CUSTOMER.label("by_customer"),
    )
    .where(_IS_LATELY_FROM)
    .order_by(message.c.id.desc())
)
SENDER_RESPONSES = select(ledger.c.at).where(
    ledger.c.mailbox_id == _MAILBOX, ledger.c.recipient_sha256 == _KEY, ledger.c.at >= _SINCE
)
RESEMBLING = (
    select(message.c.thread_id)
    .join(thread, thread.c.id == message.c.thread_id)
    .where(
        _IS_LATELY_FROM,
        message.c.kind == "customer",
        message.c.bare_subject == bindparam("subject"),
        thread.c.status.in_(_ACTIVE),
        thread.c.last_message_at >= _SINCE,
    )
    .order_by(message.c.id.desc())
)


def _takes_part(role: str) -> Subquery:
    """Return the newest threads of whom we write to, or who answers us: a program may take part in
    thousands.
    """
    return (
        select(participant.c.thread_id)
        .where(participant.c.address_sha256.in_(_KEYS), participant.c.role == role)
        .order_by(participant.c.id.desc())
        .limit(at_most(20))
        .subquery()
    )


_TAKES_PART = _takes_part("customer")
_WANTS_ANSWERS = _takes_part("reply_to")
_THEIRS = (
    thread.c.mailbox_id == _MAILBOX,
    # What nobody has answered is waited for, however long.
    or_(
        thread.c.status.in_(_OUR_TURN),
        and_(thread.c.status == "pending", thread.c.last_message_at >= _SINCE),
    ),
)
THREADS_OF_CUSTOMERS = (
    select(thread.c.id, thread.c.bare_subject, thread.c.status)
    .select_from(_TAKES_PART)
    .join(thread, thread.c.id == _TAKES_PART.c.thread_id)
    .where(*_THEIRS)
)
THREADS_BY_REPLY_TO = (
    select(thread.c.id, thread.c.bare_subject, thread.c.status)
    .select_from(_WANTS_ANSWERS)
    .join(thread, thread.c.id == _WANTS_ANSWERS.c.thread_id)
    .where(*_THEIRS)
)
WRITTEN_TO = (
    select(message.c.thread_id)
    .select_from(_TAKES_PART)
    .join(thread, thread.c.id == _TAKES_PART.c.thread_id)
    .join(message, message.c.thread_id == thread.c.id)
    .where(
        *_THEIRS,
        message.c.kind == "staff",
        message.c.bare_subject == bindparam("subject"),
    )
    .order_by(message.c.id.desc())
)
# Of a message and its sender, in one go: to ask each by itself would cost five times as much.
FIRST_LOOK = select(
    or_(_ANSWERED, _WROTE).label("sender_known"),
    select(undeliverable.c.until)
    .where(undeliverable.c.mailbox_id == _MAILBOX, undeliverable.c.address_sha256 == _KEY)
    .scalar_subquery()
    .label("undeliverable_until"),
    select(muted_sender.c.until)
    .where(muted_sender.c.mailbox_id == _MAILBOX, muted_sender.c.address_sha256 == _KEY)
    .scalar_subquery()
    .label("muted_until"),
    exists()
    .where(
        outbox.c.mailbox_id == _MAILBOX,
        outbox.c.provider_id_sha256 == bindparam("provider_id"),
    )
    .label("is_provider_id"),
    exists().where(thread.c.reference == bindparam("reference")).label("reference_taken"),
    exists().where(brake.c.mailbox_id == _MAILBOX, brake.c.released_at.is_(None)).label("braked"),
)

# Of a mailbox.
BRAKES = (
    select(brake.c.name, brake.c.reason, brake.c.set_at, brake.c.doubts_before)
    .where(brake.c.mailbox_id == _MAILBOX, brake.c.released_at.is_(None))
    .order_by(brake.c.id)
)
LAST_RELEASE = select(func.max(brake.c.released_at)).where(
    brake.c.mailbox_id == _MAILBOX, brake.c.name == bindparam("brake")
)
_CUSTOMERS = select(func.count()).where(
    message.c.mailbox_id == _MAILBOX,
    message.c.kind == "customer",
    message.c.history.is_(False),
)
# By arrival alone: of what is caught up with after an outage, none has just arrived. What is not
# answered is no harm to anybody, however much one sender writes.
ARRIVED_SINCE = _CUSTOMERS.where(message.c.received_at >= _SINCE, message.c.silence.is_(None))
_LAST_RECORDED = (
    select(message.c.received_at)
    .where(
        message.c.mailbox_id == _MAILBOX,
        message.c.kind == "customer",
        message.c.recorded_at <= _SINCE,
        message.c.history.is_(False),
    )
    .order_by(message.c.recorded_at.desc())
    .limit(at_most(50))
    .subquery()
)
NEWEST_BEFORE = select(func.max(_LAST_RECORDED.c.received_at))
_OLDER_THAN: BindParameter[Any] = bindparam("older_than")
OLD_SINCE = _CUSTOMERS.where(
    message.c.recorded_at > _SINCE,
    or_(message.c.received_at < _OLDER_THAN, message.c.sent_at < _OLDER_THAN),
)


@cache
def first_of_each_id(count: int) -> Select[tuple[str, int | None, str]]:
    """Ask for the first message of each of `count` ids (`key0`, `key1` …): who plays an id again
    does not get its place.
    """
    first = [
        select(func.min(message.c.id))
        .where(
            message.c.mailbox_id == _MAILBOX,
            message.c.message_id_sha256 == bindparam(f"key{number}"),
        )
        .scalar_subquery()
        for number in range(count)
    ]
    return select(
        message.c.message_id_sha256.label("sha256"), message.c.thread_id, message.c.bare_subject
    ).where(message.c.id.in_(first), message.c.thread_id.is_not(None))
