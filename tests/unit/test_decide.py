"""What a newly recorded message leads to."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from maildaemon.domain.actions import (
    CancelQueued,
    JoinThread,
    MarkDeliverable,
    MarkUndeliverable,
    OpenThread,
    QueueMail,
    StaySilent,
    TakeProbe,
    Witness,
)
from maildaemon.domain.attachments import Judged, Reason, Verdict
from maildaemon.domain.automatic import Judgement, Kind, Silence
from maildaemon.domain.context import Context, Decision
from maildaemon.domain.decide import decide
from maildaemon.domain.delivery import Announcement, Refusal, Section
from maildaemon.domain.filing import CONSULTED
from maildaemon.domain.message import (
    Address,
    DeliveryReport,
    Message,
    ReportAction,
    ReportedRecipient,
)
from maildaemon.domain.policy import EchoSubject, Mode, Notice
from maildaemon.domain.report import UNDELIVERABLE_FOR
from maildaemon.domain.threads import Match, MatchRule, Status
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

ACKNOWLEDGED = a_thread(acknowledged=True)
OURS = a_known("md.ours@shop.example", own=True)
FORM = Address("Contact form", "form@shop.example")
MX = "mx.shop.example"
VOUCHED = {"Authentication-Results": f"{MX}; dmarc=pass header.from=shop.example"}
TOOL_REFUSED = Refusal("tool.exe", "extension_blocked")
SECOND = timedelta(seconds=1)
A_NOTICE = Notice("holiday", NOW - 3 * HOUR, NOW + 5 * HOUR, NOW.date())
A_MAIL = QueueMail((Section.ACKNOWLEDGEMENT,), CLARA, "en", (), echo_subject=False)


def a_reply(**overrides: Any) -> Message:
    """Return Clara's answer to `c0@customer.example`."""
    return a_message(**{"in_reply_to": ("c0@customer.example",), **overrides})


def a_staff_mail(**overrides: Any) -> Message:
    """Return what somebody of the shop writes to Clara, in answer to her mail."""
    return a_reply(**{"from_": SHOP, "to": (CLARA,), "return_path": None, **overrides})


def silence(message: Message, context: Context) -> Silence | None:
    return decide(message, context).silence


# --- the whole answer ----------------------------------------------------------------------


def test_a_customers_first_mail_opens_a_thread_and_is_acknowledged() -> None:
    assert decide(a_message(), a_context()) == Decision(
        judgement=Judgement(Kind.CUSTOMER, (), frozenset()),
        match=Match(MatchRule.NEW, None, "answers no known mail"),
        verdicts=(),
        actions=(OpenThread("K7F3-Q2", Status.OPEN), A_MAIL),
        silence=None,
    )


def test_a_second_mail_before_our_answer_joins_the_thread_in_silence() -> None:
    thread = replace(ACKNOWLEDGED, status=Status.PENDING)

    assert decide(a_reply(), in_thread(thread)) == Decision(
        judgement=Judgement(Kind.CUSTOMER, (), frozenset()),
        match=Match(
            MatchRule.IN_REPLY_TO,
            thread,
            "answers c0@customer.example",
            parent="c0@customer.example",
        ),
        verdicts=(),
        actions=(
            JoinThread(1, "AAAA-22", Status.OPEN),
            StaySilent(Silence.ACKNOWLEDGED_ALREADY),
        ),
        silence=Silence.ACKNOWLEDGED_ALREADY,
    )


def test_an_answer_by_staff_is_recorded_and_cancels_what_is_queued() -> None:
    assert decide(a_staff_mail(), in_thread(ACKNOWLEDGED, in_sent=True)) == Decision(
        judgement=Judgement(Kind.STAFF, ("sent", "staff"), frozenset()),
        match=Match(
            MatchRule.IN_REPLY_TO,
            ACKNOWLEDGED,
            "answers c0@customer.example",
            parent="c0@customer.example",
        ),
        verdicts=(),
        actions=(
            JoinThread(1, "AAAA-22", Status.PENDING),
            CancelQueued(1, Silence.STAFF_ANSWERED),
            StaySilent(Silence.OWN_ADDRESS),
        ),
        silence=Silence.OWN_ADDRESS,
        staff_answer=True,
    )


# --- silence, and its order ----------------------------------------------------------------

# A bare "thank you" and its like: nothing else leads there.
LATER = {Silence.NOTHING_TO_SAY}
NOW_JUDGED = [one for one in Silence if one not in LATER]


