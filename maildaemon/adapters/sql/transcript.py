"""What a customer and our people have written to each other, and nothing else of their thread."""

from typing import Any

from sqlalchemy import Connection, Row, select

from maildaemon.adapters.sql.tables import message, participant, thread
from maildaemon.domain.automatic import Kind
from maildaemon.domain.transcript import Said, Transcript

# Bcc is nobody's business but the writer's.
_TO_SEE = frozenset({"to", "cc"})


def read_transcript(connection: Connection, thread_id: int) -> Transcript | None:
    """Return it; None if the thread has no customer, or nothing of it is his or for him."""
    row = connection.execute(select(thread).where(thread.c.id == thread_id)).one()
    people = connection.execute(
        select(participant).where(participant.c.thread_id == thread_id).order_by(participant.c.id)
    ).all()
    messages = connection.execute(
        select(message)
        .where(message.c.thread_id == thread_id)
        .order_by(message.c.received_at, message.c.id)
    ).all()
    customer = _customer(people, messages)
    if customer is None:
        return None
    said = [one for one in messages if _is_between_us(one, customer, people)]
    if not said:
        return None
    return Transcript(
        reference=row.reference,
        subject=row.subject,
        customer=customer.address,
        language=row.language or "",
        said=tuple(
            Said(
                one.received_at,
                one.kind == Kind.CUSTOMER.value,
                (one.reply_text or one.text).strip(),
            )
            for one in said
        ),
        message_ids=tuple(one.message_id for one in said),
    )


def _customer(people: Any, messages: Any) -> Row[Any] | None:
    """Return the customer who wrote last; a contact form writes for somebody else."""
    wrote = [one.sender_sha256 for one in messages if one.kind == Kind.CUSTOMER.value]
    newest = wrote[-1] if wrote else None
    customers = [one for one in people if one.role == "customer"]
    found = sorted(customers, key=lambda one: one.address_sha256 != newest)
    return found[0] if found else None


def _is_between_us(one: Row[Any], customer: Row[Any], people: Any) -> bool:
    if one.kind == Kind.CUSTOMER.value:
        if one.sender_sha256 == customer.address_sha256:
            return True
        # What came through a form is his, if he is the only one it can be of.
        known = {each.address_sha256 for each in people}
        alone = sum(each.role == "customer" for each in people) == 1
        return alone and one.sender_sha256 not in known
    if one.kind != Kind.STAFF.value:
        return False
    seen_by = {to["address"].lower() for to in one.recipients if to["field"] in _TO_SEE}
    return customer.address.lower() in seen_by
