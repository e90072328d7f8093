"""What was on the server before the first start is history, however it turns up later."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Reading
from maildaemon.errors import ParserUnavailableError
from maildaemon.ports import Fetched
from maildaemon.services import first_start
from maildaemon.services.backlog import process_backlog
from maildaemon.services.receive import backfill
from tests.fakes.mailbox import FakeAccount, FakeMailbox
from tests.service.shop import START, InProcessParser, Shop, a_mail

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop to which Clara wrote two hours before the daemon was first started."""
    opened = Shop(tmp_path)
    opened.write(a_mail(date=START - timedelta(hours=2)), at=START - timedelta(hours=2))
    opened.start()
    yield opened
    opened.close()


def later(shop: Shop, body: str = "Do you open on Sunday?") -> bytes:
    """Somebody else writes after the first start."""
    return a_mail(body, sender="dora@x.example", message_id="d1@x.example", date=shop.at)


def an_answer(shop: Shop) -> bytes:
    """Somebody of the shop answers her."""
    return a_mail(
        "Yes, from ten to six.",
        sender="support@shop.example",
        to="dora@x.example",
        message_id="a1@shop.example",
        date=shop.at,
        In_Reply_To="<d1@x.example>",
    )


def test_new_numbers_do_not_turn_history_into_news(shop: Shop) -> None:
    shop.account.change_uidvalidity("INBOX")
    shop.round()

    assert shop.silences == ["too_old"]
    assert shop.customers_got == []


def test_what_is_moved_out_of_the_inbox_and_back_stays_history(shop: Shop) -> None:
    away = shop.account.move("INBOX", 1, "Archive")
    shop.account.move("Archive", away, "INBOX")
    shop.round()

    assert shop.silences == ["too_old"]


class Unread(InProcessParser):
    """A parser that nothing is to be given to."""

    def parse(self, raw: bytes, reading: Reading) -> Parsed:
        raise AssertionError("it is known by its bytes")


def test_what_is_numbered_anew_is_known_by_its_bytes_and_not_read_again(shop: Shop) -> None:
    shop.round()
    shop.write(later(shop))
    shop.write(an_answer(shop), "Sent")
    shop.write(a_mail(sender="emma@x.example", message_id="e1@x.example"), "Junk")
    shop.round()
    before, events = shop.rows("select * from message"), shop.rows("select * from event")
    journal = shop.rows("select count(*) from inbound")[0][0]

    for folder in ("INBOX", "Sent", "Junk"):
        shop.account.change_uidvalidity(folder)
    shop.parser = Unread()
    shop.round()

    assert shop.rows("select * from message") == before
    assert shop.rows("select * from event") == events
    # Clara's mail, of before the first start, was not read until now.
    states = shop.rows("select state, error from inbound where id > " + str(journal))
    assert [state for state in states if state != ("done", None)] == [
        ("waiting", "AssertionError('it is known by its bytes')")
    ]


def numbered_anew(shop: Shop) -> None:
    """Sixty mails are recorded; then the server numbers them anew."""
    for number in range(60):
        shop.write(a_mail(f"Number {number}", message_id=f"n{number}@x.example"))
        shop.wait(seconds=1)
    shop.receive()
    shop.account.change_uidvalidity("INBOX")
    shop.account.calls.clear()


class OnlyHeaders(FakeMailbox):
    """A server that delivers headers and no bodies."""

    def __init__(self, account: FakeAccount) -> None:
        super().__init__(account)
        self.asked_for: list[int] = []

    def fetch(self, folder: str, uids: Sequence[int]) -> Iterator[Fetched]:
        self.asked_for += uids
        return iter(())


def test_of_what_is_numbered_anew_only_headers_are_fetched(shop: Shop) -> None:
    numbered_anew(shop)
    shop.mailbox = only_headers = OnlyHeaders(shop.account)

    assert shop.receive() == 60
    # Of before the first start, and so never recorded.
    assert set(only_headers.asked_for) == {1}
    bytes_of = "select count(distinct raw_sha256), count(*) from inbound"
    assert shop.rows(bytes_of) == [(60, 120)]


