"""Spans that the opening times make endless, though each is reasonable by itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from maildaemon.domain.opening import WORKING_DAYS, Opening, parse_days, parse_openings
from maildaemon.domain.spans import Counting, Span, parse_span
from maildaemon.settings.document import Block, Loc

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=3650)
_YEAR = timedelta(days=365)


def endless_spans(
    section: Callable[[str], object], own: Mapping[str, object], loc: Loc
) -> Iterator[tuple[Loc, str]]:
    """Yield what takes longer than ten years, holidays not counted. `section` returns what holds
    in the policy, `own` is what stands in it, at `loc`.
    """
    hours = section("hours")
    opened = _openings(hours.get("open") if isinstance(hours, Mapping) else None)
    if opened is None:
        return  # what is wrong there is told there
    # General spans do not end, either, by opening times of a mailbox's own.
    seen = {*own, *(_TIMED if "hours" in own else ())}
    for name in (one for one in _TIMED if one in seen):
        at = loc if name in own else ()
        for place, text in _texts(section(name)):
            if (years := _years(text, opened)) is not None:
                words = f"`{text}` takes {years} years by the opening times in `hours`; write less"
                yield (*at, name, *place), words


_TIMED = ("promises", "escalation", "follow_up", "feedback")


def _texts(value: object, place: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """Yield every text with its place."""
    match value:
        case str():
            yield place, value
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, (*place, key))
        case list():
            for index, inner in enumerate(value):
                yield from _texts(inner, (*place, index))
        case _:
            return


def _openings(given: object) -> list[tuple[Opening, ...]] | None:
    if not isinstance(given, Block):
        return [*WORKING_DAYS.days] if given is None else None
    try:
        return [
            parse_openings(str(openings))
            for key, openings in given.items()
            for _ in parse_days(key) or ()
        ]
    except ValueError:
        return None


def _years(text: str, opened: list[tuple[Opening, ...]]) -> int | None:
    """Return how many years a span takes if they are too many, None if it does not or is none."""
    try:
        span = parse_span(text)
    except ValueError:
        return None
    counts = _counts_in_a_week(span, opened)
    if not counts or span.length * (_WEEK / counts) <= _LONGEST:
        return None
    return round(span.length * (_WEEK / counts) / _YEAR)


def _counts_in_a_week(span: Span, opened: list[tuple[Opening, ...]]) -> timedelta:
    if span.counting is Counting.ELAPSED:
        return _WEEK
    if span.counting is Counting.OPEN_HOURS:
        minutes = sum(one.closes - one.opens for openings in opened for one in openings)
        return timedelta(minutes=minutes)
    return len([one for one in opened if one]) * _DAY
