"""Which thread a message belongs to, and who does not get in."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from maildaemon.domain.authentication import Trust
from maildaemon.domain.delivery import Section
from maildaemon.domain.matching import Author, match_thread, telling_subject
from maildaemon.domain.subjects import bare_subject, is_answer, is_forward, same_topic, subject_tag
from maildaemon.domain.threads import (
    Child,
    Lookups,
    Match,
    MatchRule,
    Status,
    trim_references,
)
from maildaemon.domain.understanding import Fact, Matter
from tests.builders import ANNA, CLARA, EVE, HOUR, NOW, a_known, a_message, a_thread, knowing

OURS = a_known("md.ours@shop.example", own=True)
HERS = a_known("c0@customer.example")
GHOST = a_known("ghost@customer.example", cited_only=True, author=CLARA.key)
THREAD = a_thread()
OTHER = a_thread(thread_id=2, reference="BBBB-33", participants=frozenset({EVE.key}))


def matched(
    lookups: Lookups, *, author: str = CLARA.key, staff: bool = False, **message: Any
) -> Match:
    return match_thread(a_message(**message), lookups, Author(author, staff=staff))


# --- the rules, in their order -------------------------------------------------------------


def test_new_mail_begins_a_thread() -> None:
    assert matched(Lookups()) == Match(MatchRule.NEW, None, "answers no known mail")


CASES: list[tuple[MatchRule, Lookups, dict[str, Any], str | None]] = [
    (MatchRule.OWN_MESSAGE_ID, knowing(OURS), {"in_reply_to": (OURS.message_id,)}, OURS.message_id),
    (
        MatchRule.OWN_MESSAGE_ID,
        knowing(OURS),
        {"references": (OURS.message_id,), "subject": "Something else"},
        OURS.message_id,
    ),
    (MatchRule.IN_REPLY_TO, knowing(HERS), {"in_reply_to": (HERS.message_id,)}, HERS.message_id),
    (
        MatchRule.IN_REPLY_TO,
        knowing(HERS),
        {"in_reply_to": (HERS.message_id,), "subject": "Something else"},
        HERS.message_id,
    ),
    (
        MatchRule.REFERENCES,
        knowing(HERS),
        {"references": (HERS.message_id, "unknown@x"), "subject": "AW: My  order"},
        HERS.message_id,
    ),
    (
        MatchRule.SHARED_REFERENCE,
        knowing(GHOST),
        {"in_reply_to": (GHOST.message_id,)},
        GHOST.message_id,
    ),
    (
        MatchRule.SHARED_REFERENCE,
        knowing(GHOST),
        {"references": (GHOST.message_id,)},
        GHOST.message_id,
    ),
    (MatchRule.REPLY_ADDRESS, knowing(addressed=1), {"subject": "Something else"}, None),
    (MatchRule.SUBJECT_TAG, knowing(tagged=1), {"subject": "Re: [#AAAA-22] Hello"}, None),
    (MatchRule.ORDER_NUMBER, knowing(ordered=(1,)), {"subject": "Something else"}, None),
    (MatchRule.SAME_SENDER_SUBJECT, knowing(resembling=(1,)), {}, None),
    (MatchRule.SAME_CUSTOMER, knowing(waiting=1), {}, None),
]


@pytest.mark.parametrize(("rule", "lookups", "message", "parent"), CASES)
def test_a_message_joins_the_thread_it_cites(
    rule: MatchRule, lookups: Lookups, message: dict[str, Any], parent: str | None
) -> None:
    match = matched(lookups, **message)

    assert (match.rule, match.thread, match.parent) == (rule, THREAD, parent)
    assert (match.stranger_to, match.cites_unknown) == (None, False)


def test_the_cases_above_are_all_the_rules() -> None:
    assert {case[0] for case in CASES} | {MatchRule.NEW} == {*MatchRule}


def test_the_stronger_rule_wins() -> None:
    known = [
        a_known("md.ours@shop.example", own=True, thread_id=1),
        a_known("stored@x", thread_id=2),
        a_known("cited@x", thread_id=3),
        a_known("shared@x", cited_only=True, author=CLARA.key, thread_id=4),
    ]
    threads = [a_thread(thread_id=number, kept_apart=True) for number in range(1, 9)]
    guessed: dict[str, Any] = {"tagged": 5, "ordered": (6,), "resembling": (7,)}
    message: dict[str, Any] = {
        "in_reply_to": ("stored@x",),
        "references": ("md.ours@shop.example", "shared@x", "cited@x", "stored@x"),
    }
    found = []
    while known:
        match = matched(knowing(*known, threads=threads, **guessed), **message)
        found.append((match.rule, match.thread and match.thread.thread_id))
        known.pop(0)
        if len(known) == 3:
            addressed = knowing(*known, threads=threads, addressed=8, **guessed)
            match = matched(addressed, **message)
            found.append((match.rule, match.thread and match.thread.thread_id))
    while guessed:
        match = matched(knowing(threads=threads, **guessed), **message)
        found.append((match.rule, match.thread and match.thread.thread_id))
        guessed.pop(next(iter(guessed)))

    assert found == [
        (MatchRule.OWN_MESSAGE_ID, 1),
        (MatchRule.REPLY_ADDRESS, 8),
        (MatchRule.IN_REPLY_TO, 2),
        (MatchRule.REFERENCES, 3),
        (MatchRule.SHARED_REFERENCE, 4),
        (MatchRule.SUBJECT_TAG, 5),
        (MatchRule.ORDER_NUMBER, 6),
        (MatchRule.SAME_SENDER_SUBJECT, 7),
    ]


def test_the_newest_of_our_ids_decides() -> None:
    old = a_known("md.old@x", own=True, bare_subject="another order")
    new = a_known("md.new@x", own=True, thread_id=2)
    both = knowing(old, new, threads=[THREAD, a_thread(thread_id=2)])

    match = matched(both, references=("md.old@x", "md.new@x"))

    assert (match.thread and match.thread.thread_id, match.parent) == (2, "md.new@x")


# --- what is no proof ----------------------------------------------------------------------


def test_recycled_references_under_another_subject_begin_a_new_thread() -> None:
    match = matched(knowing(HERS), references=(HERS.message_id,), subject="Another question")

    assert (match.rule, match.thread) == (MatchRule.NEW, None)
    # It is a new topic and no conversation from before our time: it is to be acknowledged.
    assert not match.cites_unknown


@pytest.mark.parametrize(
    "lookups",
    [Lookups(), knowing(a_known("gone@x", thread_id=None, bare_subject="", earlier=True))],
)
def test_an_answer_to_mail_that_is_in_no_thread_of_ours_is_known_as_such(lookups: Lookups) -> None:
    match = matched(lookups, in_reply_to=("gone@x",))

    assert (match.rule, match.thread, match.cites_unknown) == (MatchRule.NEW, None, True)


def test_why_tells_mail_from_before_the_first_start_from_unknown_mail() -> None:
    earlier = knowing(a_known("gone@x", thread_id=None, earlier=True))

    assert (
        matched(earlier, in_reply_to=("gone@x",)).why == "answers mail from before the first start"
    )
    assert matched(Lookups(), in_reply_to=("gone@x",)).why == "answers unknown mail"


# --- strangers -----------------------------------------------------------------------------

WAYS_IN: list[tuple[Lookups, dict[str, Any]]] = [
    (knowing(OURS), {"in_reply_to": (OURS.message_id,)}),
    (knowing(HERS), {"in_reply_to": (HERS.message_id,)}),
    (knowing(HERS), {"references": (HERS.message_id,)}),
    (knowing(GHOST), {"references": (GHOST.message_id,)}),
    (knowing(tagged=1), {"subject": "[#AAAA-22]"}),
    (knowing(ordered=(1,)), {}),
    (knowing(resembling=(1,)), {}),
]


@pytest.mark.parametrize(("lookups", "message"), WAYS_IN)
@pytest.mark.parametrize("author", [EVE.key, ANNA.key, ""])
def test_s09_a_stranger_does_not_get_in_whatever_he_cites(
    lookups: Lookups, message: dict[str, Any], author: str
) -> None:
    match = matched(lookups, author=author, **message)

    assert match == Match(
        MatchRule.NEW,
        None,
        f"{author or 'nobody'} takes no part in AAAA-22",
        stranger_to=THREAD,
    )


@pytest.mark.parametrize(("lookups", "message"), WAYS_IN)
def test_staff_get_in_everywhere(lookups: Lookups, message: dict[str, Any]) -> None:
    answer = {"to": (CLARA,), **message}
    assert matched(lookups, author=ANNA.key, staff=True, **answer).thread == THREAD


def test_somebody_copied_by_a_participant_gets_in() -> None:
    thread = a_thread(participants=frozenset({CLARA.key, EVE.key}))

    match = matched(knowing(HERS, threads=[thread]), author=EVE.key, in_reply_to=(HERS.message_id,))

    assert match.thread == thread


def test_whoever_cites_a_thread_of_others_and_his_own_lands_in_his_own() -> None:
    both = knowing(HERS, a_known("e0@x", thread_id=2), threads=[THREAD, OTHER])

    match = matched(both, author=EVE.key, in_reply_to=(HERS.message_id,), references=("e0@x",))

    assert (match.rule, match.thread, match.stranger_to) == (MatchRule.REFERENCES, OTHER, None)


def test_an_address_that_only_we_can_give_out_vouches_for_whoever_uses_it() -> None:
    match = matched(knowing(addressed=1), author=EVE.key)

    assert (match.rule, match.thread) == (MatchRule.REPLY_ADDRESS, THREAD)


def test_whose_own_thread_has_the_address_gets_into_no_other_by_it() -> None:
    # Eve has an address of her own; the id of Clara's mail does not become hers by that.
    both = knowing(HERS, threads=[THREAD, OTHER], addressed=2)

    match = matched(both, author=EVE.key, in_reply_to=(HERS.message_id,))

    assert (match.thread, match.merged) == (OTHER, ())


TRUSTS: list[tuple[Trust, bool, bool]] = [
    # what our server says now, whether it ever vouched for Clara, whether this is her
    (Trust.UNKNOWN, False, True),
    (Trust.UNKNOWN, True, True),
    (Trust.PASSED, False, True),
    (Trust.PASSED, True, True),
    (Trust.NONE, False, True),
    (Trust.NONE, True, False),
    (Trust.FAILED, False, False),
    (Trust.FAILED, True, False),
]


@pytest.mark.parametrize(("lookups", "message"), WAYS_IN)
@pytest.mark.parametrize(("trust", "vouched", "enters"), TRUSTS)
def test_s09_a_forged_participant_is_a_stranger(
    lookups: Lookups, message: dict[str, Any], trust: Trust, vouched: bool, enters: bool
) -> None:
    proven = frozenset({CLARA.key}) if vouched else frozenset()
    found = replace(lookups, threads={1: replace(THREAD, proven=proven)})

    match = match_thread(a_message(**message), found, Author(CLARA.key, trust=trust))

    assert (match.thread is not None) is enters
    assert (match.stranger_to is None) is enters


def test_a_program_is_not_known_by_order_number_or_subject() -> None:
    for found in (knowing(ordered=(1,)), knowing(resembling=(1,))):
        match = match_thread(a_message(), found, Author(CLARA.key, person=False))
        assert match.thread is None


def test_who_is_only_copied_is_not_known_by_order_number_or_subject() -> None:
    copied = a_thread(participants=frozenset({CLARA.key, EVE.key}))

    guesses: list[dict[str, Any]] = [{"ordered": (1,)}, {"resembling": (1,)}]
    for others in guesses:
        found = knowing(threads=[copied], **others)
        assert matched(found, author=EVE.key).thread is None


def test_whoever_writes_through_the_same_list_takes_part() -> None:
    thread = a_thread(lists=frozenset({"list:talk.x.example"}))
    found = knowing(HERS, threads=[thread])
    answer = a_message(in_reply_to=(HERS.message_id,))

    through = Author(EVE.key, person=False, through="list:talk.x.example")
    assert match_thread(answer, found, through).thread == thread
    assert match_thread(answer, found, replace(through, through="list:x.example")).thread is None


def test_whoever_cites_an_id_first_draws_nobody_in_who_does_not_write_to_him() -> None:
    eves = a_thread(participants=frozenset({CLARA.key, EVE.key}))
    planted = replace(GHOST, author=EVE.key)
    found = knowing(planted, threads=[eves])

    assert matched(found, in_reply_to=(GHOST.message_id,)).thread is None
    assert matched(found, in_reply_to=(GHOST.message_id,), cc=(EVE,)).thread == eves
    ours = knowing(replace(planted, staff=True), threads=[eves])
    assert matched(ours, in_reply_to=(GHOST.message_id,)).thread == eves


# --- what came late ------------------------------------------------------------------------


def a_child(**overrides: Any) -> Child:
    """Return Clara's stored mail that answers the message at hand."""
    child = Child("c2@customer.example", 1, "my order", CLARA.key, direct=True)
    return replace(child, **overrides)


