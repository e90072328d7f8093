"""What goes wrong is told once by the configured path, and once that it is over."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from maildaemon.adapters.alert import WebhookAlert
from maildaemon.adapters.certificates import read_certificate
from maildaemon.adapters.sql.tables import inbound
from maildaemon.errors import MailboxUnavailableError, StoreUnavailableError
from maildaemon.ports import Certificate
from maildaemon.services.accounts import note_failure, note_success
from maildaemon.services.alert import tell_next
from maildaemon.services.lookout import Lookout
from tests.servers.dovecot import Dovecot
from tests.servers.sink import SmtpSink
from tests.servers.webhook import Webhook
from tests.service.shop import START, Shop, a_mail

# What is decided is the same on every database.
pytestmark = pytest.mark.sqlite
GONE = MailboxUnavailableError("imap.example:993: no route to host")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    opened.look()
    note_success(opened.store, opened.desk, "imap", opened.at)
    yield opened
    opened.close()


class Watch:
    """A shop with a lookout that looks each minute, and a webhook that hears of it."""

    def __init__(self, shop: Shop, webhook: Webhook) -> None:
        self.shop, self.webhook = shop, webhook
        self.shown: dict[str, Certificate] = {}
        self.restart()

    def restart(self) -> None:
        every = timedelta(seconds=5)
        self.lookout = Lookout(self.shop.desk, every, lambda: self.shown, self.shop.now)

    def go_on(self, minutes: int, meanwhile: Callable[[], object] = lambda: None) -> list[str]:
        """Let time pass; return all that was told so far."""
        step = 3 if minutes > 20 else 1
        for _ in range(0, minutes, step):
            self.shop.wait(minutes=step)
            meanwhile()
            self.lookout.look(self.shop.store)
            path = WebhookAlert(lambda: self.webhook.url)
            while tell_next(self.shop.store, {"webhook": path}, "webhook", self.shop.now):
                pass
        return self.webhook.events


@pytest.fixture
def watch(shop: Shop, webhook: Webhook) -> Watch:
    return Watch(shop, webhook)


def read(shop: Shop) -> Callable[[], None]:
    return lambda: note_success(shop.store, shop.desk, "imap", shop.at)


def test_a_mailbox_that_cannot_be_reached_is_told_after_an_hour_and_when_it_is_back(
    shop: Shop, watch: Watch
) -> None:
    def fail() -> None:
        note_failure(shop.store, shop.desk, "imap", str, GONE, shop.at)

    assert watch.go_on(57, fail) == []
    assert watch.go_on(30, fail) == ["account.out"]
    assert "no route to host" in watch.webhook.got[0]["text"]
    assert watch.go_on(10, read(shop)) == ["account.out", "account.recovered"]
    assert [one["over"] for one in watch.webhook.got] == [False, True]


def test_a_mailbox_that_nothing_comes_of_without_an_error_is_told_as_well(
    shop: Shop, watch: Watch
) -> None:
    assert watch.go_on(60) == []
    assert watch.go_on(30) == ["account.out"]
    assert "no answer, and no error either" in watch.webhook.got[0]["text"]
    assert watch.go_on(10, read(shop)) == ["account.out", "account.recovered"]


def test_a_night_in_which_the_machine_slept_is_no_outage(shop: Shop, watch: Watch) -> None:
    shop.wait(hours=9)

    assert watch.go_on(30) == []
    watch.restart()
    assert watch.go_on(57) == []


def test_received_mail_that_stands_still_is_told_once_whatever_restarts(
    shop: Shop, watch: Watch
) -> None:
    shop.write(a_mail())
    shop.receive()

    assert watch.go_on(15, read(shop)) == []
    assert watch.go_on(5, read(shop)) == ["queue.stuck"]
    assert "mail received stands still: 1 waiting" in watch.webhook.got[0]["text"]
    watch.restart()
    assert watch.go_on(20, read(shop)) == ["queue.stuck"]
    shop.process()
    assert watch.go_on(3, read(shop)) == ["queue.stuck", "queue.recovered"]


def test_mail_to_be_sent_that_stands_still_is_told_and_when_it_goes(
    shop: Shop, watch: Watch
) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()

    assert watch.go_on(20, read(shop)) == ["queue.stuck"]
    assert "mail to be sent" in watch.webhook.got[0]["text"]
    shop.receive()
    assert shop.deliver() == 1
    assert watch.go_on(2, read(shop)) == ["queue.stuck", "queue.recovered"]


def test_a_long_queue_that_moves_is_not_stuck(shop: Shop, watch: Watch) -> None:
    for number in range(5):
        sender = f"c{number}@customer.example"
        shop.write(a_mail(sender=sender, message_id=sender, body=f"Where is order {number}?"))
    shop.receive()

    def work_off_one() -> None:
        read(shop)()
        if shop.at.minute % 9 == 0:
            first = select(func.min(inbound.c.id)).where(inbound.c.state == "waiting")
            with shop.sql.engine.begin() as connection:
                row = connection.scalar(first)
                done = update(inbound).where(inbound.c.id == row).values(state="done")
                connection.execute(done)

    assert watch.go_on(54, work_off_one) == []


def test_a_disk_that_is_nearly_full_is_told_and_when_there_is_room(
    shop: Shop, watch: Watch
) -> None:
    def look() -> None:
        read(shop)()
        assert shop.guard is not None
        with suppress(StoreUnavailableError):
            shop.guard.look_for_room(shop.policy.max_message_size)

    shop.free = 100 * 10**6
    assert watch.go_on(10, look) == ["disk.full"]
    shop.free = 10**12
    assert watch.go_on(2, look) == ["disk.full", "disk.recovered"]


def a_certificate(days: float, life: float = 90) -> Certificate:
    ends = START + timedelta(days=days)
    return Certificate(ends - timedelta(days=life), ends)


def test_a_certificate_that_is_about_to_expire_is_told_and_its_renewal(
    shop: Shop, watch: Watch
) -> None:
    watch.shown = {"imap": a_certificate(15), "smtp": a_certificate(5, life=6)}
    assert watch.go_on(1, read(shop)) == []

    shop.at += timedelta(days=1, hours=1)
    assert watch.go_on(1, read(shop)) == ["certificate.expiring"]
    watch.restart()
    shop.at += timedelta(hours=13)
    assert watch.go_on(1, read(shop)) == ["certificate.expiring"]
    assert "the certificate of the IMAP server ends on 2026-12-06" in watch.webhook.got[0]["text"]
    assert shop.rows("select name from concern") == [("certificate:imap",)]

    watch.shown = {}
    shop.at += timedelta(hours=13)
    assert watch.go_on(1, read(shop)) == ["certificate.expiring"], "it could not be had"

    watch.shown = {"imap": a_certificate(90), "smtp": a_certificate(6, life=6)}
    shop.at += timedelta(hours=13)
    assert watch.go_on(1, read(shop)) == ["certificate.expiring", "certificate.renewed"]
    assert shop.rows("select name from concern") == []


def test_a_server_shows_its_certificate_without_a_login(
    dovecot: Dovecot, tls_sink: SmtpSink
) -> None:
    def ends(service: str, port: int, security: str, ca_file: Path | None) -> datetime | None:
        shown = read_certificate(service, "localhost", port, security, ca_file)  # type: ignore[arg-type]
        return shown.ends_at if shown else None

    ca_file = dovecot.ca_file
    found = [
        ends("imap", dovecot.imaps_port, "tls", ca_file),
        ends("imap", dovecot.imap_port, "starttls", ca_file),
        ends("smtp", tls_sink.port, "starttls", ca_file),
    ]
    assert len({*found}) == 1
    assert found[0] is not None
    assert ends("imap", dovecot.imaps_port, "tls", None) is None, "nobody vouches for it"
    assert ends("imap", 1, "tls", ca_file) is None
    assert ends("imap", dovecot.imap_port, "none", ca_file) is None
