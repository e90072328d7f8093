"""A mail to ourselves that does not come back is told once, and once when the next one does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.brakes import Brake
from maildaemon.errors import MailboxUnavailableError, TransportUnavailableError
from maildaemon.services.accounts import note_failure, note_success
from maildaemon.services.brakes import put_on
from maildaemon.services.lookout import Lookout
from tests.service.shop import a_mail
from tests.service.test_probe import Trip

# Days of it: on a machine that has more to do they take their time.
pytestmark = [pytest.mark.sqlite, pytest.mark.timeout(600)]
GONE = MailboxUnavailableError("imap.example:993: no route to host")
DOWN = TransportUnavailableError("smtp.example:587: no route to host")


class Days(Trip):
    """A shop over days, looked after in steps of some minutes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.start()
        self.reads = self.sends = True
        self.restart()

    def restart(self) -> None:
        self.lookout = Lookout(self.desk, timedelta(seconds=5), dict, self.now)

    def pass_time(self, minutes: float, step: float = 2) -> list[str]:
        """Let time pass; return all that was told so far, and the words of what was told last."""
        until = self.at + timedelta(minutes=minutes)
        while self.at < until:
            self.wait(minutes=step)
            if self.reads:
                note_success(self.store, self.desk, "imap", self.at)
            else:
                note_failure(self.store, self.desk, "imap", str, GONE, self.at)
            if not self.sends:
                note_failure(self.store, self.desk, "smtp", str, DOWN, self.at)
            self.probe()
            if self.sends and self.deliver():
                note_success(self.store, self.desk, "smtp", self.at)
            self.come_in()
            if self.reads:
                self.receive()
                while self.process():
                    pass
                self.settle()
            self.lookout.look(self.store)
            while self.tell():
                pass
        return [alarm.event for alarm in self.alert.told]

    @property
    def last_words(self) -> str:
        return str(self.alert.told[-1].text)

    @property
    def concerns(self) -> list[str]:
        with self.store.read() as tx:
            return [
                one.what for one in tx.overview.standing(self.desk.mailbox_id, self.at).concerns
            ]


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    opened = Days(tmp_path)
    yield opened
    opened.close()


def test_over_days_one_alarm_tells_of_what_is_lost_and_one_that_it_comes_back(days: Days) -> None:
    assert days.pass_time(24 * 60, step=30) == []
    assert days.lies_in() == []
    days.swallows = True
    assert days.pass_time(60, step=5) == ["probe.late"]
    assert "was sent and has not come back" in days.last_words
    assert any("has not come back" in one for one in days.concerns)
    days.restart()
    assert days.pass_time(10) == ["probe.late"]
    assert any("has not come back" in one for one in days.concerns)
    assert days.pass_time(23 * 60, step=30) == ["probe.late"]
    days.swallows = False
    assert days.pass_time(34) == ["probe.late", "probe.returned"]
    assert "a mail to ourselves came back after" in days.last_words
    assert days.concerns == []
    assert days.pass_time(24 * 60, step=30) == ["probe.late", "probe.returned"]
    assert (days.lies_in(), days.lies_in("Sent")) == ([], [])


def test_a_server_out_of_reach_is_told_once_by_its_own_alarm(days: Days) -> None:
    days.pass_time(60)
    for name in ("reads", "sends"):
        setattr(days, name, False)
        days.pass_time(150, step=5)
        setattr(days, name, True)
        days.pass_time(60, step=5)
    assert [one.event for one in days.alert.told] == ["account.out", "account.recovered"] * 2


def test_where_the_server_refuses_the_address_it_says_which_option_helps(days: Days) -> None:
    days.transport.always("RCPT", "550 5.1.1 unknown user")
    assert days.pass_time(40) == ["probe.late"]
    assert "550 5.1.1 unknown user" in days.last_words
    assert "`mailboxes[].probe_address`" in days.last_words
    days.transport.always("RCPT", None)
    assert days.pass_time(60) == ["probe.late", "probe.returned"]


def test_one_that_lands_in_the_spam_folder_is_told_and_deleted_there(days: Days) -> None:
    days.into = "Junk"
    assert days.pass_time(70) == ["probe.junked"]
    assert "spam folder" in days.last_words
    assert days.lies_in("Junk") == []
    days.into = "INBOX"
    assert days.pass_time(40) == ["probe.junked", "probe.cleared"]


def test_a_brake_or_mail_that_waits_is_no_reason_to_miss_it(days: Days) -> None:
    for number in range(40):
        sender = f"c{number}@customer.example"
        days.write(a_mail(sender=sender, message_id=sender, body=f"Where is order {number}?"))
    with days.store.begin() as tx:
        put_on(tx, days.desk, Brake.BREAKER, "for the test", days.at)
    assert set(days.pass_time(5 * 60, step=10)) == {"brake.set"}
    assert days.standing.waiting_since is None


def test_turned_off_it_is_missed_no_more(days: Days) -> None:
    days.swallows = True
    assert days.pass_time(60, step=5) == ["probe.late"]
    days.desk = replace(days.desk, policy=replace(days.policy, probe=None))
    days.restart()
    assert days.pass_time(10) == ["probe.late", "probe.returned"]
    assert days.last_words.endswith("nothing is sent to ourselves any more")
    assert days.concerns == []


def test_after_a_night_in_which_the_machine_slept_nothing_is_missed(days: Days) -> None:
    days.pass_time(20)
    days.swallows = True
    days.pass_time(20)
    days.wait(hours=9)
    days.swallows = False
    assert days.pass_time(60) == []