LATE: list[tuple[dict[str, Any], str, bool]] = [
    ({}, CLARA.key, True),
    ({"direct": False}, CLARA.key, True),
    ({"direct": False, "bare_subject": "something else"}, CLARA.key, False),
    ({"bare_subject": "something else"}, CLARA.key, True),
    ({"author": EVE.key}, CLARA.key, False),  # Eve cites it, and Clara did not write to her
    ({"author": ANNA.key}, CLARA.key, False),  # whoever says that she is Anna
    ({"author": ANNA.key, "staff": True}, CLARA.key, True),
    ({}, EVE.key, False),  # Eve plays the id that Clara's mail answers
]


@pytest.mark.parametrize(("child", "author", "joins"), LATE)
def test_a_mail_that_comes_after_its_answer_joins_it_if_either_may_join_the_other(
    child: dict[str, Any], author: str, joins: bool
) -> None:
    found = knowing(children=(a_child(**child),))

    match = matched(found, author=author)

    assert match.thread == (THREAD if joins else None)
    assert match.stranger_to is None
    if joins:
        assert (match.rule, match.parent) == (MatchRule.SHARED_REFERENCE, None)
        assert match.answered is bool(child.get("staff"))


def test_a_late_mail_shows_that_the_conversation_did_not_begin_before_us() -> None:
    begun = a_thread(begun_earlier=True)
    found = knowing(threads=[begun], children=(a_child(),))

    first = matched(found)
    assert (first.begins, first.thread) == (True, THREAD)

    second = matched(found, in_reply_to=("unknown@x",))
    assert (second.begins, second.thread, second.cites_unknown) == (False, begun, True)


