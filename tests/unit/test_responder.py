"""A program writes the same again and again; a person does not."""

import pytest

from maildaemon.domain.responder import Glance, is_responder, is_similar

FOOTER = "Example Ltd, 1 Example Street, registered under number 55. " * 10
TICKET = "Thank you for contacting Bots Ltd. Your ticket {} was opened on {}. We will answer soon."


def test_numbers_and_dates_do_not_make_a_difference() -> None:
    one = Glance("ticket 551", TICKET.format(551, "2026-11-21"))
    other = Glance("ticket 9", TICKET.format(9, "2026-11-22"))

    assert is_similar(one, other)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Where is my parcel?", "The lamp is broken, can I send it back?"),
        (f"Where is my parcel? {FOOTER}", f"The lamp is broken, can I send it back? {FOOTER}"),
        ("Dear shop, I forgot: it is order 5.", "Dear shop, and please send it to my office."),
        ("", "Where is my parcel?"),
    ],
)
def test_a_customer_who_writes_different_things_writes_nothing_similar(
    text: str, other: str
) -> None:
    assert not is_similar(Glance("my order", text), Glance("my order", other))


def test_under_the_same_subject_half_of_the_words_are_enough() -> None:
    one = Glance("hello", "I am away until Monday and will read it then.")
    other = Glance("hello", "I am away until Friday and will answer it then, thanks.")

    assert is_similar(one, other)
    assert not is_similar(one, Glance("something else", other.text))


def test_without_any_text_the_subject_decides() -> None:
    assert is_similar(Glance("out of office", ""), Glance("out of office", ""))
    assert not is_similar(Glance("", ""), Glance("", ""))


def test_the_third_similar_message_is_suspect() -> None:
    one = Glance("hello", "I am away until Monday.")

    assert not is_responder(one, [one])
    assert is_responder(one, [one, Glance("order", "Where is it?"), one])
