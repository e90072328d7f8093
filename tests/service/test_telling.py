"""What a response tells besides, on a real database: notices, languages, where data is explained."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.actions import QueueMail
from maildaemon.domain.delivery import Section
from maildaemon.domain.message import Address
from maildaemon.domain.policy import Notice
from maildaemon.domain.reading import Reading
from maildaemon.mail.parse import parse_message
from maildaemon.services.respond import draft_response
from tests.service.shop import EXE, START, Shop, a_mail

HOLIDAY = Notice("holiday", START - timedelta(hours=1), START + timedelta(days=3), START.date())
TURKISH = (
    "Merhaba, on gün önce mavi bir atkı sipariş ettim ama hâlâ gelmedi. Kontrol edebilir misiniz?"
)
SLOWER = "We answer in English, and it may take a little longer."


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    opened: list[Shop] = []

    def open_one(**policy: Any) -> Shop:
        shop = Shop(tmp_path, **policy)
        opened.append(shop)
        shop.start()
        return shop

    yield open_one
    opened[0].close()


def said(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_a_notice_is_told_once_in_a_thread_and_with_its_last_day(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(notices=(HOLIDAY,))
    exe = (("a.exe", "application/octet-stream", EXE),)
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=1)
    shop.write(a_mail(message_id="c2@x.example", In_Reply_To="<c1@customer.example>", files=exe))
    shop.round()
    shop.wait(hours=1)
    shop.write(a_mail("Where is my scarf?", sender="eve@elsewhere.example", message_id="e@x.y"))
    shop.round()

    first, second, other = map(said, shop.customers_got)
    told = "We are on holiday up to and including Saturday, 21 November 2026."
    assert told in first
    assert "could not accept" in second
    assert "holiday" not in second
    assert told in other
    assert shop.rows("select sections from outbox order by id") == [
        ('["acknowledgement", "notice"]',),
        ('["refused_files"]',),
        ('["acknowledgement", "notice"]',),
    ]


def test_a_notice_ends_by_itself(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(notices=(HOLIDAY,))
    shop.wait(days=3)
    shop.write(a_mail(date=shop.at))
    shop.round()

    (mail,) = shop.customers_got
    assert "holiday" not in said(mail)


def test_who_writes_in_a_language_that_is_none_of_ours_is_told_that_it_takes_longer(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    shop.write(a_mail(TURKISH))
    shop.write(a_mail("Thx", message_id="e1@x.example", sender="eve@elsewhere.example"))
    shop.round()

    turkish, short = map(said, shop.customers_got)
    assert SLOWER in turkish
    assert SLOWER not in short
    assert shop.rows("select language from message where silence is null order by id") == [
        ("tr",),
        ("en",),
    ]
    assert shop.rows("select language from outbox order by id") == [("en",), ("en",)]


def test_a_short_mail_is_answered_in_the_language_the_customer_wrote_before(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    for number, text in enumerate(
        ("Buongiorno, dove si trova adesso il mio ordine?", TURKISH, "123456"), 1
    ):
        shop.write(a_mail(text, message_id=f"c{number}@customer.example", subject=f"Q {number}"))
        shop.round()
        shop.wait(hours=1)

    assert shop.rows("select language from message where silence is null order by id") == [
        ("it",),
        ("tr",),
        (None,),
    ]
    # Turkish is none of the shop's; that Italian is understood is known.
    assert shop.rows("select language from outbox order by id") == [("it",), ("it",), ("it",)]


def test_the_privacy_notice_stands_at_the_foot_of_the_acknowledgement_only(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(privacy_url="https://shop.example/privacy")
    exe = (("a.exe", "application/octet-stream", EXE),)
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=1)
    shop.write(a_mail(message_id="c2@x.example", In_Reply_To="<c1@customer.example>", files=exe))
    shop.round()

    first, second = map(said, shop.customers_got)
    assert first.endswith("How we handle your data: https://shop.example/privacy")
    assert "privacy" not in second


def test_missing_facts_of_a_decision_are_asked_for_in_the_mail(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    message = parse_message(a_mail(), Reading(("en",))).message
    action = QueueMail(
        (Section.ACKNOWLEDGEMENT, Section.MISSING_FACTS),
        Address("", "clara@customer.example"),
        "en",
        (),
        echo_subject=False,
        missing=("order_number", "photo"),
    )

    draft = draft_response(shop.desk, message, action, "K7F3-Q2", shop.now())

    assert draft.missing == ("order_number", "photo")
    assert replace(draft, missing=()) == draft_response(
        shop.desk, message, replace(action, missing=()), "K7F3-Q2", shop.now()
    )
    assert b"- your order number\r\n- a photo that shows the problem" in shop.composer.compose(
        draft
    )