@pytest.mark.parametrize(
    ("at", "cited", "begins"),
    [
        (NOW - HOUR, (), True),
        (NOW, (), False),
        (NOW + HOUR, (), False),
        (None, (), False),
        (NOW - HOUR, ("unknown@x",), False),
    ],
)
def test_so_does_one_that_came_first_and_that_nothing_could_cite(
    at: datetime | None, cited: tuple[str, ...], begins: bool
) -> None:
    begun = a_thread(begun_earlier=True, opened_at=NOW)
    found = knowing(threads=[begun], resembling=(begun.thread_id,))

    match = match_thread(a_message(in_reply_to=cited), found, Author(CLARA.key), at=at)

    assert match.rule is MatchRule.SAME_SENDER_SUBJECT
    assert (match.begins, match.thread) == (begins, replace(begun, begun_earlier=not begins))


@pytest.mark.parametrize(("direct", "verb"), [(True, "answers"), (False, "cites")])
def test_why_a_late_mail_is_there_is_told_by_what_came_before_it(direct: bool, verb: str) -> None:
    match = matched(knowing(children=(a_child(direct=direct),)))

    assert match.why == f"c2@customer.example, which came before it, {verb} it"


@pytest.mark.parametrize(
    ("cited", "unknown"), [(("gone@x",), True), (("c9@x",), False), (("gone@x", "c9@x"), False)]
)
def test_a_late_mail_answers_something_unknown_if_nothing_that_it_cites_is_known(
    cited: tuple[str, ...], unknown: bool
) -> None:
    in_no_thread = a_known("c9@x", thread_id=None)
    passed_on = a_known("f1@x", thread_id=None)
    found = knowing(in_no_thread, passed_on, children=(a_child(),))

    match = matched(found, references=cited, headers={"X-Forwarded-Message-Id": "<f1@x>"})

    assert (match.thread, match.cites_unknown) == (THREAD, unknown)


