"""Messages that cannot be processed, and outages for which no message can be blamed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Reading
from maildaemon.errors import ParserUnavailableError, StoreUnavailableError
from maildaemon.services.starts import starts_lately
from tests.service.shop import Shop, a_mail

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def write_three(shop: Shop) -> None:
    for name in ("a", "b", "c"):
        shop.write(a_mail(sender=f"{name}@x.example", message_id=f"{name}@x.example"))


def journal(shop: Shop) -> list[tuple[int, str, int]]:
    return shop.rows("select uid, state, failures from inbound where folder_id = 1 order by uid")


class Killed(BaseException):
    """The process is gone."""


def on_parse(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, word: bytes, error: BaseException
) -> None:
    real = shop.parser.parse

    def parse(raw: bytes, reading: Reading) -> Parsed:
        if word in raw:
            raise error
        return real(raw, reading)

    monkeypatch.setattr(shop.parser, "parse", parse)


@pytest.mark.postgresql
def test_a_message_whose_bytes_are_gone_is_parked_and_the_others_go_on(shop: Shop) -> None:
    write_three(shop)
    shop.receive()
    ((sha256,),) = shop.rows("select raw_sha256 from inbound where uid = 1")
    shop.blobs.path_of(sha256).unlink()
    shop.account.expunge("INBOX", 1)

    shop.process()
    assert journal(shop) == [(1, "waiting", 0), (2, "done", 0), (3, "done", 0)]
    shop.receive()  # they are asked for once more
    for _ in range(4):
        shop.wait(minutes=30)
        shop.process()

    assert journal(shop)[0] == (1, "parked", 3)


def test_a_message_that_breaks_the_parser_is_parked_and_the_others_go_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_parse(shop, monkeypatch, b"a@x.example", RuntimeError("a bug"))
    write_three(shop)
    shop.receive()
    for _ in range(4):
        shop.process()
        shop.wait(minutes=10)

    assert journal(shop) == [(1, "parked", 3), (2, "done", 0), (3, "done", 0)]


@pytest.mark.postgresql
def test_a_message_that_kills_the_process_each_time_it_is_alone_is_parked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_parse(shop, monkeypatch, b"a@x.example", Killed())
    write_three(shop)
    shop.receive()
    deaths = 0
    for _ in range(12):
        try:
            while shop.process():
                pass
        except Killed:
            deaths += 1
        shop.wait(minutes=6)

    assert deaths == 4  # once with the others, three times alone
    assert journal(shop) == [(1, "parked", 3), (2, "done", 0), (3, "done", 0)]
    assert shop.rows("select error from inbound where uid = 1")[0][0].startswith("the process died")


@pytest.mark.postgresql
def test_a_message_is_not_to_blame_if_the_process_dies_of_other_things_as_well(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(a_mail())
    shop.receive()
    with monkeypatch.context() as patch:
        on_parse(shop, patch, b"", Killed())
        for _ in range(5):
            for _ in range(2):  # once while it waits, once while it is worked on
                restart(shop)
            with pytest.raises(Killed):
                shop.process()
            shop.wait(minutes=6)
    assert journal(shop) == [(1, "waiting", 3)]

    restart(shop)
    shop.process()

    assert journal(shop) == [(1, "done", 4)]


def test_what_kills_is_parked_once_the_other_deaths_are_long_ago(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(a_mail())
    shop.receive()
    for _ in range(20):
        restart(shop)
    on_parse(shop, monkeypatch, b"", Killed())
    deaths = 0
    while journal(shop)[0][1] == "waiting":
        restart(shop)
        try:
            shop.process()
        except Killed:
            deaths += 1
        shop.wait(minutes=6)

    assert deaths == 11  # an hour of them


def test_processes_that_ended_in_order_are_no_excuse(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(a_mail())
    shop.receive()
    on_parse(shop, monkeypatch, b"", Killed())
    deaths = 0
    while journal(shop)[0][1] == "waiting":
        for _ in range(3):
            restart(shop)
            assert shop.guard is not None
            shop.guard.end()
        restart(shop)
        try:
            shop.process()
        except Killed:
            deaths += 1
        shop.wait(minutes=6)

    assert deaths == 4


@pytest.mark.postgresql
def test_a_question_that_a_death_has_delayed_is_answered_whatever_followed_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(a_mail(message_id="question@x.example"))
    shop.receive()
    with monkeypatch.context() as patch:
        on_parse(shop, patch, b"", Killed())
        with pytest.raises(Killed):
            shop.process()
    for number in range(2):
        shop.wait(seconds=20)
        lost = f"lost{number}@x.example"
        shop.write(a_mail(message_id=f"again{number}@x.example", in_reply_to=lost))
    shop.round()
    assert shop.customers_got == []  # they answer mails that nobody here has seen

    shop.wait(minutes=6)
    shop.round()

    assert [mail["In-Reply-To"] for mail in shop.customers_got] == ["<question@x.example>"]


def test_a_lease_that_is_lost_and_had_again_is_no_death(shop: Shop) -> None:
    held = True
    restart(shop)
    assert shop.guard is not None
    shop.guard._holds = lambda _desk: held
    for _ in range(6):
        held = not held
        shop.wait(seconds=10)
        shop.look()

    with shop.store.read() as tx:
        assert starts_lately(tx, shop.desk.mailbox_id, shop.at) == 1
    shop.guard.end()
    with shop.store.read() as tx:
        assert starts_lately(tx, shop.desk.mailbox_id, shop.at) == 0


def restart(shop: Shop) -> None:
    shop.close()
    shop.open()
    shop.look()


@pytest.mark.parametrize(
    "outage", [ParserUnavailableError("no memory"), StoreUnavailableError("disk full")]
)
def test_an_outage_parks_nobody_and_delays_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, outage: Exception
) -> None:
    with monkeypatch.context() as patch:
        on_parse(shop, patch, b"", outage)
        write_three(shop)
        shop.receive()
        for _ in range(8):
            with pytest.raises(type(outage)):
                shop.process()
            shop.wait(minutes=6)

    shop.process()

    assert journal(shop) == [(uid, "done", 0) for uid in (1, 2, 3)]


def test_the_rest_of_a_slow_batch_is_taken_next_and_not_suspected(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shop.parser.parse

    def parse(raw: bytes, reading: Reading) -> Parsed:
        shop.wait(seconds=100)
        return real(raw, reading)

    monkeypatch.setattr(shop.parser, "parse", parse)
    for number in range(8):
        shop.write(a_mail(sender=f"c{number}@x.example", message_id=f"c{number}@x.example"))
    shop.receive()
    taken = []
    while count := shop.process():
        taken.append(count)

    assert taken == [8, 6, 4, 2]
    assert [state for _, state, _ in journal(shop)] == ["done"] * 8


def test_a_database_that_stays_locked_does_not_make_a_batch_suspect(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_three(shop)
    shop.receive()
    real = shop.composer.compose
    monkeypatch.setattr(
        shop.composer, "compose", lambda draft: raise_(StoreUnavailableError("locked"))
    )
    with pytest.raises(StoreUnavailableError):
        shop.process()
    monkeypatch.setattr(shop.composer, "compose", real)

    assert shop.process() == 3


def raise_(error: Exception) -> Any:
    raise error


@pytest.mark.postgresql
def test_a_message_that_waited_long_to_be_processed_is_not_acknowledged_late(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        on_parse(shop, patch, b"", RuntimeError("a bug"))
        shop.write(a_mail())
        shop.receive()
        for _ in range(3):
            shop.process()
            shop.wait(minutes=10)
    assert journal(shop) == [(1, "parked", 3)]

    shop.wait(days=3)
    with shop.store.begin() as tx:
        tx.inbound.retry_parked(None, shop.now())
    shop.round()

    assert journal(shop) == [(1, "done", 0)]
    assert shop.outbox == ["expired"]
    assert shop.customers_got == []


def test_a_message_recorded_yesterday_by_a_daemon_that_then_stood_still_is_acknowledged(
    shop: Shop,
) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.at += timedelta(hours=20)
    shop.round()

    assert shop.outbox == ["sent"]
