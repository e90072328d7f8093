"""Several rules about one mail, several mails about one matter: what is said in the end."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from maildaemon.domain.actions import MuteThread
from maildaemon.domain.attachments import judge
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.decide import Decision, decide
from maildaemon.domain.delivery import Section
from maildaemon.domain.message import Message
from maildaemon.domain.opening import Hours, Opening, Week, is_open
from maildaemon.domain.policy import Mode, Policy
from maildaemon.domain.reading import Findings, FoundWords, Part, Search
from maildaemon.domain.rules import Condition, Rule
from maildaemon.domain.threads import Status, ThreadFacts
from maildaemon.domain.understand import is_photo
from maildaemon.domain.understanding import (
    AfterAnswer,
    Fact,
    Link,
    Matter,
    OrderNumber,
    Priority,
    Understanding,
)
from tests.builders import (
    ANNA,
    CLARA,
    HOUR,
    NOW,
    TOOL,
    a_context,
    a_file,
    a_known,
    a_message,
    a_policy,
    a_thread,
    in_thread,
    knowing,
)


def a_rule(name: str, word: str = "ring", **effects: Any) -> Rule:
    return Rule(name, Condition(any=(Search(word),)), **effects)


def saying(*words: str, **overrides: Any) -> Message:
    """Return a customer's mail in which these words were found; it asks for something."""
    found = tuple(FoundWords(word, Part.TEXT) for word in words)
    numbers = overrides.pop("numbers", ())
    asks = overrides.pop("asks", True)
    return a_message(found=Findings(found, numbers=numbers, asks=asks), **overrides)


def with_rules(*rules: Rule, **overrides: Any) -> Policy:
    return a_policy(rules=rules, **overrides)


def about(*rules: Rule, message: Message | None = None) -> Understanding:
    mail = message or saying("ring")
    return decide(mail, a_context(policy=with_rules(*rules))).understanding


# --- several rules -------------------------------------------------------------------------------


def test_of_single_things_the_first_rule_that_names_one_decides() -> None:
    none = a_rule("none", tags=("x",))
    first = a_rule("first", category="a", promise=Priority.LOW, assign="a@x", forward="p")
    second = a_rule(
        "second",
        category="b",
        promise=Priority.HIGH,
        assign="b@x",
        forward="q",
        after_answer=AfterAnswer.WORKING,
    )

    found = about(none, first, second)

    assert (found.category, found.promise) == ("a", Priority.LOW)
    assert (found.assign, found.forward) == ("a@x", "p")
    assert found.after_answer is AfterAnswer.WORKING
    assert found.rules == ("none", "first", "second")


@pytest.mark.parametrize(
    ("priorities", "expected"),
    [
        ((), Priority.NORMAL),
        ((Priority.LOW,), Priority.LOW),
        ((Priority.LOW, Priority.NORMAL), Priority.NORMAL),
        ((Priority.HIGH, Priority.URGENT, Priority.LOW), Priority.URGENT),
    ],
)
def test_the_most_urgent_priority_wins(
    priorities: tuple[Priority, ...], expected: Priority
) -> None:
    rules = [a_rule(str(at), priority=one) for at, one in enumerate(priorities)]

    assert about(*rules).priority is expected


def test_tags_needs_and_links_are_put_together_each_once() -> None:
    page, other = Link("Returns", "https://x/r"), Link("Sizes", "https://x/s")
    one = a_rule("one", tags=("a", "b"), need=(Fact.PHOTO,), faq=(page,))
    two = a_rule("two", tags=("b", "c"), need=(Fact.ORDER_NUMBER, Fact.PHOTO), faq=(page, other))

    found = about(one, two)

    assert found.tags == ("a", "b", "c")
    assert found.missing == (Fact.ORDER_NUMBER, Fact.PHOTO)
    assert found.faq == (page, other)