def test_a_late_mail_answers_nothing_unknown_if_it_cites_nothing() -> None:
    assert not matched(knowing(children=(a_child(),))).cites_unknown


@pytest.mark.parametrize(
    ("ghost", "joins"),
    [
        ({"direct": True}, True),
        ({"direct": False}, False),
        ({"direct": False, "bare_subject": "another matter"}, True),
    ],
)
def test_an_id_that_both_answer_joins_them_under_any_subject_one_that_is_cited_does_not(
    ghost: dict[str, Any], joins: bool
) -> None:
    found = knowing(replace(GHOST, **ghost))

    match = matched(found, in_reply_to=(GHOST.message_id,), subject="Another matter")

    assert match.thread == (THREAD if joins else None)


def test_an_id_that_we_have_seen_without_a_thread_is_no_mail_from_before_our_time() -> None:
    seen = knowing(a_known("gone@x", thread_id=None))

    assert matched(seen, in_reply_to=("gone@x",)).why == "answers unknown mail"


def test_what_was_never_dated_is_the_youngest_of_two_threads() -> None:
    undated = a_thread(reference="BBBB-33", opened_at=None)
    dated = a_thread(thread_id=2, opened_at=NOW)
    both = knowing(a_known(), threads=[undated, dated], children=(a_child(thread_id=2),))

    match = matched(both, in_reply_to=("c0@customer.example",))

    assert (match.thread and match.thread.reference, match.merged) == ("AAAA-22", (undated,))


