"""What the shop has promised and wants done in time, as the decisions see it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from maildaemon.domain.opening import Hours
from maildaemon.domain.spans import Span
from maildaemon.domain.understanding import Matter, Priority


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised at one priority; None: that is not promised.

    All clocks start with the oldest message of the customer that nobody has answered, but that of
    `resolution`, which starts with the case. `update_customer`: the customer gets word as well
    when an update is due; `tell_customer`: he is told, once, that a promise could not be kept.
    """

    first_reply: Span | None = None
    next_reply: Span | None = None
    resolution: Span | None = None
    warn_at: Span | None = None
    update_every: Span | None = None
    update_customer: bool = False
    tell_customer: bool = False


NO_PROMISE = Promise()


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """A conversation reaches somebody who can do more: `after` so long without an answer, or, if
    that is None, as soon as the customer is not satisfied with ours. Of `category`, `priority` and
    `tags` everything that is named must hold. `answer_within` counts from then.
    """

    to: tuple[str, ...]
    after: Span | None = None
    category: str | None = None
    priority: Priority | None = None
    tags: tuple[str, ...] = ()
    answer_within: Span | None = None
    tell_customer: bool = False

    def concerns(self, matter: Matter) -> bool:
        """Tell whether the step is meant for a conversation about this."""
        return (
            self.category in {None, matter.category}
            and self.priority in {None, matter.priority}
            and set(self.tags) <= set(matter.tags)
        )


@dataclass(frozen=True, slots=True)
class FollowUpStep:
    """What happens after so long a silence of the customer: a reminder by this template, or
    (`template` None) the matter is taken as settled.
    """

    after: Span
    template: str | None = None
    resolve: bool = False


@dataclass(frozen=True, slots=True)
class TimePolicy:
    """All of it. `promises` have an entry for each priority for which anything is promised, with
    what `normal` says filled in. `feedback` None: nobody is asked.
    """

    promises: tuple[tuple[Priority, Promise], ...] = ()
    escalation: tuple[EscalationStep, ...] = ()
    follow_up: tuple[FollowUpStep, ...] = ()
    feedback: Span | None = None

    def promise(self, matter: Matter) -> Promise:
        """Return what is promised in a conversation about this."""
        promises = dict(self.promises)
        usual = promises.get(Priority.NORMAL, NO_PROMISE)
        return promises.get(matter.promise or matter.priority, usual)

    @property
    def parts(self) -> Iterator[str]:
        """Yield the name of each part; a part that is changed is another one."""
        yield from (part_of(promise) for _, promise in self.promises)
        yield from map(part_of, self.escalation)
        yield from map(part_of, self.follow_up)
        if self.feedback is not None:
            yield part_of(self.feedback)


@lru_cache(maxsize=256)
def part_of(value: Promise | EscalationStep | FollowUpStep | Span | Hours) -> str:
    """Return the name of a part of the policy, by which is kept since when it holds."""
    # Of one day at a time: a set has no order.
    days = sorted(value.holidays) if isinstance(value, Hours) else ()
    said = repr((value.week, value.zone, days) if isinstance(value, Hours) else value)
    said = hashlib.sha256(said.encode()).hexdigest()[:16]
    return f"{type(value).__name__}:{said}"