def afflicted(troubles: AbstractSet[Silence]) -> tuple[Message, Context]:
    """Return a message and a context to which exactly these reasons for silence apply."""

    def has(one: Silence) -> bool:
        return one in troubles

    local = "noreply" if has(Silence.RESPONDER_ADDRESS) else "clara"
    author = Address("", f"{local}@customer.example")
    headers = {
        "Auto-Submitted": "auto-generated" if has(Silence.AUTO_SUBMITTED) else "no",
        "List-Id": "<news.example>" if has(Silence.MAILING_LIST) else "",
        "Precedence": "bulk" if has(Silence.BULK) else "",
        "X-Auto-Response-Suppress": "All" if has(Silence.SUPPRESSED_BY_SENDER) else "",
        "X-Spam-Flag": "YES" if has(Silence.SPAM) else "NO",
    }
    returned_to = "x@elsewhere.example" if has(Silence.AUTH_FAILED) else author.address
    message = a_reply(
        from_=author,
        headers=headers,
        return_path="" if has(Silence.NULL_REVERSE_PATH) else returned_to,
        to=(EVE,) if has(Silence.NOT_ADDRESSED_TO_US) else (SHOP,),
    )
    now = NOW + (25 * HOUR if has(Silence.TOO_OLD) else timedelta(0))
    thread = a_thread(
        participants=frozenset({author.key}),
        begun_earlier=has(Silence.EARLIER_CONVERSATION),
        muted_until=now + HOUR if has(Silence.MUTED) else None,
        acknowledged=has(Silence.ACKNOWLEDGED_ALREADY),
        staff_answered=has(Silence.STAFF_ANSWERED),
        responses_at=(now,) * 3 if has(Silence.THREAD_CEILING) else (),
    )
    context = a_context(
        policy=a_policy(staff=frozenset({author.key} if has(Silence.OWN_ADDRESS) else ())),
        now=now,
        recorded_at=now,
        lookups=knowing(a_known(own=has(Silence.ANSWERS_AUTOMATIC_MAIL)), threads=[thread]),
        own=has(Silence.OWN_MAIL),
        undeliverable_until=now + HOUR if has(Silence.ADDRESS_UNDELIVERABLE) else None,
        sender_responses_at=(now,) if has(Silence.SENDER_CEILING) else (),
        breaker_open=has(Silence.BREAKER_OPEN),
    )
    return message, context


def test_without_any_reason_for_silence_there_is_a_response() -> None:
    decision = decide(*afflicted(set()))

    assert decision.silence is None
    assert decision.mail is not None


@pytest.mark.parametrize("reason", NOW_JUDGED)
def test_each_reason_alone_silences(reason: Silence) -> None:
    assert decide(*afflicted({reason})).actions[-1] == StaySilent(reason)


@pytest.mark.parametrize("first", range(len(NOW_JUDGED)))
def test_of_several_reasons_the_first_in_their_order_is_told(first: int) -> None:
    remaining = NOW_JUDGED[first:]

    assert silence(*afflicted({*remaining})) is remaining[0]
    for other in remaining[1:]:
        assert silence(*afflicted({remaining[0], other})) is remaining[0]


# --- where a message goes ------------------------------------------------------------------


def a_report(status: str = "5.1.1", address: str = CLARA.address) -> DeliveryReport:
    recipient = ReportedRecipient(address, ReportAction.FAILED, status, None)
    return DeliveryReport((recipient,), "md.ours@shop.example")


FILED: list[tuple[str, dict[str, Any], dict[str, Any], Status | None, Status | None]] = [
    # headers and circumstances, status of a thread that it joins, of one that it opens
    ("customer", {}, {}, Status.OPEN, Status.OPEN),
    ("list", {"List-Id": "<news.example>"}, {}, None, Status.IGNORED),
    ("bulk", {"Auto-Submitted": "auto-generated; type=order"}, {}, None, Status.IGNORED),
    ("spam", {"X-Spam-Flag": "YES"}, {}, None, Status.IGNORED),
    ("spam", {}, {"in_junk": True}, None, Status.IGNORED),
    ("auto_reply", {"Auto-Submitted": "auto-replied"}, {}, None, None),
    ("receipt", {"Content-Type": "text/calendar; method=REPLY"}, {}, None, None),
    ("bounce", {"X-Failed-Recipients": "x@y.example"}, {}, None, None),
    ("own", {}, {"own": True}, None, None),
]


@pytest.mark.parametrize(("kind", "headers", "circumstances", "joined", "opened"), FILED)
def test_where_a_message_goes(
    kind: str,
    headers: dict[str, str],
    circumstances: dict[str, Any],
    joined: Status | None,
    opened: Status | None,
) -> None:
    # A form mailer answers nothing: it gets into a thread by its tag.
    message = a_message(headers=headers, subject="[#AAAA-22] My order")
    alone = decide(message, a_context(**circumstances))
    tagged = decide(message, a_context(lookups=knowing(tagged=1), **circumstances))

    assert alone.judgement.kind.value == kind
    assert [one for one in alone.actions if isinstance(one, OpenThread)] == (
        [OpenThread("K7F3-Q2", opened)] if opened else []
    )
    assert tagged.actions[0] == JoinThread(1, "AAAA-22", joined)