def test_what_held_in_either_of_two_threads_holds_in_the_one() -> None:
    older = a_thread(
        thread_id=2,
        reference="BBBB-33",
        opened_at=NOW - HOUR,
        last_message_at=NOW - HOUR,
        reply_addresses=frozenset({"a@x"}),
        proven=frozenset({"p@x"}),
        lists=frozenset({"l"}),
        rehearsed=frozenset({Section.FAQ}),
        noticed_at=NOW,
    )
    newer = a_thread(
        opened_at=NOW,
        last_message_at=NOW,
        customers=frozenset({CLARA.key, "d@x"}),
        reply_addresses=frozenset({"b@x"}),
        proven=frozenset({"q@x"}),
        lists=frozenset({"m"}),
        rehearsed=frozenset({Section.NOTICE}),
        staff_answered=True,
        refusals_explained=True,
    )

    # It answers the newer one; the older one answers it.
    match = matched(
        knowing(a_known(thread_id=1), threads=[older, newer], children=(a_child(thread_id=2),)),
        in_reply_to=("c0@customer.example",),
    )

    assert match.merged == (newer,)
    assert match.thread == replace(
        older,
        last_message_at=NOW,
        customers=frozenset({CLARA.key, "d@x"}),
        reply_addresses=frozenset({"a@x", "b@x"}),
        proven=frozenset({"p@x", "q@x"}),
        lists=frozenset({"l", "m"}),
        rehearsed=frozenset({Section.FAQ, Section.NOTICE}),
        staff_answered=True,
        refusals_explained=True,
    )


@pytest.mark.parametrize(
    ("other", "joined"),
    [
        ({"participants": frozenset({EVE.key})}, False),
        ({"participants": frozenset({EVE.key, CLARA.key})}, True),
        ({"participants": frozenset({EVE.key}), "lists": frozenset({"l@x"})}, True),
        ({"participants": frozenset({EVE.key}), "lists": frozenset({"m@x"})}, False),
        ({"kept_apart": True}, False),
        ({"junked": True}, False),
    ],
)
def test_a_mail_of_ours_brings_together_only_who_know_each_other(
    other: dict[str, Any], joined: bool
) -> None:
    first = a_thread(lists=frozenset({"l@x"}), opened_at=NOW - HOUR)
    second = a_thread(thread_id=2, reference="BBBB-33", opened_at=NOW, **other)
    found = knowing(a_known(), a_known("c9@x", thread_id=2), threads=[first, second], children=())

    match = matched(found, author=ANNA.key, staff=True, in_reply_to=("c0@customer.example", "c9@x"))

    assert match.merged == ((second,) if joined else ())


def test_six_threads_at_most_become_one() -> None:
    threads = [a_thread(thread_id=one, opened_at=NOW + one * HOUR) for one in range(1, 9)]
    children = tuple(a_child(message_id=f"child{one}@x", thread_id=one) for one in range(2, 9))

    match = matched(
        knowing(a_known(), threads=threads, children=children),
        in_reply_to=("c0@customer.example",),
    )

    assert match.merged == tuple(threads[1:6])


