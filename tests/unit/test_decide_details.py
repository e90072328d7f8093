"""What a decision adds to its answer, and to whom: at the very edges of what leads to it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from maildaemon.domain.actions import (
    Assign,
    Forward,
    JoinThread,
    MuteSender,
    Rate,
    WithholdForward,
)
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.context import Context
from maildaemon.domain.decide import decide
from maildaemon.domain.delivery import Contacts, Refusal, Section
from maildaemon.domain.message import Message
from maildaemon.domain.policy import EchoSubject, Mode, Partner
from maildaemon.domain.reading import Findings, FoundWords, Part, Search
from maildaemon.domain.responder import MUTED_FOR, Glance
from maildaemon.domain.rules import Condition, Rule
from maildaemon.domain.spans import parse_span
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import Promise, TimePolicy
from maildaemon.domain.understanding import Matter, Priority
from tests.builders import (
    ANNA,
    CLARA,
    EVE,
    HOUR,
    NOW,
    SHOP,
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

MOMENT = timedelta(microseconds=1)
MX = "mx.shop.example"
FAILED = {"Authentication-Results": f"{MX}; dmarc=fail header.from=customer.example"}
CITED = ("c0@customer.example",)
ALIKE = Glance("my order", "Where is my order?")
RING = Rule("ring", Condition(any=(Search("ring"),)), assign=ANNA.key)
FOUND = Findings((FoundWords("ring", Part.TEXT),))


def a_reply(**overrides: Any) -> Message:
    return a_message(**{"in_reply_to": CITED, **overrides})


# --- who inside is told --------------------------------------------------------------------

TOLD: list[tuple[str, dict[str, Any], bool]] = [
    ("a customer's new mail", {}, True),
    ("on the last moment", {"recorded_at": NOW + 24 * HOUR}, True),
    ("too old", {"recorded_at": NOW + 24 * HOUR + MOMENT}, False),
    ("imported, of however late", {"history": True}, False),
    ("who is muted", {"sender_muted_until": NOW + MOMENT}, False),
    ("who was muted", {"sender_muted_until": NOW}, True),
    ("a program, it seems", {"sender_lately": (ALIKE, ALIKE)}, False),
]


@pytest.mark.parametrize(("what", "around", "told"), TOLD, ids=[one[0] for one in TOLD])
def test_a_colleague_is_told_of_what_a_customer_has_just_written(
    what: str, around: dict[str, Any], told: bool
) -> None:
    context = a_context(policy=a_policy(rules=(RING,)), **around)

    actions = decide(a_message(found=FOUND), context).actions

    assert (Assign(ANNA.key) in actions) is told


@pytest.mark.parametrize("junked", [True, False])
def test_nobody_is_told_of_what_a_person_moved_to_junk(junked: bool) -> None:
    context = in_thread(a_thread(junked=junked), policy=a_policy(rules=(RING,)))

    actions = decide(a_reply(found=FOUND), context).actions

    assert (Assign(ANNA.key) in actions) is not junked


def test_a_partner_whose_address_cannot_be_written_to_gets_nothing_and_that_is_told() -> None:
    rule = replace(RING, assign=None, forward="smith")

    def sent_on(address: str) -> object:
        policy = a_policy(rules=(rule,), partners=(Partner("smith", address),))
        return decide(a_message(found=FOUND), a_context(policy=policy)).actions[1]

    assert sent_on("smith@x.example") == Forward("smith", "smith@x.example")
    assert sent_on('"a b"@x.example') == WithholdForward(
        "smith", "the partner's address cannot be written to"
    )


@pytest.mark.parametrize("from_", [CLARA, None])
def test_a_rule_for_a_sender_holds_for_no_mail_without_one(from_: Any) -> None:
    rule = Rule("clara", Condition(senders=("@customer.example",)), tags=("hers",))

    decision = decide(a_message(from_=from_), a_context(policy=a_policy(rules=(rule,))))

    assert decision.understanding.tags == (("hers",) if from_ else ())


# --- who seems to be a program -------------------------------------------------------------


def suspected(message: Message, **around: Any) -> bool:
    """Tell whether whoever writes this a third time is muted, and not answered."""
    lately = {"sender_lately": (ALIKE, ALIKE), **around}
    decision = decide(message, a_context(**{"policy": a_policy(authserv_id=MX), **lately}))
    muted = any(isinstance(one, MuteSender) for one in decision.actions)
    assert muted is (decision.silence is Silence.MUTED)
    return muted


def test_who_writes_the_same_three_times_within_the_hour_gets_no_mail_for_a_day() -> None:
    context = a_context(sender_lately=(ALIKE, ALIKE))

    (mute,) = (one for one in decide(a_message(), context).actions if isinstance(one, MuteSender))

    assert (mute.address, mute.until) == (CLARA.key, NOW + MUTED_FOR)


def test_who_sends_photographs_one_by_one_or_writes_twice_is_no_program() -> None:
    logo = a_file(inline=True)

    assert suspected(a_message())
    assert suspected(a_message(attachments=(logo,)))
    assert not suspected(a_message(attachments=(logo, a_file())))
    assert not suspected(a_message(), sender_lately=(ALIKE,))
    assert not suspected(a_message().without_body(9), sender_lately=(ALIKE, ALIKE)), "photographs"
    assert not suspected(a_message(), sender_lately=())


def test_what_was_imported_or_says_that_it_is_a_program_mutes_nobody() -> None:
    for message, around in (
        (a_message(), {"history": True}),
        (a_message(headers={"Precedence": "bulk"}), {}),
    ):
        context = a_context(sender_lately=(ALIKE, ALIKE), **around)
        actions = decide(message, context).actions
        assert not any(isinstance(one, MuteSender) for one in actions)


@pytest.mark.parametrize(
    ("until", "again"), [(NOW - MOMENT, True), (NOW, True), (NOW + MOMENT, False), (None, True)]
)
def test_who_is_muted_stays_so_for_no_longer_than_that(until: datetime | None, again: bool) -> None:
    context = a_context(sender_lately=(ALIKE, ALIKE), sender_muted_until=until)

    decision = decide(a_message(), context)

    assert any(isinstance(one, MuteSender) for one in decision.actions) is again
    assert decision.silence is Silence.MUTED


def test_three_forged_mails_silence_nobody_whom_they_name() -> None:
    context = a_context(policy=a_policy(authserv_id=MX), sender_lately=(ALIKE, ALIKE))

    decision = decide(a_message(headers=FAILED), context)

    assert not any(isinstance(one, MuteSender) for one in decision.actions)


def test_a_colleague_is_never_taken_for_a_program() -> None:
    decision = decide(a_message(from_=ANNA), a_context(sender_lately=(ALIKE, ALIKE)))

    assert not any(isinstance(one, MuteSender) for one in decision.actions)


# --- how it went ---------------------------------------------------------------------------

ASKED = frozenset({"md.how@shop.example"})


def long_resolved(**overrides: Any) -> Context:
    resolved = a_thread(
        status=Status.RESOLVED, resolved_at=NOW - timedelta(days=90), acknowledged=True, **overrides
    )
    return in_thread(resolved)


def test_who_was_asked_may_answer_by_a_digit_of_however_long_ago_it_was() -> None:
    decision = decide(a_reply(reply_text="5"), long_resolved(asked_how=ASKED))

    assert decision.rating == 5
    assert (decision.judgement.kind, decision.match.continues) == (Kind.FEEDBACK, None)


def test_a_digit_from_who_was_not_asked_is_a_mail_like_any_other() -> None:
    decision = decide(a_reply(reply_text="5"), long_resolved())

    assert decision.rating is None
    assert decision.judgement.kind is Kind.CUSTOMER
    # It opens nothing that was resolved so long ago.
    assert decision.match.thread is None
    assert decision.match.continues is not None


def test_what_rates_us_or_only_thanks_us_is_not_answered() -> None:
    asked = a_thread(status=Status.RESOLVED, resolved_at=NOW, asked_how=ASKED)

    rated = decide(a_reply(reply_text="5"), in_thread(asked))
    thanked = decide(a_reply(reply_text="Thank you!"), in_thread())
    both = decide(a_reply(reply_text="5\nThank you!"), in_thread(asked))

    assert Rate(5) in rated.actions
    assert [one.silence for one in (rated, thanked, both)] == [Silence.NOTHING_TO_SAY] * 3


def test_who_sends_our_question_how_it_went_by_hand_opens_nothing_by_that() -> None:
    for asks_by_hand, status in ((True, None), (False, Status.PENDING)):
        thread = a_thread(status=Status.RESOLVED, asks_by_hand=asks_by_hand)
        sent = a_reply(from_=SHOP, to=(CLARA,), return_path=None)
        actions = decide(sent, in_thread(thread, in_sent=True)).actions
        assert actions[0] == JoinThread(1, "AAAA-22", status)


def test_what_a_person_took_out_of_junk_waits_for_us_even_if_it_only_thanks() -> None:
    for before, after in ((Status.IGNORED, Status.OPEN), (Status.PENDING, None)):
        context = in_thread(a_thread(status=before), rescued=True)
        actions = decide(a_reply(reply_text="Thank you!"), context).actions
        assert actions[0] == JoinThread(1, "AAAA-22", after)


# --- what is promised ----------------------------------------------------------------------

HOURS = parse_span("10 hours")
PROMISING = a_policy(
    time=TimePolicy(promises=((Priority.NORMAL, Promise(first_reply=HOURS)),)),
    contacts=Contacts("06 123"),
)


@pytest.mark.parametrize(
    ("waited", "promised"), [(10 * HOUR - MOMENT, True), (10 * HOUR, False), (11 * HOUR, False)]
)
def test_no_answer_is_promised_by_a_date_that_is_over(waited: timedelta, promised: bool) -> None:
    mail = decide(a_message(), a_context(policy=PROMISING, now=NOW + waited)).mail

    assert mail is not None
    due = NOW + 10 * HOUR if promised else None
    assert (mail.waiting_since, mail.answer_by) == (NOW if promised else None, due)


def test_a_promise_counts_from_the_first_mail_that_nobody_has_answered() -> None:
    thread = a_thread(asked_at=(NOW - 2 * HOUR, NOW - HOUR))

    mail = decide(a_reply(), in_thread(thread, policy=PROMISING)).mail

    assert mail is not None
    assert (mail.waiting_since, mail.answer_by) == (NOW - 2 * HOUR, NOW + 8 * HOUR)


def test_where_nothing_is_promised_no_date_is_named() -> None:
    mail = decide(a_message(), a_context()).mail

    assert mail is not None
    assert (mail.waiting_since, mail.answer_by) == (None, None)


def test_what_only_explains_a_refused_file_promises_nothing_and_names_no_telephone() -> None:
    urgent = a_thread(acknowledged=True, matter=Matter(priority=Priority.URGENT))

    mail = decide(a_reply(attachments=(TOOL,)), in_thread(urgent, policy=PROMISING)).mail

    assert mail is not None
    assert mail.sections == (Section.REFUSED_FILES,)
    assert (mail.waiting_since, mail.answer_by, mail.contacts) == (None, None, None)


@pytest.mark.parametrize("before", list(Priority))
def test_the_telephone_is_named_in_what_was_urgent_before(before: Priority) -> None:
    thread = a_thread(matter=Matter(priority=before))

    mail = decide(a_reply(), in_thread(thread, policy=PROMISING)).mail

    assert mail is not None
    assert (mail.contacts is not None) is (before is Priority.URGENT)


# --- rehearsals ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.LIVE])
def test_in_a_rehearsal_and_only_there_a_refusal_counts_as_told(mode: Mode) -> None:
    earlier = Refusal("old.js", "extension_blocked")
    thread = a_thread(
        acknowledged=True, untold=(earlier,), rehearsed=frozenset({Section.REFUSED_FILES})
    )

    decision = decide(a_reply(), in_thread(thread, policy=a_policy(mode=mode)))

    told = decision.mail.refusals if decision.mail else ()
    assert told == (() if mode is Mode.SHADOW else (earlier,))


def test_in_a_rehearsal_a_refusal_is_explained_once_to_who_answers_our_mail() -> None:
    thread = a_thread(acknowledged=True, rehearsed=frozenset({Section.REFUSED_FILES}))
    ours = knowing(a_known("md.ours@shop.example", own=True), threads=[thread])
    message = a_message(in_reply_to=("md.ours@shop.example",), attachments=(TOOL,))

    rehearsing = a_context(lookups=ours, policy=a_policy(mode=Mode.SHADOW))
    assert decide(message, rehearsing).silence is Silence.ANSWERS_AUTOMATIC_MAIL
    assert decide(message, a_context(lookups=ours)).mail is not None


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.LIVE])
def test_in_a_rehearsal_and_only_there_an_acknowledgement_counts_as_sent(mode: Mode) -> None:
    thread = a_thread(rehearsed=frozenset({Section.ACKNOWLEDGEMENT}))

    decision = decide(a_reply(), in_thread(thread, policy=a_policy(mode=mode)))

    assert (decision.silence is None) is (mode is Mode.LIVE)


# --- what may stand in our mail ------------------------------------------------------------


def test_a_forged_sender_is_not_known_although_he_was_here_before() -> None:
    known = a_context(policy=a_policy(authserv_id=MX), sender_known=True)
    never = replace(known, policy=a_policy(authserv_id=MX, echo_subject=EchoSubject.NEVER))

    said = [
        (mail.sender_known, mail.echo_subject)
        for message, context in (
            (a_message(headers=FAILED), known),
            (a_message(), known),
            (a_message(), never),
        )
        if (mail := decide(message, context).mail)
    ]

    assert said == [(False, False), (True, True), (True, False)]


def test_a_stranger_to_a_thread_gets_none_of_its_mail() -> None:
    urgent = a_thread(matter=Matter(priority=Priority.URGENT), asked_at=(NOW - 5 * HOUR,))

    mail = decide(a_reply(from_=EVE), in_thread(urgent, policy=PROMISING)).mail

    assert mail is not None
    assert (mail.to, mail.contacts, mail.waiting_since) == (EVE, None, NOW)
