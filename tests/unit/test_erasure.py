"""Whose words are taken out of a text: his, and nobody's with a longer name or address."""

import pytest

from maildaemon.domain.erasure import ERASED, Words
from maildaemon.mail.authors import read_people

HIS = Words.of(("anna@example.net",), ("Anna", "山田太郎"))


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("see <Anna@example.net>.", f"see <{ERASED}>."),
        ("mailto:anna@example.net?x", f"mailto:{ERASED}?x"),
        ("write to anna@example.net. Now", f"write to {ERASED}. Now"),
        ("Hi Anna, hello", f"Hi {ERASED}, hello"),
        ("山田太郎さん", f"{ERASED}さん"),
    ],
)
def test_his_words_go(text: str, without: str) -> None:
    assert HIS.out_of(text) == without
    assert HIS.stand_in(text)
    assert HIS.stand_in_bytes(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "joanna@example.net",
        "jo.anna@example.net",
        "anna@example.net.au",
        "anna@example.network",
        "anna@other.example",
        "Joanna and Annabel",
        "éanna@example.net",
    ],
)
def test_what_is_part_of_something_longer_stays(text: str) -> None:
    assert HIS.out_of(text) == text
    assert not HIS.stand_in(text)
    assert not HIS.stand_in_bytes(text.encode())


def test_who_wrote_to_whom_is_read_from_any_bytes() -> None:
    raw = (
        b"From: A <A@x.example>\r\nFrom: b@y.example\r\nTo: c@z.example\r\nCc: D@z.example\r\n\r\n"
    )

    assert read_people(raw) == (
        frozenset({"a@x.example", "b@y.example"}),
        frozenset({"c@z.example", "d@z.example"}),
    )
    assert read_people(b"\xff\x00") == (frozenset(), frozenset())
