"""Keeping away from servers that refuse or cannot be reached."""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy import update

from maildaemon.adapters.sql.tables import outbox
from maildaemon.domain.in_force import InForce
from maildaemon.domain.standing import Severity, troubles
from maildaemon.errors import (
    MailboxPasswordRefusedError,
    MailboxRefusedError,
    MailboxUnavailableError,
    MaildaemonError,
    OperatorError,
    SignInRefusedError,
)
from maildaemon.ports.store import Transaction
from maildaemon.services.accounts import (
    begin_anew,
    has_stopped,
    lasts,
    note_failure,
    note_success,
    resting_until,
)
from maildaemon.services.crew import Step
from maildaemon.services.daemon import Daemon
from maildaemon.services.in_force import note_in_force
from maildaemon.services.loop import Loop, Rest
from tests.service.shop import START, Shop, a_mail
from tests.service.test_daemon import a_daemon

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

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
        until = resting_until(shop.store, shop.desk, "imap", lambda: password, shop.at)
        if until is None:
            knocks.append((shop.at - START).total_seconds() / 60)
            note_failure(shop.store, shop.desk, "imap", lambda: password, REFUSED, shop.at)
        else:
            shop.at = min(until, START + timedelta(hours=24))
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


def test_a_password_that_can_no_longer_be_read_is_told_instead_of_the_one_refused(
    shop: Shop,
) -> None:
    try_for_a_day(shop)
    unset = OperatorError("the environment variable SUPPORT_PASSWORD is not set")

    with pytest.raises(OperatorError):
        resting_until(shop.store, shop.desk, "imap", Mock(side_effect=unset), shop.at)

    with shop.store.read() as tx:
        account = tx.mailboxes.account(shop.desk.mailbox_id, "imap")
    assert (account.last_error, account.last_error_at) == (str(unset), shop.at)
    assert has_stopped(account), "the refusals are not forgotten by that"


def test_an_outage_waits_longer_each_time_up_to_five_minutes(shop: Shop) -> None:
    waits = []
    for _ in range(12):
        error = MailboxUnavailableError("no route")
        until = note_failure(shop.store, shop.desk, "imap", str, error, shop.at)
        waits.append((until - shop.at).total_seconds())
        shop.at = until

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


@pytest.mark.postgresql
def test_the_first_success_of_a_daemon_is_noted_at_once(shop: Shop) -> None:
    """Until then it is not known whether what it logs in with is right."""
    note_success(shop.store, shop.desk, "imap", shop.at)
    shop.wait(seconds=5)
    note_in_force(shop.store, shop.desk, InForce("live", "ab12", "0.1.0", shop.at))
    shop.wait(seconds=1)
    first = shop.at
    note_success(shop.store, shop.desk, "imap", first)
    shop.wait(seconds=1)
    note_success(shop.store, shop.desk, "imap", shop.at)

    with shop.store.read() as tx:
        assert tx.mailboxes.account(shop.desk.mailbox_id, "imap").last_success_at == first
        standing = tx.overview.standing(shop.desk.mailbox_id, shop.at)
    assert (standing.began_at, standing.is_unproven) == (first - timedelta(seconds=1), False)


@pytest.mark.postgresql
def test_an_account_that_is_out_of_reach_for_an_hour_is_told_once_and_again_when_it_is_back(
    shop: Shop,
) -> None:
    note_success(shop.store, shop.desk, "imap", shop.at)
    error = MailboxUnavailableError("no route")
    begun_at = shop.at
    while shop.at < begun_at + timedelta(minutes=58):
        shop.at = note_failure(shop.store, shop.desk, "imap", str, error, shop.at)
    assert shop.rows("select event from alert") == []

    while shop.at < begun_at + timedelta(hours=5):
        shop.at = note_failure(shop.store, shop.desk, "imap", str, error, shop.at)
    assert shop.rows("select event, count from alert") == [("account.out", 1)]
    note_success(shop.store, shop.desk, "imap", shop.at)
    events = [row[0] for row in shop.rows("select event from alert order by id")]
    assert events == ["account.out", "account.recovered"]


def test_a_password_that_is_refused_after_an_outage_is_told_as_refused(shop: Shop) -> None:
    note_success(shop.store, shop.desk, "imap", shop.at)
    note_failure(shop.store, shop.desk, "imap", str, MailboxUnavailableError("no route"), shop.at)
    note_failure(shop.store, shop.desk, "imap", lambda: "old", REFUSED, shop.at)

    with shop.store.read() as tx:
        standing = tx.overview.standing(shop.desk.mailbox_id, shop.at)
    [trouble] = troubles(standing, timedelta(minutes=1), shop.at)
    assert (trouble.severity, trouble.what) == (Severity.UNAVAILABLE, f"IMAP: {REFUSED}")


def test_what_only_an_operator_can_mend_is_told_after_an_hour(shop: Shop) -> None:
    note_success(shop.store, shop.desk, "imap", shop.at)
    error = MailboxRefusedError("the certificate has expired")
    for _ in range(59):
        shop.wait(minutes=1)
        note_failure(shop.store, shop.desk, "imap", str, error, shop.at)
    assert shop.rows("select event from alert") == []
    for _ in range(9):
        shop.wait(minutes=1)
        note_failure(shop.store, shop.desk, "imap", str, error, shop.at)

    assert shop.rows("select event, count from alert") == [("account.out", 1)]


