"""Mails to ourselves: which is ours, when one is due, when one is missed, and what is said then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.policy import Probing
from maildaemon.domain.probes import (
    is_due,
    is_missed,
    is_told_otherwise,
    marks_of,
    number_in,
    why_missed,
)
from maildaemon.domain.standing import Account, InboundStanding, ProbeStanding, Standing
from maildaemon.domain.tokens import issue_probe_mark, read_probe_mark

KEY = bytes(range(32))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROBING = Probing(30 * MINUTE, 15 * MINUTE, "support+probe@shop.example")
LOST = ProbeStanding(waiting_since=NOW - 20 * MINUTE, waiting_state=OutboxState.SENT)
WELL = Standing(
    imap=Account(last_success_at=NOW), smtp=Account(last_success_at=NOW - MINUTE), probe=LOST
)
MARK = issue_probe_mark(KEY, "support", 1795262400)


def test_s31_a_mark_is_ours_for_its_mailbox_and_number_alone() -> None:
    assert read_probe_mark(KEY, "support", f" {MARK.upper()} ") == 1795262400
    assert read_probe_mark(bytes(32), "support", MARK) is None
    assert read_probe_mark(KEY, "orders", MARK) is None
    for wrong in ("", ".", "²." + MARK, f"0{MARK}", f"1{MARK}", MARK[:-1], "9" * 5000, "\udcff"):
        assert read_probe_mark(KEY, "support", wrong) is None


def test_s31_a_message_with_two_marks_is_none_of_ours() -> None:
    assert number_in(KEY, "support", (MARK,)) == 1795262400
    assert number_in(KEY, "support", (MARK, MARK)) is None
    assert number_in(KEY, "support", ()) is None


@pytest.mark.parametrize(
    "raw",
    [
        f"X-Maildaemon-Probe: {MARK}\r\nSubject: x\r\n\r\nbody",
        f"Subject: x\r\nx-maildaemon-PROBE:\r\n\t{MARK}\r\n\r\n",
    ],
)
def test_marks_are_read_in_the_header_as_it_stands(raw: str) -> None:
    assert marks_of(raw.encode()) == (MARK,)


def test_a_mark_in_the_body_or_in_another_field_is_none() -> None:
    raw = f"Subject: x\r\n X-Maildaemon-Probe: {MARK}\r\n\r\nX-Maildaemon-Probe: {MARK}\r\n"
    assert marks_of(raw.encode()) == ()


def test_one_is_due_after_each_span_and_at_once_if_the_clock_went_back() -> None:
    assert is_due(PROBING, None, NOW)
    assert not is_due(PROBING, NOW - 29 * MINUTE, NOW)
    assert is_due(PROBING, NOW - 30 * MINUTE, NOW)
    assert is_due(PROBING, NOW + MINUTE, NOW)


def test_one_is_missed_when_it_is_under_way_for_too_long() -> None:
    assert is_missed(PROBING, LOST, NOW)
    assert not is_missed(PROBING, replace(LOST, waiting_since=NOW - 15 * MINUTE), NOW)
    assert not is_missed(PROBING, ProbeStanding(back_at=NOW - 300 * MINUTE), NOW)


TROUBLE = Account(last_success_at=NOW, last_error="no route")
QUEUED = replace(LOST, waiting_state=OutboxState.QUEUED)


@pytest.mark.parametrize(
    "standing",
    [
        replace(WELL, imap=TROUBLE),
        replace(WELL, smtp=TROUBLE),
        replace(WELL, smtp=Account(refusals=3, last_error="refused")),
        replace(WELL, imap=Account(last_success_at=NOW - 3 * MINUTE)),
        replace(WELL, imap=Account()),
        replace(WELL, inbound=InboundStanding(1, NOW - 2 * MINUTE)),
        replace(WELL, brakes=(Braking(Brake.CLOCK, "it jumped", NOW, None),)),
        replace(WELL, probe=QUEUED),
    ],
)
def test_what_people_are_told_of_anyway_is_not_told_by_it(standing: Standing) -> None:
    assert is_told_otherwise(standing, timedelta(seconds=5), NOW)


@pytest.mark.parametrize(
    "standing",
    [
        WELL,
        replace(WELL, brakes=(Braking(Brake.FLOOD, "too much", NOW, None),)),
        replace(WELL, inbound=InboundStanding(1, NOW)),
        replace(WELL, probe=replace(QUEUED, waiting_failures=2)),
        # Of a server that never let us in no other alarm tells.
        replace(WELL, smtp=Account(failures=9, last_error="no route"), probe=QUEUED),
    ],
)
def test_what_nothing_else_explains_is_told(standing: Standing) -> None:
    assert not is_told_otherwise(standing, timedelta(seconds=5), NOW)


def test_a_mailbox_that_is_read_once_an_hour_is_given_time() -> None:
    hourly = replace(WELL, imap=Account(last_success_at=NOW - 100 * MINUTE))

    assert not is_told_otherwise(hourly, 60 * MINUTE, NOW)


def test_what_is_said_names_what_is_wrong_and_what_to_do() -> None:
    what, advice = why_missed(PROBING, WELL)
    assert "of 2026-11-21 11:40 UTC was sent and has not come back" in what
    assert "mailboxes[].probe_address" in advice

    refused = replace(LOST, waiting_state=OutboxState.FAILED, waiting_why="550 5.1.1 unknown")
    what, advice = why_missed(PROBING, replace(WELL, probe=refused))
    assert what.endswith(
        "refuses the mail to ourselves (support+probe@shop.example): 550 5.1.1 unknown"
    )
    assert "if the server knows no plus addresses" in advice

    what, advice = why_missed(PROBING, replace(WELL, probe=QUEUED))
    assert what.endswith("could not be sent")
    down = replace(WELL, smtp=Account(last_error="no route"), probe=QUEUED)
    assert why_missed(PROBING, down)[0].endswith("could not be sent: no route")
