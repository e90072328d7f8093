"""What the options of promises, escalation and reminders do: from the configuration to a timer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from maildaemon.domain.decide_timer import (
    TellStaff,
    TimedAction,
    TimerContext,
    WriteCustomer,
    decide_timer,
)
from maildaemon.domain.delivery import Section
from maildaemon.domain.message import Address
from maildaemon.domain.threads import Status
from maildaemon.domain.timers import History, Timer, Written, plan_timers
from maildaemon.domain.understanding import Matter, Priority
from tests.unit.test_settings import MINIMAL, policy_of

CUSTOMER = Address("", "clara@customer.example")
HOURS = "hours: {timezone: UTC, open: {mon: 9:00-18:00, tue: 9:00-18:00, wed: 9:00-18:00}}\n"


def at(text: str) -> datetime:
    """Return an instant of December 2026; the first is a Tuesday."""
    return datetime.strptime(f"2026-12-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


ASKED = Written(at("1 10:00"), by_customer=True)
ANSWERED = Written(at("1 11:00"), by_customer=False)
AGAIN = Written(at("1 15:00"), by_customer=True)


def timers(
    options: str,
    *written: Written,
    status: Status = Status.OPEN,
    matter: Matter | None = None,
    resolved_at: datetime | None = None,
) -> list[Timer]:
    policy = policy_of(f"{MINIMAL}{HOURS}{options}\n")
    history = History(status, matter or Matter(), written, resolved_at)
    return [*plan_timers(history, policy)]


def due(options: str, *written: Written, **history: Any) -> list[str]:
    """Return what is due when: `late 2 10:00`."""
    found = timers(options, *written, **history)
    return [f"{one.kind} {one.due_at.day} {one.due_at:%H:%M}" for one in found]


def done(options: str, *written: Written, **history: Any) -> list[TimedAction]:
    """Return what comes of the first timer when it is due."""
    timer = timers(options, *written, **history)[0]
    policy = policy_of(f"{MINIMAL}{HOURS}{options}\n")
    context = TimerContext(
        policy=policy,
        now=timer.due_at,
        customer=CUSTOMER,
        spoken_to=True,
        matter=history.get("matter") or Matter(),
    )
    return [*decide_timer(timer, context)]


@pytest.mark.parametrize(
    ("name", "span", "written", "found"),
    [
        ("first_reply", "9 open hours", (ASKED,), "late 2 10:00"),
        ("first_reply", "24 business hours", (ASKED,), "late 2 10:00"),
        ("first_reply", "2 business days", (ASKED,), "late 7 10:00"),
        ("next_reply", "2 hours", (ASKED, ANSWERED, AGAIN), "late 1 17:00"),
        ("resolution", "3 business days", (ASKED,), "resolution 8 10:00"),
        ("update_every", "1 business day", (ASKED,), "update 2 10:00"),
    ],
)
def test_a_promise_of_normal_is_due_when_its_time_is_over(
    name: str, span: str, written: tuple[Written, ...], found: str
) -> None:
    """`first_reply`, `next_reply`, `resolution`, `update_every`."""
    assert due(f"promises: {{normal: {{{name}: {span}}}}}", *written) == [found]


def test_warn_at_counts_from_the_same_start() -> None:
    promise = "promises: {normal: {first_reply: 9 open hours, warn_at: 3 open hours}}"

    assert due(promise, ASKED) == ["warning 1 13:00", "late 2 10:00"]


def test_update_customer_writes_to_the_customer_as_well() -> None:
    promise = "promises: {normal: {update_every: 1 business day, update_customer: WORD}}"

    def written(word: str) -> list[Section]:
        found = done(promise.replace("WORD", word), ASKED)
        return [one.section for one in found if isinstance(one, WriteCustomer)]

    assert (written("yes"), written("no")) == ([Section.UPDATE], [])


def test_tell_customer_tells_him_of_a_promise_that_was_not_kept() -> None:
    promise = "promises: {normal: {first_reply: 1 hour, tell_customer: WORD}}"

    def written(word: str) -> list[Section]:
        found = done(promise.replace("WORD", word), ASKED)
        return [one.section for one in found if isinstance(one, WriteCustomer)]

    assert (written("yes"), written("no")) == ([Section.LATE], [])


@pytest.mark.parametrize("priority", ["low", "high", "urgent"])
def test_what_a_priority_does_not_say_is_as_for_normal(priority: str) -> None:
    """`low`, `high`, `urgent`."""
    promises = f"promises: {{normal: {{first_reply: 4 hours, warn_at: 1 hour}}, {priority}: "
    matter = Matter(priority=Priority(priority))

    assert due(promises + "{first_reply: 2 hours}}", ASKED, matter=matter) == [
        "warning 1 11:00",
        "late 1 12:00",
    ]
    assert due(promises + "{first_reply: 2 hours}}", ASKED) == ["warning 1 11:00", "late 1 14:00"]


STEP = "escalation: [{after: 2 hours, to: [lead@shop.example], MORE}]"


@pytest.mark.parametrize(
    ("condition", "matter"),
    [
        ("category: complaint", Matter(category="complaint")),
        ("priority: urgent", Matter(priority=Priority.URGENT)),
        ("tags: [damage, glass]", Matter(tags=("glass", "damage", "late"))),
    ],
)
def test_when_names_the_conversations_that_are_escalated(condition: str, matter: Matter) -> None:
    """`category`, `priority`, `tags`."""
    step = STEP.replace("MORE", f"when: {{{condition}}}")

    assert due(step, ASKED, matter=matter) == ["escalation 1 12:00"]
    assert due(step, ASKED) == []


def test_after_so_long_without_an_answer_it_goes_to_whom_it_names() -> None:
    """`escalation[].after`, `to`."""
    step = STEP.replace("MORE", "tell_customer: no")

    assert due(step, ASKED) == ["escalation 1 12:00"]
    assert done(step, ASKED) == [TellStaff(("lead@shop.example",))]


def test_on_follows_the_reply_of_a_customer_whom_our_answer_does_not_satisfy() -> None:
    step = "escalation: [{on: customer_replies_after_answer, to: [senior@shop.example]}]"

    assert due(step, ASKED) == []
    assert due(step, ASKED, ANSWERED, AGAIN) == ["escalation 1 15:00"]


def test_whom_an_escalation_goes_to_is_a_colleague_and_is_warned_of_nothing_else() -> None:
    warned = "promises: {normal: {first_reply: 3 hours, warn_at: 1 hour}}"
    step = STEP.replace("MORE", "").replace("lead@", "Lead@")

    def told(staff: str) -> tuple[str, ...]:
        mailbox = MINIMAL.rstrip() + f"\n    staff: [{staff}]\n"
        policy = policy_of(f"{mailbox}{HOURS}{warned}\n{step}\n")
        assert "lead@shop.example" in policy.staff
        timer = plan_timers(History(Status.OPEN, written=(ASKED,)), policy)[0]
        (tell,) = decide_timer(timer, TimerContext(policy=policy, now=timer.due_at))
        assert isinstance(tell, TellStaff)
        return tell.to

    assert told("anna@shop.example") == ("anna@shop.example",)
    assert told("") == ("support@example.com",), "whoever reads the mailbox reads it there"


def test_answer_within_and_tell_customer_name_a_date() -> None:
    step = STEP.replace("MORE", "answer_within: 5 hours, tell_customer: yes")
    told, written = done(step, ASKED)

    assert told == TellStaff(("lead@shop.example",), at("1 17:00"))
    assert isinstance(written, WriteCustomer)
    assert (written.section, written.until) == (Section.ESCALATED, at("1 17:00"))
    assert written.asked_at == at("1 10:00")


def test_follow_up_reminds_by_its_template_and_resolves_in_the_end() -> None:
    """`after`, `template`, `resolve`."""
    ladder = "follow_up: [{after: 1 day, template: follow_up}, {after: 3 days, resolve: yes}]"
    written = (ASKED, ANSWERED)

    assert due(ladder, *written, status=Status.PENDING) == ["follow_up 2 11:00", "resolve 4 11:00"]
    (reminder,) = done(ladder, *written, status=Status.PENDING)
    assert isinstance(reminder, WriteCustomer)
    assert (reminder.section, reminder.template) == (Section.FOLLOW_UP, "follow_up")


def test_feedback_is_asked_for_so_long_after_it_is_settled() -> None:
    """`feedback.after`."""
    asked = {"status": Status.RESOLVED, "resolved_at": at("2 16:00")}
    option = "feedback: {after: 1 business day}"

    assert due(option, ASKED, ANSWERED, **asked) == ["feedback 7 16:00"]
    (question,) = done(option, ASKED, ANSWERED, **asked)
    assert isinstance(question, WriteCustomer)
    assert question.section is Section.FEEDBACK