def test_a_machine_that_was_off_for_days_tells_of_no_outage_at_its_first_failure(
    shop: Shop,
) -> None:
    note_success(shop.store, shop.desk, "imap", shop.at)
    shop.wait(days=3)
    note_failure(shop.store, shop.desk, "imap", str, MailboxUnavailableError("no route"), shop.at)

    assert shop.rows("select event from alert") == []


def test_a_sign_in_that_has_ended_is_one_alarm_and_one_recovery_though_two_servers_refuse_us(
    shop: Shop,
) -> None:
    ended = MailboxPasswordRefusedError("the sign-in is no longer valid")
    ended.__cause__ = SignInRefusedError("the sign-in is no longer valid")
    for service in ("imap", "smtp"):
        for _ in range(4):
            note_failure(shop.store, shop.desk, service, lambda: "shared", ended, shop.at)
            shop.wait(minutes=20)
    assert shop.rows("select event, count from alert") == [("account.stopped", 1)]

    note_success(shop.store, shop.desk, "imap", shop.at)
    assert resting_until(shop.store, shop.desk, "smtp", lambda: "shared", shop.at) is None
    note_success(shop.store, shop.desk, "smtp", shop.at)

    events = [row[0] for row in shop.rows("select event from alert order by id")]
    assert events == ["account.stopped", "account.recovered"]


def test_success_forgets_all_failures(shop: Shop) -> None:
    try_for_a_day(shop)

    note_success(shop.store, shop.desk, "imap", shop.at)

    assert resting_until(shop.store, shop.desk, "imap", lambda: "old", shop.at) is None
    with shop.store.read() as tx:
        account = tx.mailboxes.account(shop.desk.mailbox_id, "imap")
    assert (account.refusals, account.last_success_at) == (0, shop.at)


def test_an_outage_by_a_clock_that_was_ahead_is_not_waited_for(shop: Shop) -> None:
    shop.at += timedelta(days=1)
    note_success(shop.store, shop.desk, "imap", shop.at)
    note_failure(shop.store, shop.desk, "imap", str, MailboxUnavailableError("no route"), shop.at)
    shop.at -= timedelta(days=1)

    assert resting_until(shop.store, shop.desk, "imap", str, shop.at) is None
    note_success(shop.store, shop.desk, "imap", shop.at)
    with shop.store.read() as tx:
        assert tx.mailboxes.account(shop.desk.mailbox_id, "imap").last_success_at == shop.at


def test_an_account_that_is_gone_for_a_week_is_told_once_and_nothing_is_lost(shop: Shop) -> None:
    shop.start()
    for number in range(3):
        shop.write(a_mail(sender=f"c{number}@x.example", message_id=f"c{number}@x.example"))
    shop.round()
    note_success(shop.store, shop.desk, "imap", shop.at)
    shop.account.refusal = MailboxUnavailableError("no route")
    shop.transport.always("CONNECT", "421 4.3.2 down")
    shop.transport.connected = False
    daemon, _ = a_daemon(shop)
    back_at = shop.at + timedelta(days=7)

    async def live() -> None:
        (crew,) = daemon._crews
        while shop.at < back_at + timedelta(minutes=30):
            if shop.at >= back_at and shop.account.refusal is not None:
                shop.account.refusal = None
                shop.transport.always("CONNECT", None)
                # What came last is still worth an answer.
                shop.write(a_mail(sender="new@x.example", message_id="n@x.example", date=shop.at))
            for step in Step:
                with suppress(MaildaemonError):
                    await daemon._step(crew, step)()
            while shop.tell():
                pass
            shop.wait(minutes=90 if shop.at < back_at - timedelta(hours=2) else 10)
        await daemon.close()

    old = shop.at + timedelta(days=1)
    shop.write(a_mail(sender="old@x.example", message_id="o@x.example", date=old), at=old)
    asyncio.run(live())

    assert [one.event for one in shop.alert.told] == ["account.out", "account.recovered"]
    assert shop.rows("select count(*) from message where kind = 'customer'") == [(5,)]
    got = sorted(mail.envelope.forward_path for mail in shop.transport.accepted)
    assert got == ["c0@x.example", "c1@x.example", "c2@x.example", "new@x.example"]


def test_whoever_starts_the_daemon_does_not_wait_for_what_was_wrong_before(shop: Shop) -> None:
    error = OperatorError("the environment variable SUPPORT_PASSWORD is not set")
    note_failure(shop.store, shop.desk, "imap", str, error, shop.at)
    assert resting_until(shop.store, shop.desk, "imap", str, shop.at) is not None

    begin_anew(shop.store, shop.desk)

    assert resting_until(shop.store, shop.desk, "imap", str, shop.at) is None


