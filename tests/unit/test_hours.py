"""When something is due: each kind of duration, in words and in a table."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from maildaemon.domain.hours import due_at, is_business_day, opens_at
from maildaemon.domain.opening import DAYS, WORKING_DAYS, Hours, Week, parse_openings
from maildaemon.domain.spans import Counting, parse_span

NEW_YORK, ROME = ZoneInfo("America/New_York"), ZoneInfo("Europe/Rome")
AMERICAN = frozenset({date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1)})
OFFICE = Hours(WORKING_DAYS, NEW_YORK, AMERICAN)


def a_week(**days: str) -> Week:
    return Week(tuple(parse_openings(days[day]) if day in days else () for day in DAYS))


SHOP = Hours(a_week(**dict.fromkeys(DAYS[:5], "09:00-18:00")), NEW_YORK, AMERICAN)


def due(start: str, span: str, hours: Hours = OFFICE) -> str:
    """Return when it is due, as the shop's clock shows it."""
    began = datetime.strptime(start, "%Y-%m-%d %H:%M").replace(tzinfo=hours.zone)
    ends = due_at(began, parse_span(span), hours)
    assert ends.tzinfo is UTC
    return f"{ends.astimezone(hours.zone):%a %Y-%m-%d %H:%M}"


# --- the four kinds ------------------------------------------------------------------------------


_PAGE = Path(__file__).parents[2] / "docs" / "time.md"
_ROW = re.compile(r"(?m)^\| \w{3} (\d\S+ \S+) \| (\d[^|]+) \| (\w{3} \d[^|]+) \|$")
_TABLE = _ROW.findall(_PAGE.read_text())


@pytest.mark.parametrize(("start", "span", "expected"), _TABLE)
def test_durations_count_as_in_the_table_that_shops_are_shown(
    start: str, span: str, expected: str
) -> None:
    assert due(start, span, SHOP) == expected


def test_the_table_has_every_kind_of_duration() -> None:
    kinds = {parse_span(span).counting for _, span, _ in _TABLE}

    assert len(_TABLE) == 10
    assert kinds == {*Counting}
    assert ("2026-12-01 09:00", "48 business hours", "Thu 2026-12-03 09:00") in _TABLE


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        # A Friday evening; all 24 hours of Monday count.
        ("2026-12-04 17:00", "12 business hours", "Mon 2026-12-07 05:00"),
        # The earliest instant at which they have elapsed is the end of a day, not the next opening.
        ("2026-12-03 00:00", "48 business hours", "Sat 2026-12-05 00:00"),
        ("2026-12-04 09:00", "9 open hours", "Fri 2026-12-04 18:00"),
        ("2026-12-04 18:00", "1 open hour", "Mon 2026-12-07 10:00"),
        # Thanksgiving is no business day, neither is New Year.
        ("2026-11-25 17:00", "24 business hours", "Fri 2026-11-27 17:00"),
        ("2026-11-26 12:00", "12 business hours", "Fri 2026-11-27 12:00"),
        ("2026-12-31 16:00", "9 open hours", "Mon 2027-01-04 16:00"),
        ("2026-12-31 16:00", "1 business day", "Mon 2027-01-04 16:00"),
        # What starts on a closed day starts at 00:00 of the next business day.
        ("2026-12-05 14:00", "1 business day", "Tue 2026-12-08 00:00"),
        ("2026-12-25 14:00", "1 business day", "Tue 2026-12-29 00:00"),
        # A leap day is a day like others.
        ("2028-02-28 10:00", "1 business day", "Tue 2028-02-29 10:00"),
        ("2028-02-28 10:00", "48 business hours", "Wed 2028-03-01 10:00"),
        ("2026-12-11 10:00", "2 days", "Sun 2026-12-13 10:00"),
    ],
)
def test_nights_weekends_holidays_and_year_ends_are_counted_as_the_words_say(
    start: str, span: str, expected: str
) -> None:
    assert due(start, span, SHOP) == expected


# --- the clock changes ---------------------------------------------------------------------------

SUNDAYS = a_week(sat="00:00-24:00", sun="00:00-24:00", mon="00:00-24:00")
ROMAN = Hours(SUNDAYS, ROME)


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        # In Rome the last Sunday of March has 23 hours, that of October 25.
        ("2027-03-27 12:00", "24 business hours", "Sun 2027-03-28 13:00"),
        ("2027-03-28 00:00", "23 business hours", "Mon 2027-03-29 00:00"),
        ("2027-10-30 12:00", "24 business hours", "Sun 2027-10-31 11:00"),
        ("2027-10-31 00:00", "25 business hours", "Mon 2027-11-01 00:00"),
        ("2027-03-27 12:00", "24 hours", "Sun 2027-03-28 13:00"),
        ("2027-03-27 12:00", "1 business day", "Sun 2027-03-28 12:00"),
        # 02:30 does not exist: the clock jumps from 02:00 to 03:00.
        ("2027-03-27 02:30", "1 business day", "Sun 2027-03-28 03:00"),
        ("2027-03-27 02:07", "1 business day", "Sun 2027-03-28 03:00"),
    ],
)
def test_a_business_day_on_which_the_clock_changes_has_23_or_25_hours(
    start: str, span: str, expected: str
) -> None:
    assert due(start, span, ROMAN) == expected


