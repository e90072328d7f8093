"""Whoever writes very often, or under many forms of one address, is one sender all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.shop import Shop, a_mail
from tests.service.test_brakes import a_customer, a_small_shop, brakes, recipients, silences

pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def test_a_detail_or_a_name_below_the_domain_is_no_other_person_for_the_limits(
    shop: Shop,
) -> None:
    for number, sender in enumerate(
        ("desk@bots.example", "desk+7@bots.example", "Desk@eu.bots.example", "d@bots.example")
    ):
        words = f"Number {number} {'is of one kind or other ' * number}"
        about = f"Case {'x' * number}"
        mail = a_mail(words, sender=sender, subject=about, message_id=f"{number}@bots.example")
        shop.write(mail)
    shop.round()

    assert silences(shop) == [None, "sender_ceiling", "sender_ceiling", None]
    assert recipients(shop) == ["desk@bots.example", "d@bots.example"]


def test_one_sender_alone_cannot_stop_the_mail_of_all_others(tmp_path: Path) -> None:
    shop = a_small_shop(tmp_path)
    for number in range(45):
        mail = a_mail(
            f"Look {'here ' * number}",
            sender="bomb@loud.example",
            subject=f"Matter {'a' * number}",
            message_id=f"{number}@loud.example",
        )
        shop.write(mail)
    shop.write(a_customer(shop, "clara"))
    shop.round()

    assert brakes(shop) == []
    assert silences(shop)[-1] is None
    shop.close()


def test_a_ticket_about_our_own_mail_is_not_acknowledged_again(shop: Shop) -> None:
    shop.write(a_mail(sender="desk@bots.example", message_id="1@bots.example"))
    shop.round()
    ((reference,),) = shop.rows("select reference from thread")
    shop.wait(minutes=11)
    shop.write(
        a_mail(
            "Your request has the number 4711.",
            sender="tickets@bots.example",
            subject=f"[Ticket 4711] We have received your message [#{reference}]",
            message_id="2@bots.example",
            date=shop.at,
        )
    )
    shop.round()

    assert silences(shop) == [None, "answers_automatic_mail"]
