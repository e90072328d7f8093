"""What shows that a customer is upset, and what only looks like it."""

from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.distress import Distress, find_distress, more_urgent
from maildaemon.domain.threat_words import THREATS
from maildaemon.domain.understanding import Priority
from tests.builders import NOW

_LINES = Path(__file__).with_name("distress.txt").read_text("utf-8").splitlines()
SENTENCES = [
    (*said.split(), text)
    for said, colon, text in (line.partition(": ") for line in _LINES if not line.startswith("#"))
    if colon
]
UPSET = [one for one in SENTENCES if one[0] != "calm"]
CALM = [one for one in SENTENCES if one[0] == "calm"]


def signs(text: str, language: str | None = None, subject: str = "My order") -> set[str]:
    return {one.partition(":")[0] for one in find_distress(subject, text, language)}


def test_there_are_cases_enough_both_ways_and_in_each_language() -> None:
    assert len(UPSET) >= 120
    assert len(CALM) >= 50
    for language in THREATS:
        assert len([one for one in UPSET if one[1] == language]) >= 5
        assert len([one for one in CALM if one[1] == language]) >= 2


@pytest.mark.parametrize(("sign", "language", "text"), UPSET)
def test_an_upset_customer_is_noticed(sign: str, language: str, text: str) -> None:
    assert sign in signs(text, language)
    # Of a short text the language is often not known.
    assert sign in signs(text, None)


@pytest.mark.parametrize(("sign", "language", "text"), CALM)
def test_a_calm_customer_raises_no_alarm(sign: str, language: str, text: str) -> None:
    assert signs(text, language) == set()
    assert signs(text, None) == set()


def test_the_evidence_says_what_was_written() -> None:
    found = find_distress(
        "MY ORDER", "I WANT MY MONEY BACK. For the third time. I'll contact my lawyer!", "en"
    )

    assert found == (
        "chasing: for the third time",
        "threat: contact my lawyer",
        "shouting: I WANT MY MONEY BACK",
    )


@pytest.mark.parametrize(
    ("priority", "evidence", "expected"),
    [
        (Priority.NORMAL, (), Priority.NORMAL),
        (Priority.NORMAL, ("chasing: third time",), Priority.HIGH),
        (Priority.NORMAL, ("threat: chargeback", "chasing: x"), Priority.URGENT),
        (Priority.NORMAL, ("review: bad review", "anger: thieves"), Priority.HIGH),
        (Priority.LOW, ("shouting: X",), Priority.HIGH),
        (Priority.LOW, (), Priority.LOW),
        (Priority.URGENT, ("shouting: X",), Priority.URGENT),
    ],
)
def test_distress_raises_the_priority_and_never_lowers_it(
    priority: Priority, evidence: tuple[str, ...], expected: Priority
) -> None:
    assert more_urgent(priority, evidence) is expected


@pytest.mark.parametrize(
    ("hours", "chased"),
    [
        ((0,), False),
        ((0, 24), False),
        ((0, 24, 48), True),
        ((0, 1, 2, 3), False),  # photographs, one by one
        ((48, 0, 24), True),
    ],
)
def test_the_third_mail_without_an_answer_is_chasing(hours: tuple[int, ...], chased: bool) -> None:
    asked_at = tuple(NOW + timedelta(hours=it) for it in hours)

    found = find_distress("My order", "Hello?", "en", asked_at)

    assert found == (("chasing: 3 mails without an answer",) if chased else ())


def test_a_threat_that_mail_programs_broke_into_lines_is_read_whole() -> None:
    assert signs("You leave me no choice but to contact\nmy lawyer.") == {Distress.THREAT}


def test_the_words_of_two_sentences_make_no_threat() -> None:
    assert signs("The case is lovely. PayPal works fine. Open on Sunday?") == set()


def test_the_subject_counts_too() -> None:
    assert signs("see below", "en", subject="WHERE IS MY ORDER") == {Distress.SHOUTING}
    assert signs("see below", "en", subject="Third reminder") == {Distress.CHASING}


@pytest.mark.parametrize(
    "text", ["", "!" * 7, "case " * 5000, "my " * 9000, "A" * 20000, "\n" * 9000, "no answer" * 999]
)
def test_what_is_long_or_empty_is_read_in_bounded_time(text: str) -> None:
    assert all(len(one) <= 80 for one in find_distress(text[:200], text, None))
