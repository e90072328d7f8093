"""On which days a shop is closed: by country and region, by its own list, by a calendar file."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maildaemon.cli.calendar import check_hours, check_promises
from maildaemon.domain.hours import is_business_day
from maildaemon.errors import ConfigError
from maildaemon.services.check import Result
from maildaemon.settings import Settings, changed_options, read_settings, show
from maildaemon.settings.ics import read_whole_days
from maildaemon.settings.policy import make_policy
from maildaemon.settings.promises import HolidaySettings
from tests.unit.test_settings import MINIMAL, only_problem, policy_of, read

DAY = timedelta(days=1)


def holidays_of(options: str) -> HolidaySettings:
    return read(f"{MINIMAL}hours: {{holidays: {{{options}}}}}\n").hours.holidays


def why_not(options: str) -> str:
    return only_problem(f"{MINIMAL}hours: {{holidays: {{{options}}}}}\n")


# --- by country ----------------------------------------------------------------------------------


def test_a_country_names_its_holidays_and_a_region_more_of_them() -> None:
    germany, bavaria = (holidays_of(f"country: {one}").days for one in ("DE", "de-by"))

    assert germany[date(2026, 10, 3)] == "Tag der Deutschen Einheit"
    assert bavaria.keys() - germany.keys() >= {date(2027, 1, 6), date(2027, 11, 1)}
    # Neither old mail nor a daemon that runs for years is without them.
    assert {date(2001, 12, 25), date(2099, 12, 25)} <= germany.keys()


def test_policy_and_rules_know_the_holidays() -> None:
    policy = policy_of(f"{MINIMAL}hours: {{timezone: Europe/Rome, holidays: {{country: IT}}}}\n")

    assert not is_business_day(policy.hours, date(2026, 12, 8))
    assert is_business_day(policy.hours, date(2026, 12, 9))


@pytest.mark.parametrize(
    ("country", "advice"),
    [
        ("XX", "`XX` is no country"),
        ("DE-", "`DE-` is no country"),
        ("DE-XX", "DE has no region `XX`; known here: BB, BE, BW, BY, HB"),
        ("DE-Bayern", "DE has no region `BAYERN`; did you mean `DE-BY`?"),
        ("SM-01", "no regions of SM are known; write `SM`"),
    ],
)
def test_what_is_no_country_or_region_gets_advice(country: str, advice: str) -> None:
    said = why_not(f"country: {country}")

    assert "hours.holidays.country: " in said
    assert advice in said


def test_every_country_can_be_named_whatever_the_library_warns_of() -> None:
    # India's are known for some years only, Sri Lanka's end early, Sweden's Sundays are holidays.
    known = {country: holidays_of(f"country: {country}") for country in ("IN", "LK", "SE")}

    assert date(2040, 1, 26) in known["IN"].days
    assert known["LK"].last_year is not None
    assert known["LK"].last_year < 2099
    assert known["SE"].last_year == 2099


# --- one's own list ------------------------------------------------------------------------------


def test_add_names_more_days_and_remove_takes_some_out() -> None:
    holidays = holidays_of("country: IT, add: [2026-12-24], remove: [2026-12-08, 2026-06-02]")

    assert date(2026, 12, 24) in holidays.days
    assert not holidays.days.keys() & {date(2026, 12, 8), date(2026, 6, 2)}
    assert date(2027, 12, 8) in holidays.days
    assert "this day is also in `add`" in why_not("add: [2026-06-02], remove: [2026-06-02]")
    assert "is no date" in why_not("add: [24.12.2026]")


# --- a calendar file -----------------------------------------------------------------------------


def calendar(*entries: str) -> str:
    """Return a calendar of whole entries, lines ending as programs write them."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN"]
    lines = [line for entry in entries for line in entry.split("\n")]
    return "\r\n".join([*head, *lines, "END:VCALENDAR", ""])


