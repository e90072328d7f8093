"""What a report counts: waits, promises, months."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maildaemon.domain.figures import (
    Chronicle,
    Conversation,
    Feedback,
    FirstReplies,
    Month,
    Promises,
    Question,
    Sent,
    Span,
    Step,
    add_up,
    end_of_month,
    find_spans,
    previous_months,
)
from maildaemon.domain.opening import Hours
from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import Promise, TimePolicy
from maildaemon.domain.timers import Written
from maildaemon.domain.understanding import Matter, Priority
from tests.service.shop import a_policy

UTC_ZONE = ZoneInfo("UTC")
MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PROMISE = Promise(first_reply=parse_span("10 hours"), next_reply=parse_span("2 hours"))
POLICY = a_policy(time=TimePolicy(((Priority.NORMAL, PROMISE),)), hours=Hours())
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def asked(hours: float, *, thanks: bool = False) -> Written:
    return Written(MONDAY + hours * HOUR, by_customer=True, thanks=thanks)


def answered(hours: float) -> Written:
    return Written(MONDAY + hours * HOUR, by_customer=False)


def at(hours: float) -> datetime:
    return MONDAY + hours * HOUR


def a_conversation(*written: Written, **values: object) -> Conversation:
    return Conversation(Matter(), written, **values)  # type: ignore[arg-type]


def test_each_wait_lasts_from_the_oldest_unanswered_mail_to_the_answer() -> None:
    one = a_conversation(asked(0), asked(1), answered(5), answered(6), asked(8), answered(11))

    assert find_spans(one, POLICY) == (
        Span(at(0), at(5), answered=True, due=at(10)),
        Span(at(8), at(11), answered=True, due=at(10)),
    )


def test_thanks_wait_for_nothing_and_what_is_settled_waits_no_more() -> None:
    one = a_conversation(asked(0), answered(1), asked(2, thanks=True), asked(3), settled=(at(4),))

    assert [(span.start, span.end, span.answered) for span in find_spans(one, POLICY)] == [
        (at(0), at(1), True),
        (at(3), at(4), False),
    ]


def test_a_date_that_was_told_counts_more_than_the_policy() -> None:
    one = a_conversation(asked(0), promised={at(0): at(3)})

    assert find_spans(one, POLICY) == (Span(at(0), due=at(3)),)


@pytest.mark.parametrize(
    ("span", "kept"),
    [
        (Span(at(0), at(2), due=at(3)), True),
        (Span(at(0), at(3), due=at(3)), True),
        (Span(at(0), at(4), due=at(3)), False),
        (Span(at(0), due=at(3)), False),
        (Span(at(0), due=at(6)), None),
        (Span(at(0), at(2)), None),
    ],
)
def test_a_promise_is_kept_by_an_end_in_time(span: Span, kept: bool | None) -> None:
    assert span.kept(at(5)) is kept


def test_the_numbers_of_a_period() -> None:
    chronicle = Chronicle(
        conversations=(
            a_conversation(asked(0), answered(0.5), question="where is my order …"),
            a_conversation(asked(1), answered(13), asked(14), question="where is my order …"),
            a_conversation(asked(2), settled=(at(3),), question="size"),
            # Begun by us; only what the customer waits for counts.
            a_conversation(answered(0), asked(1), answered(2)),
            # Begun before, with a wait in the period.
            a_conversation(asked(-100), answered(-99), asked(0), answered(1)),
        ),
        silences={"spam": 3},
        refused={"macro": 1},
        ratings=(5, 4, None),
        mails=(Sent("acknowledgement", 3), Sent("digest", 1, 0, 1)),
        statuses={"open": 1, "pending": 3},
    )

    found = add_up(
        [(POLICY, chronicle), (POLICY, Chronicle(silences={"spam": 1, "bulk": 9}))],
        SINCE,
        UNTIL,
        NOW,
        UTC_ZONE,
    )

    assert found.conversations == 3
    assert found.first_replies == FirstReplies(
        answered=2,
        settled=1,
        waiting=0,
        median_seconds=(1800 + 12 * 3600) // 2,
        nine_in_ten_seconds=12 * 3600,
        share_in_time=0.6667,
        steps=(
            Step("under 1 hour", 1),
            Step("1 to 4 hours", 0),
            Step("4 to 8 hours", 0),
            Step("8 to 24 hours", 1),
            Step("1 to 2 days", 0),
            Step("2 to 3 days", 0),
            Step("3 to 7 days", 0),
            Step("over 7 days", 0),
        ),
    )
    assert found.promises == Promises(kept=4, broken=2, pending=0, share_kept=0.6667)
    assert found.silences == {"bulk": 9, "spam": 4}
    assert found.refused == {"macro": 1}
    assert found.feedback == Feedback(3, 4.5, {"4": 1, "5": 1})
    assert found.mails == (Sent("acknowledgement", 3), Sent("digest", 1, 0, 1))
    assert found.statuses == {"pending": 3, "open": 1}
    question = Question("where is my order …", 2)
    assert found.months == (Month("2026-11", 3, {"none": 3}, (question,)),)


def test_a_month_is_that_of_the_shops_zone() -> None:
    zone = ZoneInfo("Pacific/Auckland")
    late = Written(datetime(2026, 11, 30, 20, tzinfo=UTC), by_customer=True)

    found = add_up([(POLICY, Chronicle((a_conversation(late),)))], SINCE, UNTIL, UNTIL, zone)

    assert [month.month for month in found.months] == ["2026-12"]
    assert previous_months(late.at, zone, 2) == datetime(2026, 10, 1, tzinfo=zone)
    assert previous_months(late.at, zone, 12) == datetime(2025, 12, 1, tzinfo=zone)
    assert end_of_month(datetime(2026, 2, 1, tzinfo=zone)) == datetime(2026, 3, 1, tzinfo=zone)


def test_nothing_recorded_has_no_shares() -> None:
    found = add_up([(POLICY, Chronicle())], SINCE, UNTIL, NOW, UTC_ZONE)

    assert found.first_replies.median_seconds is None
    assert found.promises.share_kept is None
    assert found.feedback == Feedback(0, None, {})
