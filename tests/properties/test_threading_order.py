"""By ids alone, the order in which mail arrives does not change what is one conversation.

That holds where everybody who writes names all who take part (as "answer to all" does): for
customers who answer each other and our staff, with ids left out and mails missing, topics begun by
answering an old mail, mail passed on, and strangers who cite what they should not know. What goes
by tag, order number or subject depends on which thread is under way, and so on time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from maildaemon.adapters.sql.reading import ScratchStore
from maildaemon.domain.message import Address, Message
from maildaemon.ports import Role
from maildaemon.services.desk import Desk
from maildaemon.services.explain import Arrival, Correspondence
from tests.builders import NOW, SHOP, a_message, a_policy

CLARA = Address("Clara", "clara@customer.example")
DAN = Address("Dan", "dan@customer.example")
FAY = Address("Fay", "fay@third.example")
EVE = Address("Eve", "eve@elsewhere.example")

LIMITS = replace(a_policy().limits, same_subject_within=timedelta(0))
POLICY = a_policy(limits=LIMITS)


@dataclass(frozen=True)
class Mail:
    """A mail on its way; `topic` says which conversation it is part of, whatever it cites."""

    message: Message
    role: Role
    topic: str
    delivered: bool


@st.composite
def conversations(draw: st.DrawFn, name: str) -> list[Mail]:
    """Return the mails of one conversation, some of which never arrive."""
    people = draw(st.sampled_from([(CLARA,), (CLARA, DAN), (FAY,), (DAN, FAY)]))
    mails: list[Mail] = []
    for number in range(draw(st.integers(1, 6))):
        parent = mails[draw(st.integers(0, number - 1))].message if number else None
        staff = bool(number) and draw(st.integers(0, 3)) == 0
        writer = SHOP if staff else draw(st.sampled_from(people)) if number else people[0]
        prefix = draw(st.sampled_from(["Re: ", "AW: ", "Fwd: ", "Re[2]: "])) if number else ""
        mails.append(
            Mail(
                message=a_message(
                    message_id=f"{name}{number}@x.example",
                    identity=f"{name}{number}",
                    from_=writer,
                    to=people if staff else (SHOP,),
                    cc=() if staff else tuple(one for one in people if one != writer),
                    subject=f"{prefix}The matter of {name}",
                    date=NOW + timedelta(minutes=number),
                    headers=None,
                    **draw(cited(parent)),
                ),
                role=Role.SENT if staff else Role.INBOX,
                topic=name,
                # What nobody ever saw is known by those that cite it.
                delivered=draw(st.integers(0, 4)) > 0,
            )
        )
    return mails


def cited(parent: Message | None) -> st.SearchStrategy[dict[str, tuple[str, ...]]]:
    """Return how a client cites what it answers."""
    if parent is None:
        return st.just({})
    whole = (*parent.references, parent.message_id)
    answered = {"in_reply_to": (parent.message_id,)}
    return st.sampled_from(
        [
            {**answered, "references": whole},
            {**answered, "references": (whole[0], whole[-1])},
            answered,
            {"references": whole},
            {
                "in_reply_to": (parent.message_id, f"spoiled-{parent.message_id}"),
                "references": whole[-2:],
            },
        ]
    )


@st.composite
def mailboxes(draw: st.DrawFn) -> list[Mail]:
    """Return the mails of some conversations, with what is only like them."""
    mails = [*draw(conversations("a")), *draw(conversations("b"))]
    for number, parent in enumerate(draw(st.lists(st.sampled_from(mails), max_size=3))):
        message = parent.message
        topic = f"new{number}"
        known = {"references": (*message.references, message.message_id)}
        if draw(st.booleans()):
            # A new topic, begun by answering an old mail; the client keeps its References.
            other = {"subject": f"Another matter {number}", **known}
            writer = CLARA if message.from_ in {SHOP, None} else message.from_
        else:
            other = {"in_reply_to": (message.message_id,), "subject": message.subject, **known}
            writer = EVE
        mails.append(
            Mail(
                a_message(
                    message_id=f"{topic}@x.example",
                    identity=topic,
                    from_=writer,
                    to=(SHOP,),
                    cc=(CLARA, DAN) if writer is EVE else (),
                    headers=None,
                    **other,
                ),
                Role.INBOX,
                "eve" if writer is EVE else topic,
                delivered=True,
            )
        )
    return [one for one in mails if one.delivered]


@contextmanager
def read_in(order: list[Mail]) -> Iterator[ScratchStore]:
    """Let the mails arrive in this order; each is decided and recorded as the daemon does it."""
    store = ScratchStore()
    with store.begin() as tx:
        desk = Desk(tx.mailboxes.ensure("support").mailbox_id, POLICY, bytes(32), timedelta(1))
    letters = Correspondence(store)
    for number, mail in enumerate(order):
        at = NOW + timedelta(minutes=number)
        letters.add(mail.topic, desk, mail.message, Arrival(at, at, mail.role))
    yield store
    store.close()


def together(order: list[Mail]) -> set[frozenset[str]]:
    """Return which mails are one conversation once all have arrived."""
    found: dict[int, set[str]] = {}
    with read_in(order) as store, store.engine.connect() as connection:
        for message_id, thread in connection.execute(
            text("select message_id, thread_id from message")
        ):
            found.setdefault(thread, set()).add(message_id)
    return set(map(frozenset, found.values()))


@pytest.mark.sqlite
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mailboxes(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_what_is_one_conversation(
    mails: list[Mail], random: Random
) -> None:
    shuffled = list(mails)
    random.shuffle(shuffled)
    topics = {mail.message.message_id: mail.topic for mail in mails}

    found = together(mails)

    assert together(shuffled) == found
    # And no two matters, nor a stranger and anybody else, are one.
    assert all(len({topics[one] for one in thread}) == 1 for thread in found)