def entry(*lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", "UID:1@example", *lines, "END:VEVENT"])


def days_of(folder: Path, *entries: str) -> list[str]:
    (folder / "shop.ics").write_bytes(calendar(*entries).encode())
    return [str(day) for day in with_file(folder).hours.holidays.days]


def with_file(folder: Path) -> Settings:
    text = f"{MINIMAL}hours: {{holidays: {{ics: shop.ics}}}}\n"
    return read_settings(text, folder / "maildaemon.yaml")


def broken(folder: Path, content: str) -> str:
    (folder / "shop.ics").write_bytes(content.encode())
    with pytest.raises(ConfigError) as refused:
        with_file(folder)
    (problem,) = refused.value.problems
    assert problem.path == "hours.holidays.ics"
    return problem.message


def test_every_whole_day_of_an_ics_file_is_a_holiday(tmp_path: Path) -> None:
    assert days_of(
        tmp_path,
        entry("DTSTART;VALUE=DATE:20261224", "SUMMARY:Closed\\, as"),
        # The end is the day after the last one; some programs name the same day.
        entry("DTSTART;VALUE=DATE:20270809", "DTEND;VALUE=DATE:20270812"),
        entry("DTSTART;VALUE=DATE:20280102", "DTEND;VALUE=DATE:20280102"),
        entry("DTSTART;VALUE=DATE:20280201", "DURATION:P2D"),
        entry("DTSTART;TZID=Europe/Rome:20280301T000000", "DTEND;TZID=Europe/Rome:20280303T000000"),
    ) == [
        *("2026-12-24", "2027-08-09", "2027-08-10", "2027-08-11", "2028-01-02"),
        *("2028-02-01", "2028-02-02", "2028-03-01", "2028-03-02"),
    ]


def test_what_lasts_hours_is_cancelled_or_is_no_entry_closes_nothing(tmp_path: Path) -> None:
    zone = "BEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19701025T030000\nEND:STANDARD\nEND:VTIMEZONE"
    alarm = "BEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM"

    assert days_of(
        tmp_path,
        zone,
        entry("DTSTART:20261224T090000Z", "DTEND:20261224T120000Z"),
        entry("DTSTART:20261224T230000Z", "DTEND:20261225T230000Z", "RRULE:FREQ=HOURLY"),
        entry("DTSTART;VALUE=DATE:20261226", "STATUS:CANCELLED"),
        "BEGIN:VTODO\nDTSTART;VALUE=DATE:20261227\nEND:VTODO",
        entry("DTSTART;VALUE=DATE:20261228", alarm),
    ) == ["2026-12-28"]


def test_what_repeats_is_a_holiday_every_time(tmp_path: Path) -> None:
    yearly = days_of(tmp_path, entry("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY"))
    assert (yearly[0], yearly[1], yearly[-1]) == ("2026-12-24", "2027-12-24", "2099-12-24")

    assert days_of(
        tmp_path,
        entry(
            "DTSTART;VALUE=DATE:20261126",
            "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20291231T000000Z",
            "EXDATE;VALUE=DATE:20271125",
        ),
    ) == ["2026-11-26", "2028-11-23", "2029-11-22"]
    # One of them is moved to another day.
    assert days_of(
        tmp_path,
        entry("DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=WEEKLY;COUNT=3", "RDATE:20270301"),
        entry("DTSTART;VALUE=DATE:20270112", "RECURRENCE-ID;VALUE=DATE:20270111"),
    ) == ["2027-01-04", "2027-01-12", "2027-01-18", "2027-03-01"]
    # A birthday of somebody whose year is not known.
    assert days_of(tmp_path, entry("DTSTART;VALUE=DATE:16040229", "RRULE:FREQ=YEARLY"))[0] == (
        "2000-02-29"
    )


def test_a_long_line_may_be_folded_and_the_file_may_be_utf_8_with_a_mark(tmp_path: Path) -> None:
    text = "\ufeff" + calendar(entry("DTSTART;VAL\n UE=DATE:2026\n\t1224", "SUMMARY:Ferragòsto"))
    (tmp_path / "shop.ics").write_text(text)

    assert with_file(tmp_path).hours.holidays.days == {date(2026, 12, 24): "Ferragòsto"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: the file ends before the calendar does; export the calendar again"),
        ("<html>", "line 1: this is no line of a calendar"),
        ("BEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT", "line 1: this is no line of a calendar"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "line 2: the file ends before the calendar does"),
        ("BEGIN:VCALENDAR\nEND:VEVENT", "line 2: `END:VEVENT` ends what has not begun"),
        (calendar("2026-12-24"), "line 4: this is no line of a calendar"),
        (calendar(entry("SUMMARY:x")), "line 4: this entry has no `DTSTART`"),
        (calendar(entry("DTSTART:20261324")), "line 6: `20261324` is no date"),
        (
            calendar(entry("DTSTART:20261224", "DTEND:20261223")),
            "line 7: it ends before it begins; correct it",
        ),
        (
            calendar(entry("DTSTART:20261224", "DTEND:99991231")),
            "line 4: this entry lasts 2912085 days; correct its end",
        ),
        (calendar(entry("DTSTART:20261224", "DURATION:PT1H")), "line 7: `PT1H` is no number of"),
        (
            calendar(entry("DTSTART:20261224", "RRULE:FREQ=SECONDLY")),
            "line 7: `FREQ=SECONDLY` is no repetition that is known here; write the days out, or",
        ),
        (
            calendar(entry("DTSTART:20261224", "RRULE:FREQ=YEARLY;INTERVAL=0")),
            "is no repetition that is known here",
        ),
        (
            calendar(entry("DTSTART:20261224", "RRULE:FREQ=YEARLY;BYDAY=XX")),
            "is no repetition that is known here",
        ),
        (
            calendar(entry("DTSTART:20261224", "RRULE:FREQ=YEARLY;UNTIL=20301332")),
            "line 7: `FREQ=YEARLY;UNTIL=20301332` cannot be read",
        ),
        (
            calendar(entry("DTSTART:20261224", "RRULE:COUNT=2")),
            "line 7: `COUNT=2` is no repetition that is known here",
        ),
        (
            calendar(
                entry("DTSTART:20261224", "RRULE:FREQ=YEARLY;INTERVAL=99;BYMONTH=2;BYMONTHDAY=30")
            ),
            "BYMONTHDAY=30` leads to no day; correct it, or write the days out",
        ),
        (
            calendar(*[entry("DTSTART:20000101", "DURATION:P1W", "RRULE:FREQ=WEEKLY")] * 3),
            "line 16: more than 100,000 days; shorten the repetitions",
        ),
    ],
)
def test_a_broken_ics_file_is_told_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    message = broken(tmp_path, content)

    assert message.startswith(f"{tmp_path / 'shop.ics'}, line ")
    assert said in message


