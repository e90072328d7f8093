import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildaemon.domain.policy import Rate
from maildaemon.domain.spans import format_duration, parse_duration
from maildaemon.settings.units import format_rate, format_size, parse_rate, parse_size


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("10 minutes", timedelta(minutes=10)),
        ("1 minute", timedelta(minutes=1)),
        ("24h", timedelta(hours=24)),
        ("90 s", timedelta(seconds=90)),
        ("90 Seconds", timedelta(seconds=90)),
        ("1.5 hours", timedelta(minutes=90)),
        ("1 h 30 min", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("2 weeks", timedelta(days=14)),
        (" 3 days ", timedelta(days=3)),
        ("0 s", timedelta()),
    ],
)
def test_durations_are_written_as_people_write_them(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("90", "`90` has no unit; write a duration such as `10 minutes` or `24h`"),
        ("", "cannot be read; write a duration"),
        ("soon", "`soon` cannot be read"),
        ("-5 minutes", "cannot be read"),
        ("1,5 hours", "cannot be read"),
        ("3 months", "`months` is no unit that is known here; use seconds, minutes"),
        ("2 business days", "working time does not count here; write plain hours or days"),
        ("9" * 30 + " days", "longer than time itself"),
        ("1" * 400 + " days", "longer than time itself"),
    ],
)
def test_what_is_no_duration_gets_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_duration(text)

    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("25 MB", 25_000_000),
        ("25MiB", 26_214_400),
        ("1.5 GB", 1_500_000_000),
        ("100 kB", 100_000),
        ("10 mb", 10_000_000),
        ("12 bytes", 12),
        ("0 B", 0),
    ],
)
def test_sizes_are_written_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("25000000", "has no unit; write a size such as `25 MB`"),
        ("big", "cannot be read"),
        ("3 miles", "`miles` is no unit"),
        ("1" * 400 + " MB", "too large to be meant"),
    ],
)
def test_what_is_no_size_gets_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_size(text)

    assert advice in str(refused.value)


def test_a_rate_is_a_number_in_a_time() -> None:
    assert parse_rate("3 in 24 hours") == Rate(3, timedelta(hours=24))
    assert parse_rate(" 1  in  10m ") == Rate(1, timedelta(minutes=10))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("3", "no rate; write for example `3 in 24 hours`"),
        ("3 per day", "no rate"),
        ("0 in 24 hours", "would allow nothing at all"),
        ("3 in 0 s", "would allow nothing at all"),
        ("3 in 24", "`24` has no unit"),
    ],
)
def test_what_is_no_rate_gets_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_rate(text)

    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(hours=24), "24 hours"),
        (timedelta(hours=48), "48 hours"),
        (timedelta(days=3), "3 days"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(), "0 seconds"),
    ],
)
def test_durations_are_shown_as_people_write_them(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@given(st.integers(0, 10**12))
def test_what_is_shown_is_what_was_meant(number: int) -> None:
    duration = timedelta(seconds=number % 10**9)

    assert parse_size(format_size(number)) == number
    assert parse_duration(format_duration(duration)) == duration
    if number and duration:
        rate = Rate(number % 10**9, duration)
        assert parse_rate(format_rate(rate)) == rate


@given(st.text() | st.from_regex(r"[0-9.]{1,9} ?[a-zA-Z]{1,7}( in [0-9]+ ?[a-z]+)?"))
def test_readers_answer_any_text_with_a_value_or_advice(text: str) -> None:
    for read in (parse_duration, parse_size, parse_rate):
        with contextlib.suppress(ValueError):
            read(text)