def test_a_mail_between_two_threads_makes_them_one_and_the_older_keeps_its_name() -> None:
    older = a_thread(
        thread_id=2,
        reference="BBBB-33",
        opened_at=NOW - HOUR,
        acknowledged=True,
        matter=Matter(tags=("a",), facts=(Fact.PHOTO,), missing=(Fact.QUESTION,)),
    )
    newer = a_thread(
        opened_at=NOW,
        responses_at=(NOW,),
        participants=frozenset({CLARA.key, "d@x"}),
        matter=Matter("complaint", tags=("b", "a"), facts=(Fact.QUESTION,), asked=(Fact.PHOTO,)),
    )
    parent, child = a_known(thread_id=2), a_child(thread_id=1)

    match = matched(
        knowing(parent, threads=[older, newer], children=(child,)),
        in_reply_to=("c0@customer.example",),
    )

    assert (match.rule, match.merged) == (MatchRule.IN_REPLY_TO, (newer,))
    assert match.thread == replace(
        older,
        participants=newer.participants,
        responses_at=(NOW,),
        acknowledged=True,
        # As the first was, and nothing is asked for twice.
        matter=Matter(
            "complaint",
            tags=("a", "b"),
            facts=(Fact.PHOTO, Fact.QUESTION),
            asked=(Fact.PHOTO,),
        ),
    )


KEPT_TWO: list[dict[str, Any]] = [
    {"kept_apart": True},
    {"junked": True},
    {"participants": frozenset({EVE.key})},
]


@pytest.mark.parametrize("other", KEPT_TWO)
def test_what_a_person_took_apart_or_strangers_have_stays_apart(other: dict[str, Any]) -> None:
    apart = a_thread(thread_id=2, **other)
    both = knowing(HERS, a_known("d0@x", thread_id=2), threads=[THREAD, apart])

    match = matched(both, in_reply_to=(HERS.message_id,), references=("d0@x",))

    assert (match.thread, match.merged) == (THREAD, ())


# --- resolved threads ----------------------------------------------------------------------


@pytest.mark.parametrize(("days", "opens"), [(0, True), (30, True), (31, False)])
def test_a_resolved_thread_is_opened_again_for_a_while(days: int, opens: bool) -> None:
    resolved = a_thread(status=Status.RESOLVED, resolved_at=NOW)
    found = knowing(HERS, threads=[resolved])
    answer = a_message(in_reply_to=(HERS.message_id,))

    at = NOW + timedelta(days=days)
    match = match_thread(answer, found, Author(CLARA.key), at=at, reopen_within=timedelta(days=30))

    assert match.thread == (resolved if opens else None)
    assert match.continues == (None if opens else resolved)
    assert (match.stranger_to, match.cites_unknown) == (None, False)


def test_after_that_the_thread_that_continues_it_is_found_beside_it() -> None:
    resolved = a_thread(status=Status.RESOLVED, resolved_at=NOW - timedelta(days=90))
    continued = a_thread(thread_id=2, reference="BBBB-33")
    both = knowing(OURS, a_known("c9@x", thread_id=2), threads=[resolved, continued])
    answer = a_message(in_reply_to=("c9@x",), references=(OURS.message_id, "c9@x"))

    match = match_thread(answer, both, Author(CLARA.key), at=NOW, reopen_within=timedelta(days=30))

    assert (match.thread, match.continues, match.merged) == (continued, None, ())


# --- subjects ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "tag"),
    [
        ("Re: [#K7F3-Q2] My order", "K7F3-Q2"),
        ("[#k7f3-q2]", "K7F3-Q2"),
        ("[#12] and [#] then [#K7F3-Q2]", "K7F3-Q2"),
        ("K7F3-Q2", None),
        ("[K7F3-Q2]", None),
        ("[#K7F3Q2]", None),
        ("[#K7F3-Q2", None),
        ("[#K7F3-Q2X]", None),
        ("[#K7F0-Q2]", None),  # no reference of ours holds a zero
        ("[#\u212a7F3-Q2]", None),  # nor the sign for Kelvin
        ("", None),
    ],
)
def test_a_tag_in_the_subject(subject: str, tag: str | None) -> None:
    assert subject_tag(subject) == tag