@pytest.mark.parametrize("lost", ["a line of its header", "its bytes"])
def test_what_is_not_as_it_is_kept_is_fetched_whole(shop: Shop, lost: str) -> None:
    numbered_anew(shop)
    folder = shop.account.folder("INBOX")
    if lost == "its bytes":
        [sha256] = shop.rows("select raw_sha256 from inbound where uid = 31")[0]
        shop.blobs.path_of(sha256).unlink()
    else:
        message = folder.messages[31]
        raw = message.raw.replace(b"Subject: My order", b"Subject: my order")
        folder.messages[31] = replace(message, raw=raw)

    assert shop.receive() == 61

    [sha256] = shop.rows("select raw_sha256 from inbound where uid = 31 order by id desc")[0]
    assert shop.blobs.get(sha256) == folder.messages[31].raw


def test_what_is_moved_while_its_bytes_are_recognised_is_read_after_all(shop: Shop) -> None:
    shop.write(later(shop))
    shop.round()
    away = shop.account.move("INBOX", 2, "Archive")
    shop.account.move("Archive", away, "INBOX")
    shop.receive()
    batch = shop.a_batch()
    batch.take()
    batch.read()
    with shop.sql.engine.begin() as other:
        other.execute(text("update message set in_junk = true, kind = 'spam'"))
    batch.conclude()
    batch.give_back()
    assert shop.rows("select in_junk from message") == [(1,)]

    shop.process()

    assert shop.rows("select in_junk, kind from message") == [(0, "customer")]


def test_new_numbers_put_the_brake_on_while_recording_goes_on(shop: Shop) -> None:
    shop.account.change_uidvalidity("INBOX")
    shop.wait(minutes=5)
    shop.write(later(shop))
    shop.wait(minutes=1)
    shop.round()

    assert shop.silences == ["too_old", "breaker_open"]
    with shop.store.begin() as tx:
        (brake,) = tx.brakes.on(shop.desk.mailbox_id)
        assert "numbered its messages anew" in brake.reason
        tx.brakes.release(shop.desk.mailbox_id, shop.now())
    shop.write(a_mail(sender="emma@x.example", message_id="e1@x.example", date=shop.at))
    shop.round()
    assert len(shop.customers_got) == 1


def test_new_numbers_in_sent_need_no_brake(shop: Shop) -> None:
    shop.account.change_uidvalidity("Sent")
    shop.write(later(shop))
    shop.round()

    assert len(shop.customers_got) == 1


@pytest.mark.postgresql
def test_a_folder_that_is_watched_later_begins_with_what_came_since_the_first_start(
    shop: Shop,
) -> None:
    shop.account.create("Orders")
    for number in range(3):
        old = a_mail(message_id=f"o{number}@x.example", date=START - timedelta(hours=3))
        shop.write(old, "Orders", at=START - timedelta(hours=3))
    shop.wait(hours=1)
    shop.mailbox = FakeMailbox(shop.account, others=("Orders",))
    shop.round()
    assert shop.rows("select count(*) from inbound") == [(0,)]

    shop.write(later(shop), "Orders")
    shop.round()

    assert shop.rows("select count(*) from inbound where raw_sha256 is not null") == [(1,)]
    assert len(shop.customers_got) == 1


@pytest.mark.postgresql
def test_a_folder_that_is_watched_later_loses_nothing_that_came_since_the_first_start(
    shop: Shop,
) -> None:
    shop.account.create("Orders")
    shop.write(a_mail(message_id="o1@x.example"), "Orders", at=START - timedelta(hours=3))
    shop.wait(hours=1)
    shop.write(later(shop), "Orders")
    shop.mailbox = FakeMailbox(shop.account, others=("Orders",))
    shop.round()

    assert len(shop.customers_got) == 1


