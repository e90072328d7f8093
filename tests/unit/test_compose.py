"""The bytes of our own mails: nothing in them but what was meant, whatever strangers wrote."""

import email.policy
import re
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maildaemon.domain.delivery import Draft, Section
from maildaemon.domain.message import Address
from maildaemon.mail.compose import clean_header, compose_mail, echo_subject, flow

ALWAYS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Maildaemon-Loop",
    "MIME-Version",
    "Content-Type",
]


def a_draft(**overrides: Any) -> Draft:
    draft = Draft(
        message_id="md.abc.def@shop.example",
        date=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        sender=Address("A Shop", "support@shop.example"),
        recipient=Address("", "anna@customer.example"),
        language="en",
        reference="K7F3-Q2",
        sections=(Section.ACKNOWLEDGEMENT,),
        subject=None,
        in_reply_to=None,
        references=(),
        loop_token="md.abc.def",
    )
    return replace(draft, **overrides)


def composed(
    draft: Draft, subject: str = "Hello", text: str = "Hi.\n", html: str = "<p>Hi.</p>\n"
) -> EmailMessage:
    """Compose, and read it with a parser that the composer does not use."""
    raw = compose_mail(draft, subject, text, html)
    mail = message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    return mail


def test_a_whole_mail_byte_for_byte() -> None:
    draft = a_draft(
        in_reply_to="q@customer.example",
        references=("p@shop.example", "q@customer.example"),
        thread_topic="Ring",
        thread_index="AdB1VnF0b2xkLXRocmVhZC1pbmRleA==",
    )

    raw = compose_mail(draft, "[#K7F3-Q2] Größe", "Grüße.\n.\n", "<p>Grüße</p>\n")

    assert raw.decode("ascii").split("\r\n") == [
        'From: "A Shop" <support@shop.example>',
        "To: anna@customer.example",
        "Subject: =?utf-8?b?WyNLN0YzLVEyXSBHcsO2w59l?=",
        "Date: Sat, 21 Nov 2026 10:00:00 +0000",
        "Message-ID: <md.abc.def@shop.example>",
        "In-Reply-To: <q@customer.example>",
        "References: <p@shop.example>",
        " <q@customer.example>",
        "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
        "X-Maildaemon-Loop: md.abc.def",
        "Thread-Topic: Ring",
        "Thread-Index: AdB1VnF0b2xkLXRocmVhZC1pbmRleA==",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=_3c514265263c23b569b31f9be04baa1c"',
        "",
        "--=_3c514265263c23b569b31f9be04baa1c",
        "Content-Type: text/plain; charset=utf-8; format=flowed",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Gr=C3=BC=C3=9Fe.",
        "=2E",
        "",
        "--=_3c514265263c23b569b31f9be04baa1c",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "<p>Gr=C3=BC=C3=9Fe</p>",
        "",
        "--=_3c514265263c23b569b31f9be04baa1c--",
        "",
    ]


def test_the_same_draft_gives_the_same_bytes_and_another_one_another_boundary() -> None:
    assert compose_mail(a_draft(), "s", "t", "h") == compose_mail(a_draft(), "s", "t", "h")
    other = compose_mail(a_draft(message_id="other@shop.example"), "s", "t", "h")
    assert (
        message_from_bytes(other).get_boundary()
        != message_from_bytes(compose_mail(a_draft(), "s", "t", "h")).get_boundary()
    )


def test_no_precedence_and_no_reply_to() -> None:
    assert composed(a_draft()).keys() == ALWAYS


def test_s12_the_customers_display_name_stays_out() -> None:
    mail = composed(a_draft(recipient=Address("Win at http://evil.example", "anna@c.example")))

    assert mail["To"] == "anna@c.example"
    assert b"evil" not in mail.as_bytes()


def test_the_date_keeps_its_offset() -> None:
    date = datetime(2026, 7, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))

    assert composed(a_draft(date=date))["Date"] == "Wed, 01 Jul 2026 09:30:00 +0200"


# --- whatever strangers and operators wrote ------------------------------------------------------

# Surrogates included: hostile mail yields them.
NASTY = [
    "x\r\nBcc: victim@other.example",
    "x\n\nbody",
    "x\x0bBcc: v@o.example",
    "x\x85y\u2028z\u2029",
    "=?utf-8?q?x=0D=0ABcc:_v@o.example?=",
    "=?utf-8?b?eA==?=" * 20,
    "\u202egnp.exe",
    '"quoted" <other@evil.example>, third@evil.example',
    'comma, semicolon; (comment) <angle> [bracket] \\ back"slash',
    "é" * 300,
    "🧵" * 120,
    "word " * 60,
    "\ud800\udfff",
    ";;,<>\"'" * 30,
]
ANYTHING = st.text(st.characters(), max_size=300) | st.sampled_from(NASTY)


