"""Every brake stops automatic mail while recording goes on, says so once, and lets go again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.policy import Mode, Rate
from maildaemon.ports.brakes import AlertRow, Beat
from maildaemon.services.alert import spread_next
from maildaemon.services.brakes import release
from tests.fakes.pulse import FakePulse
from tests.service.shop import START, Shop, a_mail, a_policy
from tests.service.test_doubt import backup, restore
from tests.service.test_spine import a_bounce

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

WEEKS_AGO = START - timedelta(days=21)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    opened.wait(minutes=30)
    opened.look()
    yield opened
    opened.close()


def a_customer(shop: Shop, name: str, body: str = "", *, at: datetime | None = None) -> bytes:
    """Somebody else's first mail, with words of his own."""
    return a_mail(
        body or f"Dear shop, where is the parcel of {name}? Greetings from {name}, {name}ville.",
        sender=f"{name}@{name}.example",
        message_id=f"{name}-1@{name}.example",
        subject=f"The parcel of {name}",
        date=at or shop.at,
    )


def brakes(shop: Shop) -> list[Brake]:
    with shop.store.read() as tx:
        return [one.brake for one in tx.brakes.on(shop.desk.mailbox_id)]


def resume(shop: Shop, brake: Brake | None = None, *, discard: bool = False) -> None:
    with shop.store.begin() as tx:
        release(tx, shop.desk.mailbox_id, "support", shop.at, brake=brake, discard=discard)


def alarms(shop: Shop) -> list[str]:
    """Tell what is to be told now, and return which events have been told so far."""
    while shop.tell():
        pass
    return [one.event for one in shop.alert.told]


def silences(shop: Shop) -> list[str | None]:
    """Return why customers got no answer, message by message; None: they got one."""
    query = "select silence from message where kind = 'customer' order by id"
    return [row[0] for row in shop.rows(query)]


def recipients(shop: Shop) -> list[str]:
    return [str(mail["To"]) for mail in shop.customers_got]


def put_on(shop: Shop, brake: Brake, doubts_before: datetime | None = None) -> None:
    with shop.store.begin() as tx:
        tx.brakes.put_on(shop.desk.mailbox_id, Braking(brake, "a test", shop.at, doubts_before))


# What a brake means for mail