def test_mails_of_staff_and_machines_are_not_judged_by_rules() -> None:
    rule = a_rule("ring", category="rings", mute=True)
    numbers = (OrderNumber("order", "123456"),)
    staff = saying("ring", from_=ANNA, numbers=numbers)
    machine = saying("ring", headers={"Auto-Submitted": "auto-replied"}, numbers=numbers)

    for message, kept in ((staff, numbers), (machine, ())):
        found = decide(message, a_context(policy=with_rules(rule)))
        assert found.understanding == Understanding(order_numbers=kept)
        assert MuteThread() not in found.actions


def test_of_what_could_not_be_looked_through_nothing_is_asked() -> None:
    rule = Rule("all", Condition(senders=("@customer.example",)), need=tuple(Fact))

    decision = decide(a_message(), a_context(policy=with_rules(rule)))

    assert decision.understanding.missing == ()
    assert decision.mail is not None
    assert decision.mail.sections == (Section.ACKNOWLEDGEMENT,)


# --- what is missing -----------------------------------------------------------------------------

NEEDY = a_rule("damage", need=tuple(Fact))


def asked(message: Message, thread: ThreadFacts | None = None, **known: Any) -> tuple[str, ...]:
    """Return what the customer is asked for."""
    policy = known.pop("policy", with_rules(NEEDY))
    mail = decided(message, thread, policy=policy, **known).mail
    return mail.missing if mail else ()


def decided(message: Message, thread: ThreadFacts | None = None, **known: Any) -> Decision:
    context = in_thread(thread, **known) if thread else a_context(**known)
    if thread:
        message = replace(message, in_reply_to=("c0@customer.example",))
    return decide(message, context)


def test_what_is_missing_is_asked_for_in_the_acknowledgement() -> None:
    assert asked(saying("ring", asks=False)) == ("order_number", "photo", "question")
    known = OrderNumber("order", "123456", known=True)
    assert asked(saying("ring", numbers=(known,), attachments=(a_file(),))) == ()


def test_a_number_that_is_certainly_not_ours_is_asked_for_again() -> None:
    wrong = OrderNumber("order", "123456", known=False)

    assert "order_number" in asked(saying("ring", numbers=(wrong,)))
    unsure = OrderNumber("order", "123456", known=None)
    assert "order_number" not in asked(saying("ring", numbers=(unsure,)))


def test_who_gave_a_number_that_is_not_ours_is_told_so_and_not_asked_as_if_there_were_none() -> (
    None
):
    policy, wrong = with_rules(NEEDY), OrderNumber("order", "123456", known=False)

    mails = [
        decided(saying("ring", numbers=numbers), policy=policy).mail for numbers in ((wrong,), ())
    ]

    assert [mail and mail.number_unknown for mail in mails] == [True, False]


@pytest.mark.parametrize(
    ("text", "category", "asks"),
    [
        ("Good morning, my ring has arrived broken.", "damage", False),
        ("Good morning, my ring has arrived broken.", None, True),
        ("ring", "damage", True),
    ],
)
def test_who_tells_in_a_sentence_what_a_rule_knows_is_not_asked_what_we_can_do(
    text: str, category: str | None, *, asks: bool
) -> None:
    policy = with_rules(a_rule("damage", category=category), a_rule("all", need=(Fact.QUESTION,)))

    mail = saying("ring", asks=False, text=text, reply_text=text)

    assert asked(mail, policy=policy) == (("question",) if asks else ())


@pytest.mark.parametrize(
    ("media_type", "asks"), [("audio/wav", False), ("application/pdf", False), ("image/png", True)]
)
def test_what_is_wanted_may_be_spoken_or_stand_in_a_form(media_type: str, *, asks: bool) -> None:
    file = a_file(filename="a", declared_type=media_type, detected_type=media_type)

    assert ("question" in asked(saying("ring", asks=False, attachments=(file,)))) == asks


@pytest.mark.parametrize("media_type", ["application/zip", "application/vnd.rar", "video/mp4"])
def test_who_sends_photos_in_an_archive_or_a_film_is_not_asked_for_a_photo(media_type: str) -> None:
    file = a_file(filename="photos", declared_type=media_type, detected_type=media_type)

    assert "photo" not in asked(saying("ring", attachments=(file,)))


