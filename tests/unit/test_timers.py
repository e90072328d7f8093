"""What is planned: from the history of a thread and the policy, and from nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

from maildaemon.domain.opening import Hours, Opening, Week
from maildaemon.domain.policy import Mode
from maildaemon.domain.spans import parse_span
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import EscalationStep, FollowUpStep, Promise, TimePolicy, part_of
from maildaemon.domain.timers import History, TimerKind, Written, plan_timers
from maildaemon.domain.understanding import Matter, Priority
from tests.service.shop import a_policy

# A Tuesday; the shop works Monday to Friday, UTC.
TUESDAY = datetime(2026, 12, 1, 9, tzinfo=UTC)
NORMAL = Promise(
    first_reply=parse_span("48 business hours"),
    next_reply=parse_span("24 business hours"),
    resolution=parse_span("10 business days"),
    warn_at=parse_span("12 business hours"),
    update_every=parse_span("5 business days"),
)
LADDER = (
    FollowUpStep(parse_span("3 business days"), "follow_up"),
    FollowUpStep(parse_span("7 business days"), "closing_soon"),
    FollowUpStep(parse_span("10 business days"), resolve=True),
)
TIME = TimePolicy(
    promises=((Priority.NORMAL, NORMAL),),
    follow_up=LADDER,
    feedback=parse_span("1 business day"),
)
POLICY = a_policy(time=TIME, hours=Hours())


def at(text: str) -> datetime:
    """Return an instant of December 2026: `3 09:00`."""
    return datetime.strptime(f"2026-12-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def asked(text: str) -> Written:
    return Written(at(text), by_customer=True)


def thanked(text: str) -> Written:
    return Written(at(text), by_customer=True, thanks=True)


def answered(text: str) -> Written:
    return Written(at(text), by_customer=False)


def a_history(*written: Written, status: Status = Status.OPEN, **more: object) -> History:
    return History(status=status, written=written, **more)  # type: ignore[arg-type]


def plan(history: History, policy: object = POLICY, **in_force: datetime) -> dict[str, str]:
    """Return when what is due, as `{"late": "3 09:00"}`."""
    timers = plan_timers(history, policy, in_force or None)  # type: ignore[arg-type]
    return {one.kind.value: f"{one.due_at.day} {one.due_at:%H:%M}" for one in timers}


def test_a_first_message_is_to_be_answered_within_the_first_reply() -> None:
    assert plan(a_history(asked("1 09:00"))) == {
        "warning": "1 21:00",
        "late": "3 09:00",
        "update": "8 09:00",
        "resolution": "15 09:00",
    }


def test_a_second_message_does_not_start_the_clock_anew() -> None:
    first, both = a_history(asked("1 09:00")), a_history(asked("1 09:00"), asked("2 15:00"))

    assert plan(both) == plan(first)


def test_a_message_after_our_answer_is_to_be_answered_within_the_next_reply() -> None:
    history = a_history(asked("1 09:00"), answered("1 11:00"), asked("2 10:00"))

    found = plan(history)

    assert (found["warning"], found["late"]) == ("2 22:00", "3 10:00")


def test_messages_are_taken_in_the_order_in_which_they_were_written() -> None:
    history = a_history(asked("1 09:00"), answered("1 09:00"), asked("1 09:00"))

    assert history.waiting_since == at("1 09:00")


def test_an_answer_leaves_the_ladder_to_run() -> None:
    history = a_history(asked("1 09:00"), answered("1 11:00"), status=Status.PENDING)

    timers = plan_timers(history, POLICY)

    assert [(one.kind, one.step, one.due_at) for one in timers] == [
        (TimerKind.FOLLOW_UP, 0, at("4 11:00")),
        (TimerKind.FOLLOW_UP, 1, at("10 11:00")),
        (TimerKind.RESOLVE, 2, at("15 11:00")),
    ]


def test_another_answer_starts_the_ladder_from_its_foot() -> None:
    history = a_history(
        asked("1 09:00"), answered("1 11:00"), answered("2 11:00"), status=Status.PENDING
    )

    assert plan(history)["resolve"] == "16 11:00"


def test_nobody_is_reminded_in_the_night_before_the_shop_opens() -> None:
    nine_to_six = Hours(Week((*(((Opening(9 * 60, 18 * 60),),) * 5), (), ())))
    policy = a_policy(time=TIME, hours=nine_to_six)
    # Both begin on a Saturday, so that their days end at midnight.
    silent = a_history(asked("4 09:00"), answered("5 11:00"), status=Status.PENDING)
    settled = a_history(asked("1 09:00"), status=Status.RESOLVED, resolved_at=at("5 10:00"))

    reminders = [one.due_at for one in plan_timers(silent, policy)]

    assert reminders == [at("10 09:00"), at("16 09:00"), at("21 00:00")]
    assert plan(settled, policy) == {"feedback": "8 09:00"}
    evening = a_history(asked("1 09:00"), answered("1 21:00"), status=Status.PENDING)
    assert plan_timers(evening, policy)[0].due_at == at("4 21:00")


def test_who_has_said_thank_you_is_reminded_of_nothing() -> None:
    history = a_history(
        asked("1 09:00"), answered("1 11:00"), thanked("1 12:00"), status=Status.PENDING
    )

    assert plan(history) == {"resolve": "15 11:00"}


def test_thanks_wait_for_no_answer() -> None:
    history = a_history(asked("1 09:00"), answered("1 11:00"), thanked("1 12:00"))

    assert history.waiting_since is None


def test_what_we_work_on_is_told_of_and_comes_to_an_end() -> None:
    history = a_history(asked("1 09:00"), answered("2 11:00"), status=Status.WORKING)

    assert plan(history) == {"update": "9 11:00", "resolution": "15 09:00"}


def test_a_reminder_of_an_update_leads_to_the_next_one() -> None:
    history = a_history(asked("1 09:00"), answered("2 11:00"), status=Status.WORKING)
    (update,) = (one for one in plan_timers(history, POLICY) if one.kind is TimerKind.UPDATE)

    later = replace(history, fired={update.key: at("9 11:02")})

    assert plan(later)["update"] == "16 11:02"


def test_who_writes_after_a_silence_of_his_own_is_not_late_to_hear_how_it_stands() -> None:
    history = a_history(asked("1 09:00"), answered("1 11:00"), asked("10 15:00"))

    assert plan(history)["update"] == "17 15:00"


def test_a_conversation_that_we_began_has_no_timers_until_somebody_writes() -> None:
    assert plan(a_history(answered("1 09:00"), status=Status.PENDING)) == {}


def test_once_settled_the_customer_is_asked_how_it_was_and_nothing_else() -> None:
    history = a_history(
        asked("1 09:00"),
        answered("1 11:00"),
        status=Status.RESOLVED,
        resolved_at=at("3 10:00"),
    )

    assert plan(history) == {"feedback": "4 10:00"}


def test_what_was_settled_and_comes_back_is_a_case_of_its_own() -> None:
    history = a_history(asked("1 09:00"), asked("20 09:00"), resolved_at=at("3 10:00"))

    # The 20th is a Sunday: the clock starts on Monday.
    assert plan(history)["late"] == "23 00:00"
    assert plan(history)["resolution"] == "4 00:00"  # of January


def test_what_nobody_has_to_do_with_has_no_timers() -> None:
    assert plan(a_history(asked("1 09:00"), status=Status.IGNORED)) == {}


def test_a_date_that_was_told_stays_whatever_the_policy_says_later() -> None:
    told = {at("1 09:00"): at("3 09:00")}
    hasty = replace(NORMAL, first_reply=parse_span("4 business hours"), warn_at=None)
    policy = replace(POLICY, time=TimePolicy(promises=((Priority.NORMAL, hasty),)))

    assert plan(a_history(asked("1 09:00")), policy)["late"] == "1 13:00"
    assert plan(a_history(asked("1 09:00"), promised=told), policy)["late"] == "3 09:00"


def test_a_rules_promise_holds_instead_of_that_of_the_priority() -> None:
    urgent = Promise(first_reply=parse_span("12 business hours"))
    time = TimePolicy(promises=((Priority.NORMAL, NORMAL), (Priority.URGENT, urgent)))
    policy = replace(POLICY, time=time)
    history = a_history(asked("1 09:00"), matter=Matter(promise=Priority.URGENT))

    assert plan(history, policy) == {"late": "1 21:00"}


COMPLAINT = TimePolicy(
    escalation=(
        EscalationStep(("lead@shop.example",), parse_span("48 business hours"), "complaint"),
        EscalationStep(
            ("senior@shop.example",),
            category="complaint",
            answer_within=parse_span("48 hours"),
            tell_customer=True,
        ),
    )
)


def test_a_complaint_without_an_answer_goes_to_the_lead() -> None:
    policy = replace(POLICY, time=COMPLAINT)
    matter = Matter(category="complaint")

    assert plan(a_history(asked("1 09:00"), matter=matter), policy) == {"escalation": "3 09:00"}
    assert plan(a_history(asked("1 09:00")), policy) == {}


def test_who_is_not_satisfied_reaches_a_senior_at_once_and_once() -> None:
    policy = replace(POLICY, time=COMPLAINT)
    history = a_history(
        asked("1 09:00"),
        answered("1 11:00"),
        asked("2 10:00"),
        matter=Matter(category="complaint"),
    )
    first, second = plan_timers(history, policy)

    assert (first.step, first.due_at) == (1, at("2 10:00"))
    assert (second.step, second.due_at) == (0, at("4 10:00"))

    taken = replace(history, fired={first.key: at("2 10:01")})
    again = replace(taken, written=(*taken.written, answered("3 09:00"), asked("3 12:00")))

    assert plan(taken, policy)["unanswered"] == "4 10:01"
    assert [one.key for one in plan_timers(again, policy) if one.step == 1] == [first.key]


def test_what_was_due_before_the_policy_was_in_force_is_not_made_up_for() -> None:
    history = a_history(asked("1 09:00"))
    since = {part_of(NORMAL): at("2 12:00")}

    assert plan(history, POLICY, **since) == {
        "late": "3 09:00",
        "update": "8 09:00",
        "resolution": "15 09:00",
    }


def test_going_live_brings_no_reminders_of_the_past() -> None:
    history = a_history(asked("1 09:00"), answered("1 11:00"), status=Status.PENDING)
    since = {f"mode:{name}:{Mode.LIVE}": at("9 00:00") for name in ("follow_up", "closing_soon")}

    assert plan(history, POLICY, **since) == {"follow_up": "10 11:00", "resolve": "15 11:00"}


def test_what_has_fired_stays_planned_so_that_its_mail_is_not_called_back() -> None:
    history = a_history(asked("1 09:00"), answered("1 11:00"), status=Status.PENDING)
    first = plan_timers(history, POLICY)[0]
    since = {part: at("20 00:00") for part in POLICY.time.parts}

    kept = plan_timers(replace(history, fired={first.key: at("4 11:00")}), POLICY, since)

    assert kept == (first,)


def test_a_step_that_is_moved_is_still_the_same_step() -> None:
    history = a_history(asked("1 09:00"), answered("1 11:00"), status=Status.PENDING)
    sooner = replace(TIME, follow_up=(replace(LADDER[0], after=parse_span("2 days")), *LADDER[1:]))

    before = plan_timers(history, POLICY)
    after = plan_timers(history, replace(POLICY, time=sooner))

    assert [one.key for one in before] == [one.key for one in after]
    assert after[0].due_at == at("3 11:00")


def test_the_keys_of_a_plan_differ() -> None:
    steps = (*LADDER, FollowUpStep(parse_span("12 business days"), "follow_up"))
    policy = replace(POLICY, time=replace(TIME, follow_up=steps))
    history = a_history(asked("1 09:00"), answered("1 11:00"), status=Status.PENDING)

    keys = [one.key for one in plan_timers(history, policy)]

    assert len(keys) == len(set(keys)) == len(steps)
