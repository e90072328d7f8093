"""Working time, whatever the zone does to its clock: judged by counting quarters of an hour."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from maildaemon.domain.hours import due_at, is_business_day, opens_at
from maildaemon.domain.opening import WORKING_DAYS, Hours, Opening, Week, is_open
from maildaemon.domain.spans import Counting, Span

QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
ZONES = [
    ZoneInfo(name)
    for name in (
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/New_York",
        "Europe/Rome",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Pacific/Chatham",
    )
]
# Changes of the clock in these zones, the day that Apia skipped, leap days, year ends.
DATES = [
    date.fromisoformat(text)
    for text in (
        "2027-04-03 2027-10-02 2027-02-06 2027-03-13 2027-03-12 2027-11-05 2027-03-26 2027-10-29 "
        "2011-12-28 2011-04-01 2027-04-02 2027-09-24 2028-02-28 2100-02-27 2026-12-31 2027-12-31"
    ).split()
]
DATES_OF_ALL_KINDS = st.sampled_from(DATES) | st.dates(date(2005, 1, 1), date(2036, 1, 1))
WORKING = st.sampled_from([Counting.BUSINESS_HOURS, Counting.OPEN_HOURS])


@st.composite
def some_openings(draw: st.DrawFn) -> tuple[Opening, ...]:
    """A day's openings, split or past midnight, by the quarter; they end by 06:00."""
    ends = draw(st.lists(st.integers(24, 120), max_size=4, unique=True).map(sorted))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    openings = tuple(Opening(opens * 15, closes * 15) for opens, closes in pairs)
    return tuple(one for one in openings if one.opens < 24 * 60)


WEEKS = (
    st.lists(some_openings(), min_size=7, max_size=7)
    .filter(any)
    .map(lambda days: Week(tuple(days)))
)


@st.composite
def some_hours(draw: st.DrawFn, near: date) -> Hours:
    off = draw(st.sets(st.integers(-2, 9), max_size=4))
    return Hours(
        draw(WEEKS | st.just(WORKING_DAYS)),
        draw(st.sampled_from(ZONES)),
        frozenset(near + count * DAY for count in off),
    )


@st.composite
def some_starts(draw: st.DrawFn) -> tuple[datetime, Hours]:
    day = draw(DATES_OF_ALL_KINDS)
    hours = draw(some_hours(day))
    local = datetime.combine(day, time(), hours.zone) + draw(st.integers(0, 96)) * QUARTER
    return local.replace(fold=draw(st.integers(0, 1))).astimezone(UTC), hours


STARTS = some_starts()
SPANS = st.integers(1, 60)


def counts(at: datetime, counting: Counting, hours: Hours) -> bool:
    """Tell whether the quarter that begins then counts, by what the wall clock shows."""
    if counting is Counting.OPEN_HOURS:
        return is_open(hours, at)
    return is_business_day(hours, at.astimezone(hours.zone).date())


@given(STARTS, WORKING, SPANS)
@settings(max_examples=60, deadline=None)
def test_what_elapses_until_it_is_due_is_what_was_promised(
    started: tuple[datetime, Hours], counting: Counting, quarters: int
) -> None:
    start, hours = started
    ends = due_at(start, Span(counting, quarters * QUARTER), hours)

    at, elapsed = start, 0
    while elapsed < quarters:
        elapsed += counts(at, counting, hours)
        at += QUARTER

    assert ends == at


@given(STARTS, WORKING, SPANS, SPANS)
@settings(max_examples=100, deadline=None)
def test_one_span_after_another_is_both_together(
    started: tuple[datetime, Hours], counting: Counting, first: int, second: int
) -> None:
    start, hours = started

    in_two = due_at(
        due_at(start, Span(counting, first * HOUR), hours), Span(counting, second * HOUR), hours
    )

    assert in_two == due_at(start, Span(counting, (first + second) * HOUR), hours)


@given(STARTS, st.sampled_from(Counting), SPANS, st.integers(0, 3000), st.integers(0, 50))
@settings(max_examples=150, deadline=None)
def test_what_starts_later_or_takes_longer_is_not_due_earlier(
    started: tuple[datetime, Hours], counting: Counting, days: int, later: int, more: int
) -> None:
    start, hours = started
    begun_later = start + later * timedelta(minutes=1)
    if counting is Counting.BUSINESS_DAYS:
        # An hour that the wall clock shows twice leads to the same hour twice.
        assume(not begun_later.astimezone(hours.zone).fold)
    span, longer = Span(counting, days * DAY), Span(counting, (days + more) * DAY)

    ends = due_at(start, span, hours)

    assert start < ends <= due_at(begun_later, span, hours)
    assert ends <= due_at(start, longer, hours)


@given(STARTS, SPANS)
@settings(max_examples=100, deadline=None)
@example((datetime(2027, 3, 26, 1, 30, tzinfo=UTC), Hours(zone=ZONES[3])), 1)
def test_business_days_lead_to_the_same_time_on_that_many_business_days_later(
    started: tuple[datetime, Hours], days: int
) -> None:
    start, hours = started
    local = start.astimezone(hours.zone)
    ends = due_at(start, Span(Counting.BUSINESS_DAYS, days * DAY), hours).astimezone(hours.zone)

    day, counted = local.date(), set[date]()
    while day < ends.date():
        day += DAY
        # A day is there if its evening is: Apia has skipped one.
        evening = datetime.combine(day, time(23, 30), hours.zone).astimezone(UTC)
        if is_business_day(hours, day) and evening.astimezone(hours.zone).date() == day:
            counted.add(day)
    on_business_day = is_business_day(hours, local.date())
    wanted = local.time().replace(fold=0) if on_business_day else time()

    assert ends.date() in counted
    assert len(counted) == days + (not on_business_day)
    # Shown later than wanted is only what the clock jumps over.
    assert ends.time() == wanted or (ends - QUARTER).time() < wanted < ends.time()


@given(STARTS)
@settings(max_examples=100, deadline=None)
def test_the_shop_opens_when_it_is_open_and_no_earlier(started: tuple[datetime, Hours]) -> None:
    at, hours = started
    opens = opens_at(hours, at)

    assert opens is not None
    assert is_open(hours, opens)
    assert not any(is_open(hours, at + step * QUARTER) for step in range((opens - at) // QUARTER))