def test_nobody_is_asked_for_a_question_when_it_is_unsure_whether_there_is_one() -> None:
    assert "question" not in asked(saying("ring", asks=None))


def test_a_fact_is_asked_for_once_in_a_conversation() -> None:
    thread = a_thread(
        acknowledged=True,
        matter=Matter(missing=(Fact.PHOTO, Fact.ORDER_NUMBER), asked=(Fact.PHOTO,)),
    )

    decision = decided(saying("else"), thread, policy=with_rules(NEEDY))

    assert decision.mail is not None
    assert decision.mail.missing == ("order_number",)
    assert decision.mail.sections == (Section.MISSING_FACTS,)
    assert decision.matter.asked == (Fact.ORDER_NUMBER, Fact.PHOTO)
    again = a_thread(acknowledged=True, matter=decision.matter)
    silent = decided(saying("ring"), again, policy=with_rules(NEEDY))
    assert silent.silence is Silence.ACKNOWLEDGED_ALREADY
    assert silent.understanding.missing == (Fact.ORDER_NUMBER, Fact.PHOTO)


def test_what_arrives_later_is_not_missing_any_more() -> None:
    thread = a_thread(acknowledged=True, matter=Matter(missing=(Fact.PHOTO, Fact.ORDER_NUMBER)))

    decision = decided(saying("else", attachments=(a_file(),)), thread, policy=with_rules(NEEDY))

    assert decision.understanding.missing == (Fact.ORDER_NUMBER,)
    assert decision.matter.missing == (Fact.ORDER_NUMBER,)
    assert Fact.PHOTO in decision.matter.facts


def test_what_the_conversation_holds_already_is_not_asked_for() -> None:
    thread = a_thread(acknowledged=True, matter=Matter(facts=(Fact.ORDER_NUMBER, Fact.PHOTO)))

    assert asked(saying("ring", asks=False), thread) == ("question",)


def test_a_number_that_a_colleague_names_is_not_asked_for() -> None:
    numbers = (OrderNumber("order", "123456"),)
    told = decided(saying(from_=ANNA, to=(CLARA,), numbers=numbers), a_thread(), in_sent=True)

    assert told.matter.facts == (Fact.ORDER_NUMBER,)


def test_who_answers_automatic_mail_or_has_a_persons_answer_is_not_asked() -> None:
    answered = a_thread(staff_answered=True)
    assert asked(saying("ring"), answered) == ()
    ours = knowing(replace(a_known(), own=True))
    automatic = decided(saying("ring"), a_thread(), policy=with_rules(NEEDY), lookups=ours)
    assert automatic.silence is Silence.ANSWERS_AUTOMATIC_MAIL
    # What had begun before us is somebody's already.
    assert asked(saying("ring", in_reply_to=("old@x.example",))) == ()


def test_a_rehearsal_counts_for_nothing_later() -> None:
    policy = with_rules(NEEDY, mode=Mode.SHADOW)
    first = decided(saying("ring"), policy=policy)

    assert first.mail is not None
    assert first.matter.asked == ()
    thread = a_thread(
        matter=first.matter,
        rehearsed=frozenset({Section.ACKNOWLEDGEMENT, Section.MISSING_FACTS}),
    )
    assert asked(saying("ring"), thread, policy=policy) == ()
    assert asked(saying("ring"), thread) == ("order_number", "photo")


def test_a_photo_is_a_picture_that_somebody_wanted_to_show() -> None:
    logo = {"inline": True, "size": 12_000}

    assert is_photo(a_file())
    assert is_photo(a_file(size=3_000))
    assert is_photo(a_file(inline=True, size=400_000, filename="IMG_1.jpeg"))
    assert not is_photo(a_file(**logo, filename="image001.png"))
    assert not is_photo(a_file(inline=True, size=90_000, filename="Company-Logo.png"))
    assert not is_photo(a_file(detected_type="application/pdf"))
    assert not is_photo(TOOL)


