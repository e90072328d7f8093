"""A mailbox is well as long as its last success is young and its queues move."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.in_force import InForce
from maildaemon.domain.leases import Holding
from maildaemon.domain.standing import (
    Account,
    FilesStanding,
    InboundStanding,
    MutedStanding,
    OutboxStanding,
    ProbeStanding,
    Severity,
    Standing,
    Written,
    has_changed,
    troubles,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WELL = Standing(started_at=NOW - 60 * MINUTE, imap=Account(last_success_at=NOW - MINUTE))
IN_FORCE = InForce("live", "ab12", "0.1.0", NOW - 60 * MINUTE)
WRITTEN = Written("live", "ab12", "0.1.0", is_here=True, reload="kill -HUP 42")
STOPPED = Braking(Brake.BREAKER, "99 mails in 10 minutes", NOW, None)
UNAVAILABLE, STUCK, ATTENTION = Severity.UNAVAILABLE, Severity.STUCK, Severity.ATTENTION


def severities(standing: Standing, poll_every: timedelta = MINUTE) -> list[Severity]:
    return [trouble.severity for trouble in troubles(standing, poll_every, NOW)]


def test_a_mailbox_read_a_minute_ago_is_well() -> None:
    assert troubles(WELL, MINUTE, NOW) == ()


def test_a_mailbox_that_was_never_read_is_unwell() -> None:
    assert severities(Standing()) == [UNAVAILABLE]


def test_the_age_of_the_last_success_decides_not_the_number_of_errors() -> None:
    failing = replace(WELL.imap, failures=4, last_error="connection refused")
    old = replace(failing, last_success_at=NOW - 11 * MINUTE)

    assert severities(replace(WELL, imap=failing)) == []
    assert severities(replace(WELL, imap=old)) == [UNAVAILABLE]


def test_a_mailbox_that_is_looked_at_once_an_hour_is_given_time() -> None:
    hourly = replace(WELL, imap=Account(last_success_at=NOW - 100 * MINUTE))

    assert severities(hourly, 60 * MINUTE) == []


def test_a_refused_password_is_told_at_once_with_the_servers_words() -> None:
    imap = replace(WELL.imap, refusals=3, last_error="login refused")

    [trouble] = troubles(replace(WELL, imap=imap), MINUTE, NOW)

    assert (trouble.severity, trouble.what) == (UNAVAILABLE, "IMAP: login refused")
    assert "a new password is tried at once" in trouble.advice


def test_an_smtp_outage_is_grave_only_when_mail_waits() -> None:
    smtp = Account(failures=2, last_error="no answer")
    waiting = OutboxStanding(queued=1, due=1, due_since=NOW - 16 * MINUTE)

    assert severities(replace(WELL, smtp=smtp)) == []
    assert severities(replace(WELL, smtp=smtp, outbox=waiting)) == [UNAVAILABLE]


@pytest.mark.parametrize(
    "stuck",
    [
        replace(WELL, inbound=InboundStanding(waiting=1, oldest_at=NOW - 16 * MINUTE)),
        replace(WELL, outbox=OutboxStanding(queued=1, due=1, due_since=NOW - 16 * MINUTE)),
    ],
)
def test_a_queue_that_does_not_move_is_stuck(stuck: Standing) -> None:
    assert severities(stuck) == [STUCK]


@pytest.mark.parametrize(
    ("standing", "command"),
    [
        (replace(WELL, brakes=(STOPPED,)), "maildaemon resume --brake breaker"),
        (replace(WELL, outbox=OutboxStanding(queued=70, late_since=NOW)), "limits.per_mailbox"),
        (
            replace(WELL, muted=(MutedStanding("bot@x.example", NOW + 60 * MINUTE),)),
            "maildaemon resume --sender bot@x.example",
        ),
        (replace(WELL, inbound=InboundStanding(parked=2)), "maildaemon parked list"),
        (replace(WELL, outbox=OutboxStanding(unknown=1)), "outbox list --state unknown"),
        (replace(WELL, outbox=OutboxStanding(failed=1)), "outbox list --state failed"),
        (replace(WELL, files=FilesStanding(held=1)), "attachments list --held"),
        (replace(WELL, files=FilesStanding(too_large=1)), "read it in the mailbox"),
        (replace(WELL, inbound=InboundStanding(gaps_alarmed=1)), "mail client"),
        (replace(WELL, outbox=OutboxStanding(held=1)), "maildaemon outbox release"),
        (replace(WELL, outbox=OutboxStanding(drafts_stuck=1)), "imap.drafts"),
        (replace(WELL, outbox=OutboxStanding(copies_given_up=2)), "copy.given_up"),
        (replace(WELL, probe=ProbeStanding(left=2)), "probe.left"),
        (replace(WELL, in_force=IN_FORCE.refused(NOW)), "maildaemon check"),
    ],
)
def test_what_needs_a_person_comes_with_the_command_to_type(
    standing: Standing, command: str
) -> None:
    [trouble] = troubles(standing, MINUTE, NOW)

    assert trouble.severity is ATTENTION
    assert command in trouble.advice


def test_a_queue_that_a_brake_holds_is_not_stuck() -> None:
    waiting = OutboxStanding(queued=1, due=1, due_since=NOW - 60 * MINUTE)

    assert severities(replace(WELL, outbox=waiting, brakes=(STOPPED,))) == [ATTENTION]


def test_the_gravest_comes_first() -> None:
    everything = replace(
        WELL,
        imap=Account(),
        inbound=InboundStanding(waiting=1, oldest_at=NOW - 60 * MINUTE, parked=1),
    )

    assert severities(everything) == [UNAVAILABLE, STUCK, ATTENTION]


def test_while_a_mailbox_is_read_for_the_first_time_there_is_nothing_to_do_but_wait() -> None:
    [trouble] = troubles(replace(WELL, started_at=None), MINUTE, NOW)

    assert (trouble.severity, trouble.advice) == (ATTENTION, "wait for it")


def test_a_password_that_smtp_refuses_is_told_with_how_the_new_one_is_taken_over() -> None:
    smtp = Account(last_error="535 no", last_success_at=NOW - MINUTE)

    [once] = troubles(replace(WELL, smtp=smtp), MINUTE, NOW)
    [often] = troubles(replace(WELL, smtp=replace(smtp, refusals=3)), MINUTE, NOW)

    assert (once.severity, once.what) == (UNAVAILABLE, "SMTP: 535 no")
    assert "SIGHUP" in once.advice
    assert "a new password is tried at once" in often.advice


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(119, "119 minutes"), (120, "2 hours"), (2879, "47 hours"), (2880, "2 days")],
)
def test_how_long_a_mailbox_was_not_read_is_told_as_people_say_it(minutes: int, told: str) -> None:
    imap = Account(last_success_at=NOW - minutes * MINUTE)

    [trouble] = troubles(replace(WELL, imap=imap), MINUTE, NOW)

    assert trouble.what == f"the mailbox has not been read for {told}"


@pytest.mark.parametrize(
    ("written", "what", "advice"),
    [
        (WRITTEN, None, None),
        (replace(WRITTEN, configuration="cd34"), "the configuration was changed since", "HUP 42"),
        (
            replace(WRITTEN, configuration="cd34", mode="shadow"),
            "it runs in live; the file says shadow",
            "kill -HUP 42",
        ),
        (
            replace(WRITTEN, version="0.2.0", configuration="cd34"),
            "version 0.1.0 is running, and 0.2.0 is installed",
            "start it again",
        ),
    ],
)
def test_what_runs_is_held_against_what_the_file_says(
    written: Written, what: str | None, advice: str | None
) -> None:
    found = troubles(replace(WELL, in_force=IN_FORCE), MINUTE, NOW, written)

    if what is None or advice is None:
        assert found == ()
        return
    [trouble] = found
    assert (trouble.severity, trouble.what[: len(what)]) == (ATTENTION, what)
    assert advice in trouble.advice


def test_where_a_hang_up_would_end_the_daemon_nobody_is_told_to_send_one() -> None:
    in_a_terminal = replace(WELL, in_force=replace(IN_FORCE, reloads=False))
    refused = replace(WELL.imap, last_error="login refused", refusals=1)

    [changed] = troubles(in_a_terminal, MINUTE, NOW, replace(WRITTEN, configuration="cd34"))
    [password] = troubles(replace(in_a_terminal, imap=refused), MINUTE, NOW, WRITTEN)

    assert changed.advice == "end `maildaemon run` and start it again"
    assert password.advice == "correct it, then end `maildaemon run` and start it again"


def test_a_file_that_was_refused_is_told_of_until_it_says_again_what_runs() -> None:
    refused = replace(WELL, in_force=IN_FORCE.refused(NOW))

    [still] = troubles(refused, MINUTE, NOW, replace(WRITTEN, configuration="cd34"))

    assert "(a changed configuration was refused at 2026-11-21 12:00 UTC)" in still.what
    assert still.advice.startswith("see the log (config.refused) and `maildaemon check`; once it")
    assert troubles(refused, MINUTE, NOW, WRITTEN) == ()


def test_a_daemon_elsewhere_has_a_file_of_its_own_but_should_run_in_the_same_mode() -> None:
    there = Holding("shop2/7", NOW)
    standing = replace(WELL, in_force=IN_FORCE, held_by=there)
    away = replace(WRITTEN, is_here=False, configuration="cd34")

    assert troubles(standing, MINUTE, NOW, away) == ()
    [trouble] = troubles(standing, MINUTE, NOW, replace(away, mode="shadow"))
    assert trouble.what == "it runs in live on shop2/7; the file here says shadow"


def test_whether_the_file_differs_is_unknown_where_it_cannot_be_compared() -> None:
    assert has_changed(IN_FORCE, WRITTEN) is False
    assert has_changed(IN_FORCE, replace(WRITTEN, configuration="cd34")) is True
    assert has_changed(None, WRITTEN) is None
    assert has_changed(IN_FORCE, replace(WRITTEN, version="0.2.0")) is None
    assert has_changed(IN_FORCE, replace(WRITTEN, is_here=False)) is None
    assert troubles(WELL, MINUTE, NOW, WRITTEN) == ()


SECOND = timedelta(seconds=1)
JUST_BEGUN = replace(WELL, began_at=NOW - 12 * SECOND)


def test_what_the_process_before_has_read_tells_nothing_of_the_present_one() -> None:
    [trouble] = troubles(JUST_BEGUN, MINUTE, NOW)

    assert JUST_BEGUN.is_unproven
    assert trouble.severity is ATTENTION, "a restart is no outage"
    assert trouble.what == "the mailbox has not been read yet since the start 12 seconds ago"
    assert trouble.advice == "wait a moment; if it stays so, try `maildaemon check --connect`"


def test_once_the_mailbox_is_read_the_start_is_nothing_to_tell_of() -> None:
    read = replace(JUST_BEGUN, imap=Account(last_success_at=NOW - SECOND))

    assert not read.is_unproven
    assert troubles(read, MINUTE, NOW) == ()
    assert not replace(WELL, began_at=None).is_unproven, "nothing runs that could prove anything"


def test_what_fails_since_the_start_is_told_with_its_reason() -> None:
    failing = replace(WELL.imap, failures=2, last_error="connection refused", last_error_at=NOW)
    of_old = replace(failing, last_success_at=NOW - 11 * MINUTE)

    [young] = troubles(replace(JUST_BEGUN, imap=failing), MINUTE, NOW)
    [old] = troubles(replace(JUST_BEGUN, imap=of_old), MINUTE, NOW)

    assert young.what.endswith("since the start 12 seconds ago: connection refused")
    assert (old.severity, old.what) == (
        UNAVAILABLE,
        "the mailbox has not been read for 11 minutes: connection refused",
    )


def test_a_mailbox_that_was_never_read_is_waited_for_once_somebody_reads_it() -> None:
    [nobody] = troubles(Standing(), MINUTE, NOW)
    [somebody] = troubles(Standing(began_at=NOW), MINUTE, NOW)

    assert nobody.advice == "start `maildaemon run`"
    assert somebody.advice == "try `maildaemon check --connect`, if it stays so"


def test_of_what_failed_before_the_start_a_refused_password_alone_still_counts() -> None:
    """Else a start would be told to be in trouble before it has tried anything."""
    before = replace(WELL.imap, last_error="no route", last_error_at=NOW - MINUTE)
    refused = replace(before, last_error="login refused", refusals=1)
    since = replace(before, last_error="the folder is missing", last_error_at=NOW)

    def told(imap: Account) -> list[str]:
        return [one.what for one in troubles(replace(JUST_BEGUN, imap=imap), MINUTE, NOW)]

    assert told(refused) == ["IMAP: login refused"]
    assert told(since) == ["IMAP: the folder is missing"]
    assert told(before) == [
        "the mailbox has not been read yet since the start 12 seconds ago: no route"
    ]
    sending = replace(JUST_BEGUN, imap=replace(WELL.imap, last_success_at=NOW))
    assert troubles(replace(sending, smtp=before), MINUTE, NOW) == ()
    assert [one.what for one in troubles(replace(sending, smtp=refused), MINUTE, NOW)] == [
        "SMTP: login refused"
    ]
