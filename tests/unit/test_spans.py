import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildaemon.domain.spans import Counting, Span, parse_span


@pytest.mark.parametrize(
    ("text", "counting", "length"),
    [
        ("48 business hours", Counting.BUSINESS_HOURS, timedelta(hours=48)),
        ("1 business hour", Counting.BUSINESS_HOURS, timedelta(hours=1)),
        ("3 business days", Counting.BUSINESS_DAYS, timedelta(days=3)),
        (" 1  Business Day ", Counting.BUSINESS_DAYS, timedelta(days=1)),
        ("9 open hours", Counting.OPEN_HOURS, timedelta(hours=9)),
        ("36 hours", Counting.ELAPSED, timedelta(hours=36)),
        ("2 days", Counting.ELAPSED, timedelta(days=2)),
        ("1 h 30 min", Counting.ELAPSED, timedelta(minutes=90)),
    ],
)
def test_a_span_counts_in_one_of_four_ways(
    text: str, counting: Counting, length: timedelta
) -> None:
    assert parse_span(text) == Span(counting, length)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("3 open days", "days are counted in `business days`; `open` counts hours"),
        ("2 business weeks", "`weeks` of working time are not counted; write whole hours or days"),
        ("30 business minutes", "`minutes` of working time are not counted"),
        ("1.5 business days", "write `48 business hours`, `3 business days`, `9 open hours` or"),
        ("business hours", "cannot be read"),
        ("3 working days", "cannot be read; write `48 business hours`"),
        ("3 busness days", "cannot be read; did you mean `3 business days`?"),
        ("24 Buisness hours", "cannot be read; did you mean `24 business hours`?"),
        ("9 opne hours", "cannot be read; did you mean `9 open hours`?"),
        ("0 business hours", "nothing would ever be in time"),
        ("0 hours", "nothing would ever be in time"),
        ("999999 business days", "more than ten years"),
        ("48", "`48` has no unit"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_span_gets_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_span(text)

    assert advice in str(refused.value)


def test_spans_that_count_differently_are_not_compared() -> None:
    day, longer, elapsed = map(parse_span, ("1 business day", "2 business days", "9 days"))

    assert longer.is_longer_than(day)
    assert not day.is_longer_than(longer)
    assert not elapsed.is_longer_than(day)
    assert not day.is_longer_than(elapsed)


@given(st.sampled_from(Counting), st.integers(1, 3000))
def test_a_span_is_shown_as_it_is_written(counting: Counting, count: int) -> None:
    unit = timedelta(days=1) if counting is Counting.BUSINESS_DAYS else timedelta(hours=1)
    span = Span(counting, count * unit)

    assert parse_span(str(span)) == span


@given(st.text() | st.from_regex(r"[0-9.]{1,9} ?(business|open|) ?[a-zA-Z]{1,7}"))
def test_any_text_is_a_span_or_gets_advice(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse_span(text)
