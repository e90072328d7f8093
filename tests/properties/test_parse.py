"""Whatever bytes come in, a clean message comes out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from maildaemon.mail.degraded import parse_degraded
from maildaemon.mail.names import sanitise
from maildaemon.mail.quotes import cut_quotes
from tests.fuzz.invariants import flaws, flaws_of_frames
from tests.unit.parsing import parse

# Pieces of which mails are made, so that random bytes get somewhere.
PIECES = [
    *(b"From: ", b"Subject: ", b"To: ", b"Date: ", b"Message-ID: <a@x>", b"References: "),
    *(b"Content-Type: ", b"multipart/mixed; boundary=b", b"text/html", b"message/rfc822"),
    *(
        b"; charset=",
        b"utf-7",
        b"idna",
        b"iso-2022-jp",
        b"; name*0*=utf-8''%41",
        b"=?utf-8?b?w6Q=?=",
    ),
    *(
        b"Content-Transfer-Encoding: base64",
        b"quoted-printable",
        b"Content-Disposition: attachment",
    ),
    *(b"\n", b"\r\n", b"\n\n", b"\r", b" ", b"\t", b"\n--b\n", b"\n--b--\n", b"<a@x.example>"),
    *(b"=?utf-8?q?=0D=0ABcc:?=", b"\x00", b"\xff", b"\x1b$B", b"<div>", b"&#0;", b"> ", b"-- \n"),
    *("\u202e\u2028ä€".encode(), b"QUJD", b"=41=\n", b"begin 644 a\n", b"%PDF-", b"MZ\x00"),
]
MAILS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=60).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(MAILS)
def test_parsing_never_fails_and_its_answer_is_clean(raw: bytes) -> None:
    parsed = parse(raw)

    assert [*flaws(raw, parsed), *flaws_of_frames(parsed)] == []
    assert parse(raw) == parsed


@settings(max_examples=100, deadline=None)
@given(MAILS)
def test_a_degraded_record_has_the_same_identity_and_is_clean(raw: bytes) -> None:
    degraded = parse_degraded(raw, "parser_died")

    assert [*flaws(raw, degraded), *flaws_of_frames(degraded)] == []
    assert degraded.message.identity == parse(raw).message.identity


@settings(max_examples=100, deadline=None)
@given(MAILS)
def test_trace_fields_and_line_ends_do_not_change_the_identity(raw: bytes) -> None:
    mail = b"Subject: x\n\n" + raw.replace(b"\r", b"")
    again = b"Received: from a by b\nDelivered-To: a@x\n" + mail

    assert parse(mail).message.identity == parse(again.replace(b"\n", b"\r\n")).message.identity


@given(st.text())
def test_a_name_never_leads_out_of_its_folder(name: str) -> None:
    safe = sanitise(name)

    assert not {"/", "\\", ":", "\x00"} & {*safe}
    assert safe not in (".", "..")
    assert len(safe) <= 200
    assert sanitise(safe) == safe


@given(st.text(alphabet=st.sampled_from("aA1 \n>:-_@.,*"), max_size=300))
def test_cutting_quotes_takes_away_and_never_adds(text: str) -> None:
    new = cut_quotes(text)

    assert new in text
    assert bool(new) == bool(text.strip())