@pytest.mark.postgresql
def test_two_first_starts_at_once_skip_nothing(shop: Shop, tmp_path: Path) -> None:
    second = Shop(tmp_path / "second")
    real = second.mailbox.examine

    def examine(folder: str):  # type: ignore[no-untyped-def]
        state = real(folder)
        if folder == "INBOX" and not second.rows("select 1 from folder where name = 'INBOX'"):
            # `backfill` is just a moment ahead of `run`; then a message arrives.
            second.mailbox.examine = real  # type: ignore[method-assign]
            second.start()
            second.write(a_mail())
            state = real(folder)
        return state

    second.mailbox.examine = examine  # type: ignore[method-assign]
    second.start()
    second.round()

    assert len(second.customers_got) == 1
    second.close()


@pytest.mark.postgresql
def test_an_old_answer_does_not_close_what_was_asked_since(shop: Shop) -> None:
    shop.write(
        a_mail(
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="s0@shop.example",
            In_Reply_To="<c1@customer.example>",
            date=START - timedelta(hours=1),
        ),
        "Sent",
        at=START - timedelta(hours=1),
    )
    shop.write(
        a_mail(
            "And what about my other question?",
            message_id="c2@customer.example",
            In_Reply_To="<c1@customer.example>",
            date=shop.at,
        )
    )
    shop.round()

    assert shop.rows("select status from thread where begun_earlier") == [("open",)]


@pytest.mark.postgresql
def test_what_a_backfill_finds_does_not_change_whose_turn_it_is(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    at = START - timedelta(days=2)
    shop.write(a_mail(message_id="o1@x.example", date=at, In_Reply_To="<o0@x.example>"), at=at)
    shop.start()
    shop.write(
        a_mail(message_id="c2@x.example", References="<o0@x.example> <o1@x.example>", date=shop.at)
    )
    shop.round()
    shop.wait(minutes=1)
    shop.write(
        a_mail(
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="s1@shop.example",
            In_Reply_To="<c2@x.example>",
            date=shop.at,
        ),
        "Sent",
    )
    shop.round()
    thread = "select status, answered_at, last_message_at from thread where id = 1"
    before = shop.rows(thread)
    assert before[0][0] == "pending"
    shop.wait(hours=3)

    since = START - timedelta(days=9)
    backfill(shop.store, shop.mailbox, shop.blobs, shop.desk, since, shop.now, lambda *_: None)
    shop.round()

    assert shop.rows("select thread_id from message where history") == [(1,)]
    assert shop.rows(thread) == before
    shop.close()


@pytest.mark.postgresql
def test_the_time_of_an_answer_is_when_it_was_given(shop: Shop) -> None:
    shop.write(later(shop))
    shop.round()
    shop.wait(minutes=7)
    shop.write(
        a_mail(
            sender="support@shop.example",
            to="dora@x.example",
            message_id="s1@shop.example",
            In_Reply_To="<d1@x.example>",
            date=shop.at,
        ),
        "Sent",
    )
    answered_at = shop.at
    shop.wait(hours=5)
    shop.round()

    assert shop.rows("select answered_at from thread where answered_at is not null") == [
        (answered_at.strftime("%Y-%m-%d %H:%M:%S.%f"),)
    ]


@pytest.mark.postgresql
def test_what_the_server_withheld_under_old_numbers_is_no_open_gap_under_new_ones(
    shop: Shop,
) -> None:
    shop.account.withhold("INBOX", 2)
    shop.write(later(shop))
    shop.receive()
    assert shop.rows("select state from gap") == [("open",)]

    shop.account.deliver_withheld("INBOX")
    shop.account.change_uidvalidity("INBOX")
    shop.round()

    assert shop.rows("select state from gap") == [("gone",)]
    assert shop.rows("select count(*) from message where from_address = 'dora@x.example'") == [(1,)]


def test_many_gaps_are_looked_for_in_one_listing(shop: Shop) -> None:
    for number in range(2, 12):
        shop.account.withhold("INBOX", number)
        shop.write(later(shop, f"Question {number}"))
    shop.receive()
    shop.wait(hours=1)
    shop.account.calls.clear()

    shop.receive()

    assert shop.account.calls.count(("list_after", "INBOX")) == 1


def test_what_arrives_while_the_past_is_read_is_new_though_it_was_broken_off_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path)
    shop.write(a_mail(message_id="old@x.example"), at=START - timedelta(days=1))
    monkeypatch.setattr(shop, "parser", Dying(after=0))
    with pytest.raises(ParserUnavailableError):
        shop.start()
    shop.write(a_mail())
    monkeypatch.setattr(shop, "parser", InProcessParser())

    assert shop.start()
    shop.round()

    assert shop.rows("select count(*) from earlier") == [(1,)]
    assert len(shop.customers_got) == 1
    shop.close()


