"""Keeping away from servers that refuse or cannot be reached."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.errors import MailboxPasswordRefusedError, MailboxUnavailableError
from maildaemon.services.accounts import (
    has_stopped,
    note_failure,
    note_success,
    resting_until,
)
from tests.service.shop import START, Shop

REFUSED = MailboxPasswordRefusedError("the password was refused", where="imap.example:993")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def try_for_a_day(shop: Shop, password: str = "old") -> list[float]:
    """Knock whenever it is allowed; return at which minute that was."""
    knocks = []
    while shop.at < START + timedelta(hours=24):
        if resting_until(shop.store, shop.desk, "imap", lambda: password, shop.at) is None:
            knocks.append((shop.at - START).total_seconds() / 60)
            note_failure(shop.store, shop.desk, "imap", lambda: password, REFUSED, shop.at)
        shop.wait(seconds=10)
    return knocks


def test_a_refused_password_is_tried_six_times_on_the_first_day(shop: Shop) -> None:
    knocks = try_for_a_day(shop)

    assert len(knocks) == 6
    waits = [round(later - earlier, 1) for earlier, later in itertools.pairwise(knocks)]
    assert waits == [0.5, 1.0, 15.0, 60.0, 360.0]


def test_refusals_are_remembered_over_a_restart(shop: Shop) -> None:
    try_for_a_day(shop)
    shop.close()
    shop.open()

    assert resting_until(shop.store, shop.desk, "imap", lambda: "old", shop.at) is not None
    with shop.store.read() as tx:
        assert has_stopped(tx.mailboxes.account(shop.desk.mailbox_id, "imap"))


def test_another_password_is_tried_at_once(shop: Shop) -> None:
    try_for_a_day(shop)

    assert resting_until(shop.store, shop.desk, "imap", lambda: "new", shop.at) is None


def test_an_outage_waits_longer_each_time_up_to_five_minutes(shop: Shop) -> None:
    waits = []
    for _ in range(12):
        error = MailboxUnavailableError("no route")
        until = note_failure(shop.store, shop.desk, "imap", str, error, shop.at)
        waits.append((until - shop.at).total_seconds())
        shop.at = until

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_success_forgets_all_failures(shop: Shop) -> None:
    try_for_a_day(shop)

    note_success(shop.store, shop.desk, "imap", shop.at)

    assert resting_until(shop.store, shop.desk, "imap", lambda: "old", shop.at) is None
    with shop.store.read() as tx:
        account = tx.mailboxes.account(shop.desk.mailbox_id, "imap")
    assert (account.refusals, account.last_success_at) == (0, shop.at)


def test_one_account_in_trouble_does_not_hold_the_other(shop: Shop) -> None:
    try_for_a_day(shop)

    assert resting_until(shop.store, shop.desk, "smtp", lambda: "old", shop.at) is None
