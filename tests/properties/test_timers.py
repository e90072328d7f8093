"""What holds of the timers of a conversation, whatever is written, said by hand, or configured."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from maildaemon.domain.opening import Hours
from maildaemon.domain.policy import Mode, Policy
from maildaemon.domain.spans import parse_span
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import EscalationStep, FollowUpStep, Promise, TimePolicy
from maildaemon.domain.timers import (
    History,
    Timer,
    TimerKind,
    Written,
    parts_in_force,
    plan_timers,
)
from maildaemon.domain.understanding import Priority
from tests.service.shop import a_policy

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Those by which the customer may get a mail.
TO_CUSTOMER = {
    TimerKind.LATE,
    TimerKind.UPDATE,
    TimerKind.ESCALATION,
    TimerKind.FOLLOW_UP,
    TimerKind.FEEDBACK,
}
LONG = [parse_span(one) for one in ("12 hours", "1 business day", "30 business hours")]
_LONGER = [parse_span("1 hour"), *LONG]
SPANS = st.sampled_from(_LONGER)
MAYBE = st.none() | SPANS
# An open case is told of again and again: every hour of weeks would be no more than long.
EVERY = st.none() | st.sampled_from(LONG)
PROMISES = st.builds(Promise, MAYBE, MAYBE, MAYBE, MAYBE, EVERY)
STEPS = st.builds(EscalationStep, st.just(("lead@shop.example",)), after=MAYBE, answer_within=MAYBE)
REMINDERS = st.builds(FollowUpStep, SPANS, st.sampled_from(["follow_up", "closing_soon"]))
ENDS = st.lists(st.builds(FollowUpStep, SPANS, resolve=st.just(True)), max_size=1)
# The settings let a ladder end once, at its end, and take no step that comes before an earlier one.
LADDERS = st.builds(
    lambda steps, end: (*sorted(steps, key=lambda one: _LONGER.index(one.after)), *end),
    st.lists(REMINDERS, max_size=3),
    ENDS,
)
TIMES = st.builds(
    TimePolicy,
    promises=st.builds(lambda one: ((Priority.NORMAL, one),), PROMISES),
    escalation=st.lists(STEPS, max_size=2, unique=True).map(tuple),
    follow_up=LADDERS,
    feedback=MAYBE,
)
POLICIES = st.builds(
    lambda time, mode: a_policy(time=time, hours=Hours(), mode=mode),
    TIMES,
    st.sampled_from([Mode.LIVE, Mode.DRAFTS]),
)
# What happens in a conversation: a customer, a person, the clock, the operator.
DEEDS = st.sampled_from(
    ("asks", "thanks", "answers", "works", "resolves", "reopens", "elsewhere", "waits", "waits")
)
STORIES = st.lists(st.tuples(DEEDS | POLICIES, st.integers(0, 40)), min_size=1, max_size=14)


class Life:
    """A conversation, as the records would hold it, and what has fired in it."""

    def __init__(self, policy: Policy) -> None:
        self.now = START
        self.history = History(Status.OPEN, written=(Written(START, by_customer=True),))
        self.in_force: dict[str, datetime] = {}
        self.adopt(policy)
        self.fired: list[Timer] = []

    def adopt(self, policy: Policy) -> None:
        """Go on by another policy, as a reload does."""
        known = self.in_force
        self.policy = policy
        self.in_force = {one: known.get(one, self.now) for one in parts_in_force(policy)}

    def plan(self) -> tuple[Timer, ...]:
        return plan_timers(self.history, self.policy, self.in_force)

    def tell(self, deed: str | Policy, hours: int) -> None:
        """Let that happen, after so many hours in which time may do something."""
        self.pass_time(hours * HOUR)
        if isinstance(deed, Policy):
            self.adopt(deed)
        elif deed != "waits":
            self.history = _after(self.history, deed, self.now)

    def pass_time(self, span: timedelta) -> None:
        until = self.now + span
        while due := [one for one in self._armed() if one.due_at <= until]:
            self.now = max(self.now, due[0].due_at)
            self.fire(due[0])
        self.now = until

    def _armed(self) -> list[Timer]:
        return [one for one in self.plan() if one.key not in self.history.fired]

    def fire(self, timer: Timer) -> None:
        self.fired.append(timer)
        assert len(self.fired) < 200, "timers lead to timers for ever"
        self.history = replace(self.history, fired={**self.history.fired, timer.key: self.now})
        if timer.kind is TimerKind.RESOLVE:
            self.history = _after(self.history, "resolves", self.now)


def _after(history: History, deed: str, now: datetime) -> History:
    written = history.written
    match deed:
        case "asks":
            return replace(history, status=Status.OPEN, written=(*written, Written(now, True)))
        case "thanks":
            return replace(history, written=(*written, Written(now, True, thanks=True)))
        case "answers":
            return replace(history, status=Status.PENDING, written=(*written, Written(now, False)))
        case "works":
            return replace(history, status=Status.WORKING)
        case "resolves":
            return replace(history, status=Status.RESOLVED, resolved_at=now)
        case "reopens":
            return replace(history, status=Status.OPEN)
        case _:
            return replace(history, elsewhere_at=now)


@settings(max_examples=60)
@given(POLICIES, STORIES)
def test_whatever_happens_in_a_conversation(
    policy: Policy, story: list[tuple[str | Policy, int]]
) -> None:
    life = Life(policy)
    for deed, hours in story:
        life.tell(deed, hours)
        plan = life.plan()
        keys = [one.key for one in plan]

        # Each is one thing to do, and is done once.
        assert len(keys) == len(set(keys))
        done = [one.key for one in life.fired]
        assert len(done) == len(set(done))
        # In which order the past is told makes no difference.
        backwards = dict(reversed(tuple(life.history.fired.items())))
        assert (
            plan_timers(
                replace(life.history, fired=backwards), policy=life.policy, in_force=life.in_force
            )
            == plan
        )
        _nothing_overtakes_an_answer(life)
        _firing_calls_no_mail_back(life)


def _nothing_overtakes_an_answer(life: Life) -> None:
    """A person who answers now stops all that is due for the customer by now."""
    history = _after(life.history, "answers", life.now)
    due = [
        one
        for one in plan_timers(history, life.policy, life.in_force)
        if one.kind in TO_CUSTOMER and one.due_at <= life.now and one.key not in history.fired
    ]
    assert due == []


def _firing_calls_no_mail_back(life: Life) -> None:
    """What fires stays planned while nothing happens: else its mail would never go."""
    before = life.plan()
    wrote = {one.key for one in before if one.kind in TO_CUSTOMER and one.key in life.history.fired}
    armed = (one for one in before if one.key not in life.history.fired)
    for timer in armed:
        if timer.kind is TimerKind.RESOLVE:
            continue
        fired = {**life.history.fired, timer.key: max(timer.due_at, life.now)}
        after = {
            one.key
            for one in plan_timers(replace(life.history, fired=fired), life.policy, life.in_force)
        }
        # A later reminder takes the place of an earlier one that still waits.
        overtaken = f"{timer.kind}:" if timer.kind is TimerKind.FOLLOW_UP else "-"
        assert {one for one in wrote if not one.startswith(overtaken)} <= after
        assert timer.key in after
