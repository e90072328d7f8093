"""Customers who want their answers at another address: whoever presses Reply writes there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.test_staff_mail import CLARA, ORDER, Talk

WORK = "cr1984@work.example"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    opened = Talk(tmp_path, order_numbers=(ORDER,))
    yield opened
    opened.shop.close()


def roles(talk: Talk) -> list[tuple[str, ...]]:
    return talk.shop.rows("select address, role from participant order by id")


def test_an_answer_to_where_the_customer_wants_it_is_one(talk: Talk) -> None:
    talk.customer(Reply_To=WORK)
    assert roles(talk) == [(CLARA, "customer"), (WORK, "reply_to")]
    letter = talk.staff("iPhone", to=WORK)
    talk.replies(letter.id, sender=WORK)

    assert talk.kinds() == ["customer", "staff", "customer"]
    assert talk.end.turns == ("open",)
    assert talk.end.got == (CLARA,)
    talk.staff("iPhone", to=WORK, number=2)
    assert talk.end.turns == ("pending",)


def test_whoever_is_named_there_by_a_stranger_gets_nothing_and_gets_in_nowhere(talk: Talk) -> None:
    talk.customer()
    talk.customer(
        "And mine?",
        sender="eve@evil.example",
        message_id="e1@evil.example",
        In_Reply_To="<c1@customer.example>",
        Reply_To=WORK,
    )

    assert roles(talk)[0] == (CLARA, "customer")
    assert [row[0] for row in talk.shop.rows("select thread_id from participant order by id")] == [
        1,
        2,
        2,
    ]
    assert WORK not in talk.end.got


@pytest.mark.postgresql
def test_a_new_mail_to_where_the_customer_wants_it_is_an_answer(talk: Talk) -> None:
    talk.customer("Where is my parcel?", Reply_To=WORK)
    talk.staff("Outlook", new=True, subject="Your parcel", to=WORK)

    assert talk.end.turns == ("pending",)


def test_who_names_another_customers_address_there_draws_no_answer_to_himself(talk: Talk) -> None:
    talk.customer("Where is my parcel?")
    eve = {"sender": "eve@evil.example", "message_id": "e1@evil.example", "subject": "Mine"}
    talk.customer("And mine?", Reply_To=CLARA, **eve)
    talk.staff("Outlook", new=True, subject="Your parcel", to=CLARA)

    assert talk.end.turns == ("pending", "open")