NAMES = "DTSTART DTEND DURATION RRULE EXDATE RDATE RECURRENCE-ID STATUS UID BEGIN END".split()
VALUES = (
    "20261224 20261226 99991231 00010101 20261224T000000 20261225T000000 20261224T090000Z P1D P9W "
    "FREQ=YEARLY;COUNT=3 FREQ=WEEKLY;UNTIL=20270301 FREQ=MONTHLY;BYDAY=-1FR;COUNT=2 CANCELLED "
    "VEVENT VALARM 20261224,20270101"
).split()
LINES = st.builds("{}:{}".format, st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text())


@given(st.lists(st.lists(LINES | st.text(), max_size=5).map(lambda lines: entry(*lines))))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_ics_file_is_days_or_a_mistake_with_its_line(
    tmp_path: Path, entries: list[str]
) -> None:
    file = tmp_path / "shop.ics"
    file.write_bytes(calendar(*entries).encode())

    said, days = f"{file}, line ", dict[date, str]()
    try:
        days.update(read_whole_days(file))
    except ValueError as error:
        said = str(error)

    assert said.startswith(f"{file}, line ")
    assert all(2000 <= day.year < 2100 for day in days)


def test_an_ics_file_that_is_missing_or_endless_is_told(tmp_path: Path) -> None:
    assert "No such file or directory; put the calendar file there" in only_problem(
        f"{MINIMAL}hours: {{holidays: {{ics: shop.ics}}}}\n"
    )
    assert "larger than 5 MB; export only" in broken(tmp_path, "BEGIN:VCALENDAR\n" * 400_000)


def test_a_calendar_file_that_says_something_else_is_a_change(tmp_path: Path) -> None:
    days_of(tmp_path, entry("DTSTART;VALUE=DATE:20261224"))
    before = with_file(tmp_path)

    assert changed_options(before, with_file(tmp_path)) == ()
    days_of(tmp_path, entry("DTSTART;VALUE=DATE:20261228"))
    after = with_file(tmp_path)

    assert changed_options(before, after) == ("hours.holidays",)
    assert read_settings(show(after), tmp_path / "shown.yaml").hours == after.hours


# --- what an owner is told -----------------------------------------------------------------------

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def told(text: str) -> list[tuple[Result, str]]:
    return [(one.result, one.what) for one in check_hours(read(MINIMAL + text), NOW)]


def test_check_names_the_next_holidays_on_which_the_week_would_be_open() -> None:
    holidays = "holidays: {country: IT, add: [2026-12-24]}"
    # 26 December is a Saturday, and so is closed anyway.
    named = (
        "hours: Europe/Rome; the next holidays: Tue 2026-12-08 (Immacolata Concezione), "
        "Thu 2026-12-24, Fri 2026-12-25 (Natale), Fri 2027-01-01 (Capodanno), "
        "Wed 2027-01-06 (Epifania)"
    )
    assert told(f"hours: {{timezone: Europe/Rome, {holidays}}}\n") == [(Result.OK, named)]
    assert told("hours: {timezone: Europe/Rome}\n") == [
        (Result.OK, "hours: Europe/Rome; no holidays")
    ]
    assert told("hours:\n  holidays:\n") == []


