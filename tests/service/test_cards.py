"""A payment card number that a customer writes stands in nothing that the daemon writes down."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from maildaemon.adapters.sql.tables import metadata
from maildaemon.domain.cards import HIDDEN
from maildaemon.domain.policy import Partner
from maildaemon.domain.rules import Condition, Rule
from maildaemon.services.erase import erase_person, plan_erasure
from maildaemon.services.forget import forget_next
from tests.service.shop import PNG, Shop, a_mail
from tests.service.test_person import write

pytestmark = pytest.mark.sqlite

CARD = "4111 1111 1111 1111"
MASKED = f"{HIDDEN}1111"
ADA = "ada@customer.example"
MAKER = Partner("maker", "maker@partner.example")
TO_MAKER = Rule("to the maker", Condition(), forward="maker")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, files_sent=True, partners=(MAKER,), rules=(TO_MAKER,))
    opened.round()
    yield opened
    opened.close()


def rows_with(shop: Shop, *words: str) -> set[str]:
    """Return the tables in which one of some words stands."""
    found = set()
    with shop.sql.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                said = " ".join(
                    one.decode("utf-8", "replace") if isinstance(one, bytes) else repr(one)
                    for one in row
                )
                if any(word in said for word in words):
                    found.add(table.name)
    return found


@pytest.mark.postgresql
def test_no_row_no_mail_and_no_line_of_the_log_holds_it(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    files = ((f"{CARD}.png", "image/png", PNG),)
    said = f"Please charge {CARD}, CVV 123, for order 123456."
    raw = write(
        shop,
        said,
        sender=f"Ada <{ADA}>",
        subject=f"Charge {CARD}",
        files=files,
    )

    assert rows_with(shop, CARD, CARD.replace(" ", "")) == set()
    assert rows_with(shop, "CVV 123") == set()
    ((subject, text),) = shop.rows(
        "select subject, text from message where message_id = 'c1@customer.example'"
    )
    assert (subject, text.strip()) == (
        f"Charge {MASKED}",
        f"Please charge {MASKED}, CVV •••, for order 123456.",
    )
    assert ADA in [one["To"] for one in shop.customers_got]
    assert all(CARD not in mail.raw.decode() for mail in shop.transport.accepted)
    assert CARD not in caplog.text
    # What the mailbox holds is kept as it came.
    assert raw in [shop.blobs.get(name) for name in shop.blobs.names()]


def test_no_partner_gets_a_mail_with_a_card_number_in_it(shop: Shop) -> None:
    write(shop, f"My card is {CARD}", sender=f"Ada <{ADA}>")

    assert MAKER.address not in [one["To"] for one in shop.customers_got]
    ((why,),) = shop.rows("select detail from event where event = 'forward_withheld'")
    assert "a payment card number is in it" in why

    write(shop, "No card here", sender="Bruno <b@other.example>", message_id="b@o")
    assert MAKER.address in [one["To"] for one in shop.customers_got]


def test_whoever_is_erased_leaves_none_of_his_words_beside_a_masked_number(shop: Shop) -> None:
    said = f"The zqfirst words before it are long: {CARD} and so are the zqlast ones behind it."
    write(shop, said, sender=f"Ada <{ADA}>", message_id="a@c")
    write(
        shop,
        f"See.\n\nOn Monday {ADA} wrote:\n> {said}\n",
        sender="Bruno <b@other.example>",
        message_id="b@o",
        In_Reply_To="<a@c>",
        files=(("note.txt", "text/plain", f"{ADA} says: {said}".encode()),),
    )

    plan = plan_erasure(shop.places, (ADA,), {"support@shop.example"})
    erase_person(shop.places, plan, shop.at, "olga")
    forget_next(shop.places, shop.now)

    assert rows_with(shop, "zqfirst", "zqlast") == set()
    kept = (*shop.folder.glob("raw/??/*"), *shop.folder.glob("files/??/*"))
    # Whole words: two letters may stand together in base64 by chance.
    words = b"zqfirst", b"zqlast"
    assert [one for one in kept if any(word in one.read_bytes() for word in words)] == []


def test_an_error_that_quotes_a_number_is_noted_without_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"cannot read {CARD}")

    monkeypatch.setattr(shop.parser, "parse", fail)
    shop.write(a_mail(date=shop.at))
    shop.receive()
    shop.process()

    ((error,),) = shop.rows("select error from inbound where error is not null")
    assert error == f"ValueError('cannot read {MASKED}')"