def test_a_stranger_who_cites_a_thread_gets_one_of_his_own_and_an_acknowledgement() -> None:
    decision = decide(a_reply(from_=EVE), in_thread(ACKNOWLEDGED))

    assert decision.match.stranger_to == ACKNOWLEDGED
    assert decision.actions == (
        OpenThread("K7F3-Q2", Status.OPEN, linked_to=1),
        replace(A_MAIL, to=EVE),
    )


def test_whoever_cites_our_signed_id_from_another_address_is_a_stranger_and_gets_no_mail() -> None:
    message = a_message(from_=EVE, in_reply_to=(OURS.message_id,))

    assert decide(message, a_context(lookups=knowing(OURS))).actions == (
        OpenThread("K7F3-Q2", Status.OPEN, linked_to=1),
        Witness(OURS.message_id),
        StaySilent(Silence.ANSWERS_AUTOMATIC_MAIL),
    )


def test_an_answer_to_mail_from_before_us_opens_a_thread_that_is_never_acknowledged() -> None:
    decision = decide(a_reply(), a_context())

    assert decision.actions == (
        OpenThread("K7F3-Q2", Status.OPEN, begun_earlier=True),
        StaySilent(Silence.EARLIER_CONVERSATION),
    )
    assert (
        silence(a_reply(), in_thread(a_thread(begun_earlier=True))) is Silence.EARLIER_CONVERSATION
    )


def test_history_is_never_answered() -> None:
    assert decide(a_message(), a_context(history=True)).actions == (
        OpenThread("K7F3-Q2", Status.OPEN, begun_earlier=True),
        StaySilent(Silence.TOO_OLD),
    )


def test_a_mail_to_ourselves_is_taken_and_stands_in_no_conversation() -> None:
    silent = StaySilent(Silence.OWN_MAIL)

    assert decide(a_message(), a_context(probe=7)).actions == (TakeProbe(7), silent)
    # What is imported comes back from nowhere.
    assert decide(a_message(), a_context(probe=7, history=True)).actions == (silent,)


def test_a_new_topic_with_recycled_references_is_acknowledged() -> None:
    message = a_message(references=("c0@customer.example",), subject="Another question")

    assert decide(message, in_thread(ACKNOWLEDGED)).actions == (
        OpenThread("K7F3-Q2", Status.OPEN),
        A_MAIL,
    )


# --- bounces -------------------------------------------------------------------------------


def about_ours(**overrides: Any) -> Context:
    return a_context(reported_to=CLARA.key, reported_thread=ACKNOWLEDGED, **overrides)


def test_a_bounce_of_our_mail_joins_its_thread_and_silences_the_dead_address() -> None:
    bounce = a_message(
        from_=Address("", "MAILER-DAEMON@mx.example"), return_path="", bounce=a_report()
    )

    assert decide(bounce, about_ours()).actions == (
        JoinThread(1, "AAAA-22", None),
        Witness("md.ours@shop.example"),
        MarkUndeliverable(CLARA.key, NOW + timedelta(days=30), "5.1.1"),
        StaySilent(Silence.NULL_REVERSE_PATH),
    )


def test_a_bounce_of_what_we_never_sent_changes_nothing() -> None:
    bounce = a_message(from_=EVE, bounce=a_report())

    assert decide(bounce, a_context()).actions == (StaySilent(Silence.AUTO_SUBMITTED),)


def test_a_bounce_of_our_mail_cannot_name_somebody_else_dead() -> None:
    bounce = a_message(bounce=a_report(address="victim@elsewhere.example"))

    assert decide(bounce, about_ours()).actions == (
        JoinThread(1, "AAAA-22", None),
        Witness("md.ours@shop.example"),
        StaySilent(Silence.AUTO_SUBMITTED),
    )


def test_a_delay_is_filed_and_does_nothing() -> None:
    recipient = ReportedRecipient(CLARA.address, ReportAction.DELAYED, "4.4.7", None)
    delay = a_message(bounce=DeliveryReport((recipient,), "md.ours@shop.example"))

    decision = decide(delay, about_ours())

    assert decision.judgement.kind is Kind.DELAYED
    assert decision.actions == (
        JoinThread(1, "AAAA-22", None),
        Witness("md.ours@shop.example"),
        StaySilent(Silence.AUTO_SUBMITTED),
    )


# --- witnesses -----------------------------------------------------------------------------


