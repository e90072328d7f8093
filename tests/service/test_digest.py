"""The morning's mail to staff: once a day, whatever dies, with what the records hold."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maildaemon.bootstrap import make_orders
from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.policy import Mode
from maildaemon.domain.threads import Status
from maildaemon.mail.compose_digest import compose_digest
from maildaemon.ports.rows import AccountRow
from maildaemon.services.accounts import note_success
from maildaemon.services.digest import Orders, Watched, digest_next
from tests.service.shop import EXE, Shop, a_mail, parsed
from tests.unit.test_settings import MINIMAL, read

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

ANNA = "anna@shop.example"
ORDERS = Orders((ANNA,), time(8), ZoneInfo("Europe/Rome"), compose_digest)
# Eight o'clock in Rome, on a Tuesday.
MORNING = datetime(2026, 11, 24, 7, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = a_shop(tmp_path)
    yield opened
    opened.close()


def a_shop(folder: Path, **policy: Any) -> Shop:
    opened = Shop(folder, **policy)
    opened.at = MORNING - timedelta(hours=20)
    opened.round()
    return opened


def digest(shop: Shop, orders: Orders = ORDERS) -> int:
    """Let the mailbox be read, and the digest be written if it is due."""
    shop.round()
    note_success(shop.store, shop.desk, "imap", shop.now())
    return digest_next(shop.store, orders, [Watched(shop.desk, timedelta(seconds=5))], shop.now)


def morning(shop: Shop) -> str:
    """Return the text of this morning's mail, as it went out."""
    shop.at = MORNING
    assert digest(shop) == 1
    shop.round()
    (mail,) = [one for one in shop.transport.accepted if one.envelope.forward_path == ANNA]
    body = parsed(mail.raw).get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


@pytest.mark.postgresql
def test_it_comes_once_a_day_whatever_is_started_anew(shop: Shop) -> None:
    shop.at = MORNING - timedelta(minutes=1)
    assert digest(shop) == 0
    shop.at = MORNING
    assert digest(shop) == 1
    shop.round()
    shop.close()
    shop.open()
    shop.wait(hours=1)
    assert digest(shop) == 0
    shop.wait(days=1)
    assert digest(shop) == 1
    shop.round()

    assert shop.rows("select kind, state, recipient from outbox") == [("digest", "sent", ANNA)] * 2


def test_a_day_that_was_slept_through_is_not_made_up_for(shop: Shop) -> None:
    shop.at = MORNING + timedelta(hours=5)

    assert digest(shop) == 0


def test_after_a_sleep_the_mailbox_is_read_first(shop: Shop) -> None:
    shop.at = MORNING + timedelta(hours=2)
    watched = [Watched(shop.desk, timedelta(seconds=5))]

    assert digest_next(shop.store, ORDERS, watched, shop.now) == 0
    assert digest(shop) == 1


def test_a_machine_that_wakes_up_is_given_a_minute_to_connect_again(shop: Shop) -> None:
    shop.at = MORNING + timedelta(hours=2)
    last_night = shop.at - timedelta(hours=12)
    waking = AccountRow(0, 1, None, None, "imap.shop.example: interrupted", shop.at, last_night)
    with shop.store.begin() as tx:
        tx.mailboxes.save_account(shop.desk.mailbox_id, "imap", waking)

    assert (
        digest_next(shop.store, ORDERS, [Watched(shop.desk, timedelta(seconds=5))], shop.now) == 0
    )
    assert digest(shop) == 1
    (raw,) = [row[0] for row in shop.rows("select raw from outbox")]
    assert "maildaemon needs help" not in parsed(bytes(raw))["Subject"]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("refusals", "failures"), [(0, 6), (3, 1), (0, 0)], ids=["gone", "refused", "certificate"]
)
def test_a_mailbox_that_cannot_be_read_is_told_of(shop: Shop, refusals: int, failures: int) -> None:
    shop.at = MORNING
    broken = AccountRow(refusals, failures, None, None, "no use", shop.at, None)
    with shop.store.begin() as tx:
        tx.mailboxes.save_account(shop.desk.mailbox_id, "imap", broken)

    watched = [Watched(shop.desk, timedelta(seconds=5))]
    assert digest_next(shop.store, ORDERS, watched, shop.now) == 1
    (raw,) = [row[0] for row in shop.rows("select raw from outbox")]
    assert "maildaemon needs help" in parsed(bytes(raw))["Subject"]


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.DRAFTS])
def test_in_every_mode_staff_get_it_and_customers_nothing(tmp_path: Path, mode: Mode) -> None:
    shop = a_shop(tmp_path, mode=mode)
    shop.write(a_mail(date=shop.at))
    shop.round()

    told = morning(shop)

    assert [mail.envelope.forward_path for mail in shop.transport.accepted] == [ANNA]
    heading = {
        Mode.SHADOW: "WOULD HAVE BEEN SENT IN LIVE MODE (1)",
        Mode.DRAFTS: "DRAFTS FOR YOU TO SEND (1)",
    }
    assert f"{heading[mode]} * clara@customer.example My order" in told
    shop.close()