@pytest.mark.parametrize("nasty", NASTY)
def test_s13_nasty_text_gives_the_intended_header_and_one_recipient(nasty: str) -> None:
    assert_as_intended(nasty, nasty, nasty, nasty, nasty)


@given(subject=ANYTHING, name=ANYTHING, topic=ANYTHING, cited=ANYTHING, index=ANYTHING)
def test_s13_any_text_gives_the_intended_header_and_one_recipient(
    subject: str, name: str, topic: str, cited: str, index: str
) -> None:
    assert_as_intended(subject, name, topic, cited, index)


def assert_as_intended(subject: str, name: str, topic: str, cited: str, index: str) -> None:
    draft = a_draft(
        sender=Address(name, "support@shop.example"),
        recipient=Address(name, "anna@customer.example"),
        in_reply_to=cited,
        references=(cited, "q@customer.example"),
        thread_topic=topic,
        thread_index=index,
    )

    mail = composed(draft, echo_subject(subject))

    optional = {"In-Reply-To", "References", "Thread-Topic", "Thread-Index"}
    assert [name for name in mail.keys() if name not in optional] == ALWAYS  # noqa: SIM118
    assert len(mail.keys()) == len(set(mail.keys()))
    assert [it.addr_spec for it in mail["To"].addresses] == ["anna@customer.example"]
    assert [it.addr_spec for it in mail["From"].addresses] == ["support@shop.example"]
    # The parser puts a space where an encoded-word was folded.
    shown = mail["From"].addresses[0].display_name
    assert shown.replace(" ", "") == clean_header(name).replace(" ", "")
    assert mail["Subject"] == echo_subject(subject)


@given(text=ANYTHING.filter(lambda it: it.isprintable() or "\n" in it), number=st.integers(1, 80))
@example(text="x" * 75 + " ", number=3)
@example(text=".", number=1)
@example(text="--=_", number=1)
@example(text="From ", number=2)
@example(text="=3D =\n= \t\n", number=2)
def test_any_body_arrives_as_it_was_in_short_ascii_lines(text: str, number: int) -> None:
    body = ("\n".join([text] * number)).encode("utf-8", "ignore").decode()

    raw = compose_mail(a_draft(), "s", body, body)

    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 76 + len('Content-Type: ; boundary=""')
    mail = message_from_bytes(raw)
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    plain, html = (it.decode().replace("\r\n", "\n") for it in parts if isinstance(it, bytes))
    meant = body.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    assert html == meant
    # Spaces at the end of a line are how a flowed text says that it goes on.
    assert joined(plain) == re.sub(r" +$", "", meant, flags=re.MULTILINE).rstrip("\n") + "\n"


def joined(flowed: str) -> str:
    """Read format=flowed: what a client shows in a window of any width."""
    lines = re.sub(r"^ ", "", flowed, flags=re.MULTILINE)
    return re.sub(r"(?<= )(?<!^-- )\n", "", lines, flags=re.MULTILINE)


def test_a_plain_text_is_wrapped_where_words_end_and_can_be_joined_again() -> None:
    link = "https://shop.example/" + "x" * 90
    text = f"{'five ' * 30}10\u00a0MB\n\n> no quotation\n{'a' * 70} From here {link} on\n"

    lines = flow(text).splitlines()

    assert max(len(it) for it in lines if link not in it) <= 72
    assert [it for it in lines if link in it] == [f"{link} "]
    assert not [it for it in lines if it.startswith((">", "From "))]
    assert joined(flow(text)) == text


@given(value=ANYTHING)
def test_a_clean_header_is_one_short_line_without_tricks(value: str) -> None:
    cleaned = clean_header(value)

    assert len(cleaned) <= 200
    assert cleaned == " ".join(cleaned.split())
    assert cleaned.encode().decode() == cleaned
    assert not set(cleaned) & {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0))}
    assert not set(cleaned) & set("\u2028\u2029\u200b\u200e\u200f\u202a\u202d\u202e\u2066\ufeff")


def test_letters_that_need_joining_keep_their_joiners() -> None:
    assert clean_header("می\u200cخواهم 👩\u200d🔧") == "می\u200cخواهم 👩\u200d🔧"


