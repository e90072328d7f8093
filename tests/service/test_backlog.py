"""More mail than one batch: the next batch is read while one is concluded."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Reading
from maildaemon.errors import StoreUnavailableError
from maildaemon.services import process
from maildaemon.services.backlog import process_backlog
from maildaemon.services.process import Batch
from tests.service.shop import Shop, a_mail

pytestmark = pytest.mark.sqlite

MAILS = 6


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(process, "_BATCH_MESSAGES", 2)
    opened = Shop(tmp_path)
    opened.start()
    for number in range(MAILS):
        opened.write(a_mail(sender=f"{number}@x.example", message_id=f"{number}@x.example"))
    opened.receive()
    yield opened
    opened.close()


def journal(shop: Shop) -> list[tuple[str, str, int]]:
    return shop.rows("select state, claim, failures from inbound where folder_id = 1 order by uid")


def on_parse(shop: Shop, monkeypatch: pytest.MonkeyPatch, happens: Callable[[bytes], None]) -> None:
    real = shop.parser.parse

    def parse(raw: bytes, reading: Reading) -> Parsed:
        happens(raw)
        return real(raw, reading)

    monkeypatch.setattr(shop.parser, "parse", parse)


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_all_is_recorded_in_the_order_in_which_it_came(shop: Shop) -> None:
    told: list[int] = []

    def go_on(taken: int) -> bool:
        told.append(taken)
        return True

    assert process_backlog(shop.a_batch, go_on) == MAILS

    assert told == [2, 2, 2]
    ids = shop.rows("select message_id from message order by id")
    assert [one for (one,) in ids] == [f"{number}@x.example" for number in range(MAILS)]
    assert journal(shop) == [("done", "", 0)] * MAILS


def test_the_next_batch_is_read_while_one_is_concluded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    third_is_read = Event()
    on_parse(shop, monkeypatch, lambda raw: third_is_read.set() if b"2@x.example" in raw else None)
    real = Batch.conclude

    def conclude(batch: Batch) -> None:
        # Were it not read meanwhile, it would never be.
        assert third_is_read.wait(60)
        real(batch)

    monkeypatch.setattr(Batch, "conclude", conclude)

    assert process_backlog(shop.a_batch, lambda _: True) == MAILS


@pytest.mark.postgresql
def test_who_is_told_to_stop_gives_back_what_it_has_read_ahead(shop: Shop) -> None:
    assert process_backlog(shop.a_batch, lambda _: False) == 2

    assert journal(shop) == [("done", "", 0)] * 2 + [("waiting", "", 0)] * 4
    assert process_backlog(shop.a_batch, lambda _: True) == 4


def test_trouble_between_two_batches_gives_back_what_was_read_ahead(shop: Shop) -> None:
    def fails(_: int) -> bool:
        raise StoreUnavailableError("gone")

    with pytest.raises(StoreUnavailableError):
        process_backlog(shop.a_batch, fails)

    assert journal(shop) == [("done", "", 0)] * 2 + [("waiting", "", 0)] * 4


def test_an_outage_while_one_is_concluded_gives_both_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Any) -> None:
        raise StoreUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "conclude", fails)
        with pytest.raises(StoreUnavailableError):
            process_backlog(shop.a_batch, lambda _: True)

    assert journal(shop) == [("waiting", "", 0)] * MAILS
    assert process_backlog(shop.a_batch, lambda _: True) == MAILS


def test_trouble_with_taking_more_loses_nothing_of_what_was_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Batch.take

    def take(batch: Batch, *, beside: bool = False) -> int:
        if beside:
            raise StoreUnavailableError("locked")
        return real(batch)

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "take", take)
        with pytest.raises(StoreUnavailableError):
            process_backlog(shop.a_batch, lambda _: True)

    assert journal(shop) == [("waiting", "", 0)] * MAILS
    assert process_backlog(shop.a_batch, lambda _: True) == MAILS


def test_trouble_with_giving_one_back_leaves_the_other_to_nobody_else(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = Batch.give_back, list[Batch]()

    def conclude(_: Batch) -> None:
        raise StoreUnavailableError("gone")

    def give_back(batch: Batch) -> None:
        if not failed:
            failed.append(batch)
            raise StoreUnavailableError("gone")
        real(batch)

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "conclude", conclude)
        patch.setattr(Batch, "give_back", give_back)
        with pytest.raises(StoreUnavailableError):
            process_backlog(shop.a_batch, lambda _: True)

    assert journal(shop)[2:] == [("waiting", "", 0)] * 4


def test_whoever_stops_waits_for_one_message_and_not_for_a_batch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, parsed = Event(), list[bytes]()

    def happens(raw: bytes) -> None:
        parsed.append(raw)
        if b"2@x.example" in raw:
            assert stopped.wait(60)

    on_parse(shop, monkeypatch, happens)
    real = Batch.abandon

    def abandon(batch: Batch) -> None:
        real(batch)
        stopped.set()

    monkeypatch.setattr(Batch, "abandon", abandon)

    assert process_backlog(shop.a_batch, lambda _: False) == 2

    assert len(parsed) == 3
    assert journal(shop) == [("done", "", 0)] * 2 + [("waiting", "", 0)] * 4


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.postgresql
def test_a_death_while_two_are_under_way_is_found_out_one_by_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(raw: bytes) -> None:
        if b"3@x.example" in raw:
            raise Killed

    deaths = 0
    with monkeypatch.context() as patch:
        on_parse(shop, patch, dies)
        for _ in range(9):
            try:
                process_backlog(shop.a_batch, lambda _: True)
            except Killed:
                deaths += 1
            shop.wait(minutes=6)

    assert deaths == 4  # once with others, three times alone
    assert journal(shop) == [
        *[("done", "", 0)] * 3,
        ("parked", "", 3),
        *[("done", "", 0)] * 2,
    ]