@pytest.mark.parametrize("in_sent", [True, False])
def test_our_own_mail_seen_anywhere_was_accepted(in_sent: bool) -> None:
    ours = a_message(message_id=OURS.message_id, from_=SHOP, to=(CLARA,))

    decision = decide(ours, a_context(own=True, in_sent=in_sent))

    assert decision.actions == (
        Witness(OURS.message_id, filed=in_sent),
        StaySilent(Silence.OWN_MAIL),
    )


def test_our_own_mail_in_sent_joins_the_thread_it_answers_and_is_nobodys_answer() -> None:
    decision = decide(a_staff_mail(), in_thread(own=True, in_sent=True))

    assert decision.actions[0] == JoinThread(1, "AAAA-22", None)
    assert not decision.staff_answer


def test_whoever_copies_a_signed_id_of_ours_gets_into_no_thread() -> None:
    forged = a_reply(from_=EVE, message_id=OURS.message_id)

    assert decide(forged, in_thread(own=True)).actions == (
        Witness(OURS.message_id),
        StaySilent(Silence.OWN_MAIL),
    )


def test_an_answer_to_our_mail_proves_that_it_arrived() -> None:
    message = a_message(in_reply_to=(OURS.message_id,))

    assert Witness(OURS.message_id) in decide(message, a_context(lookups=knowing(OURS))).actions


# --- staff ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "recipients",
    [
        {"to": (CLARA,)},
        {"to": (EVE,), "cc": (CLARA,)},
        {"to": (), "bcc": (CLARA,)},
        {"to": (Address("", "CLARA@Customer.Example"),)},
    ],
)
def test_staff_answer_if_a_customer_of_the_thread_gets_the_mail(recipients: dict[str, Any]) -> None:
    assert decide(a_staff_mail(**recipients), in_thread(in_sent=True)).staff_answer


def test_a_forward_to_a_supplier_is_recorded_and_changes_nothing() -> None:
    decision = decide(a_staff_mail(to=(EVE,)), in_thread(in_sent=True))

    assert decision.actions == (
        JoinThread(1, "AAAA-22", None),
        StaySilent(Silence.OWN_ADDRESS),
    )


def test_somebody_who_was_only_copied_is_no_customer_to_answer() -> None:
    thread = a_thread(participants=frozenset({CLARA.key, EVE.key}))

    assert not decide(a_staff_mail(to=(EVE,)), in_thread(thread, in_sent=True)).staff_answer


@pytest.mark.parametrize(
    "overrides",
    [
        {"headers": {"Auto-Submitted": "auto-replied"}},
        {"headers": {"Auto-Submitted": "auto-generated"}},
        {"headers": {"Content-Type": "text/calendar; method=REPLY"}},
        {"report_type": "disposition-notification", "content_type": "multipart/report"},
    ],
)
def test_no_automatic_mail_receipt_or_calendar_answer_in_sent_is_an_answer(
    overrides: dict[str, Any],
) -> None:
    decision = decide(a_staff_mail(**overrides), in_thread(in_sent=True))

    assert not decision.staff_answer
    assert decision.actions == (
        JoinThread(1, "AAAA-22", None),
        StaySilent(Silence.OWN_ADDRESS),
    )


@pytest.mark.parametrize(
    "overrides",
    [
        {"headers": {"List-Unsubscribe": "<mailto:off@mailer.example>"}},
        {"headers": {"X-Spam-Status": "Yes, score=5.1"}},
        {"subject": "Automatic reply: My order"},
        {"from_": EVE},  # sent through our account under another name
    ],
)
def test_whatever_else_lies_in_sent_is_an_answer(overrides: dict[str, Any]) -> None:
    decision = decide(a_staff_mail(**overrides), in_thread(in_sent=True))

    assert decision.staff_answer
    assert decision.silence is Silence.OWN_ADDRESS


@pytest.mark.parametrize("author", [SHOP, ANNA, Address("", "support+anna@shop.example")])
def test_s09_staff_who_answer_by_copy_have_power_only_by_authentication(author: Address) -> None:
    message = a_staff_mail(from_=author, cc=(SHOP,))
    proven = a_staff_mail(from_=author, cc=(SHOP,), headers=VOUCHED)
    ours = a_policy(authserv_id=MX)

    forged = decide(message, in_thread(policy=ours))
    assert forged.actions == (
        OpenThread("K7F3-Q2", Status.IGNORED, linked_to=1),
        StaySilent(Silence.OWN_ADDRESS),
    )
    assert not decide(proven, in_thread()).staff_answer
    assert decide(proven, in_thread(policy=ours)).actions == (
        JoinThread(1, "AAAA-22", Status.PENDING),
        CancelQueued(1, Silence.STAFF_ANSWERED),
        StaySilent(Silence.OWN_ADDRESS),
    )