@pytest.mark.parametrize(
    "subject",
    [
        "My order",
        "Re: My order",
        "RE:My order",
        "Re[2]: My order",
        "Re (3): My order",
        "re: RE: Fwd: WG: My  order",
        "AW: SV: VS: Antw: RV: ENC: TR: Odp: R: I: My order",
        "Ответ: My order",
        "回复：My order",
        "转发: My order",
        "返信: My order",
        "İLT: My order",
        "RE : My order",
        "Re： My order",
        "[EXTERNAL] Re: My order",
        "*** SPAM *** Re: My order",
        "{Spam?} My order",
        "EXTERN: AW: My order",
        "[Shop-list] Re: [Shop-list] My order",
        "[Fwd: Re: My order]",
        "My order (fwd)",
        "Re^2: My order",
        "Rép. : My order",
        "Trả lời: My order",
        "إعادة توجيه: My order",
        "ΠΡΘ: My order",
        "Továbbítva: Vá: My order",
        "Відповідь: My order",
        "\u200eRe: My order",
        "ΑΠ: My order",
        "Re: [#K7F3-Q2] My order",
        "Re: My order [#K7F3-Q2]",
        "Resolved: My order",
        "Automatische Antwort: Re: My order",
        "Abgesagt: My order",
        "Решено: My order",
        "  my\torder ",
    ],
)
def test_reply_prefixes_tags_spaces_and_case_do_not_make_another_subject(subject: str) -> None:
    assert bare_subject(subject) == "my order"


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("", ""),
        ("Re:", ""),
        ("Order: 17", "order: 17"),
        ("Reminder: pay", "reminder: pay"),
        ("[42] Re: x", "[42] re: x"),
    ],
)
def test_other_words_before_a_colon_stay(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


@pytest.mark.parametrize(
    ("subject", "tells"),
    [
        ("The lamp in the hall", "the lamp in the hall"),
        ("Re: The lamp in the hall", "the lamp in the hall"),
        # So many write this that only an answer is known by it.
        ("My order", None),
        ("Re: My order", "my order"),
        # It is about somebody else's mail.
        ("Fwd: The lamp in the hall", None),
        ("Re:", None),
    ],
)
def test_a_thread_is_known_by_a_subject_only_if_it_tells_the_matter(
    subject: str, tells: str | None
) -> None:
    assert telling_subject(a_message(subject=subject)) == tells


@pytest.mark.parametrize(
    ("subject", "answers", "forwards"),
    [
        ("Re: My order", True, False),
        ("[EXTERNAL] Re: My order", True, False),
        ("[EXTERNAL] My order", False, False),
        ("Fwd: My order", False, True),
        ("[Fwd: My order]", False, True),
        ("My order (fwd)", False, True),
    ],
)
def test_what_a_subject_says_of_its_mail_stands_behind_the_warnings_of_gateways(
    subject: str, answers: bool, forwards: bool
) -> None:
    assert (is_answer(subject), is_forward(subject)) == (answers, forwards)


def test_the_number_that_a_help_desk_puts_before_a_subject_makes_no_other_topic() -> None:
    assert same_topic("[Case 4711] [12] My order", "Re: My order")
    assert not same_topic("[Case 4711] My order", "My ring")
    assert not same_topic("[4711]", "[4712]")


# --- References of our own mail ------------------------------------------------------------


def test_few_references_are_all_cited() -> None:
    assert trim_references(("a@x", "b@x", "a@x", "c@x")) == ("a@x", "b@x", "c@x")
    assert trim_references(()) == ()


def test_of_many_references_the_first_and_the_newest_are_cited() -> None:
    ids = tuple(f"{number:04}@{'x' * 90}" for number in range(200))

    kept = trim_references(ids)

    assert kept == (ids[0], *ids[-14:])
    assert len(" ".join(f"<{one}>" for one in kept)) <= 1500


def test_what_just_fits_is_cited() -> None:
    # Each id takes three characters more: its brackets and the space before the next one.
    room = 1500 - len("<c@x> ")
    fits = "b" * (room - len("<> "))

    assert trim_references((fits, "c@x")) == (fits, "c@x")
    assert trim_references((f"{fits}b", "c@x")) == ("c@x",)


def test_the_mail_that_is_answered_is_cited_last_even_if_it_leaves_no_room() -> None:
    long = "y" * 998

    assert trim_references(("a@x", long, "b" * 998)) == ("a@x", "b" * 998)
    assert trim_references(("a" * 998, "b@x", long)) == (long,)
    assert trim_references(("a@x", "b@x", "a@x")) == ("b@x", "a@x")
