"""The campaigns of `tests.campaigns` in a form short enough for every change; `make torture` runs
the long ones.
"""

from collections.abc import Callable

import pytest

from tests.campaigns import (
    flood,
    imap_faults,
    kill,
    latency,
    loops,
    old_mailbox,
    poison,
    races,
    restore,
    second_client,
    smtp_faults,
    spoofs,
    two_daemons,
)
from tests.campaigns.installation import Installation
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.campaign


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Installation, "loaded", True)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("files_sent", [True, False])
def test_killed_five_times_it_loses_nothing_and_says_nothing_twice(files_sent: bool) -> None:
    plan = kill.Plan(messages=30, kills=5, seed=7, lose=0.05, files_sent=files_sent, short=True)

    table = kill.campaign(plan)

    assert table.broken == [], str(table)


def test_what_a_colleague_tidies_away_after_ten_seconds_is_recorded_once() -> None:
    table = second_client.campaign(messages=24, seed=7)

    assert table.broken == [], str(table)


def test_a_mailbox_full_of_old_mail_is_not_answered_at_the_first_start() -> None:
    table = old_mailbox.campaign(messages=80, seed=7)

    assert table.broken == [], str(table)


@pytest.mark.parametrize("part", ["database", "lost", "renumbered"])
def test_what_is_restored_or_comes_again_brings_nobody_a_mail(part: str) -> None:
    table = restore.PARTS[part](8, 7)

    assert table.broken == [], str(table)


def test_an_acknowledgement_follows_the_servers_notice_without_waiting_for_a_poll() -> None:
    # The folders are polled every 5 s. The one second that is promised is for a machine that does
    # nothing else, which a machine that runs tests does not.
    table = latency.campaign(messages=5, below=2.5)

    assert table.broken == [], str(table)


def test_staff_who_answer_in_the_seconds_of_a_reminder_are_not_overtaken() -> None:
    table = races.campaign(races=10, seed=7, shops=1, after=15, gap=0.5)

    assert table.broken == [], str(table)


def test_a_line_that_breaks_anywhere_costs_no_mail_and_doubles_none_that_was_known() -> None:
    sweep = smtp_faults.Sweep(every=1500, near=6, kinds=("cut", "reset"))

    table = smtp_faults.campaign("sink", sweep, tls=False)

    assert table.broken == [], str(table)


@pytest.mark.parametrize(("tls", "share"), [(False, 191), (True, 7)])
def test_a_session_that_breaks_anywhere_costs_no_message_and_doubles_none(
    tls: bool, share: int
) -> None:
    table = imap_faults.campaign(tls=tls, every=1000, share=share)

    assert table.broken == [], str(table)


@pytest.mark.timeout(180)
def test_of_two_daemons_one_works_and_the_next_takes_over(
    postgres: Callable[[], Postgres],
) -> None:
    plan = two_daemons.Plan(minutes=0.02, seed=7, rate=3, lease=3)

    table = two_daemons.campaign(plan, shared=postgres())

    assert table.broken == [], str(table)


@pytest.mark.timeout(180)
def test_programs_that_answer_everything_are_not_answered_for_ever() -> None:
    table = loops.campaign(conversations=1, seed=7, robots=("disguised",))

    assert table.broken == [], str(table)


@pytest.mark.timeout(180)
def test_whoever_forges_gets_no_word_into_our_mail_and_into_no_conversation() -> None:
    table = spoofs.campaign(conversations=1, seed=7)

    assert table.broken == [], str(table)


@pytest.mark.timeout(180)
def test_poison_costs_the_mail_of_others_next_to_nothing() -> None:
    table = poison.campaign(messages=25, poison=17, seed=7, kills=1)

    assert table.broken == [], str(table)


@pytest.mark.timeout(180)
def test_one_who_writes_all_the_time_is_answered_thrice_at_most_and_delays_nobody() -> None:
    table = flood.campaign(mails=60, varied=20, minutes=0.05, seed=7)

    assert table.broken == [], str(table)