def test_of_a_time_that_comes_twice_the_first_one_is_meant() -> None:
    start = datetime(2027, 10, 30, 2, 30, tzinfo=ROME)

    assert due_at(start, parse_span("1 business day"), ROMAN).isoformat() == (
        "2027-10-31T00:30:00+00:00"
    )


def test_an_opening_over_a_change_of_the_clock_lasts_as_long_as_the_wall_clock_shows_it() -> None:
    nights = Hours(a_week(sat="22:00-04:00"), ROME)

    # Six hours on the wall, five or seven in fact.
    assert due("2027-03-27 12:00", "5 open hours", nights) == "Sun 2027-03-28 04:00"
    assert due("2027-10-30 12:00", "7 open hours", nights) == "Sun 2027-10-31 04:00"


def test_lord_howe_changes_its_clock_by_half_an_hour() -> None:
    howe = Hours(SUNDAYS, ZoneInfo("Australia/Lord_Howe"))

    assert due("2027-04-03 12:00", "24 business hours", howe) == "Sun 2027-04-04 11:30"
    assert due("2027-10-02 12:00", "24 business hours", howe) == "Sun 2027-10-03 12:30"
    assert due("2027-10-02 02:15", "1 business day", howe) == "Sun 2027-10-03 02:30"


def test_casablanca_changes_its_clock_for_ramadan() -> None:
    casablanca = Hours(SUNDAYS, ZoneInfo("Africa/Casablanca"))

    assert due("2027-02-06 12:00", "24 business hours", casablanca) == "Sun 2027-02-07 11:00"
    assert due("2027-03-13 12:00", "24 business hours", casablanca) == "Sun 2027-03-14 13:00"


def test_a_day_that_a_place_has_skipped_is_no_business_day() -> None:
    apia = Hours(WORKING_DAYS, ZoneInfo("Pacific/Apia"))

    # Friday, 30 December 2011, never was.
    assert due("2011-12-29 12:00", "1 business day", apia) == "Mon 2012-01-02 12:00"
    assert due("2011-12-29 12:00", "24 business hours", apia) == "Mon 2012-01-02 12:00"


# --- openings ------------------------------------------------------------------------------------


def test_what_closes_after_midnight_belongs_to_the_day_on_which_it_opened() -> None:
    bar = a_week(fri="22:00-02:00", mon="09:00-10:00")
    friday, saturday = date(2026, 12, 4), date(2026, 12, 5)

    assert due("2026-12-04 23:00", "3 open hours", Hours(bar, ROME)) == "Sat 2026-12-05 02:00"
    # On a holiday it does not open; on the eve of one it closes as always.
    eve = Hours(bar, ROME, frozenset({saturday}))
    assert due("2026-12-04 23:00", "3 open hours", eve) == "Sat 2026-12-05 02:00"
    closed = Hours(bar, ROME, frozenset({friday}))
    assert due("2026-12-04 23:00", "1 open hour", closed) == "Mon 2026-12-07 10:00"
    assert not is_business_day(Hours(bar, ROME), saturday)


def test_a_lunch_break_does_not_count_and_24_00_is_the_end_of_the_day() -> None:
    split = Hours(a_week(wed="09:00-13:00 14:00-18:00", thu="18:00-24:00"), ROME)

    assert due("2026-12-02 12:30", "1 open hour", split) == "Wed 2026-12-02 14:30"
    assert due("2026-12-02 09:00", "14 open hours", split) == "Fri 2026-12-04 00:00"


def test_the_next_opening_is_now_while_the_shop_is_open() -> None:
    def opens(text: str, hours: Hours = SHOP) -> str | None:
        at = opens_at(hours, datetime.fromisoformat(text).replace(tzinfo=NEW_YORK))
        return f"{at.astimezone(NEW_YORK):%a %d %H:%M}" if at else None

    assert opens("2026-12-04 17:59") == "Fri 04 17:59"
    assert opens("2026-12-04 18:00") == "Mon 07 09:00"
    assert opens("2026-11-25 20:00") == "Fri 27 09:00"
    days = (date(2026, 12, 1) + timedelta(days=count) for count in range(400))
    assert opens("2026-12-04 18:00", Hours(WORKING_DAYS, NEW_YORK, frozenset(days))) is None


def test_a_week_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="never opens"):
        Week(((),) * 7)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("3650 business days", "Sat 2096-11-17 09:30"),
        ("87600 business hours", "Sat 2096-11-17 09:30"),
        ("3650 open hours", "Sat 2096-11-17 09:30"),
    ],
)
def test_ten_years_of_working_time_come_to_an_end(span: str, expected: str) -> None:
    saturdays = Hours(a_week(sat="09:00-10:00"), ROME)

    assert due("2026-12-05 09:30", span, saturdays) == expected