def test_a_refused_password_is_remembered_over_a_new_start(shop: Shop) -> None:
    try_for_a_day(shop)

    begin_anew(shop.store, shop.desk)

    assert resting_until(shop.store, shop.desk, "imap", lambda: "old", shop.at) is not None


def test_one_account_in_trouble_does_not_hold_the_other(shop: Shop) -> None:
    try_for_a_day(shop)

    assert resting_until(shop.store, shop.desk, "smtp", lambda: "old", shop.at) is None


def a_day_of(shop: Shop, daemon: Daemon) -> None:
    async def live() -> None:
        while shop.at < START + timedelta(hours=24):
            # Side by side, the loops come in any order.
            for step in reversed(Step):
                with suppress(MaildaemonError):
                    await daemon._step(crew, step)()
            shop.wait(minutes=10)
        await daemon.close()

    (crew,) = daemon._crews
    asyncio.run(live())


@pytest.mark.sqlite
@pytest.mark.parametrize("queued", [0, 3])
def test_the_daemon_logs_in_six_times_on_a_day_on_which_imap_refuses_it(
    shop: Shop, queued: int
) -> None:
    shop.start()
    for number in range(queued):
        shop.write(a_mail(sender=f"c{number}@x.example", message_id=f"c{number}@x.example"))
    shop.round()
    shop.account.refusal = REFUSED
    shop.account.calls.clear()

    a_day_of(shop, a_daemon(shop)[0])

    assert len([call for call in shop.account.calls if call[0] != "close"]) == 6


@pytest.mark.sqlite
def test_the_daemon_logs_in_six_times_on_a_day_on_which_smtp_refuses_it(shop: Shop) -> None:
    shop.start()
    shop.transport.always("AUTH", "535 5.7.8 wrong password")
    for number in range(14):
        shop.write(a_mail(sender=f"c{number}@x.example", message_id=f"c{number}@x.example"))
    shop.receive()
    while shop.process():
        pass
    # Some of them expire while the server refuses us: that is no success.
    with shop.sql.engine.begin() as connection:
        for number in range(1, 15):
            ends_at = shop.now() + number * timedelta(hours=1)
            connection.execute(
                update(outbox)
                .where(outbox.c.id == number)
                .values(next_attempt_at=outbox.c.queued_at, expires_at=ends_at)
            )
    shop.transport.commands.clear()

    a_day_of(shop, a_daemon(shop)[0])

    assert shop.transport.commands.count("AUTH") == 6


@pytest.mark.postgresql
def test_a_success_is_only_what_a_server_has_confirmed(shop: Shop) -> None:
    shop.start()
    daemon, _ = a_daemon(shop, Step.PROCESS, Step.DELIVER, Step.SETTLE)

    async def live() -> None:
        await daemon.run_once()
        await daemon.close()

    asyncio.run(live())

    assert shop.rows("select * from account") == []


@pytest.mark.sqlite
def test_a_second_connection_that_is_refused_is_tried_no_more_often_than_the_first(
    shop: Shop,
) -> None:
    shop.start()
    daemon, _ = a_daemon(shop)
    (crew,) = daemon._crews
    knocks: list[object] = []

    def refuse(*_: object) -> bool:
        knocks.append(shop.at)
        raise REFUSED

    assert crew.watch is not None
    crew.watch.wait = refuse  # type: ignore[assignment,method-assign]

    async def live() -> None:
        while shop.at < START + timedelta(hours=24):
            await daemon.run_once()
            with suppress(MaildaemonError):
                await daemon._steps.watch(crew)
            shop.wait(minutes=10)
        await daemon.close()

    asyncio.run(live())

    assert len(knocks) == 6


async def test_an_account_that_rests_has_not_recovered(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stopping, calls = asyncio.Event(), 0

    async def step() -> int | Rest:
        nonlocal calls
        calls += 1
        if calls in {1, 3}:
            raise MailboxUnavailableError("no route")
        if calls == 5:
            stopping.set()
            return 0
        return Rest(timedelta(seconds=1))

    async with asyncio.timeout(10):
        await Loop("test", step, stopping, jitter=lambda: 0.0).run()

    assert [record.message for record in caplog.records if record.name == "maildaemon"] == [
        "loop.failed",
        "loop.recovered",
    ]


def test_the_secret_is_not_asked_for_within_a_transaction(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_transactions = 0
    real = shop.sql.begin

    @contextmanager
    def begin() -> Iterator[Transaction]:
        nonlocal open_transactions
        with real() as tx:
            open_transactions += 1
            yield tx
            open_transactions -= 1

    def credential() -> str:
        assert open_transactions == 0
        return "old"

    monkeypatch.setattr(shop.sql, "begin", begin)

    note_failure(shop.store, shop.desk, "imap", credential, REFUSED, shop.at)


def test_what_somebody_has_to_mend_is_no_outage_that_passes(shop: Shop) -> None:
    for error in (MailboxUnavailableError("gone"), OperatorError("the certificate is unknown")):
        note_failure(shop.store, shop.desk, "imap", lambda: "", error, shop.at)

    with shop.store.read() as tx:
        assert lasts(tx.mailboxes.account(shop.desk.mailbox_id, "imap"), 6)
