"""Whose words are taken out of a text: his, and nobody's with a longer name or address."""

import pytest

from maildaemon.domain.erasure import ERASED, People, Words
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


def test_who_takes_part_is_read_from_any_bytes() -> None:
    raw = (
        b"From: A <A@x.example>\r\nFrom: b@y.example\r\nTo: c@z.example\r\nCc: D@z.example\r\n"
        b"Sender: e@z.example\r\nReply-To: f@z.example\r\nResent-To: g@z.example\r\n\r\n"
    )

    assert read_people(raw) == People(
        frozenset({"a@x.example", "b@y.example"}),
        frozenset({"c@z.example", "d@z.example"}),
        frozenset({"e@z.example", "f@z.example", "g@z.example"}),
        is_whole=True,
    )
    nobody: frozenset[str] = frozenset()
    assert read_people(b"\xff\x00") == People(nobody, nobody, nobody, is_whole=False)


@pytest.mark.parametrize(
    "field",
    [
        "Cc:",
        "Cc: c@z.example,",
        "Cc: (both) C <c@z.example> (at work), <c@z.example>",
        'Cc: "Z, \\"C\\" <x>" <c@z.example>, \'C\' <c@z.example>',
        "Cc: c@z.example <c@z.example>, c@z.example (C, of Z)",
        "Cc : =?utf-8?q?C=2C?= =?utf-8?q?_Z?=\r\n <c@z.example>",
        "Cc: Jürgen Ćosić <c@z.example>",
        "Bcc: undisclosed-recipients:;",
        "To: Verborgene Empfänger: ;",
        "Resent-Cc: c@localhost",
        "X-Cc: Bruno",
    ],
)
def test_of_ordinary_lists_nobody_is_missed(field: str) -> None:
    people = read_people(f"From: a@x.example\r\n{field}\r\n\r\n".encode())

    assert people.is_whole
    assert people.authors == {"a@x.example"}
    assert people.recipients | people.aside <= {"c@z.example", "c@localhost"}


UNREADABLE = (
    'Cc: "b c"@other.example',
    "Cc: =?utf-8?q?b=40other=2Eexample?=",
    "Cc: =?utf-8?q?b?=@other.example",
    "Cc: Bruno Rossi",
    "Cc: b@[192.0.2.1]",
    "Cc: b@[192.0.2.1] <ada@customer.example>",
    "Cc: b(x)@other.example",
    "Cc: Team <team@>",
    "Cc: <@route:b@[192.0.2.1]>",
    "Cc: B at other.example <b",
    "Cc: Friends: Bruno, Carlo;",
    'Cc: "Bruno <ada@customer.example>',
    "Cc: /O=EXCH/OU=X/CN=BRUNO",
    "Reply-To: Bruno",
    "Sender: Bruno",
    "Resent-To: Bruno",
    "From: Bruno",
    "X: y\r\nno field\r\nSubject: x",
    "X: y\r\nno field, so that what follows may be of the text\r\nSender: Bruno",
    "\r\n".join(f"X-{number}: y" for number in range(1001)),
    "X: " + "y" * 300_000,
    "Cc: " + "ada@customer.example, " * 2000,
)


@pytest.mark.parametrize("field", UNREADABLE, ids=lambda one: one[:40])
def test_what_could_be_somebody_and_cannot_be_read_is_told(field: str) -> None:
    assert not read_people(f"From: ada@customer.example\r\n{field}\r\n\r\n".encode()).is_whole


def test_nobody_is_missed_among_many() -> None:
    many = ", ".join(f"m{number}@z.example" for number in range(1500))

    people = read_people(f"From: a@x.example\r\nTo: {many}\r\n\r\n".encode())

    assert (len(people.recipients), people.is_whole) == (1500, True)
