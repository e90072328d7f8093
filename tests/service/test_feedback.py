"""How it went: asked once after a matter is settled, answered by a link or one digit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from maildaemon.adapters.sql.listings import read_listings
from maildaemon.domain.delivery import Section
from maildaemon.domain.policy import Mode
from maildaemon.domain.spans import parse_span
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import FollowUpStep, TimePolicy
from maildaemon.services.by_hand import set_status
from tests.service.shop import PNG, Shop, a_mail

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
TIME = TimePolicy(
    follow_up=(FollowUpStep(parse_span("3 days"), "follow_up"),), feedback=parse_span("1 day")
)
CLARA, EVE = "Clara <clara@customer.example>", "Eve <eve@elsewhere.example>"


def a_shop(folder: Path, **policy: Any) -> Shop:
    """Return a shop in which Clara's matter was settled and she has been asked how it went."""
    shop = Shop(folder, **{"time": TIME, **policy})
    shop.at = MONDAY
    shop.start()
    shop.write(a_mail(date=shop.at))
    shop.round()
    shop.wait(hours=1)
    answer(shop, "a1@shop.example")
    resolve(shop)
    shop.wait(days=1, minutes=1)
    shop.round()
    shop.wait(hours=1)
    return shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = a_shop(tmp_path)
    yield opened
    opened.close()


def answer(shop: Shop, message_id: str) -> None:
    raw = a_mail(
        "It is on its way.",
        sender="Anna <support@shop.example>",
        to="clara@customer.example",
        message_id=message_id,
        In_Reply_To="<c1@customer.example>",
        date=shop.at,
    )
    shop.write(raw, "Sent")
    shop.round()


def resolve(shop: Shop) -> None:
    known = reference(shop)
    with shop.store.begin() as tx:
        found = tx.by_hand.thread(known)
        assert found is not None
        set_status(tx, found, Status.RESOLVED, "anna", shop.at)
    shop.round()


def reference(shop: Shop) -> str:
    return str(shop.rows("select reference from thread order by id")[0][0])


def question(shop: Shop) -> EmailMessage:
    (mail,) = (one for one in shop.customers_got if "5 = excellent" in part(one, "plain"))
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def link(shop: Shop, rating: int) -> dict[str, str]:
    """Return the mail that opens when this rating is clicked on: its `to`, `subject`, `body`."""
    html = part(question(shop), "html")
    (found,) = (one for one in map(unescape, html.split('"')) if one.endswith(f"&body={rating}"))
    parts = urlsplit(found)
    asked = parse_qs(parts.query)
    return {"to": unquote(parts.path), "subject": asked["subject"][0], "body": asked["body"][0]}


def write(shop: Shop, body: str, *, replies: bool = False, **fields: Any) -> None:
    """Somebody, else Clara, writes; `replies`: to our question."""
    number = len(shop.rows("select id from inbound"))
    if replies:
        asked = question(shop)
        fields = {
            "subject": f"Re: {asked['Subject']}",
            "In_Reply_To": asked["Message-ID"],
            **fields,
        }
    given = {"sender": CLARA, "message_id": f"n{number}@somewhere.example", "date": shop.at}
    shop.write(a_mail(body, **{**given, **fields}))
    shop.round()


def click(shop: Shop, rating: int, **fields: Any) -> None:
    write(shop, **{**link(shop, rating), **fields})


def ratings(shop: Shop) -> list[tuple[str, int | None]]:
    """Return what came in since the beginning: its kind, and how it rates us."""
    rows = shop.rows("select kind, rating from message order by id")
    return [(row[0], row[1]) for row in rows if row[0] not in {"own", "staff"}][1:]


def shown(shop: Shop) -> tuple[int, str] | None:
    with read_listings(shop.sql) as listings:
        found = listings.rating(reference(shop))
        thread = listings.thread(reference(shop))
    assert thread is not None
    assert thread.rating == (found.rating if found else None)
    return (found.rating, found.words) if found else None


def status(shop: Shop) -> list[str]:
    return [row[0] for row in shop.rows("select status from thread order by id")]


def test_the_customer_is_asked_once_and_five_links_answer(shop: Shop) -> None:
    asked = question(shop)

    assert str(asked["To"]) == "clara@customer.example"
    assert [link(shop, one)["body"] for one in range(1, 6)] == ["1", "2", "3", "4", "5"]
    assert {link(shop, one)["to"] for one in range(1, 6)} == {"support@shop.example"}

    shop.wait(days=30)
    shop.round()
    assert question(shop) is not None


@pytest.mark.postgresql
def test_a_click_rates_and_nothing_else_happens(shop: Shop) -> None:
    sent = len(shop.customers_got)
    click(shop, 4)
    shop.wait(days=20)
    shop.round()

    assert ratings(shop) == [("feedback", 4)]
    assert shown(shop) == (4, "")
    assert status(shop) == ["resolved"]
    assert shop.rows("select silence from message where kind = 'feedback'") == [
        ("answers_automatic_mail",)
    ]
    assert len(shop.customers_got) == sent
    assert shop.rows("select detail from event where event = 'thread_rated'") == [
        ('{"rating": 4}',)
    ]
    assert shop.rows("select count(*) from timer where state = 'armed'") == [(0,)]


@pytest.mark.postgresql
def test_whoever_holds_the_link_may_rate_from_any_address_and_joins_nothing(shop: Shop) -> None:
    click(shop, 2, sender="Clara at work <c.rossi@work.example>")

    assert ratings(shop) == [("feedback", 2)]
    assert shown(shop) == (2, "")
    assert shop.rows("select count(*) from participant where address like '%work%'") == [(0,)]


