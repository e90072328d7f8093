"""What came of a time that was told: promises kept and broken, and what differs between two."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from maildaemon.domain.delivery import Section
from maildaemon.domain.timeline import SENT, Clock, Event, Told
from maildaemon.domain.timers import TimerKind


class Fate(StrEnum):
    """What became of a promise. `running`: its time is not over; `lapsed`: it was settled, or
    meant nothing any more, without an answer.
    """

    KEPT = "kept"
    LATE = "late"
    UNANSWERED = "unanswered"
    RUNNING = "running"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Promised:
    """An answer that was due at a time, for what a customer wrote `since`."""

    thread: str
    since: datetime
    due_at: datetime
    answered_at: datetime | None
    fate: Fate


def promised(
    clocks: Sequence[Clock], told: Sequence[Told], until: datetime
) -> tuple[Promised, ...]:
    """Return every promise and what became of it until then, the oldest first."""
    answers: dict[str | None, list[datetime]] = {}
    for one in told:
        if one.event is Event.STAFF_ANSWERED:
            answers.setdefault(one.thread, []).append(one.at)
    late = (one for one in clocks if one.kind is TimerKind.LATE)
    return tuple(
        sorted(
            (_fate(one, answers.get(one.thread, ()), until) for one in late),
            key=lambda one: (one.since, one.thread),
        )
    )


def _fate(clock: Clock, answers: Sequence[datetime], until: datetime) -> Promised:
    answered_at = next((at for at in answers if at >= clock.since), None)
    if answered_at is not None:
        fate = Fate.KEPT if answered_at <= clock.due_at else Fate.LATE
    elif clock.fired_at is not None:
        fate = Fate.UNANSWERED
    else:
        fate = Fate.RUNNING if clock.due_at > until else Fate.LAPSED
    return Promised(clock.thread, clock.since, clock.due_at, answered_at, fate)


def with_dates(told: Sequence[Told], promises: Sequence[Promised]) -> tuple[Told, ...]:
    """Return the same, each acknowledgement with the date of the answer that it names."""
    dates: dict[tuple[str | None, datetime], datetime] = {
        (one.thread, one.since): one.due_at for one in promises
    }
    return tuple(
        replace(one, due_at=dates.get((one.thread, one.at))) if _acknowledges(one) else one
        for one in told
    )


def _acknowledges(one: Told) -> bool:
    return one.event is Event.MAIL_QUEUED and Section.ACKNOWLEDGEMENT in (one.mail or "").split("+")


class Change(StrEnum):
    """How something differs with the other configuration: it happens as well, no more, at another
    time, or to others; or the customer is told another date.
    """

    MORE = "more"
    LESS = "less"
    TIME = "another_time"
    DATE = "another_date"
    RECIPIENT = "another_recipient"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that happens otherwise. `before` None: it is new; `after` None: it is gone."""

    change: Change
    before: Told | None
    after: Told | None

    @property
    def at(self) -> datetime:
        """Return when it happens, or happened."""
        told = self.after or self.before
        assert told is not None  # noqa: S101  one of the two is always there
        return told.at


def differences(before: Sequence[Told], after: Sequence[Told]) -> tuple[Difference, ...]:
    """Return what is sent or settled otherwise, in order; empty if nothing is."""
    old, new = list(filter(_counts, before)), list(filter(_counts, after))
    same = _paired(old, new, lambda one: (*_what(one), one.to, one.at))
    found = [
        *(Difference(Change.DATE, *both) for both in same if both[0].due_at != both[1].due_at),
        *_changed(Change.TIME, old, new, lambda one: (*_what(one), one.to)),
        *_changed(Change.RECIPIENT, old, new, lambda one: (*_what(one), one.at)),
        *(Difference(Change.LESS, one, None) for one in old),
        *(Difference(Change.MORE, None, one) for one in new),
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _counts(one: Told) -> bool:
    return one.event in SENT or one.event is Event.THREAD_RESOLVED


def _what(one: Told) -> tuple[object, ...]:
    return one.thread, one.event, one.mail


Key = Callable[[Told], tuple[object, ...]]


def _changed(change: Change, old: list[Told], new: list[Told], key: Key) -> list[Difference]:
    return [Difference(change, *pair) for pair in _paired(old, new, key)]


def _paired(old: list[Told], new: list[Told], key: Key) -> Iterator[tuple[Told, Told]]:
    """Yield those of both that agree in this, one to one, and take them out."""
    waiting: dict[tuple[object, ...], list[Told]] = {}
    for one in reversed(old):
        waiting.setdefault(key(one), []).append(one)
    unpaired, taken = [], Counter[int]()
    for one in new:
        same = waiting.get(key(one))
        if same:
            before = same.pop()
            taken[id(before)] += 1
            yield before, one
        else:
            unpaired.append(one)
    old[:] = [one for one in old if not taken[id(one)]]
    new[:] = unpaired
