"""`privacy.retention`: what was kept for long enough goes, and how much it was is noted."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.retention import Retention
from maildaemon.services.retain import drop_unheld, retain_next
from maildaemon.settings.policy import make_policy
from tests.service.shop import EXE, PNG, START, Shop, a_mail
from tests.unit.test_settings import MINIMAL, problems, read

pytestmark = pytest.mark.sqlite

NAMES = ("Clara", "Anna", "Bruno")
CLARA = "clara@customer.example"


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Clara has asked, with files, and was answered; two months later Bruno has asked."""
    opened = Shop(tmp_path, retention=kept(**getattr(request, "param", {})))
    opened.round()
    files = (("photo.png", "image/png", PNG), ("tool.exe", "application/pdf", EXE))
    opened.write(a_mail("Clara asks this.", date=opened.at, files=files))
    opened.round()
    opened.wait(hours=1)
    answer: dict[str, Any] = {"message_id": "a1@s", "In_Reply_To": "<c1@customer.example>"}
    opened.write(
        a_mail("Anna answers.", sender="support@shop.example", to=CLARA, date=opened.at, **answer),
        "Sent",
    )
    opened.round()
    opened.wait(days=59)
    bruno: dict[str, Any] = {
        "sender": "Bruno <bruno@other.example>",
        "message_id": "b1@o",
        "subject": "Bruno's",
    }
    opened.write(a_mail("Bruno asks that.", date=opened.at, **bruno))
    opened.round()
    yield opened
    opened.close()


def kept(**days: int) -> Retention:
    """Return what a configuration says."""
    given = ", ".join(f"{name}: {count} days" for name, count in days.items())
    settings = read(f"{MINIMAL}privacy: {{retention: {{{given}}}}}\n")
    return make_policy(settings, settings.mailboxes[0]).retention


def over(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("shop", [{name: 60}], indirect=True)


def retain(shop: Shop) -> int:
    """Let all go that is over."""
    total = 0
    while count := retain_next(shop.store, shop.blobs, shop.files, shop.desk, shop.now):
        total += count
    drop_unheld(shop.store, shop.blobs, [shop.desk], shop.now)
    return total


def late(shop: Shop) -> int:
    """Nothing is over before its time; then let it go."""
    assert retain(shop) == 0
    # Files are as old as the machine says, which knows nothing of the clock of the shop.
    for path in (*shop.folder.glob("raw/??/*"), *shop.folder.glob("files/??/*")):
        os.utime(path, (START.timestamp(), START.timestamp()))
    shop.wait(days=2)
    return retain(shop)


def texts(shop: Shop) -> list[str]:
    rows = shop.rows("select text from message where kind != 'own' order by id")
    return [one.strip() for (one,) in rows]


def wrote(shop: Shop) -> set[str]:
    """Return who wrote the mails whose bytes are kept."""
    raws = (shop.blobs.get(one) for one in shop.blobs.names())
    return {name for raw in raws for name in NAMES if f"{name} a".encode() in raw}


def noted(shop: Shop) -> list[str]:
    return [
        one for (one,) in shop.rows("select detail from event where event = 'retention_applied'")
    ]


@over("raw")
def test_bytes_go_when_their_time_is_over(shop: Shop) -> None:
    assert wrote(shop) == {*NAMES}

    late(shop)

    assert wrote(shop) == {"Bruno"}
    where = "state = 'done' and received_at < (select min(received_at) from message where id = 3)"
    assert shop.rows(f"select count(raw_sha256) from inbound where {where}") == [(0,)]
    assert texts(shop)[0] == "Clara asks this."
    assert [one.partition(":")[0] for one in noted(shop)] == ['{"raw"']


@over("files")
def test_files_go_when_their_time_is_over(shop: Shop) -> None:
    assert late(shop) == 2

    assert [*shop.files.names()] == []
    assert shop.rows("select count(*) from attachment where dropped_at is null") == [(0,)]
    assert shop.rows("select filename from attachment order by id") == [
        ("photo.png",),
        ("tool.exe",),
    ]


@over("bodies")
@pytest.mark.postgresql
@pytest.mark.mariadb
def test_texts_go_when_their_time_is_over(shop: Shop) -> None:
    late(shop)

    assert texts(shop) == ["", "", "Bruno asks that."]
    assert shop.rows("select subject, bare_subject from thread order by id") == [
        ("", ""),
        ("Bruno's", "bruno's"),
    ]
    assert shop.rows("select from_address from message order by id")[0] == (CLARA,)
    assert [len(raw) > 0 for (raw,) in shop.rows("select raw from outbox order by id")] == [
        False,
        True,
    ]


@over("personal")
@pytest.mark.postgresql
@pytest.mark.mariadb
def test_people_go_when_their_time_is_over(shop: Shop) -> None:
    late(shop)

    assert shop.rows("select from_address from message where kind = 'customer' order by id") == [
        ("",),
        ("bruno@other.example",),
    ]
    assert shop.rows("select address from participant order by id")[0] == ("",)
    assert shop.rows("select recipient from outbox order by id") == [
        ("",),
        ("bruno@other.example",),
    ]
    assert wrote(shop) == {"Bruno"}
    # What is recognised comes in no second time.
    shop.account.change_uidvalidity("INBOX")
    shop.round()
    assert texts(shop) == ["", "", "Bruno asks that."]


@over("statistics")
@pytest.mark.postgresql
@pytest.mark.mariadb
def test_how_it_went_goes_when_its_time_is_over(shop: Shop) -> None:
    assert late(shop) == 1

    assert shop.rows("select count(*) from event where thread_id = 1") == [(0,)]
    assert shop.rows("select first_reply_seconds from thread where id = 1") == [(None,)]
    assert texts(shop)[0] == "Clara asks this."
    assert shop.rows("select count(*) from event where thread_id = 2") != [(0,)]


@over("personal")
def test_a_conversation_in_which_it_is_our_turn_keeps_its_words(shop: Shop) -> None:
    shop.wait(days=400)

    retain(shop)

    assert texts(shop) == ["", "", "Bruno asks that."]


@over("raw")
def test_bytes_that_a_death_has_left_go_as_well(shop: Shop) -> None:
    left = shop.blobs.put(b"nobody knows this")
    shop.wait(days=100_000)

    drop_unheld(shop.store, shop.blobs, [shop.desk], shop.now)

    assert not shop.blobs.has(left)
    assert wrote(shop) == {*NAMES}


def test_what_has_no_time_is_kept_for_good(shop: Shop) -> None:
    shop.wait(days=10_000)

    assert retain(shop) == 0

    assert texts(shop) == ["Clara asks this.", "Anna answers.", "Bruno asks that."]
    assert wrote(shop) == {*NAMES}


def test_a_time_that_would_take_what_is_still_needed_is_refused() -> None:
    found = problems(f"{MINIMAL}privacy: {{retention: {{bodies: 1 day, raw: 3 business days}}}}\n")

    said = " ".join(one.message for one in found)
    assert "30 days" in said
    assert "working time does not count here" in said