def test_one_digit_in_a_reply_rates_and_its_words_are_kept(shop: Shop) -> None:
    write(shop, "5\n\nYou were so kind, I shall come again.", replies=True)

    assert ratings(shop) == [("feedback", 5)]
    assert shown(shop) == (5, "You were so kind, I shall come again.")
    assert status(shop) == ["resolved"]


def test_a_later_rating_takes_the_place_of_the_first(shop: Shop) -> None:
    click(shop, 1)
    shop.wait(hours=1)
    write(shop, "5 = excellent", replies=True)

    assert ratings(shop) == [("feedback", 1), ("feedback", 5)]
    assert shown(shop) == (5, "")


def test_a_reply_that_is_no_rating_is_a_customers_message_like_any_other(shop: Shop) -> None:
    write(shop, "2 rings are missing, and nobody has called me.", replies=True)

    assert ratings(shop) == [("customer", None)]
    assert shown(shop) is None
    assert status(shop) == ["open"]


@pytest.mark.parametrize(
    ("body", "files"),
    [
        ("3\n\nAnd when will my refund come?", ()),
        ("1\n\nMy lawyer will sue you.", ()),
        ("1\n\nLook at it.", (("ring.png", "image/png", PNG),)),
    ],
)
def test_a_rating_beside_which_something_is_wanted_is_both(
    shop: Shop, body: str, files: tuple[tuple[str, str, bytes], ...]
) -> None:
    write(shop, body, replies=True, files=files)

    assert ratings(shop) == [("customer", int(body[0]))]
    assert status(shop) == ["open"]


def test_a_forged_mark_counts_for_nothing(shop: Shop) -> None:
    subject = link(shop, 1)["subject"].replace(" 1.", " 5.")
    write(shop, "5", subject=subject, sender=EVE)

    assert ratings(shop) == [("customer", None)]
    assert shown(shop) is None
    assert status(shop) == ["resolved", "open"]


def test_the_mark_of_another_shop_counts_for_nothing(shop: Shop, tmp_path: Path) -> None:
    mark = "[#K7F3-Q2] 5.abcdefghijklmnopqrstuvwxyz"
    write(shop, "5", subject=mark, sender=EVE)

    assert ratings(shop) == [("customer", None)]


def test_a_stranger_without_the_link_rates_nothing(shop: Shop) -> None:
    write(shop, "1", replies=True, sender=EVE)
    write(shop, "1", subject=f"[#{reference(shop)}]", sender=EVE)

    assert [rating for _, rating in ratings(shop)] == [None, None]
    assert shown(shop) is None


def test_a_participant_who_types_the_digit_under_the_tag_rates(shop: Shop) -> None:
    write(shop, "3", subject=f"Re: [#{reference(shop)}] How did we do?")

    assert shown(shop) == (3, "")
    assert status(shop) == ["resolved"]


def test_where_nobody_has_asked_a_digit_is_a_message(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, time=TimePolicy())
    write(shop, "5", In_Reply_To="<a1@shop.example>")

    assert ratings(shop) == [("customer", None)]
    assert status(shop) == ["open"]
    shop.close()


def test_in_a_matter_that_was_opened_again_a_digit_answers_what_it_replies_to(shop: Shop) -> None:
    write(shop, "One more thing: how many stones are there in it?", In_Reply_To="<a1@shop.example>")
    shop.wait(hours=1)
    answer(shop, "a2@shop.example")
    write(shop, "2", In_Reply_To="<a2@shop.example>")
    assert shown(shop) is None

    write(shop, "4", replies=True)
    assert shown(shop) == (4, "")


def test_a_rating_comes_late_and_opens_nothing(shop: Shop) -> None:
    shop.wait(days=60)
    write(shop, "5", replies=True)
    click(shop, 4)

    assert ratings(shop) == [("feedback", 5), ("feedback", 4)]
    assert status(shop) == ["resolved"]
    assert shown(shop) == (4, "")


def test_what_a_program_answers_rates_nothing(shop: Shop) -> None:
    write(shop, "5", replies=True, Auto_Submitted="auto-replied")

    assert ratings(shop) == [("auto_reply", None)]


def test_with_plus_addresses_the_address_says_it(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, plus_address=True)
    assert link(shop, 5)["to"].startswith("support+")
    click(shop, 5, sender="somebody@else.example")

    assert shown(shop) == (5, "")
    assert status(shop) == ["resolved"]
    shop.close()


@pytest.mark.postgresql
def test_a_question_that_a_person_sends_by_hand_opens_nothing_and_is_answered(
    tmp_path: Path,
) -> None:
    shop = a_shop(tmp_path, modes=((Section.FEEDBACK, Mode.DRAFTS),))
    (raw,) = (bytes(row[0]) for row in shop.rows("select raw from outbox where state = 'draft'"))
    shop.write(raw.replace(b"Message-ID: <draft", b"Message-ID: <by-hand"), "Sent")
    shop.round()
    assert status(shop) == ["resolved"]

    write(shop, "5", subject=f"Re: [#{reference(shop)}] How did we do?")
    shop.wait(days=10)
    shop.round()
    assert shown(shop) == (5, "")
    assert shop.outbox == ["sent", "draft"]
    shop.close()


def test_in_shadow_nobody_was_asked_and_a_digit_is_a_message(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, mode=Mode.SHADOW)
    write(shop, "5", In_Reply_To="<a1@shop.example>")

    assert ratings(shop) == [("customer", None)]
    shop.close()
