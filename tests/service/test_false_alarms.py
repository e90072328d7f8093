"""What looks like trouble and is none must stop nothing; and nobody outside can stop us."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.brakes import Brake
from maildaemon.ports.brakes import Beat
from tests.service.shop import Shop
from tests.service.test_brakes import (
    a_customer,
    brakes,
    drag_old_mail,
    put_on,
    recipients,
    resume,
    silences,
)
from tests.service.test_spine import a_bounce


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    opened.wait(minutes=30)
    opened.look()
    yield opened
    opened.close()


def test_whoever_was_acknowledged_cannot_stop_us_by_forged_bounces(shop: Shop) -> None:
    shop.write(a_customer(shop, "mallory"))
    shop.round()
    [ours] = [str(mail["Message-ID"]) for mail in shop.customers_got]
    for number in range(40):
        forged = a_bounce("mallory@mallory.example", ours)
        shop.write(forged.replace(b"<bounce-", f"<forged-{number}-".encode()))
    shop.wait(minutes=1)
    shop.write(a_customer(shop, "clara"))
    shop.round()

    assert brakes(shop) == []
    assert recipients(shop)[-1] == "clara@clara.example"


def test_bounces_of_last_week_that_are_read_late_stop_nothing(shop: Shop) -> None:
    names = [f"n{number}" for number in range(12)]
    for name in names:
        shop.write(a_customer(shop, name))
    shop.round()
    ours = {str(mail["To"]): str(mail["Message-ID"]) for mail in shop.customers_got}
    for name in names:
        shop.write(a_bounce(f"{name}@{name}.example", ours[f"{name}@{name}.example"]))
    shop.wait(days=3)
    shop.write(a_customer(shop, "clara"))
    shop.round()

    assert brakes(shop) == []
    assert recipients(shop)[-1] == "clara@clara.example"


def test_a_release_by_a_clock_that_was_wrong_disarms_no_brake(shop: Shop) -> None:
    shop.set_clock(days=365)
    for brake in Brake:
        put_on(shop, brake)
    resume(shop)
    shop.set_clock(days=-365)
    drag_old_mail(shop, 120)
    shop.wait(minutes=1)
    shop.round()

    assert Brake.BULK_ARRIVAL in brakes(shop)


def test_fifty_mails_that_are_moved_back_stop_nothing(shop: Shop) -> None:
    for number in range(50):
        at = shop.at - timedelta(days=10 + number)
        shop.write(a_customer(shop, f"moved{number}", at=at), at=at)
    shop.write(a_customer(shop, "clara"))
    shop.round()

    assert brakes(shop) == []
    assert recipients(shop) == ["clara@clara.example"]


def test_what_came_while_we_were_down_for_weeks_is_no_bulk(shop: Shop) -> None:
    shop.write(a_customer(shop, "before"))
    shop.round()
    for number in range(240):
        shop.wait(hours=2)
        shop.write(a_customer(shop, f"c{number}"))
    shop.wait(minutes=1)
    shop.close()
    shop.open()
    shop.look()
    for _ in range(3):
        shop.round()

    assert brakes(shop) == []
    assert set(silences(shop)[1:-12]) == {"too_old"}
    assert recipients(shop)[-12:] == [f"c{number}@c{number}.example" for number in range(228, 240)]


def test_a_heartbeat_of_the_end_of_time_is_a_matter_of_the_clock(shop: Shop) -> None:
    shop.close()
    shop.open()
    shop.pulse.write(Beat(10**30, shop.at.replace(year=9999, month=12, day=31, hour=23, minute=58)))
    shop.look()

    assert set(brakes(shop)) == {Brake.RESTORED, Brake.CLOCK}