@pytest.mark.postgresql
def test_it_is_our_own_mail_and_no_customers(shop: Shop) -> None:
    shop.write(a_mail(date=shop.at))
    morning(shop)
    (mail,) = [one for one in shop.transport.accepted if one.envelope.forward_path == ANNA]
    before = shop.rows("select count(*) from thread")

    shop.write(mail.raw)
    shop.round()

    assert parsed(mail.raw)["Auto-Submitted"] == "auto-generated"
    assert shop.rows("select kind from message order by id desc limit 1") == [("own",)]
    assert shop.rows("select count(*) from thread") == before


def test_who_waits_and_who_was_answered_stand_in_it(shop: Shop) -> None:
    shop.write(a_mail(date=shop.at))
    dora: dict[str, Any] = {"sender": "dora@customer.example", "message_id": "d1@customer.example"}
    shop.write(a_mail("A ring for my aunt?", subject="Ring", date=shop.at, **dora))
    shop.round()
    shop.wait(hours=1)
    answer: dict[str, Any] = {"sender": "support@shop.example", "to": "dora@customer.example"}
    shop.write(
        a_mail(message_id="a1@shop.example", In_Reply_To="<d1@customer.example>", **answer), "Sent"
    )
    shop.round()

    told = morning(shop)

    assert "WAITING FOR YOUR ANSWER (1) * clara@customer.example My order [#" in told
    assert "Waiting since Mon 23 Nov, 12:00 (20 hours ago)" in told
    assert "2 mails from customers, 1 answered by you, 0 settled, 2 sent automatically" in told
    assert "dora" not in told


def test_a_known_customers_mail_in_junk_is_named_and_no_strangers(shop: Shop) -> None:
    shop.write(a_mail(date=shop.at))
    shop.round()
    stranger: dict[str, Any] = {"sender": "win@casino.example", "message_id": "s1@casino.example"}
    shop.write(a_mail(subject="You win", date=shop.at, **stranger), "Junk")
    shop.write(
        a_mail(subject="Still no ring", message_id="c9@customer.example", date=shop.at), "Junk"
    )
    shop.round()

    told = morning(shop)

    assert "IN JUNK, FROM CUSTOMERS YOU KNOW (1) * clara@customer.example Still no ring" in told
    assert "You win" not in told


def test_a_refused_file_is_named_and_whether_the_customer_knows(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, mode=Mode.SHADOW)
    file = ("tool.exe", "application/octet-stream", EXE)
    shop.write(a_mail(files=(file,), date=shop.at))

    told = morning(shop)

    assert "FILES HELD OR REFUSED (1) * clara@customer.example My order" in told
    assert "tool.exe Refused: extension blocked" in told
    shop.close()