@pytest.mark.parametrize(
    ("to", "status"),
    [((CLARA,), Status.PENDING), ((ANNA, SHOP), Status.IGNORED), ((), Status.IGNORED)],
)
def test_staff_begin_a_conversation_by_writing_to_somebody_outside(
    to: tuple[Address, ...], status: Status
) -> None:
    message = a_message(from_=SHOP, to=to, return_path=None)

    assert decide(message, a_context(in_sent=True)).actions == (
        OpenThread("K7F3-Q2", status),
        StaySilent(Silence.OWN_ADDRESS),
    )


def test_no_breaker_ceiling_or_mute_touches_the_mail_of_staff() -> None:
    thread = a_thread(muted_until=NOW + HOUR, responses_at=(NOW,) * 9, begun_earlier=True)
    troubled = in_thread(
        thread,
        in_sent=True,
        breaker_open=True,
        history=True,
        sender_responses_at=(NOW,) * 9,
        undeliverable_until=NOW + HOUR,
    )

    assert decide(a_staff_mail(), troubled).actions == (
        decide(a_staff_mail(), in_thread(in_sent=True)).actions
    )


# --- whom our mail did not reach, and whom we have asked -----------------------------------


HERS = {"Authentication-Results": f"{MX}; dmarc=pass header.from=customer.example"}


def refused_ago(span: timedelta, **overrides: Any) -> Context:
    until = NOW - span + UNDELIVERABLE_FOR
    return a_context(policy=a_policy(authserv_id=MX), undeliverable_until=until, **overrides)


def lives(message: Message, context: Context) -> bool:
    return MarkDeliverable(CLARA.key) in decide(message, context).actions


def test_an_address_that_refused_our_mail_lives_again_by_proven_mail_a_day_later() -> None:
    day = timedelta(days=1)
    hers = a_message(headers=HERS)

    assert lives(hers, refused_ago(day))
    assert silence(hers, refused_ago(day)) is None
    for message, context in (
        (hers, refused_ago(day - SECOND)),
        (a_message(), refused_ago(day)),
        (a_message(headers={**HERS, "Precedence": "bulk"}), refused_ago(day)),
    ):
        assert not lives(message, context)
        reasons = {Silence.ADDRESS_UNDELIVERABLE, Silence.BULK}
        assert silence(message, context) in reasons


def test_nobody_comes_back_to_life_who_was_not_dead() -> None:
    policy = a_policy(authserv_id=MX)

    assert not lives(a_message(headers=HERS), a_context(policy=policy))
    assert not lives(a_message(headers=HERS), refused_ago(UNDELIVERABLE_FOR))


def test_what_a_form_passes_on_proves_no_address_alive() -> None:
    policy = a_policy(authserv_id=MX, trust_reply_to=frozenset({FORM.key}))
    context = replace(refused_ago(timedelta(days=2)), policy=policy)
    filled_in = a_message(from_=FORM, reply_to=(CLARA,), headers=VOUCHED)

    assert not lives(filled_in, context)
    assert silence(filled_in, context) is Silence.ADDRESS_UNDELIVERABLE


def test_whom_we_have_asked_in_a_thread_is_no_customer_of_it() -> None:
    thread = a_thread(participants=frozenset({CLARA.key, EVE.key}), consulted=frozenset({EVE.key}))

    asked = decide(a_reply(from_=EVE, return_path=EVE.address), in_thread(thread))
    hers = decide(a_reply(), in_thread(thread))

    assert (asked.judgement.kind, asked.silence) == (Kind.PARTNER, Silence.NOTHING_TO_SAY)
    assert CONSULTED in asked.judgement.evidence
    assert hers.judgement.kind is Kind.CUSTOMER


def test_who_calls_himself_as_a_customer_does_is_the_customer_at_another_address() -> None:
    thread = a_thread(
        participants=frozenset({CLARA.key, EVE.key}),
        consulted=frozenset({EVE.key}),
        customer_names=frozenset({EVE.name.lower()}),
    )

    decided = decide(a_reply(from_=EVE, return_path=EVE.address), in_thread(thread))

    assert decided.judgement.kind is Kind.CUSTOMER


# --- addressed to us -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "overrides",
    [
        {"to": (), "cc": (SHOP,)},
        {"to": (), "bcc": (SHOP,)},
        {"to": (Address("", "Support@Shop.Example"),)},
        {"to": (Address("", "support+orders@shop.example"),)},
        {"to": (), "headers": {"Resent-To": "Eve <eve@x.example>,<support@shop.example>"}},
        {"to": (), "headers": {"Resent-Cc": "support@shop.example"}},
        {"to": (), "headers": {"Resent-Bcc": "support@shop.example"}},
        {"to": (), "headers": {"Delivered-To": "support@shop.example"}},
        {"to": (), "headers": {"X-Original-To": "support+x@shop.example"}},
    ],
)
def test_a_mail_is_for_us_if_one_of_our_addresses_stands_among_the_recipients(
    overrides: dict[str, Any],
) -> None:
    assert silence(a_message(**overrides), a_context()) is None