def test_check_warns_when_holidays_run_out_or_never_end() -> None:
    over = told("hours: {timezone: UTC, holidays: {add: [2026-11-30]}}\n")
    assert over == [(Result.WARNING, "hours: UTC; every holiday that is named is over")]

    days = ", ".join(str(NOW.date() + count * DAY) for count in range(380))
    closed = told(f"hours: {{timezone: UTC, holidays: {{add: [{days}]}}}}\n")
    assert closed[-1] == (
        Result.WARNING,
        "hours: UTC; closed for a whole year from now: nothing would ever be due",
    )


def promised(promise: str, openings: str = "mon-fri: 09:00-18:00") -> list[str]:
    hours = f"hours: {{timezone: Europe/Rome, open: {{{openings}}}, holidays: {{country: IT}}}}\n"
    text = f"{MINIMAL}{hours}promises: {{normal: {{{promise}}}}}\n"
    return [one.what for one in check_promises(read(text), NOW)]


def test_check_names_a_promise_that_is_over_before_anybody_is_there() -> None:
    [night] = promised("first_reply: 12 business hours")
    [weekend, then] = promised("first_reply: 48 hours, next_reply: 2 hours")
    [both] = promised("first_reply: 2 hours, next_reply: 2 hours")
    [break_] = promised("first_reply: 1 hour", "mon-sun: 00:00-12:00 14:00-24:00")

    assert night == (
        "promises.normal.first_reply: 12 business hours: who writes when you close, on Tue at "
        "18:00, is promised an answer by Wed at 06:00, before you open again"
    )
    assert "on Fri at 18:00, is promised an answer by Sun at 18:00" in weekend
    assert "next_reply: 2 hours: who writes when you close, on Tue at 18:00, is" in then
    assert both.startswith("promises.normal.first_reply, next_reply: 2 hours: who writes when")
    assert "on Wed at 12:00, is promised an answer by Wed at 13:00" in break_
    assert promised("first_reply: 1 hour", "mon-sun: 00:00-12:00 13:00-24:00") == []


@pytest.mark.parametrize(
    "promise",
    ["first_reply: 48 business hours", "first_reply: 1 open hour", "next_reply: 1 business day"],
)
def test_what_can_be_kept_is_nothing_to_tell_of(promise: str) -> None:
    assert promised(promise) == []
    assert promised("first_reply: 1 minute", "mon-sun: 00:00-24:00") == []


def test_where_nobody_has_said_when_the_shop_opens_no_promise_is_held_against_it() -> None:
    text = "promises: {normal: {first_reply: 2 hours}}\nhours: {timezone: Europe/Rome}\n"

    assert [*check_promises(read(MINIMAL + text), NOW)] == []


def test_check_speaks_of_the_hours_of_a_mailbox_too() -> None:
    own = "    policy: {hours: {timezone: Europe/Rome, holidays: {add: [2026-12-24]}}}\n    imap:"
    (finding,) = check_hours(read(MINIMAL.replace("    imap:", own)), NOW)

    assert (finding.mailbox, finding.what) == (
        "support",
        "hours: Europe/Rome; the next holidays: Thu 2026-12-24",
    )


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ("promises: {normal: {first_reply: 48 business hours}}", "promises: without `hours` every"),
        ("follow_up: [{after: 3 business days, resolve: yes}]", "follow_up: without `hours` every"),
        ("hours: {open: {mon: 9:00-10:00}}\nfeedback: {after: 1 business day}", "end in UTC"),
        ("promises: {normal: {first_reply: 48 hours}}", None),
        ("hours: {timezone: Europe/Rome}\nfeedback: {after: 1 business day}", None),
    ],
)
def test_working_time_without_hours_is_said_to_be_monday_to_friday_in_utc(
    options: str, warned: str | None
) -> None:
    assumed = [str(one) for one in read(f"{MINIMAL}{options}\n").warnings]

    assert len(assumed) == (warned is not None)
    assert all(warned in one for one in assumed if warned)


def test_the_policy_of_a_mailbox_has_its_own_holidays() -> None:
    own = "    policy: {hours: {holidays: {add: [2026-12-24]}}}\n    imap:"
    settings = read(MINIMAL.replace("    imap:", own) + "hours: {holidays: {country: IT}}\n")

    assert make_policy(settings, settings.mailboxes[0]).hours.holidays == {date(2026, 12, 24)}