def test_a_refused_picture_is_no_photo() -> None:
    policy = with_rules(a_rule("damage", need=(Fact.PHOTO,)))
    huge = a_file(size=policy.attachments.max_file_size + 1)
    assert judge((huge,), policy.attachments)[0].reason is not None

    decision = decided(saying("ring", attachments=(huge,)), policy=policy)

    assert decision.understanding.missing == (Fact.PHOTO,)


# --- several mails -------------------------------------------------------------------------------


def matter(before: Matter, *rules: Rule, **known: Any) -> Matter:
    thread = a_thread(matter=before, last_message_at=known.pop("last_message_at", None))
    return decided(saying("ring"), thread, policy=with_rules(*rules), **known).matter


def test_a_conversation_keeps_the_most_urgent_priority() -> None:
    low, normal, high = (
        a_rule(it, priority=it) for it in (Priority.LOW, Priority.NORMAL, Priority.HIGH)
    )

    assert matter(Matter(priority=Priority.HIGH), low).priority is Priority.HIGH
    assert matter(Matter(priority=Priority.NORMAL), high).priority is Priority.HIGH
    assert matter(Matter(priority=Priority.LOW), high).priority is Priority.HIGH
    assert matter(Matter(priority=Priority.LOW)).priority is Priority.LOW
    assert matter(Matter(priority=Priority.URGENT), normal).priority is Priority.URGENT


def test_a_later_mail_may_say_otherwise_an_older_one_that_comes_late_may_not() -> None:
    before = Matter("shipping", tags=("a",), promise=Priority.LOW)
    rule = a_rule("returns", category="returns", tags=("b",), promise=Priority.HIGH)

    later = matter(before, rule)
    late = matter(before, rule, last_message_at=NOW + HOUR)

    assert (later.category, later.promise) == ("returns", Priority.HIGH)
    assert (late.category, late.promise) == ("shipping", Priority.LOW)
    assert later.tags == late.tags == ("a", "b")
    assert matter(before).category == "shipping"


def test_a_mail_that_mutes_is_met_with_silence_and_so_is_its_conversation() -> None:
    decision = decided(saying("ring"), policy=with_rules(a_rule("partner", mute=True)))

    assert decision.silence is Silence.MUTED
    assert MuteThread() in decision.actions


# --- whose turn it is ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (Matter(), Status.PENDING),
        (Matter(category="complaint"), Status.WORKING),
        (Matter(category="complaint", after_answer=AfterAnswer.PENDING), Status.PENDING),
        (Matter(after_answer=AfterAnswer.WORKING), Status.WORKING),
    ],
)
def test_after_an_answer_it_is_the_customers_turn_unless_more_is_owed(
    before: Matter, status: Status
) -> None:
    answer = a_message(from_=ANNA, to=(CLARA,))

    decision = decided(answer, a_thread(matter=before), in_sent=True)

    assert decision.judgement.kind is Kind.STAFF
    assert [one.status for one in decision.actions if hasattr(one, "status")] == [status]
    assert decision.matter == before


# --- opening times -------------------------------------------------------------------------------


def test_the_shop_is_open_in_its_own_time_over_midnight_and_not_on_holidays() -> None:
    east = timezone(timedelta(hours=2))
    week = Week(((Opening(22 * 60, 26 * 60),), (), (), (), (), (), ()))
    hours = Hours(week, east)

    def at(text: str, hours: Hours = hours) -> bool:
        return is_open(hours, datetime.fromisoformat(text))

    assert not at("2026-11-23T19:59:00+00:00")
    assert at("2026-11-23T20:00:00+00:00")
    assert at("2026-11-23T23:59:00+00:00")
    assert not at("2026-11-24T00:00:00+00:00")
    assert not at("2026-11-23T20:00:00+00:00", Hours(week, east, frozenset({date(2026, 11, 23)})))