@pytest.mark.parametrize(
    "overrides",
    [
        {"to": (EVE,)},
        {"to": ()},
        {"to": (ANNA,)},
        {"to": (Address("", "support@shop.example.evil.example"),)},
        {"to": (), "headers": {"X-Whatever": "support@shop.example"}},
        {"to": (), "headers": {"Delivered-To": "xsupport@shop.example"}},
    ],
)
def test_a_mail_that_names_none_of_our_addresses_is_not_answered(overrides: dict[str, Any]) -> None:
    assert silence(a_message(**overrides), a_context()) is Silence.NOT_ADDRESSED_TO_US


def test_an_address_of_ours_may_itself_have_a_plus() -> None:
    policy = a_policy(addresses=frozenset({"shop+support@mail.example"}))
    message = a_message(to=(Address("", "shop+support@mail.example"),))

    assert silence(message, a_context(policy=policy)) is None


# --- age -----------------------------------------------------------------------------------

DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("date", "received_at", "recorded_at", "too_old"),
    [
        (NOW, NOW, NOW + DAY, False),
        (NOW, NOW, NOW + DAY + timedelta(seconds=1), True),
        (NOW - 2 * DAY, NOW, NOW, True),  # the Date field is older
        (NOW, NOW - 2 * DAY, NOW, True),  # the arrival is older
        (None, NOW, NOW, False),
        (NOW + 9 * DAY, NOW, NOW, False),  # a clock that is ahead
    ],
)
def test_age_counts_from_arrival_or_date_whichever_is_older(
    date: datetime | None, received_at: datetime, recorded_at: datetime, too_old: bool
) -> None:
    context = a_context(received_at=received_at, recorded_at=recorded_at, now=recorded_at)

    assert (silence(a_message(date=date), context) is Silence.TOO_OLD) == too_old


def test_a_message_does_not_grow_old_in_our_own_queue() -> None:
    assert silence(a_message(), a_context(now=NOW + 9 * DAY)) is None


# --- ceilings ------------------------------------------------------------------------------

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("responses_at", "expected"),
    [
        ((), None),
        ((NOW - 9 * MINUTE,), Silence.SENDER_CEILING),
        ((NOW - 10 * MINUTE,), None),
        ((NOW - 11 * MINUTE, NOW - 5 * HOUR), None),
        ((NOW - 11 * MINUTE, NOW - 5 * HOUR, NOW - 23 * HOUR), Silence.SENDER_CEILING),
        ((NOW - 11 * MINUTE, NOW - 5 * HOUR, NOW - 24 * HOUR), None),
    ],
)
def test_s12_an_address_gets_one_response_in_ten_minutes_and_three_a_day(
    responses_at: tuple[datetime, ...], expected: Silence | None
) -> None:
    assert silence(a_message(), a_context(sender_responses_at=responses_at)) is expected


def test_a_mute_and_a_dead_address_end_by_themselves() -> None:
    over = in_thread(a_thread(muted_until=NOW), undeliverable_until=NOW)

    assert silence(a_reply(), over) is None


def test_an_address_that_cannot_be_written_to_gets_no_mail() -> None:
    odd = Address("", '"a b"@customer.example')

    assert silence(a_message(from_=odd), a_context()) is Silence.ADDRESS_UNDELIVERABLE


# --- the response --------------------------------------------------------------------------


def test_s10_the_one_recipient_is_the_author_and_never_somebody_in_copy() -> None:
    mail = decide(a_message(cc=(EVE,), reply_to=(EVE,)), a_context()).mail

    assert mail == A_MAIL


@pytest.mark.parametrize(
    ("language", "earlier", "expected", "slower"),
    [
        ("it", "de", "it", False),
        ("de-AT", None, "de", False),
        ("fr", "de", "de", True),  # not one of the shop's
        (None, "it", "it", False),
        (None, None, "en", False),
        ("fr", "fr", "en", True),
        (None, "fr", "en", False),  # a short text after a foreign one says nothing of itself
    ],
)
def test_the_language_is_the_texts_else_an_earlier_one_else_the_default(
    language: str | None, earlier: str | None, expected: str, slower: bool
) -> None:
    mail = decide(a_message(language=language), a_context(earlier_language=earlier)).mail

    assert mail == replace(A_MAIL, language=expected, slower=slower)


@pytest.mark.parametrize(
    ("earlier", "expected"), [("de", "de"), (None, "it")], ids=["after a letter", "alone"]
)
def test_a_guess_at_the_language_counts_less_than_earlier_mail_and_more_than_the_default(
    earlier: str | None, expected: str
) -> None:
    message = a_message(language="it", language_confidence=0.6)

    mail = decide(message, a_context(earlier_language=earlier)).mail

    assert mail == replace(A_MAIL, language=expected)


