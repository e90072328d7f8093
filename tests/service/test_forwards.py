"""A customer's mail that staff send on whole, to somebody who takes no part: no answer to her."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maildaemon.domain.opening import Hours
from tests.service.test_staff_mail import CLARA, ORDER, SUPPLIER, Talk
from tests.service.test_time_passes import MONDAY, TIME, letters

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

PREFIXES = ("Fwd:", "WG:", "TR:", "RV:", "I:", "VS:", "转发:", "转发：")
WHOLE = (
    "Otto, can you look?\n\nSent from my Galaxy\n\n-------- Original message --------\n"
    "From: Clara <clara@customer.example> \nDate: 21/11/2026  13:00  (GMT+00:00) \n"
    "To: support@shop.example \nSubject: My order \n\n"
    "Where is my order 123456? I have been waiting for two weeks now.\n"
)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    opened = Talk(tmp_path, order_numbers=(ORDER,), time=TIME, hours=Hours())
    opened.shop.at = MONDAY
    yield opened
    opened.shop.close()


def send_on(talk: Talk, prefix: str = "Fwd:", to: str = SUPPLIER) -> str:
    """Somebody sends Clara's mail on, as phones do it: no id of hers in it, all of it in line."""
    letter = talk.staff("Samsung", to=to, new=True, subject=f"{prefix} My order", text=WHOLE)
    return letter.id


def status(talk: Talk) -> str:
    return str(talk.shop.rows("select status from thread order by id")[0][0])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_it_leaves_the_customer_waiting_and_makes_no_customer_of_the_supplier(
    talk: Talk, prefix: str
) -> None:
    talk.customer()
    send_on(talk, prefix)

    assert status(talk) == "open"
    assert talk.shop.rows("select address, role from participant order by id") == [
        (CLARA, "customer"),
        ("otto@gems.example", "partner"),
    ]


def test_the_supplier_is_never_acknowledged_nor_reminded_and_staff_are_warned_for_her(
    talk: Talk,
) -> None:
    talk.customer()
    sent_on = send_on(talk)
    talk.replies(
        sent_on, sender=SUPPLIER, subject="Re: My order", message_id="o1@gems.example", body="Soon."
    )
    talk.staff(
        to=SUPPLIER, cites=(sent_on, "o1@gems.example"), number=2, text="Thanks, Otto. And when?"
    )
    assert talk.shop.rows("select status from thread order by id") == [("open",), ("pending",)]
    for _ in range(12):
        talk.shop.wait(days=1)
        talk.shop.round()

    assert status(talk) == "open"
    assert {to for to, _ in letters(talk.shop)} == {CLARA, "anna@shop.example"}
    assert [what for to, what in letters(talk.shop) if to == CLARA] == ["acknowledgement"]


@pytest.mark.postgresql
def test_what_is_passed_on_to_a_known_customer_is_a_matter_of_hers(talk: Talk) -> None:
    talk.customer()
    letter = talk.staff("Samsung", new=True, subject="Fwd: Certificate", text="For your records.")
    assert status(talk) == "open"
    talk.replies(letter.id, subject="Re: Fwd: Certificate", body="It names the wrong stone. Why?")

    assert talk.kinds() == ["customer", "staff", "customer"]
    assert talk.shop.rows("select status from thread") == [("open",), ("open",)]