def test_mail_that_comes_while_a_brake_is_on_is_recorded_and_waits(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    shop.write(a_customer(shop, "clara"))
    shop.round()

    assert silences(shop) == [None]
    assert shop.outbox == ["queued"]
    assert recipients(shop) == []


def test_what_waited_is_sent_when_the_brake_is_released(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    shop.write(a_customer(shop, "clara"))
    shop.round()
    resume(shop)
    shop.wait(minutes=1)
    shop.round()

    assert recipients(shop) == ["clara@clara.example"]
    assert alarms(shop) == ["brake.released"]


@pytest.mark.postgresql
def test_what_waited_can_be_discarded_instead(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    shop.write(a_customer(shop, "clara"))
    shop.round()
    resume(shop, discard=True)
    shop.wait(minutes=1)
    shop.round()

    assert shop.outbox == ["cancelled"]
    assert shop.rows("select why from outbox") == [("discarded by an operator",)]
    assert recipients(shop) == []


def test_what_waited_for_too_long_expires_under_the_brake(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    shop.write(a_customer(shop, "clara"))
    shop.round()
    shop.wait(hours=25)
    shop.round()

    assert shop.outbox == ["expired"]
    resume(shop)
    shop.round()
    assert recipients(shop) == []


def test_a_brake_that_is_put_on_while_we_log_in_stops_the_mail(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def log_in() -> None:
        put_on(shop, Brake.BREAKER)

    shop.write(a_customer(shop, "clara"))
    shop.receive()
    shop.process()
    shop.receive()
    monkeypatch.setattr(shop.transport, "open", log_in)
    shop.transport.connected = True
    shop.deliver()

    assert shop.outbox == ["queued"]
    assert recipients(shop) == []


def test_drafts_that_waited_can_be_discarded_too(tmp_path: Path) -> None:
    shop = Shop(tmp_path, mode=Mode.DRAFTS)
    shop.start()
    put_on(shop, Brake.BREAKER)
    shop.write(a_customer(shop, "clara"))
    shop.round()
    assert shop.outbox == ["draft"]

    resume(shop, discard=True)
    shop.wait(minutes=1)
    shop.round()

    assert shop.outbox == ["cancelled"]
    assert shop.account.messages("Drafts") == []
    shop.close()


def test_a_second_brake_stays_on_when_the_first_is_released(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    put_on(shop, Brake.FLOOD)
    shop.write(a_customer(shop, "clara"))
    resume(shop, Brake.BREAKER)
    shop.round()

    assert brakes(shop) == [Brake.FLOOD]
    assert recipients(shop) == []


def test_a_person_still_cancels_what_a_brake_holds(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    shop.write(a_customer(shop, "clara"))
    shop.round()
    answer = a_mail(
        "It ships today.",
        sender="support@shop.example",
        to="clara@clara.example",
        message_id="staff1@shop.example",
        In_Reply_To="<clara-1@clara.example>",
    )
    shop.write(answer, "Sent")
    shop.round()

    assert shop.outbox == ["cancelled"]


# The breaker


def ten_bounces_and_one(shop: Shop) -> None:
    names = [f"n{number}" for number in range(11)]
    for name in names:
        shop.write(a_customer(shop, name))
    shop.round()
    ours = {str(mail["To"]): str(mail["Message-ID"]) for mail in shop.customers_got}
    for name in names:
        address = f"{name}@{name}.example"
        shop.write(a_bounce(address, ours[address]))
    shop.wait(minutes=1)
    shop.round()


def test_many_bounces_stop_everything_automatic(shop: Shop) -> None:
    ten_bounces_and_one(shop)
    shop.write(a_customer(shop, "late"))
    shop.round()

    assert brakes(shop) == [Brake.BREAKER]
    assert "late@late.example" not in recipients(shop)
    assert alarms(shop) == ["brake.set"]


def test_the_breaker_counts_anew_after_its_release(shop: Shop) -> None:
    ten_bounces_and_one(shop)
    shop.write(a_customer(shop, "late"))
    shop.round()
    shop.wait(minutes=1)
    resume(shop, Brake.BREAKER)
    shop.wait(minutes=1)
    shop.round()

    assert brakes(shop) == []
    assert recipients(shop)[-1] == "late@late.example"


# New numbers


def test_new_numbers_stop_and_leave_unanswered_what_was_there_before(shop: Shop) -> None:
    shop.account.change_uidvalidity("INBOX")
    shop.write(a_customer(shop, "before"))
    shop.wait(minutes=2)
    shop.receive()
    shop.wait(minutes=2)
    shop.write(a_customer(shop, "after"))
    shop.round()

    assert brakes(shop) == [Brake.RENUMBERED]
    assert silences(shop) == ["breaker_open", None]
    assert alarms(shop) == ["brake.set"]


def test_after_new_numbers_who_wrote_meanwhile_is_answered_on_release(shop: Shop) -> None:
    shop.account.change_uidvalidity("INBOX")
    shop.write(a_customer(shop, "before"))
    shop.wait(minutes=2)
    shop.receive()
    shop.wait(minutes=2)
    shop.write(a_customer(shop, "after"))
    shop.round()
    resume(shop, Brake.RENUMBERED)
    shop.wait(minutes=1)
    shop.round()

    assert recipients(shop) == ["after@after.example"]


# Old mail in bulk


def drag_old_mail(shop: Shop, count: int) -> None:
    """As after a restore: INTERNALDATE is now, and what looks new is among it."""
    for number in range(count):
        shop.write(a_customer(shop, f"old{number}", at=WEEKS_AGO))
    shop.write(a_customer(shop, "yesterday", at=shop.at - timedelta(hours=20)))


def test_a_bulk_of_old_mail_stops_before_what_looks_new_among_it_is_answered(shop: Shop) -> None:
    drag_old_mail(shop, 120)
    shop.round()

    assert brakes(shop) == [Brake.BULK_ARRIVAL]
    assert silences(shop) == ["too_old"] * 120 + ["breaker_open"]
    assert recipients(shop) == []
    assert alarms(shop) == ["brake.set"]


def test_after_a_bulk_of_old_mail_who_wrote_meanwhile_is_answered_on_release(shop: Shop) -> None:
    drag_old_mail(shop, 120)
    shop.round()
    shop.wait(minutes=1)
    shop.write(a_customer(shop, "dora"))
    shop.round()
    resume(shop, Brake.BULK_ARRIVAL)
    shop.wait(minutes=1)
    shop.round()

    assert recipients(shop) == ["dora@dora.example"]
    assert brakes(shop) == []


def test_a_few_old_mails_moved_back_stop_nothing(shop: Shop) -> None:
    for number in range(30):
        shop.write(a_customer(shop, f"old{number}", at=WEEKS_AGO), at=WEEKS_AGO)
    shop.write(a_customer(shop, "dora"))
    shop.round()

    assert brakes(shop) == []
    assert recipients(shop) == ["dora@dora.example"]


def test_mail_read_again_under_new_numbers_is_no_bulk(shop: Shop) -> None:
    for number in range(40):
        shop.write(a_customer(shop, f"c{number}"))
    shop.round()
    shop.wait(days=30)
    shop.account.change_uidvalidity("INBOX")
    shop.round()

    assert brakes(shop) == [Brake.RENUMBERED]


# A flood


def a_small_shop(folder: Path) -> Shop:
    """A shop for which more than 40 customers within ten minutes are a flood."""
    limits = replace(a_policy().limits, burst=1, per_mailbox=Rate(18, timedelta(hours=1)))
    shop = Shop(folder, limits=limits)
    shop.start()
    return shop


def test_far_too_many_new_mails_at_once_wait_for_a_person(tmp_path: Path) -> None:
    shop = a_small_shop(tmp_path)
    for number in range(41):
        shop.write(a_customer(shop, f"c{number}"))
    shop.round()

    assert brakes(shop) == [Brake.FLOOD]
    assert silences(shop) == [None] * 41
    assert recipients(shop) == []
    assert alarms(shop) == ["brake.set"]
    shop.close()


def test_after_a_flood_everybody_is_answered_on_release(tmp_path: Path) -> None:
    shop = a_small_shop(tmp_path)
    for number in range(41):
        shop.write(a_customer(shop, f"c{number}"))
    shop.round()
    resume(shop, Brake.FLOOD)
    shop.round()
    for _ in range(40):
        shop.wait(minutes=10)
        step(shop)

    assert len(recipients(shop)) == 41
    assert brakes(shop) == []
    shop.close()


# A restored database


def live_on(shop: Shop) -> None:
    """Send two acknowledgements, one queued before the backup and one never known to it."""
    shop.transport.always("CONNECT", "421 busy")
    shop.write(a_customer(shop, "queued"))
    shop.receive()
    shop.process()
    backup(shop)
    shop.transport.always("CONNECT", None)
    shop.wait(minutes=10)
    shop.look()
    shop.write(a_customer(shop, "unknown"))
    shop.round()
    assert len(shop.customers_got) == 2
    shop.wait(minutes=2)
    shop.look()


def test_a_restored_database_stops_and_sends_nothing_a_second_time(shop: Shop) -> None:
    live_on(shop)
    shop.wait(minutes=30)
    restore(shop)
    shop.look()
    shop.round()

    assert brakes(shop) == [Brake.RESTORED]
    assert alarms(shop) == ["brake.set"]
    for _ in range(30):
        shop.wait(minutes=2)
        shop.round()
    resume(shop)
    for _ in range(10):
        shop.wait(minutes=2)
        shop.round()
    assert sorted(recipients(shop)) == ["queued@queued.example", "unknown@unknown.example"]


def test_after_a_restore_who_wrote_since_the_lost_life_is_answered_on_release(shop: Shop) -> None:
    live_on(shop)
    shop.wait(minutes=30)
    shop.write(a_customer(shop, "later"))
    restore(shop)
    shop.look()
    shop.round()
    assert "later@later.example" not in recipients(shop)

    resume(shop, Brake.RESTORED)
    shop.wait(minutes=1)
    shop.round()
    assert recipients(shop)[-1] == "later@later.example"
    assert len(recipients(shop)) == 3


def test_copies_in_sent_tell_of_a_restore_when_the_heartbeat_was_restored_too(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, files_sent=True)
    shop.start()
    shop.look()
    shop.transport.always("CONNECT", "421 busy")
    shop.write(a_customer(shop, "queued"))
    shop.receive()
    shop.process()
    backup(shop)
    beat = shop.pulse.last
    shop.transport.always("CONNECT", None)
    shop.wait(minutes=10)
    shop.look()
    shop.write(a_customer(shop, "unknown"))
    shop.round()
    # Whatever made it unknown even to what is read again: a person has deleted it from the inbox.
    shop.account.expunge("INBOX", 2)
    shop.wait(minutes=20)
    shop.pulse.last = beat
    restore(shop)
    shop.look()
    # Nothing goes out before Sent has been read once since the start.
    assert shop.deliver() == 0
    shop.round()

    assert brakes(shop) == [Brake.RESTORED]
    resume(shop)
    for _ in range(30):
        shop.wait(minutes=2)
        shop.round()
    assert len(recipients(shop)) == 2
    shop.close()


def test_a_database_on_a_new_machine_without_the_heartbeat_file_raises_no_alarm(shop: Shop) -> None:
    shop.write(a_customer(shop, "clara"))
    shop.round()
    shop.pulse = FakePulse()
    shop.close()
    shop.open()
    shop.look()
    shop.write(a_customer(shop, "dora"))
    shop.round()

    assert brakes(shop) == []
    assert len(recipients(shop)) == 2
    assert shop.pulse.last is not None


def test_a_new_database_beside_an_old_heartbeat_raises_no_alarm(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.pulse.last = Beat(5000, START - timedelta(hours=1))
    shop.look()
    shop.start()
    shop.write(a_customer(shop, "dora"))
    shop.round()

    assert brakes(shop) == []
    assert len(recipients(shop)) == 1
    shop.close()


# The clock


def test_a_clock_that_leaps_forward_stops_and_lets_nothing_expire(shop: Shop) -> None:
    shop.transport.always("CONNECT", "421 busy")
    shop.write(a_customer(shop, "clara"))
    shop.receive()
    shop.process()
    shop.transport.always("CONNECT", None)
    shop.set_clock(days=400)
    shop.look()
    shop.deliver()

    assert brakes(shop) == [Brake.CLOCK]
    assert shop.outbox == ["queued"]
    assert alarms(shop) == ["brake.set"]


def test_the_clock_brake_lets_go_by_itself_when_the_clock_is_back(shop: Shop) -> None:
    shop.set_clock(days=400)
    shop.look()
    shop.set_clock(days=-400)
    shop.look()
    shop.write(a_customer(shop, "clara"))
    shop.round()

    assert brakes(shop) == []
    assert recipients(shop) == ["clara@clara.example"]
    assert alarms(shop) == ["brake.set", "brake.released"]


def test_a_clock_that_is_set_back_stops(shop: Shop) -> None:
    shop.set_clock(hours=-3)
    shop.look()

    assert brakes(shop) == [Brake.CLOCK]


def test_the_clock_brake_lets_go_by_itself_when_the_server_agrees(shop: Shop) -> None:
    # At its start the machine had a wrong clock, which has been put right now.
    shop.set_clock(days=200)
    shop.look()
    shop.write(a_customer(shop, "clara"))
    shop.round()

    assert brakes(shop) == []
    assert recipients(shop) == ["clara@clara.example"]


def test_what_a_clock_that_was_ahead_has_put_off_does_not_wait_for_that_time(shop: Shop) -> None:
    shop.set_clock(days=30)
    shop.look()
    shop.transport.plan("MAIL", "451 later")
    right = shop.at - timedelta(days=30)
    shop.write(a_customer(shop, "clara"))
    with shop.sql.begin() as tx:
        release(tx, shop.desk.mailbox_id, "support", shop.at)
    shop.round()
    assert shop.outbox == ["queued"]

    shop.set_clock(days=-30)
    shop.look()
    shop.write(a_customer(shop, "dora", at=right), at=right)
    shop.round()

    assert shop.at == right
    assert brakes(shop) == []
    # It was recorded in the future, so that for an hour Sent seems not to have been read since.
    for _ in range(2):
        shop.wait(minutes=31)
        shop.round()
    assert "clara@clara.example" in recipients(shop)


def test_while_the_clock_is_wrong_new_mail_is_recorded_and_not_answered(shop: Shop) -> None:
    shop.set_clock(hours=-3)
    shop.look()
    right = shop.at + timedelta(hours=3)
    shop.write(a_customer(shop, "clara", at=right), at=right)
    shop.round()

    assert brakes(shop) == [Brake.CLOCK]
    assert silences(shop) == ["breaker_open"]
    assert recipients(shop) == []


def test_a_server_that_dates_new_mail_ahead_of_our_clock_stops(shop: Shop) -> None:
    shop.write(a_customer(shop, "clara"), at=shop.at + timedelta(hours=1))
    shop.round()

    assert brakes(shop) == [Brake.CLOCK]


def test_a_clock_that_has_gone_back_while_we_were_down_is_noticed_at_the_start(shop: Shop) -> None:
    shop.close()
    shop.set_clock(hours=-2)
    shop.open()
    shop.look()

    assert brakes(shop) == [Brake.CLOCK]


def test_a_sleep_of_the_machine_is_no_jump_of_the_clock(shop: Shop) -> None:
    shop.wait(hours=9)
    shop.look()

    assert brakes(shop) == []


# A suspected responder


def write_alike(shop: Shop, count: int = 3) -> None:
    for number in range(count):
        shop.write(
            a_mail(
                f"Thank you for contacting Bots Ltd. Your ticket 55{number} was opened on "
                f"2026-11-{number + 1:02}. We will answer soon.",
                sender="desk@bots.example",
                message_id=f"b{number}@bots.example",
                subject=f"Ticket 55{number} received",
                date=shop.at,
            )
        )
        shop.wait(minutes=11)
        shop.round()


def test_three_similar_messages_within_an_hour_mute_the_address_for_a_day(shop: Shop) -> None:
    write_alike(shop)

    assert silences(shop) == [None, None, "muted"]
    before = len(recipients(shop))
    shop.wait(hours=5)
    shop.write(a_mail("Another matter.", sender="desk@bots.example", message_id="x@bots.example"))
    shop.round()
    assert silences(shop)[-1] == "muted"
    assert len(recipients(shop)) == before
    assert alarms(shop) == ["sender.muted"]
    assert ("sender_muted",) in shop.rows("select event from event")


def test_a_muted_address_is_answered_again_after_a_day(shop: Shop) -> None:
    write_alike(shop)
    shop.wait(hours=25)
    shop.write(
        a_mail(
            "My lamp broke, what now?",
            sender="desk@bots.example",
            message_id="x@bots.example",
            date=shop.at,
        )
    )
    shop.round()

    assert silences(shop)[-1] is None


def test_a_muted_address_is_answered_again_by_an_operators_word(shop: Shop) -> None:
    write_alike(shop)
    with shop.store.begin() as tx:
        assert tx.brakes.unmute(shop.desk.mailbox_id, "desk@bots.example", shop.at) == 1
    shop.wait(hours=23)
    shop.write(
        a_mail(
            "My lamp broke, what now?",
            sender="desk@bots.example",
            message_id="x@bots.example",
            date=shop.at,
        )
    )
    shop.round()

    assert silences(shop)[-1] is None


# Undeliverable addresses


@pytest.mark.postgresql
def test_a_dead_address_is_answered_again_when_its_owner_proves_that_it_lives(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, authserv_id="mx.shop.example")
    shop.start()
    shop.transport.plan("RCPT", "550 5.1.1 no such user")
    shop.write(a_mail())
    shop.round()

    def write_again(number: int, verdict: str) -> None:
        raw = a_mail(
            f"Another question, about lamp {number}, please.",
            message_id=f"again{number}@customer.example",
            subject=f"Lamp {number}",
            date=shop.at,
            Authentication_Results=f"mx.shop.example; dmarc={verdict} header.from=customer.example",
        )
        shop.write(raw)
        shop.round()

    shop.wait(hours=2)
    write_again(1, "pass")
    shop.wait(days=2)
    write_again(2, "fail")
    shop.wait(hours=1)
    write_again(3, "pass")

    assert silences(shop) == [None, "address_undeliverable", "address_undeliverable", None]
    assert recipients(shop) == ["clara@customer.example"]
    shop.close()


@pytest.mark.postgresql
def test_a_dead_address_is_answered_again_by_an_operators_word(shop: Shop) -> None:
    shop.transport.plan("RCPT", "550 5.1.1 no such user")
    shop.write(a_mail(date=shop.at))
    shop.round()
    with shop.store.begin() as tx:
        tx.brakes.unmute(shop.desk.mailbox_id, "clara@customer.example", shop.at)
    shop.wait(hours=1)
    shop.write(a_mail("A new question.", message_id="c2@c.example", subject="Other", date=shop.at))
    shop.round()

    assert recipients(shop) == ["clara@customer.example"]


# The limit that delays


@pytest.fixture
def calm_shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that answers a fifth as fast as is usual, so that a fifth of the mails are a rush."""
    limits = replace(a_policy().limits, burst=4, per_mailbox=Rate(12, timedelta(hours=1)))
    opened = Shop(tmp_path, limits=limits)
    opened.start()
    opened.wait(minutes=30)
    opened.look()
    yield opened
    opened.close()


def rush(shop: Shop, customers: int) -> dict[str, datetime]:
    """Let customers write throughout one hour; return when each wrote."""
    wrote = {}
    for number in range(customers):
        name = f"c{number}"
        shop.write(a_customer(shop, name))
        wrote[f"{name}@{name}.example"] = shop.at
        shop.wait(seconds=3600 / customers)
        if number % 10 == 9:
            shop.look()
            shop.round()
    return wrote


def step(shop: Shop) -> None:
    """Nobody writes; what may go does."""
    shop.look()
    while shop.deliver():
        pass


@pytest.mark.campaign
def test_eight_times_as_many_customers_as_the_rate_allows_are_all_answered_within_six_hours(
    calm_shop: Shop,
) -> None:
    shop = calm_shop
    wrote = rush(shop, 100)
    got: dict[str, datetime] = {}
    for _ in range(7 * 20):
        for mail in shop.customers_got[len(got) :]:
            got[str(mail["To"])] = shop.at
        if len(got) == 100:
            break
        shop.wait(minutes=3)
        step(shop)

    assert brakes(shop) == []
    assert got.keys() == wrote.keys()
    assert len(recipients(shop)) == 100
    assert max(got[one] - wrote[one] for one in wrote) <= timedelta(hours=6)


def test_it_is_known_when_the_next_mail_has_its_turn(calm_shop: Shop) -> None:
    shop = calm_shop
    rush(shop, 40)
    step(shop)

    with shop.sql.read() as tx:
        outbox = tx.overview.standing(shop.desk.mailbox_id, shop.at).outbox
    assert outbox.due > 0
    assert outbox.turn_at is not None
    assert timedelta(0) < outbox.turn_at - shop.at <= timedelta(minutes=5)
    with shop.sql.read() as tx:
        later = tx.overview.standing(shop.desk.mailbox_id, outbox.turn_at).outbox
    assert (later.turn_at, later.due_since) == (None, outbox.turn_at)


def test_staff_are_told_once_that_mail_is_late(calm_shop: Shop) -> None:
    shop = calm_shop
    rush(shop, 40)
    for _ in range(24):
        shop.wait(minutes=5)
        step(shop)

    assert alarms(shop) == ["mail.late"]
    assert "wait because of `limits.per_mailbox`" in shop.alert.told[0].text


@pytest.mark.postgresql
def test_mail_is_late_no_more_when_the_queue_is_young_again(calm_shop: Shop) -> None:
    shop = calm_shop
    rush(shop, 40)
    for _ in range(60):
        shop.wait(minutes=5)
        step(shop)
    shop.write(a_customer(shop, "next"))
    shop.round()

    assert len(recipients(shop)) == 41
    assert shop.rows("select late_since from mailbox") == [(None,)]


def test_what_waited_under_a_brake_does_not_all_go_at_once(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    for number in range(100):
        shop.write(a_customer(shop, f"c{number}"))
    shop.round()
    shop.wait(hours=8)
    resume(shop)
    most = 0
    while len(recipients(shop)) < 100 and most <= 30:
        before = len(recipients(shop))
        for _ in range(5):
            shop.wait(minutes=2)
            step(shop)
        most = max(most, len(recipients(shop)) - before)

    assert brakes(shop) == []
    assert len(recipients(shop)) == 100
    assert most <= 30


# Telling people


@pytest.mark.postgresql
def test_an_alarm_that_was_not_taken_is_told_later(shop: Shop) -> None:
    shop.set_clock(days=400)
    shop.look()
    shop.alert.broken = "pager ended with 1"
    assert alarms(shop) == []

    shop.alert.broken = None
    shop.wait(minutes=2)
    assert alarms(shop) == ["brake.set"]


def test_s29_of_one_subject_one_alarm_an_hour_is_told(shop: Shop) -> None:
    for _ in range(5):
        put_on_and_release(shop)
    assert alarms(shop) == ["brake.released"]

    put_on_and_release(shop)
    assert alarms(shop) == ["brake.released"]
    shop.wait(hours=1)
    assert alarms(shop) == ["brake.released", "brake.released"]
    assert [one.count for one in shop.alert.told] == [5, 1]


@pytest.mark.postgresql
def test_what_happens_again_while_it_is_told_is_told_as_well(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def tell(alarm: AlertRow) -> None:
        if not told:
            put_on_and_release(shop)
            spread_next(shop.store, shop.alerts, shop.now)
        told.append(alarm.count)

    monkeypatch.setattr(shop, "alert", SimpleNamespace(tell=tell))
    put_on_and_release(shop)
    shop.tell()
    shop.wait(minutes=3)
    shop.tell()

    assert told == [1, 2]
    assert shop.rows("select state from alert") == [("told",)]


def put_on_and_release(shop: Shop) -> None:
    put_on(shop, Brake.BREAKER)
    resume(shop)


def test_an_alarm_survives_a_death_before_it_was_told(shop: Shop) -> None:
    shop.set_clock(days=400)
    shop.look()
    with shop.store.begin() as tx:
        tx.alerts.spread_alarms(["command"], shop.at)
        until = shop.at + timedelta(minutes=2)
        assert tx.alerts.claim_alert("command", shop.at, until) is not None
    shop.close()
    shop.open()

    assert alarms(shop) == []
    shop.wait(minutes=3)
    assert alarms(shop) == ["brake.set"]