def test_a_foreign_language_is_no_guess() -> None:
    message = a_message(language="fr", language_confidence=0.6)

    assert decide(message, a_context()).mail == A_MAIL


def test_only_an_acknowledgement_says_that_it_takes_longer() -> None:
    message = a_reply(attachments=(TOOL,), language="tr")

    assert decide(message, in_thread(ACKNOWLEDGED)).mail == TOLD


def test_a_notice_stands_in_a_response_while_it_is_valid() -> None:
    policy = a_policy(notices=(A_NOTICE,))
    told = replace(
        A_MAIL,
        sections=(Section.ACKNOWLEDGEMENT, Section.NOTICE),
        notices=(Announcement("holiday", NOW.date()),),
    )

    mails = [
        decide(a_message(), a_context(policy=policy, now=now)).mail
        for now in (
            A_NOTICE.starts_at - SECOND,
            A_NOTICE.starts_at,
            A_NOTICE.ends_at - SECOND,
            A_NOTICE.ends_at,
        )
    ]

    assert mails == [A_MAIL, told, told, A_MAIL]


def test_a_notice_alone_is_no_reason_for_a_mail() -> None:
    context = in_thread(ACKNOWLEDGED, policy=a_policy(notices=(A_NOTICE,)))

    assert silence(a_reply(), context) is Silence.ACKNOWLEDGED_ALREADY


def test_in_a_thread_a_notice_is_told_once_and_a_later_one_again() -> None:
    later = replace(A_NOTICE, template="stock", starts_at=NOW - HOUR)
    policy = a_policy(notices=(A_NOTICE, later))

    def told(noticed_at: datetime | None) -> list[str]:
        thread = replace(ACKNOWLEDGED, noticed_at=noticed_at)
        mail = decide(a_reply(attachments=(TOOL,)), in_thread(thread, policy=policy)).mail
        assert mail is not None
        assert (Section.NOTICE in mail.sections) == bool(mail.notices)
        return [it.template for it in mail.notices]

    assert told(None) == ["holiday", "stock"]
    assert told(A_NOTICE.starts_at - SECOND) == ["holiday", "stock"]
    assert told(later.starts_at - SECOND) == ["stock"]
    assert told(later.starts_at) == []


def test_in_a_rehearsal_a_notice_counts_as_told() -> None:
    policy = a_policy(notices=(A_NOTICE,), mode=Mode.SHADOW)
    thread = replace(ACKNOWLEDGED, rehearsed=frozenset({Section.NOTICE}))

    mail = decide(a_reply(attachments=(TOOL,)), in_thread(thread, policy=policy)).mail

    assert mail == TOLD


@pytest.mark.parametrize(
    ("known", "vouched", "option", "echoed"),
    [
        (False, False, EchoSubject.KNOWN, False),
        (True, False, EchoSubject.KNOWN, True),
        (False, True, EchoSubject.KNOWN, True),
        (True, True, EchoSubject.NEVER, False),
    ],
)
def test_s12_the_subject_is_echoed_only_to_a_sender_who_is_known_or_authenticated(
    known: bool, vouched: bool, option: EchoSubject, echoed: bool
) -> None:
    results = {"Authentication-Results": f"{MX}; dmarc=pass header.from=customer.example"}
    context = a_context(policy=a_policy(authserv_id=MX, echo_subject=option), sender_known=known)

    mail = decide(a_message(headers=results if vouched else {}), context).mail

    assert mail == replace(A_MAIL, echo_subject=echoed, sender_known=known or vouched)


# --- contact forms -------------------------------------------------------------------------


def from_form(**overrides: Any) -> Message:
    message = a_message(from_=FORM, reply_to=(CLARA,), headers=VOUCHED)
    return replace(message, **overrides)


def trusting(**overrides: Any) -> Context:
    form = {FORM.key, SHOP.key, "noreply@shop.example"}
    policy = a_policy(trust_reply_to=frozenset(form), authserv_id=MX)
    return a_context(**{"policy": policy, "sender_known": True, **overrides})


@pytest.mark.parametrize("form", [FORM, SHOP, Address("", "noreply@shop.example")])
def test_whoever_filled_in_a_form_is_the_customer_and_gets_none_of_his_words_back(
    form: Address,
) -> None:
    decision = decide(from_form(from_=form), trusting())

    assert decision.actions == (OpenThread("K7F3-Q2", Status.OPEN), A_MAIL)