@pytest.mark.parametrize(
    ("subject", "echoed"),
    [
        ("My ring", "Re: My ring"),
        ("  My\r\n ring ", "Re: My ring"),
        ("RE: My ring", "RE: My ring"),
        ("re:My ring", "re:My ring"),
        ("Return", "Re: Return"),
        ("", ""),
        ("\u200b \r\n", ""),
        ("x" * 300, "Re: " + "x" * 196),
    ],
)
def test_a_subject_is_echoed_as_an_answer_has_it(subject: str, echoed: str) -> None:
    assert echo_subject(subject) == echoed


# --- what must not be queued ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@c.example, other@d.example",
        "anna@c.example\r\nBcc: other@d.example",
        "anna@c.example\nBcc: other@d.example",
        "anna@c.example other@d.example",
        "<anna@c.example>",
        "Anna <anna@c.example>",
        "anna@c.example (x)",
        "anna@c.example;",
        "a:b@c.example;",
        "anna\u202e@c.example",
        "anna\x00@c.example",
        "a@" + "b" * 320 + ".example",
    ],
)
def test_s13_a_recipient_that_is_not_exactly_one_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not as intended"):
        compose_mail(a_draft(recipient=Address("", address)), "s", "t", "h")
    with pytest.raises(ValueError, match="not as intended"):
        compose_mail(a_draft(sender=Address("Shop", address)), "s", "t", "h")


@given(address=st.text(string.printable + "é\u202e", max_size=30))
def test_any_recipient_is_refused_or_is_the_only_one(address: str) -> None:
    try:
        raw = compose_mail(a_draft(recipient=Address("", address)), "s", "t", "h")
    except ValueError:
        return
    mail = message_from_bytes(raw, policy=email.policy.default.clone(utf8=True))
    assert mail.keys() == ALWAYS
    assert raw.split(b"\r\n")[1] == b"To: " + address.encode()


def test_an_internationalised_address_is_the_one_thing_that_is_not_ascii() -> None:
    raw = compose_mail(a_draft(recipient=Address("", "änne@bücher.example")), "ä", "ä", "ä")

    assert raw.split(b"\r\n")[1] == "To: änne@bücher.example".encode()
    assert raw.replace("änne@bücher".encode(), b"").isascii()


@pytest.mark.parametrize(
    "wrong",
    [
        {"message_id": ""},
        {"message_id": "a b@c"},
        {"message_id": "a@b>\r\nX: y"},
        {"message_id": "<a@b>"},
        {"message_id": "é@b"},
        {"loop_token": ""},
        {"loop_token": "a\r\nb"},
        {"auto_submitted": "no"},
        {"auto_submitted": "auto-replied\r\nBcc: x"},
    ],
)
def test_our_own_values_are_never_bent_into_shape(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not fit for a header field"):
        compose_mail(a_draft(**wrong), "s", "t", "h")


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.example", "a\nb", " a", "a\u2028b\x0bc"])
def test_a_subject_that_was_not_cleaned_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="not as intended"):
        compose_mail(a_draft(), subject, "t", "h")


@pytest.mark.parametrize(
    "cited",
    [
        "",
        "a b@c",
        "a@b> <c@d",
        "a@b\r\nBcc: x@y",
        "é@b",
        "x" * 901,
        "\x00@b",
        "buy-now-at-shop.example",
        "buy,now:at@shop.example",
        "a@b@shop.example",
        "a..b@shop.example",
        "@shop.example",
        "a@",
        "a@[text",
        "a@" + "b" * 249,
    ],
)
def test_s12_an_id_that_cannot_be_cited_is_left_out(cited: str) -> None:
    mail = composed(a_draft(in_reply_to=cited, references=(cited,)))

    assert mail.keys() == ALWAYS


@pytest.mark.parametrize(
    "cited",
    [
        "CAF=+abc_1.x/y@mail.example",
        "1234.5.6.JavaMail.root@[192.0.2.1]",
        "AM0PR01MB.eurprd01.prod.exchangelabs.com@localhost",
        "a@" + "b" * 248,
    ],
)
def test_an_id_as_programs_make_them_is_cited(cited: str) -> None:
    mail = composed(a_draft(in_reply_to=cited, references=("p@shop.example", cited)))

    assert mail["In-Reply-To"] == f"<{cited}>"
    assert mail["References"].split() == ["<p@shop.example>", f"<{cited}>"]


@pytest.mark.parametrize(
    "index",
    [
        *("", "not base64!", "a" * 901, "Ad\r\nBcc: x@y", "AdAbCdEf", "é"),
        *("Call0800555now+++++++++++++++A==", "AdB1VnF0b2xkLXRocmVhZC1pbmRleAAA"),
    ],
)
def test_a_thread_index_that_is_none_is_left_out(index: str) -> None:
    assert composed(a_draft(thread_index=index)).keys() == ALWAYS
