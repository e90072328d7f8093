"""Which thread a message belongs to, and who does not get in."""

from typing import Any

import pytest

from maildaemon.domain.threads import (
    Lookups,
    Match,
    MatchRule,
    bare_subject,
    match_thread,
    subject_tag,
    trim_references,
)
from tests.builders import ANNA, CLARA, EVE, a_known, a_message, a_thread, knowing

OURS = a_known("md.ours@shop.example", own=True)
HERS = a_known("c0@customer.example")
GHOST = a_known("ghost@customer.example", cited_only=True)
THREAD = a_thread()
OTHER = a_thread(thread_id=2, reference="BBBB-33", participants=frozenset({EVE.key}))


def matched(
    lookups: Lookups, *, author: str = CLARA.key, staff: bool = False, **message: Any
) -> Match:
    return match_thread(a_message(**message), lookups, author, staff=staff)


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
    (MatchRule.SUBJECT_TAG, knowing(tagged=1), {"subject": "Re: [#AAAA-22] Hello"}, None),
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
        a_known("shared@x", cited_only=True, thread_id=4),
    ]
    threads = [a_thread(thread_id=number) for number in range(1, 6)]
    message: dict[str, Any] = {
        "in_reply_to": ("stored@x",),
        "references": ("md.ours@shop.example", "shared@x", "cited@x", "stored@x"),
    }
    found = []
    while known:
        match = matched(knowing(*known, threads=threads, tagged=5), **message)
        found.append((match.rule, match.thread and match.thread.thread_id))
        known.pop(0)
    found.append((matched(knowing(threads=threads, tagged=5), **message).rule, 5))

    assert found == [
        (MatchRule.OWN_MESSAGE_ID, 1),
        (MatchRule.IN_REPLY_TO, 2),
        (MatchRule.REFERENCES, 3),
        (MatchRule.SHARED_REFERENCE, 4),
        (MatchRule.SUBJECT_TAG, 5),
    ]


def test_the_newest_of_our_ids_decides() -> None:
    old, new = a_known("md.old@x", own=True), a_known("md.new@x", own=True, thread_id=2)
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
]


@pytest.mark.parametrize(("lookups", "message"), WAYS_IN)
@pytest.mark.parametrize("author", [EVE.key, ANNA.key, ""])
def test_a_stranger_does_not_get_in_whatever_he_cites(
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
    assert matched(lookups, author=ANNA.key, staff=True, **message).thread == THREAD


def test_somebody_copied_by_a_participant_gets_in() -> None:
    thread = a_thread(participants=frozenset({CLARA.key, EVE.key}))

    match = matched(knowing(HERS, threads=[thread]), author=EVE.key, in_reply_to=(HERS.message_id,))

    assert match.thread == thread


def test_whoever_cites_a_thread_of_others_and_his_own_lands_in_his_own() -> None:
    both = knowing(HERS, a_known("e0@x", thread_id=2), threads=[THREAD, OTHER])

    match = matched(both, author=EVE.key, in_reply_to=(HERS.message_id,), references=("e0@x",))

    assert (match.rule, match.thread, match.stranger_to) == (MatchRule.REFERENCES, OTHER, None)


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
        "ΑΠ: My order",
        "Re: [#K7F3-Q2] My order",
        "Re: My order [#K7F3-Q2]",
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
        ("[ext] Re: x", "[ext] re: x"),
    ],
)
def test_other_words_before_a_colon_stay(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


# --- References of our own mail ------------------------------------------------------------


def test_few_references_are_all_cited() -> None:
    assert trim_references(("a@x", "b@x", "a@x", "c@x")) == ("a@x", "b@x", "c@x")
    assert trim_references(()) == ()


def test_of_many_references_the_first_and_the_newest_are_cited() -> None:
    ids = tuple(f"{number:04}@{'x' * 90}" for number in range(200))

    kept = trim_references(ids)

    assert kept == (ids[0], *ids[-14:])
    assert len(" ".join(f"<{one}>" for one in kept)) <= 1500


def test_the_mail_that_is_answered_is_cited_last_even_if_it_leaves_no_room() -> None:
    long = "y" * 998

    assert trim_references(("a@x", long, "b" * 998)) == ("a@x", "b" * 998)
    assert trim_references(("a" * 998, "b@x", long)) == (long,)
    assert trim_references(("a@x", "b@x", "a@x")) == ("b@x", "a@x")
