"""The history is a chain: whoever changes it breaks it, and an erasure does not."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from maildaemon.services.erase import erase_person, plan_erasure
from maildaemon.services.seal import Checked, check_chains, seal_next
from tests.service.shop import KEY, Shop, a_mail

pytestmark = pytest.mark.sqlite

CLARA, BRUNO = "clara@customer.example", "bruno@other.example"
# As if it had been noted before what is sealed.
_PUT_IN = (
    "insert into event (id, mailbox_id, thread_id, at, event, detail) "
    "select -id, mailbox_id, thread_id, at, event, detail from event where id = ENTRY"
)
OURS = frozenset({"support@shop.example", "anna@shop.example"})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Two conversations; in the first there was an answer, and a note about it."""
    opened = Shop(tmp_path)
    opened.round()
    opened.write(a_mail(date=opened.at))
    opened.write(a_mail(sender=BRUNO, message_id="b1@o", subject="Else", date=opened.at))
    opened.round()
    seal(opened)
    opened.wait(hours=1)
    cited = "<c1@customer.example>"
    ours = "support@shop.example"
    opened.write(
        a_mail(sender=ours, to=CLARA, message_id="a1@s", In_Reply_To=cited, date=opened.at), "Sent"
    )
    opened.round()
    seal(opened)
    yield opened
    opened.close()


def seal(shop: Shop) -> None:
    numbers = count()
    while seal_next(shop.store, KEY, lambda: f"{next(numbers):032}"):
        pass


def check(shop: Shop) -> tuple[list[tuple[int, int | None, str]], Checked]:
    counted = Checked()
    found = [
        (one.thread_id, one.event_id, one.how.value)
        for _, one in check_chains(shop.store, KEY, counted)
    ]
    return found, counted


def tamper(shop: Shop, statement: str) -> None:
    with shop.sql.engine.begin() as connection:
        connection.execute(text(statement))


def entries(shop: Shop, thread: int) -> list[int]:
    query = f"select id from event where thread_id = {thread} order by id"
    return [one for (one,) in shop.rows(query)]


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_a_history_that_nobody_has_changed_is_whole(shop: Shop) -> None:
    found, counted = check(shop)

    assert found == []
    assert counted.entries == len(shop.rows("select id from event where thread_id is not null")) > 6
    assert (counted.threads, counted.unsealed, counted.erased, counted.wrong) == (2, 0, 0, 0)


@pytest.mark.parametrize(
    ("statement", "which"),
    [
        ("update event set detail = '{}' where id = ENTRY", 1),
        ("update event set event = 'other' where id = ENTRY", 1),
        ("update event set at = '2020-01-01 00:00:00.000000' where id = ENTRY", 1),
        ("update event set message_id = 2 where id = ENTRY", 1),
        ("update event set thread_id = 2 where id = ENTRY", 1),
        ("update event set seal = null where id = ENTRY", 1),
        ("update event set seal = null where id = ENTRY", -1),
        ("delete from event where id = ENTRY", 0),
        ("delete from event where id = ENTRY", 1),
        ("delete from event where id = ENTRY", -1),
        (_PUT_IN, 1),
        ('update event set detail = \'{"erased": "2026"}\' where id = ENTRY', 1),
    ],
)
def test_whoever_changes_an_entry_breaks_the_chain(shop: Shop, statement: str, which: int) -> None:
    entry = entries(shop, 1)[which]
    tamper(shop, statement.replace("ENTRY", str(entry)))
    seal(shop)

    found, counted = check(shop)
    assert found, statement
    assert counted.wrong == len(found)


def test_whoever_has_all_sealed_anew_is_noticed(shop: Shop) -> None:
    tamper(shop, "update event set seal = null, salt = null, detail_sha256 = null, event = 'x'")
    tamper(shop, "update thread set seal = null")
    tamper(shop, "update installation set value = '0 0' where name = 'sealed'")
    seal(shop)

    _, counted = check(shop)

    assert counted.is_forged
    assert counted.unsealed == counted.entries


def test_an_erasure_breaks_nothing(shop: Shop) -> None:
    plan = plan_erasure(shop.places, (CLARA,), OURS)
    erase_person(shop.places, plan, shop.at, "olga")
    seal(shop)

    found, counted = check(shop)

    assert found == []
    assert counted.erased == len(entries(shop, 1))
    assert CLARA not in str(shop.rows("select detail from event"))


def test_what_is_noted_next_goes_on_in_the_chain(shop: Shop) -> None:
    before = check(shop)[1].entries
    reply = {
        "In_Reply_To": "<a1@s>",
        "subject": "Re: My order",
        "message_id": "c2@customer.example",
    }
    shop.wait(minutes=11)
    shop.write(a_mail("And now?", date=shop.at, **reply))  # type: ignore[arg-type]
    shop.round()
    assert check(shop)[1].unsealed > 0

    seal(shop)

    found, counted = check(shop)
    assert (found, counted.unsealed) == ([], 0)
    assert counted.entries > before