@pytest.mark.postgresql
def test_everything_that_needs_a_person_is_found_in_the_records(shop: Shop) -> None:
    """What is hard to bring about is written into the records as it would stand there."""
    for name in ("clara", "dora", "eve"):
        sender, message_id = f"{name}@customer.example", f"{name}@customer.example"
        shop.write(a_mail(sender=sender, subject=name, message_id=message_id, date=shop.at))
    shop.round()
    (clara, _, eve), (mail, *_) = _ids(shop, "thread"), _ids(shop, "message")
    with shop.store.begin() as tx:
        tx.by_hand.set_status(eve, Status.WORKING, shop.at)
        why: dict[str, Any] = {"partner": "maker", "why": "a file was refused"}
        tx.records.note(
            shop.desk.mailbox_id,
            "forward_withheld",
            shop.at,
            thread_id=clara,
            message_id=mail,
            **why,
        )
    ids = _ids(shop, "message")
    _write(shop, f"update message set kind='feedback', reply_text='5' where id={ids[1]}")
    report = '{"recipients": [{"address": "gone@customer.example", "status": "5.1.1"}]}'
    _write(shop, f"update message set kind='bounce', report='{report}' where id={ids[2]}")
    _write(shop, "update inbound set state='parked', error='ValueError' where uid=1")
    states = zip(_ids(shop, "outbox"), ("held", "failed", "draft"), strict=True)
    for outbox_id, state in states:
        _write(
            shop,
            f"update outbox set state='{state}', reply_code=null, why='no such user' where id={outbox_id}",
        )

    told = morning(shop)

    assert "WAITING FOR YOUR ANSWER (1) * clara@customer.example" in told
    assert "OPEN WITH YOU, THOUGH NOBODY WAITS FOR AN ANSWER (2)" in told
    assert "TOO LATE TO GO BY ITSELF (1) * clara@customer.example clara [#" in told
    assert "DRAFTS FOR YOU TO SEND (1) * eve@customer.example eve" in told
    assert "NOT DELIVERED (1) * dora@customer.example dora" in told
    assert "no such user" in told
    assert "REPORTED AS NOT DELIVERED (1) * gone@customer.example eve" in told
    assert "The other server says 5.1.1" in told
    assert "COULD NOT BE READ BY MAILDAEMON (1) * Message 1, in INBOX ValueError" in told
    assert "NOT PASSED ON TO A PARTNER (1) * clara@customer.example clara" in told
    assert "For maker: a file was refused" in told
    assert "HOW CUSTOMERS RATE US (1) * dora@customer.example dora" in told


def _ids(shop: Shop, table: str) -> list[int]:
    return [row[0] for row in shop.rows(f"select id from {table} order by id")]


def _write(shop: Shop, statement: str) -> None:
    with shop.sql.engine.begin() as connection:
        # The driver's own words: a colon within JSON is no parameter.
        connection.exec_driver_sql(statement)


@pytest.mark.postgresql
def test_digest_to_and_at_say_who_gets_it_and_when(shop: Shop) -> None:
    settings = read(
        MINIMAL + "hours: {timezone: America/New_York}\n"
        "digest: {to: [a@shop.example, b@shop.example], at: 7:30}\n"
    )
    orders = make_orders(settings)
    assert orders is not None

    shop.at = datetime(2026, 11, 24, 12, 29, tzinfo=UTC)
    assert digest(shop, orders) == 0
    shop.at = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    assert digest(shop, orders) == 2
    assert shop.rows("select recipient from outbox order by id") == [
        ("a@shop.example",),
        ("b@shop.example",),
    ]


def test_it_comes_under_a_brake_and_tells_of_it_and_nothing_else_goes(shop: Shop) -> None:
    shop.write(a_mail(date=shop.at))
    shop.receive()
    shop.process()
    with shop.store.begin() as tx:
        tx.brakes.put_on(shop.desk.mailbox_id, Braking(Brake.BREAKER, "too much", shop.at, None))
    shop.at = MORNING
    text = morning(shop)

    assert "Automatic mail stands still: too much" in text
    assert [one.envelope.forward_path for one in shop.transport.accepted] == [ANNA]


def test_by_a_clock_that_is_doubted_not_even_the_digest_goes(shop: Shop) -> None:
    with shop.store.begin() as tx:
        tx.brakes.put_on(shop.desk.mailbox_id, Braking(Brake.CLOCK, "it jumped", shop.at, None))
    shop.at = MORNING
    assert digest(shop) == 1
    shop.round()

    assert shop.transport.accepted == []


@pytest.mark.postgresql
def test_a_mail_that_was_too_large_to_be_read_is_named_until_it_is_answered(shop: Shop) -> None:
    lines = ("x" * 76 + "\n") * (shop.policy.max_message_size // 76)
    shop.write(a_mail(lines, subject="The photos", date=shop.at))
    shop.round()
    before = too_large(shop)
    told = morning(shop)
    shop.wait(minutes=1)
    shop.write(
        a_mail(
            "What fine photos!",
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="s1@shop.example",
            date=shop.at,
            In_Reply_To="<c1@customer.example>",
        ),
        "Sent",
    )
    shop.round()

    assert (before, too_large(shop)) == (1, 0)
    part = "TOO LARGE TO BE READ BY MAILDAEMON (1) * clara@customer.example The photos [#"
    assert part in told


def too_large(shop: Shop) -> int:
    with shop.store.read() as tx:
        return tx.overview.standing(shop.desk.mailbox_id, shop.at).files.too_large
