"""The question how it went: its links, and how an answer is read."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from maildaemon.domain.ratings import RATINGS, rating_links, read_rating, words_beside
from maildaemon.domain.tokens import (
    issue_reply_address,
    read_rating_address,
    read_rating_subject,
    read_reply_address,
)

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
REFERENCE = "K7F3-Q2"


def links(address: str = "support@shop.example", *, plus_address: bool = False) -> list[str]:
    return [*rating_links(KEY, address, REFERENCE, plus_address=plus_address)]


def subject_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["subject"][0]


def address_of(link: str) -> str:
    return unquote(urlsplit(link).path)


def test_each_link_opens_a_mail_that_says_its_digit_and_proves_it_in_its_subject() -> None:
    found = links()

    assert [link[-1] for link in found] == ["5", "4", "3", "2", "1"]
    assert {address_of(link) for link in found} == {"support@shop.example"}
    assert all(subject_of(link).startswith("[#K7F3-Q2] ") for link in found)
    assert [read_rating_subject(KEY, subject_of(link)) for link in found] == [
        (REFERENCE, rating) for rating in RATINGS
    ]


def test_where_there_are_plus_addresses_the_address_proves_it() -> None:
    found = links(plus_address=True)

    assert [read_rating_address(KEY, address_of(link)) for link in found] == [
        (REFERENCE, rating) for rating in RATINGS
    ]
    assert {subject_of(link) for link in found} == {"[#K7F3-Q2]"}
    assert [read_reply_address(KEY, address_of(link)) for link in found] == [None] * 5


def test_where_no_such_address_fits_the_subject_proves_it() -> None:
    long = f"{'customer-care-' * 3}@shop.example"

    [first, *_] = links(long, plus_address=True)

    assert address_of(first) == long
    assert read_rating_subject(KEY, subject_of(first)) == (REFERENCE, 5)


def test_another_key_another_thread_or_another_digit_proves_nothing() -> None:
    best = subject_of(links()[0])
    address = address_of(links(plus_address=True)[0])
    reply = issue_reply_address(KEY, "support@shop.example", REFERENCE) or ""

    assert read_rating_subject(OTHER_KEY, best) is None
    assert read_rating_subject(KEY, best.replace("K7F3-Q2", "K7F3-Q3")) is None
    assert read_rating_subject(KEY, best.replace(" 5.", " 4.")) is None
    assert read_rating_subject(KEY, best[:-1]) is None
    assert read_rating_address(OTHER_KEY, address) is None
    assert read_rating_address(KEY, address.replace(".5.", ".1.")) is None
    assert [read_rating_address(KEY, one) for one in (reply, "a+b@c", "@", "a+..@c")] == [None] * 4


@pytest.mark.parametrize("change", [str.upper, "Re: {}".format, "[EXTERNAL] {} ".format])
def test_what_programs_do_to_a_subject_takes_nothing_from_its_proof(change: object) -> None:
    assert callable(change)
    assert read_rating_subject(KEY, change(subject_of(links()[0]))) == (REFERENCE, 5)


@pytest.mark.parametrize(
    "address",
    [
        "support+md.aB-c_1@shop.example",
        "a&b=c?d#e%f@shop.example",
        "größe@käse.example",
        "o'neil/{x}|~@shop.example",
    ],
)
def test_a_link_goes_to_just_that_address(address: str) -> None:
    link = urlsplit(links(address)[0])

    assert link.path.isascii()
    assert unquote(link.path) == address
    assert parse_qs(link.query)["body"] == ["5"]
    assert link.fragment == ""


@pytest.mark.parametrize(
    ("text", "rating", "words"),
    [
        ("5", 5, ""),
        (" 4 \n", 4, ""),
        ("(3)", 3, ""),
        ("5!", 5, ""),
        ("5/5", 5, ""),
        ("- 2 = poor", 2, ""),
        ("4 stars", 4, ""),
        ("5 Sterne", 5, ""),
        ("5️⃣", 5, ""),  # a key with a digit on it
        ("５", 5, ""),
        ("٤", 4, ""),
        ("5, thank you!", 5, "thank you!"),
        ("4 – all well, but slow", 4, "all well, but slow"),
        ("1\n\nNobody ever called me.", 1, "Nobody ever called me."),
        ("5\n\nSent from my phone", 5, "Sent from my phone"),
    ],
)
def test_a_digit_is_a_rating_and_what_stands_beside_it_is_kept(
    text: str, rating: int, words: str
) -> None:
    assert read_rating(text) == rating
    assert words_beside(text, rating) == words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "6",
        "10",
        "55",
        "4711",
        "3.5",
        "5 pm",
        "5-6 weeks",
        "2 rings are missing",
        "1. The ring is broken.\n2. The box as well.",
        "1\n2. and the box",
        "3 of the cups are broken",
        "Thank you, 5",
        "It was a 5 for me",
        "excellent",
    ],
)
def test_what_counts_or_lists_something_is_no_rating(text: str) -> None:
    assert read_rating(text) is None


def test_words_without_their_digit_are_all_words() -> None:
    assert words_beside("It was fine, thank you.", 4) == "It was fine, thank you."
