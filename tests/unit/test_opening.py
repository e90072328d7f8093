import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildaemon.domain.opening import DAYS, Opening, parse_days, parse_openings, why_no_week


@pytest.mark.parametrize(
    ("text", "openings"),
    [
        ("09:00-18:00", (Opening(540, 1080),)),
        ("9:00 - 18:00", (Opening(540, 1080),)),
        ("09:00-13:00 14:00-18:00", (Opening(540, 780), Opening(840, 1080))),
        ("09:00-13:00, 14:00–18:00", (Opening(540, 780), Opening(840, 1080))),
        ("09:00-24:00", (Opening(540, 1440),)),
        ("00:00-24:00", (Opening(0, 1440),)),
        ("22:00-02:00", (Opening(1320, 1560),)),
        ("12:00-15:00 18:00-01:00", (Opening(720, 900), Opening(1080, 1500))),
        ("09:00-13:00 13:00-18:00", (Opening(540, 780), Opening(780, 1080))),
    ],
)
def test_opening_times_are_written_as_on_the_door(text: str, openings: tuple[Opening, ...]) -> None:
    assert parse_openings(text) == openings


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("09:00-13:00 12:00-18:00", "`09:00-13:00` and `12:00-18:00` overlap, or stand in the"),
        ("14:00-18:00 09:00-13:00", "overlap, or stand in the wrong order"),
        ("18:00-02:00 22:00-23:00", "overlap"),
        ("25:00-26:00", "`25:00` is no time of the day; it ends at `24:00`"),
        ("09:60-10:00", "`09:60` is no time of the day"),
        ("24:30-02:00", "`24:30` is no time of the day"),
        ("24:00-02:00", "no time at all"),
        ("09:00-09:00", "no time at all; for a whole day write `00:00-24:00`"),
        ("9-18", "`9-18` is no opening time; write `09:00-18:00`"),
        ("", "nothing is given here"),
    ],
)
def test_what_are_no_opening_times_gets_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_openings(text)

    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("wed", ("wed",)),
        ("mon-fri", DAYS[:5]),
        ("mon – sun", DAYS),
        ("sat-mon", ("sat", "sun", "mon")),
        ("tue-tue", ("tue",)),
        ("monday", None),
        ("mon-friday", None),
        ("mon-wed-fri", None),
        ("mon,tue", None),
        ("", None),
    ],
)
def test_days_that_are_alike_may_stand_together(text: str, days: tuple[str, ...] | None) -> None:
    assert parse_days(text) == days


def test_a_night_must_be_over_when_the_next_day_opens() -> None:
    late, early = parse_openings("18:00-03:00"), parse_openings("02:00-09:00")

    assert why_no_week({"fri": late, "sat": early}) == (
        "sat",
        "`fri` closes at 03:00 on the next day, when `sat` is open",
    )
    assert why_no_week({"sun": late, "mon": early}) is not None
    assert why_no_week({"fri": late, "sun": early}) is None
    assert why_no_week({"fri": late, "sat": parse_openings("03:00-09:00")}) is None


@given(st.text(st.sampled_from("0123456789:- ,–24")) | st.text())
def test_any_text_is_opening_times_in_order_or_gets_advice(text: str) -> None:
    with contextlib.suppress(ValueError):
        openings = parse_openings(text)
        assert parse_openings(" ".join(map(str, openings))) == openings
        assert all(0 <= one.opens < one.closes <= 2880 for one in openings)


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_an_opening_is_shown_as_it_is_written(opens: int, minutes: int) -> None:
    opening = Opening(opens, opens + minutes)

    if minutes < 1440 or opens == 0:
        assert parse_openings(str(opening)) == (opening,)
    assert len(DAYS) == 7
