"""Rules and order numbers from the mailbox to the records, on a real database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.lookup import CsvRegister, NumberLookup
from maildaemon.adapters.sql.listings import read_listings
from maildaemon.domain.policy import Mode
from maildaemon.domain.reading import NumberPattern, Part, Search
from maildaemon.domain.rules import Condition, Rule
from maildaemon.domain.understanding import AfterAnswer, Fact, Link, Priority
from maildaemon.services.by_hand import merge, split
from maildaemon.services.desk import Desk
from tests.service.shop import KEY, PNG, Shop, a_mail

DAMAGE = Rule(
    "damage",
    Condition(any=(Search("broken"), Search("/arrived .* pieces/", (Part.TEXT,)))),
    category="shipping",
    priority=Priority.URGENT,
    tags=("damage",),
    need=(Fact.ORDER_NUMBER, Fact.PHOTO),
    faq=(Link("Returns", "https://shop.example/returns"),),
)
COMPLAINT = Rule(
    "complaint",
    Condition(any=(Search("complaint"),)),
    category="complaint",
    after_answer=AfterAnswer.WORKING,
)
PARTNER = Rule("partner", Condition(senders=("@partner.example",)), mute=True)
ORDER = NumberPattern("order", r"#?\b(\d{6})\b")
BROKEN = "My vase arrived in many pieces, what can you do?"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = a_shop(tmp_path)
    yield opened
    opened.close()


def a_shop(folder: Path, **policy: Any) -> Shop:
    shop = Shop(folder, rules=(DAMAGE, COMPLAINT, PARTNER), order_numbers=(ORDER,), **policy)
    shop.start()
    return shop


def test_what_may_stand_in_a_mail_too_large_to_be_read_is_not_asked_for(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, max_message_size=5000)
    small = a_mail(subject="My vase is broken", message_id="c2@customer.example")
    large = a_mail(subject="My vase is broken", files=(("vase.png", "image/png", PNG * 5000),))
    shop.write(large)
    shop.round()
    shop.write(small.replace(b"clara@", b"berta@"))
    shop.round()

    sections = shop.rows("select sections from outbox order by id")
    assert sections == [
        ('["acknowledgement", "refused_files", "faq"]',),
        ('["acknowledgement", "missing_facts", "faq"]',),
    ]
    shop.close()


def answer(shop: Shop, cited: str) -> None:
    shop.write(
        a_mail(
            "We look at it.",
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="staff1@shop.example",
            date=shop.at,
            In_Reply_To=cited,
        ),
        "Sent",
    )


def test_a_mail_is_understood_acknowledged_and_asked_for_what_is_missing_in_one_response(
    shop: Shop,
) -> None:
    shop.write(a_mail(BROKEN))
    shop.round()

    (mail,) = shop.customers_got
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "your order number" in text
    assert "a photo that shows the problem" in text
    assert "https://shop.example/returns" in text
    assert shop.rows("select category, priority, tags, missing, asked from thread") == [
        (
            "shipping",
            "urgent",
            '["damage"]',
            '["order_number", "photo"]',
            '["order_number", "photo"]',
        )
    ]
    with read_listings(shop.sql) as listings:
        (thread,) = listings.threads(mailbox_name=None, limit=None, priority="urgent", tag="damage")
        (message,) = listings.messages("c1@customer.example")
        assert listings.threads(mailbox_name=None, limit=None, tag="dam") == []
        assert listings.threads(mailbox_name=None, limit=None, category="returns") == []
    assert (thread.category, thread.missing) == ("shipping", ["order_number", "photo"])
    assert message.understood is not None
    assert message.understood["rules"] == ["damage"]


def test_what_comes_later_is_no_longer_missing_and_nothing_is_asked_twice(shop: Shop) -> None:
    shop.write(a_mail(BROKEN))
    shop.round()
    shop.wait(hours=1)
    photo = (("photo.png", "image/png", PNG),)
    shop.write(
        a_mail(
            "Here it is, it is #123456. Still broken!",
            message_id="c2@customer.example",
            In_Reply_To="<c1@customer.example>",
            date=shop.at,
            files=photo,
        )
    )
    shop.round()

    assert len(shop.customers_got) == 1
    assert shop.silences[-1] == "acknowledged_already"
    assert shop.rows("select missing, asked from thread") == [("[]", '["order_number", "photo"]')]
    assert shop.rows("select name, number, known from order_number") == [("order", "123456", None)]


def test_after_an_answer_to_a_complaint_it_is_still_our_turn(shop: Shop) -> None:
    shop.write(a_mail("I have a complaint about order 123456."))
    shop.round()
    answer(shop, "<c1@customer.example>")
    shop.round()

    assert shop.rows("select status, category from thread") == [("working", "complaint")]


def test_who_is_muted_hears_nothing_automatic_in_the_whole_conversation(shop: Shop) -> None:
    seller = "sam@partner.example"
    shop.write(a_mail(BROKEN, sender=seller))
    shop.round()
    shop.write(
        a_mail(
            "And?",
            message_id="c2@partner.example",
            In_Reply_To="<c1@customer.example>",
            sender=seller,
        )
    )
    shop.round()

    assert shop.customers_got == []
    assert shop.silences == ["muted", "muted"]
    assert "thread_muted" in [row[0] for row in shop.rows("select event from event")]


def test_what_was_only_rehearsed_is_asked_for_once_the_mode_is_live(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, mode=Mode.SHADOW)
    shop.write(a_mail(BROKEN))
    shop.round()
    assert shop.rows("select asked from thread") == [("[]",)]

    shop.desk = replace(shop.desk, policy=replace(shop.policy, mode=Mode.LIVE))
    shop.wait(hours=1)
    shop.write(
        a_mail(
            "Hello? It is broken!",
            message_id="c2@customer.example",
            In_Reply_To="<c1@customer.example>",
            date=shop.at,
        )
    )
    shop.round()

    assert shop.rows("select asked from thread") == [('["order_number", "photo"]',)]
    shop.close()


def test_a_list_that_cannot_be_read_costs_no_mail_and_is_told(tmp_path: Path) -> None:
    shop = a_shop(tmp_path / "shop")
    file = tmp_path / "orders.csv"
    seconds = NumberLookup({"order": CsvRegister(file, "order")})
    shop.desk = Desk(shop.desk.mailbox_id, shop.policy, KEY, shop.desk.hold_for, lookup=seconds)
    shop.write(a_mail("Order 123456 arrived broken."))
    shop.round()

    assert len(shop.customers_got) == 1
    assert shop.rows("select number, known from order_number") == [("123456", None)]
    ((what, advice),) = shop.rows("select what, advice from concern")
    assert f"{file} cannot be read" in what
    assert "order_numbers" in advice

    file.write_text("order\n654321\n")
    seconds._resting.clear()
    shop.wait(hours=1)
    shop.write(a_mail("Order 654321?", message_id="c2@x", sender="d@customer.example"))
    shop.round()

    assert shop.rows("select number, known from order_number where known is not null") == [
        ("654321", 1)
    ]
    assert shop.rows("select what from concern") == []
    shop.close()


def test_a_merged_conversation_is_about_both_until_they_are_taken_apart(shop: Shop) -> None:
    shop.write(a_mail("Order 111111 arrived broken, what now?"))
    shop.write(
        a_mail("Order 222222?", message_id="c2@customer.example", sender="d@customer.example")
    )
    shop.round()
    references = [row[0] for row in shop.rows("select reference from thread order by id")]
    with shop.store.begin() as tx:
        source, target = (tx.by_hand.thread(one) for one in references)
        assert source
        assert target
        merge(tx, source, target, "anna", shop.at)

    with read_listings(shop.sql) as listings:
        merged = listings.thread(references[1])
        assert [one.number for one in listings.numbers(references[1])] == ["111111", "222222"]
    assert merged is not None
    assert (merged.category, merged.priority, merged.tags) == ("shipping", "urgent", ["damage"])
    assert (merged.missing, merged.asked) == (["photo"], ["photo"])

    with shop.store.begin() as tx:
        split(tx, source, target, "anna", shop.at)

    with read_listings(shop.sql) as listings:
        apart = listings.thread(references[1])
        assert [one.number for one in listings.numbers(references[1])] == ["222222"]
    assert apart is not None
    assert (apart.category, apart.priority, apart.tags) == (None, "normal", [])
