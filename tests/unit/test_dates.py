"""Dates and times in mails: which day is named, when the hour is, and how each language says it."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildaemon.adapters.dates import show_deadline, show_opening
from maildaemon.adapters.vocabulary import Vocabulary
from maildaemon.domain.dates import Told, tell_deadline, tell_end, tell_opening
from tests.unit.test_templates import LANGUAGES
from tests.unit.test_texts import WORDS

ROME, NEW_YORK = ZoneInfo("Europe/Rome"), ZoneInfo("America/New_York")
LORD_HOWE, CAIRO = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")
ZONES = st.sampled_from([ROME, NEW_YORK, LORD_HOWE, CAIRO, UTC, ZoneInfo("Africa/Casablanca")])
INSTANTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
HOUR = timedelta(hours=1)


def at(text: str, zone: ZoneInfo = ROME) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# --- which day, and whether the hour -------------------------------------------------------------


@pytest.mark.parametrize(
    ("deadline", "now", "day", "hour"),
    [
        ("2026-12-03 09:00", "2026-12-01 09:00", date(2026, 12, 3), None),
        ("2026-12-03 09:00", "2026-12-01 09:01", date(2026, 12, 3), time(9)),
        # What ends at midnight ends with the day before, all of which is in time.
        ("2026-12-08 00:00", "2026-12-01 09:00", date(2026, 12, 7), None),
        ("2026-12-08 00:00", "2026-12-07 23:00", date(2026, 12, 7), None),
        ("2026-12-08 00:01", "2026-12-07 23:00", date(2026, 12, 8), time(0, 1)),
        # What is over is told by its day, unless that was today.
        ("2026-12-03 09:00", "2026-12-03 09:00", date(2026, 12, 3), time(9)),
        ("2026-12-03 09:00", "2026-12-03 23:59", date(2026, 12, 3), time(9)),
        ("2026-12-03 23:00", "2026-12-04 00:01", date(2026, 12, 3), None),
    ],
)
def test_the_hour_of_a_deadline_is_told_where_the_day_says_too_little(
    deadline: str, now: str, day: date, hour: time | None
) -> None:
    told = tell_deadline(at(deadline), ROME, at(now))

    assert told == Told(day, hour, HOUR)


def test_a_night_without_a_midnight_belongs_to_the_day_before() -> None:
    # In Cairo the clock jumps from 00:00 to 01:00 on 24 April 2026.
    first_moment = at("2026-04-24 01:00", CAIRO)

    told = tell_deadline(first_moment, CAIRO, first_moment - 10 * HOUR)

    assert (told.day, told.at) == (date(2026, 4, 23), None)


@pytest.mark.parametrize(
    ("opens", "now", "hour", "this_week"),
    [
        ("2026-11-30 09:00", "2026-11-27 19:00", time(9), True),
        ("2026-11-30 09:00", "2026-11-30 07:00", time(9), False),
        ("2026-11-30 09:00", "2026-11-24 07:00", time(9), True),
        ("2026-11-30 09:00", "2026-11-23 19:00", time(9), False),
        ("2026-11-30 00:00", "2026-11-28 19:00", None, True),
    ],
)
def test_a_weekday_alone_is_told_only_of_the_next_six_days(
    opens: str, now: str, hour: time | None, this_week: bool
) -> None:
    told = tell_opening(at(opens), ROME, at(now))

    assert told == Told(date(2026, 11, 30), hour, HOUR, this_week)


@pytest.mark.parametrize(
    ("deadline", "zone", "told"),
    [
        ("2026-11-25T00:00", ROME, (date(2026, 11, 24), "24:00")),
        ("2026-11-25T00:01", ROME, (date(2026, 11, 25), "00:01")),
        ("2026-11-24T17:10", ROME, (date(2026, 11, 24), "17:10")),
        # On that night the clock goes from 23:59 to 01:00.
        ("2027-04-30T01:00", CAIRO, (date(2027, 4, 29), "24:00")),
    ],
)
def test_a_colleague_reads_the_same_day_as_the_customer_was_told(
    deadline: str, zone: ZoneInfo, told: tuple[date, str]
) -> None:
    ends = at(deadline, zone)

    assert tell_end(ends, zone) == told
    assert tell_deadline(ends, zone, ends - 100 * HOUR).day == told[0]


@given(deadline=INSTANTS, ahead=st.timedeltas(timedelta(), timedelta(days=20)), zone=ZONES)
def test_a_promise_is_never_told_earlier_or_later_than_the_day_it_ends_with(
    deadline: datetime, ahead: timedelta, zone: ZoneInfo
) -> None:
    told = tell_deadline(deadline, zone, deadline - ahead)

    local = deadline.astimezone(zone)
    assert told.day == (deadline - timedelta(seconds=1)).astimezone(zone).date()
    assert told.at in {None, local.time()}
    assert ahead >= timedelta(days=2) or told.at is not None or told.day < local.date()


# --- how it is said ------------------------------------------------------------------------------


def words(language: str) -> Vocabulary:
    return Vocabulary(language, WORDS[language])


FAR = {
    "en": "Thursday, 3 December 2026",
    "it": "giovedì 3 dicembre 2026",
    "fr": "jeudi 3 décembre 2026",
    "de": "Donnerstag, 3. Dezember 2026",
    "es": "jueves 3 de diciembre de 2026",
    "pt": "quinta-feira, 3 de dezembro de 2026",
    "nl": "donderdag 3 december 2026",
    "pl": "czwartku, 3 grudnia 2026 r.",
    "ru": "четверга, 3 декабря 2026 года",
    "uk": "четверга, 3 грудня 2026 року",
}
NEAR = {
    "en": "Tuesday, 1 December 2026 at 17:00 (UTC+1)",
    "it": "martedì 1º dicembre 2026 alle ore 17:00",
    "fr": "mardi 1er décembre 2026 à 17\u00a0h",
    "de": "Dienstag, 1. Dezember 2026, 17\u00a0Uhr",
    "es": "martes 1 de diciembre de 2026, 17:00\u00a0h (UTC+1)",
    "pt": "terça-feira, 1 de dezembro de 2026, 17h (UTC+1)",
    "nl": "dinsdag 1 december 2026 om 17.00\u00a0uur",
    "pl": "wtorku, 1 grudnia 2026 r., do godziny 17:00",
    "ru": "вторника, 1 декабря 2026 года, 17:00 (UTC+1)",
    "uk": "вівторка, 1 грудня 2026 року, 17:00 (UTC+1)",
}
MONDAY = {
    "en": "on Monday at 09:05 (UTC+1)",
    "it": "lunedì alle ore 9:05",
    "fr": "lundi à 9\u00a0h\u00a005",
    "de": "am Montag um 9:05\u00a0Uhr",
    "es": "el lunes a las 9:05\u00a0h (UTC+1)",
    "pt": "na segunda-feira às 9h05 (UTC+1)",
    "nl": "maandag om 9.05\u00a0uur",
    "pl": "w poniedziałek o godzinie 9:05",
    "ru": "в понедельник в 9:05 (UTC+1)",
    "uk": "в понеділок з 9:05 (UTC+1)",
}
AFTER_THE_HOLIDAY = {
    "en": "on Sunday, 10 January 2027",
    "it": "domenica 10 gennaio 2027",
    "fr": "dimanche 10 janvier 2027",
    "de": "am Sonntag, 10. Januar 2027",
    "es": "el domingo 10 de enero de 2027",
    "pt": "no domingo, 10 de janeiro de 2027",
    "nl": "zondag 10 januari 2027",
    "pl": "w niedzielę, 10 stycznia 2027 r.",
    "ru": "в воскресенье, 10 января 2027 года",
    "uk": "в неділю, 10 січня 2027 року",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_dates_and_times_in_its_own_way(language: str) -> None:
    now, vocabulary = at("2026-11-30 18:00"), words(language)
    friday = at("2026-11-27 18:00")

    said = (
        show_deadline(at("2026-12-03 09:00"), ROME, now, vocabulary),
        show_deadline(at("2026-12-01 17:00"), ROME, now, vocabulary),
        show_opening(at("2026-11-30 09:05"), ROME, friday, vocabulary),
        show_opening(at("2027-01-10 00:00"), ROME, now, vocabulary),
    )

    assert said == tuple(it[language] for it in (FAR, NEAR, MONDAY, AFTER_THE_HOLIDAY))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_days_of_a_week_and_no_two_months_are_said_alike(language: str) -> None:
    vocabulary = words(language)
    monday = datetime(2026, 11, 30, 12, tzinfo=UTC)
    days = [monday + timedelta(days=it) for it in range(7)]
    months = [date(2026, month, 2) for month in range(1, 13)]

    # The day before each is a weekday away, so that the weekday alone is said.
    opening = {show_opening(it, UTC, it - timedelta(days=1), vocabulary) for it in days}

    assert len({it.split(",")[0] for it in opening}) == 7
    assert len({vocabulary.items("weekdays_by")[it.weekday()] for it in days}) == 7
    assert len({vocabulary.show_day(it) for it in months}) == 12


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        (UTC, "09:00 (UTC)"),
        (NEW_YORK, "09:00 (UTC−4)"),
        (ZoneInfo("Asia/Kathmandu"), "09:00 (UTC+5:45)"),
        (LORD_HOWE, "09:00 (UTC+10:30)"),
        (timezone(-timedelta(hours=9, minutes=30)), "09:00 (UTC−9:30)"),
    ],
)
def test_a_zone_that_nobody_could_guess_is_told_as_it_is_on_that_day(
    zone: ZoneInfo, told: str
) -> None:
    nine = datetime(2026, 7, 1, 9, tzinfo=zone).astimezone(UTC)

    shown = show_deadline(nine, zone, nine - HOUR, words("en"))

    assert shown == f"Wednesday, 1 July 2026 at {told}"


def test_who_shares_the_clock_of_the_shop_is_told_no_zone() -> None:
    vienna, london = ZoneInfo("Europe/Vienna"), ZoneInfo("Europe/London")
    noon = datetime(2026, 7, 1, 12, tzinfo=vienna).astimezone(UTC)

    assert show_deadline(noon, vienna, noon - HOUR, words("it")).endswith("alle ore 12:00")
    assert show_deadline(noon, london, noon - HOUR, words("it")).endswith("alle ore 11:00 (UTC+1)")