@pytest.mark.parametrize("form", [FORM, SHOP])
def test_whoever_gives_a_colleagues_address_in_a_form_has_no_powers(form: Address) -> None:
    forged = from_form(
        from_=form, reply_to=(ANNA,), to=(CLARA, SHOP), in_reply_to=("c0@customer.example",)
    )

    decision = decide(forged, trusting(lookups=knowing(a_known())))

    assert not decision.staff_answer
    assert decision.actions == (
        OpenThread("K7F3-Q2", Status.IGNORED, linked_to=1),
        StaySilent(Silence.OWN_ADDRESS),
    )


def test_a_form_without_a_customer_is_recorded_for_staff_and_not_answered() -> None:
    assert decide(from_form(reply_to=()), trusting()).actions == (
        OpenThread("K7F3-Q2", Status.OPEN),
        StaySilent(Silence.AUTH_FAILED),
    )


def test_a_customer_who_used_the_form_before_gets_into_his_thread_with_it() -> None:
    message = from_form(subject="[#AAAA-22] My order")

    assert decide(message, trusting(lookups=knowing(tagged=1))).match.thread == a_thread()


# --- refused files -------------------------------------------------------------------------

PHOTO = a_file()
REFUSED = Judged(Verdict.REFUSED, Reason.EXTENSION_BLOCKED)
TOLD = QueueMail((Section.REFUSED_FILES,), CLARA, "en", (TOOL_REFUSED,), echo_subject=False)


def test_a_refused_file_is_explained_beside_the_acknowledgement() -> None:
    decision = decide(a_message(attachments=(PHOTO, TOOL)), a_context())

    assert decision.verdicts == (Judged(Verdict.ACCEPTED), REFUSED)
    assert decision.mail == QueueMail(
        (Section.ACKNOWLEDGEMENT, Section.REFUSED_FILES),
        CLARA,
        "en",
        (TOOL_REFUSED,),
        echo_subject=False,
    )


def test_a_held_file_is_a_matter_for_staff_and_not_explained() -> None:
    odd = a_file(findings=("ambiguous",))

    assert decide(a_message(attachments=(odd,)), a_context()).mail == A_MAIL


@pytest.mark.parametrize(
    "thread",
    [
        ACKNOWLEDGED,
        a_thread(staff_answered=True),
        a_thread(begun_earlier=True),
    ],
)
def test_a_refused_file_is_explained_where_there_is_nothing_to_acknowledge(thread: Any) -> None:
    assert decide(a_reply(attachments=(TOOL,)), in_thread(thread)).mail == TOLD


def test_to_whoever_answers_our_mail_a_refused_file_is_explained_once_a_thread() -> None:
    message = a_message(in_reply_to=(OURS.message_id,), attachments=(TOOL,))
    explained = a_thread(acknowledged=True, refusals_explained=True)

    first = decide(message, a_context(lookups=knowing(OURS, threads=[ACKNOWLEDGED])))
    again = decide(message, a_context(lookups=knowing(OURS, threads=[explained])))

    assert first.mail == TOLD
    assert again.silence is Silence.ANSWERS_AUTOMATIC_MAIL


def test_a_customer_who_answers_no_automatic_mail_is_told_each_time() -> None:
    explained = a_thread(acknowledged=True, refusals_explained=True)

    assert decide(a_reply(attachments=(TOOL,)), in_thread(explained)).mail == TOLD


def test_a_ceiling_silences_a_refusal_too() -> None:
    context = in_thread(ACKNOWLEDGED, sender_responses_at=(NOW,))

    assert silence(a_reply(attachments=(TOOL,)), context) is Silence.SENDER_CEILING


def test_a_refusal_that_could_not_be_told_is_told_in_the_next_mail() -> None:
    earlier = Refusal("old.js", "extension_blocked")
    context = in_thread(replace(ACKNOWLEDGED, untold=(earlier,)))

    assert decide(a_reply(), context).mail == replace(TOLD, refusals=(earlier,))
    assert decide(a_reply(attachments=(TOOL,)), context).mail == replace(
        TOLD, refusals=(earlier, TOOL_REFUSED)
    )


def test_a_stranger_is_not_told_what_others_sent() -> None:
    context = in_thread(a_thread(untold=(Refusal("secret.js", "extension_blocked"),)))

    assert decide(a_reply(from_=EVE), context).mail == replace(A_MAIL, to=EVE)


def test_where_two_threads_are_cited_only_what_concerns_the_matched_one_is_told() -> None:
    other = a_thread(thread_id=2, kept_apart=True, untold=(Refusal("old.js", "extension_blocked"),))
    both = knowing(a_known(), a_known("d0@x", thread_id=2), threads=[ACKNOWLEDGED, other])
    message = a_reply(references=("d0@x",))

    assert silence(message, a_context(lookups=both)) is Silence.ACKNOWLEDGED_ALREADY