def test_a_first_start_that_was_broken_off_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_start, "_HEADERS_AT_ONCE", 2)
    shop = Shop(tmp_path)
    for number in range(6):
        shop.write(a_mail(message_id=f"{number}@x.example"), at=START - timedelta(days=1))
    monkeypatch.setattr(shop, "parser", Dying(after=5))
    with pytest.raises(ParserUnavailableError):
        shop.start()
    monkeypatch.setattr(shop, "parser", InProcessParser())
    shop.account.calls.clear()

    assert shop.start()

    assert [method for method, folder in shop.account.calls if folder == "INBOX"].count(
        "fetch_headers"
    ) == 1
    assert shop.rows("select count(*) from earlier") == [(6,)]
    shop.close()


@pytest.mark.postgresql
def test_history_is_decided_in_the_order_in_which_it_was_written_whatever_folder_it_lies_in(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    # A program may write again within the second, and servers count no less.
    asked = answered = START - timedelta(days=9)
    asked_again = answered + timedelta(seconds=1)
    shop.write(a_mail(date=asked), at=asked)
    shop.write(
        a_mail(
            "And now?",
            message_id="c2@customer.example",
            In_Reply_To="<a1@shop.example>",
            date=asked_again,
        ),
        at=asked_again,
    )
    answer = a_mail(
        "It is on its way.",
        sender="support@shop.example",
        to="clara@customer.example",
        message_id="a1@shop.example",
        In_Reply_To="<c1@customer.example>",
        date=answered,
    )
    shop.write(answer, "Sent", at=answered)
    shop.start()

    since = START - timedelta(days=30)
    backfill(shop.store, shop.mailbox, shop.blobs, shop.desk, since, shop.now, lambda *_: None)
    taken = process_backlog(shop.a_batch, lambda _: True)

    assert taken == 3
    ids = shop.rows("select message_id from message order by id")
    assert [one[0] for one in ids] == [
        *("c1@customer.example", "a1@shop.example", "c2@customer.example"),
    ]
    assert shop.rows("select status, history from thread") == [("open", 1)]
    shop.close()


@pytest.mark.postgresql
def test_a_conversation_that_was_imported_is_looked_after_from_its_next_mail_on(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.write(a_mail(date=START - timedelta(days=60)), at=START - timedelta(days=60))
    shop.start()
    since = START - timedelta(days=90)
    backfill(shop.store, shop.mailbox, shop.blobs, shop.desk, since, shop.now, lambda *_: None)
    process_backlog(shop.a_batch, lambda _: True)
    assert shop.rows("select history, plan_wanted from thread") == [(1, 0)]

    cited = "<c1@customer.example>"
    shop.write(a_mail("Still?", message_id="c2@x.example", In_Reply_To=cited, date=shop.at))
    shop.receive()
    shop.process()

    assert shop.rows("select history, plan_wanted from thread") == [(0, 1)]
    assert shop.customers_got == []
    shop.close()


class Dying(InProcessParser):
    """Reads a few messages, and then nothing any more."""

    def __init__(self, after: int) -> None:
        self._left = after

    def parse(self, raw: bytes, reading: Reading) -> Parsed:
        self._left -= 1
        if self._left < 0:
            raise ParserUnavailableError("gone")
        return super().parse(raw, reading)
