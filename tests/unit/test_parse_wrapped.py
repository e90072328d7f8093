"""Texts and files inside something else: winmail.dat, letters in the text, signatures, seals."""

import base64
import binascii

import pytest

from maildaemon.domain.message import Attachment, Message
from maildaemon.mail.rtf import rtf_to_text
from maildaemon.mail.tnef import MAX_FILES, unwrap_tnef
from tests.unit import wrappers
from tests.unit.parsing import HEADER, only_file, parse, read, text, with_parts

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)

# Both from the published description of the compression.
HELLO_WORLD = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c0900206277"
    "05b06c647d0a800fa0"
)
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def winmail(*attributes: bytes, body: bytes = b"See the photo.", **_: object) -> bytes:
    wrapper = base64.encodebytes(wrappers.tnef(*attributes))
    return with_parts(
        text(body),
        b"Content-Type: application/ms-tnef; name=winmail.dat\n"
        b"Content-Transfer-Encoding: base64\n\n" + wrapper,
    )


def smime(content: bytes, kind: bytes = b"signed-data") -> bytes:
    return (
        HEADER + b"Content-Type: application/pkcs7-mime; smime-type=%s; name=smime.p7m\n"
        b"Content-Transfer-Encoding: base64\n\n" % kind + base64.encodebytes(content)
    )


def names(message: Message) -> list[str]:
    return [file.filename for file in message.attachments]


def test_the_files_in_outlooks_wrapper_are_files_and_the_wrapper_is_none() -> None:
    parsed = parse(
        winmail(
            wrappers.message(wrappers.named("x", b"odd"), wrappers.word(wrappers.TEXT, "Ignored")),
            wrappers.file(
                b"GRE~1.PNG",
                b"",
                wrappers.word(wrappers.LONG_NAME, "Größe 戒指.png"),
                wrappers.word(wrappers.MIME_TYPE, "image/png"),
                wrappers.value(wrappers.DATA, wrappers.BINARY, PNG),
            ),
            wrappers.file(b"invoice.pdf", b"%PDF-1.4"),
        )
    )

    assert parsed.message.text == "See the photo."
    assert parsed.message.attachments == (
        Attachment(
            filename="Größe 戒指.png",
            names=("Größe 戒指.png", "GRE~1.PNG"),
            declared_type="image/png",
            detected_type="image/png",
            size=len(PNG),
            sha256=parsed.message.attachments[0].sha256,
            inline=False,
        ),
        Attachment(
            filename="invoice.pdf",
            names=("invoice.pdf",),
            declared_type="application/octet-stream",
            detected_type="application/pdf",
            size=8,
            sha256=parsed.message.attachments[1].sha256,
            inline=False,
        ),
    )
    assert [*parsed.contents.values()] == [PNG, b"%PDF-1.4"]


def test_a_wrapper_is_known_by_its_content_whatever_it_is_called() -> None:
    wrapper = wrappers.tnef(wrappers.file(b"a.exe", b"MZ\x90"))

    message = read(with_parts(text(), b"Content-Type: image/png; name=a.png\n\n" + wrapper))

    assert [file.detected_type for file in message.attachments] == ["application/x-msdownload"]


def test_names_in_the_wrapper_are_in_its_codepage() -> None:
    message = read(
        winmail(
            wrappers.attribute(0x00069007, (1251).to_bytes(4, "little") + bytes(4)),
            wrappers.file("Кольцо.pdf".encode("cp1251"), b"%PDF-1.4"),
        )
    )

    assert names(message) == ["Кольцо.pdf"]


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ([wrappers.word(wrappers.TEXT, "Wo ist mein Ring?")], "Wo ist mein Ring?"),
        (
            [
                wrappers.value(wrappers.HTML, wrappers.BINARY, "<p>Größe <b>54".encode("cp1252")),
                wrappers.value(wrappers.CODEPAGE, wrappers.LONG, (1252).to_bytes(4, "little")),
            ],
            "Größe 54",
        ),
        ([wrappers.value(wrappers.RTF, wrappers.BINARY, HELLO_WORLD)], "hello world"),
        ([wrappers.value(wrappers.RTF, wrappers.BINARY, REPEATED)], "WXYZ" * 5),
    ],
)
def test_the_text_in_the_wrapper_is_read_where_there_is_no_other(
    described: list[bytes], words: str
) -> None:
    assert read(winmail(wrappers.message(*described), body=b" ")).text.strip() == words


def test_a_message_in_the_wrapper_is_looked_into() -> None:
    inner = wrappers.tnef(wrappers.file(b"deep.png", PNG))
    message = read(
        winmail(
            wrappers.file(
                b"Forwarded",
                b"",
                wrappers.value(wrappers.METHOD, wrappers.LONG, (5).to_bytes(4, "little")),
                wrappers.value(wrappers.DATA, wrappers.OBJECT, bytes(16) + inner),
            )
        )
    )

    assert names(message) == ["Forwarded", "deep.png"]


def test_a_picture_that_the_wrapped_page_shows_is_inline() -> None:
    page = wrappers.value(wrappers.HTML, wrappers.BINARY, b'<p>Hi<img src="cid:logo@x">')
    logo = wrappers.file(
        b"logo.png",
        PNG,
        wrappers.word(wrappers.CONTENT_ID, "logo@x"),
        wrappers.word(wrappers.MIME_TYPE, "image/png"),
    )

    message = read(winmail(wrappers.message(page), logo, body=b" "))

    assert [(file.content_id, file.inline) for file in message.attachments] == [("logo@x", True)]


@pytest.mark.parametrize("cut", [7, 30, 80])
def test_s28_a_damaged_wrapper_is_kept_and_told(cut: int) -> None:
    whole = wrappers.tnef(wrappers.file(b"a.pdf", b"%PDF-1.4" * 20))

    message = read(
        with_parts(text(), b"Content-Type: application/ms-tnef; name=winmail.dat\n\n" + whole[:cut])
    )

    assert (message.attachments[-1].filename, message.attachments[-1].findings) == (
        "winmail.dat",
        ("unreadable",),
    )


def test_s28_a_wrapper_without_end_is_read_within_limits() -> None:
    many = unwrap_tnef(wrappers.tnef(*[wrappers.file(b"a", b"b")] * (MAX_FILES + 50)))
    lying = unwrap_tnef(wrappers.tnef(wrappers.message(b"\xff" * 100)))
    counted = unwrap_tnef(wrappers.tnef(wrappers.attribute(0x00069003, b"\xff\xff\xff\x7f")))

    assert (len(many.files), many.whole) == (MAX_FILES, False)
    assert not lying.whole
    assert not counted.whole


def test_rich_text_is_read_without_its_tables_and_pictures() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}{\*\generator Word;}\pard"
        rb" \'cf\'f0\'e8\'e2\'e5\'f2 \u1078?\u-10179?\u-8704?\par{\*\htmltag64 <p>}a\{b\}"
        rb"\tab c{\pict 0102}\line \ldblquote d\rdblquote}"
    )

    assert rtf_to_text(rtf) == "Привет ж😀\na{b}\tc\n“d”"


LETTERS = b"begin 644 photo.png\n" + binascii.b2a_uu(PNG) + b"`\nend\n"


def test_a_file_written_into_the_text_is_a_file() -> None:
    parsed = parse(HEADER + b"\nHere it is.\n\n" + LETTERS + b"\nRegards\n")

    assert parsed.message.text.split() == ["Here", "it", "is.", "Regards"]
    assert [(file.filename, file.findings) for file in parsed.message.attachments] == [
        ("photo.png", ())
    ]
    assert [*parsed.contents.values()] == [PNG]


def test_several_files_in_a_text_are_all_found() -> None:
    second = LETTERS.replace(b"photo", b"second").replace(b"\n", b"\r\n")

    assert names(read(HEADER + b"\n" + LETTERS + second)) == ["photo.png", "second.png"]


@pytest.mark.parametrize(
    "words",
    [
        b"begin 644 the list\nwith the ring\nend\n",
        b"begin 2024 with a ring\n",
        b"begin 644 photo.png\n" + binascii.b2a_uu(PNG),
        b"I begin 644 times.\n",
    ],
)
def test_a_text_that_only_begins_is_left_alone(words: bytes) -> None:
    message = read(HEADER + b"\n" + words)

    assert (message.text, message.attachments) == (words.decode(), ())


ENTITY = with_parts(
    text(b"Please send it back."),
    b"Content-Type: image/png; name=ring.png\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(PNG),
)


@pytest.mark.parametrize("sign", [wrappers.signed, wrappers.signed_in_pieces])
@pytest.mark.parametrize("kind", [b"signed-data", b"x"])
def test_what_is_signed_as_a_whole_is_read(sign, kind: bytes) -> None:  # type: ignore[no-untyped-def]
    message = read(smime(sign(ENTITY), kind))

    assert message.text.strip() == "Please send it back."
    assert names(message) == ["ring.png"]
    assert message.defects == ()


def test_a_signed_text_without_parts_is_read() -> None:
    inner = b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe\r\n"

    assert read(smime(wrappers.signed(inner))).text == "Grüße\n"


def test_s25_a_letter_sealed_for_somebody_else_is_a_file_and_told() -> None:
    message = read(smime(wrappers.sealed(b"\x01\x02" * 100), b"enveloped-data"))

    assert (message.text, names(message)) == ("", ["smime.p7m"])
    assert "encrypted" in message.defects


@pytest.mark.parametrize("content", [b"", b"\x30", b"\x30\x80" * 500, wrappers.signed(b"")[:20]])
def test_a_broken_signature_stays_a_file(content: bytes) -> None:
    file = only_file(smime(content))

    assert file.filename == "smime.p7m"


def test_signatures_within_signatures_are_not_taken_off_without_end() -> None:
    raw = b"Content-Type: text/plain\n\nHello\n"
    for _ in range(30):
        raw = smime(wrappers.signed(raw))

    file = only_file(raw)

    assert (file.filename, file.declared_type) == ("smime.p7m", "application/pkcs7-mime")


CLEARSIGNED = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

My ring is broken.
- --\x20
Anna
-----BEGIN PGP SIGNATURE-----
Version: GnuPG

iQEzBAEBCAAdFiEE
=abcd
-----END PGP SIGNATURE-----
"""


def test_the_armour_of_a_signed_text_is_taken_off() -> None:
    message = read(HEADER + b"\n" + CLEARSIGNED.encode())

    assert message.text == "My ring is broken.\n-- \nAnna\n"
    assert message.reply_text == "My ring is broken."


def test_s25_a_sealed_text_is_told_and_its_letters_are_not_text() -> None:
    block = "-----BEGIN PGP MESSAGE-----\n\nhQEMA5c=\n=abcd\n-----END PGP MESSAGE-----\n"

    message = read(HEADER + b"\nHello\n" + block.encode())

    assert message.text == ("Hello\n-----BEGIN PGP MESSAGE-----\n-----END PGP MESSAGE-----\n")
    assert "encrypted" in message.defects


def test_armour_without_end_is_text() -> None:
    words = CLEARSIGNED.partition("-----END")[0]

    assert read(HEADER + b"\n" + words.encode()).text == words
    assert read(HEADER + b"\n" + b"-----BEGIN PGP MESSAGE-----\n" * 5000).text.count("\n") == 5000


def test_s25_a_sealed_mail_is_one_file_and_told() -> None:
    message = read(
        with_parts(
            b"Content-Type: application/pgp-encrypted\n\nVersion: 1",
            b"Content-Type: application/octet-stream; name=encrypted.asc\n\n"
            b"-----BEGIN PGP MESSAGE-----",
            kind=b"encrypted",
        )
    )

    assert (message.text, names(message)) == ("", ["encrypted.asc"])
    assert "encrypted" in message.defects


def test_something_else_in_place_of_the_control_part_is_a_file() -> None:
    message = read(
        with_parts(
            b"Content-Type: application/pgp-encrypted\n\nMZ\x90\x00",
            b"Content-Type: application/octet-stream; name=encrypted.asc\n\nx",
            kind=b"encrypted",
        )
    )

    assert len(message.attachments) == 2


INVITATION = b"""BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Rome
BEGIN:STANDARD
DTSTART:19961027T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Visit to the shop\\, about
  the ring
DTSTART;TZID=Europe/Rome:20261125T100000
DTEND;TZID="Europe/Rome":20261125T110000
LOCATION:Via Roma 1
DESCRIPTION:I bring it with me.\\nAnna
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize("twin", [None, b" "])
def test_an_invitation_can_be_read(twin: bytes | None) -> None:
    calendar = b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n" + INVITATION
    parts = [calendar] if twin is None else [text(twin), calendar]

    message = read(with_parts(*parts, kind=b"alternative"))

    assert message.text == (
        "Visit to the shop, about the ring\n2026-11-25 10:00 Europe/Rome – "
        "2026-11-25 11:00 Europe/Rome\nVia Roma 1\nI bring it with me.\nAnna"
    )
    assert [file.declared_type for file in message.attachments] == ["text/calendar"]


def test_a_day_and_a_moment_in_utc_can_be_read() -> None:
    message = read(
        HEADER + b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n"
        b"SUMMARY:A\nDTSTART;VALUE=DATE:20261125\nEND:VEVENT\nBEGIN:VEVENT\n"
        b"SUMMARY:B\nDTSTART:20261125T100000Z\nEND:VEVENT\nEND:VCALENDAR\n"
    )

    assert message.text == "A\n2026-11-25\n\nB\n2026-11-25 10:00 UTC"


@pytest.mark.parametrize(
    "form", [b"text/enriched", b"text/x-amp-html", b"text/watch-html", b"text/richtext"]
)
def test_another_form_of_the_text_is_no_file(form: bytes) -> None:
    other = b"Content-Type: %s\n\n<p>Other" % form

    message = read(with_parts(text(), other, kind=b"alternative"))
    alone = read(with_parts(other, kind=b"alternative"))
    attached = read(with_parts(text(), other, kind=b"mixed"))

    assert (message.text, message.attachments) == ("See the photo.", ())
    assert (alone.text, alone.attachments) == ("Other", ())
    assert len(attached.attachments) == 1


def test_a_program_is_no_other_form_of_the_text() -> None:
    program = b"Content-Type: text/enriched\n\nMZ\x90\x00" + bytes(50)

    assert len(read(with_parts(text(), program, kind=b"alternative")).attachments) == 1


def test_the_second_half_of_a_file_from_a_mac_is_no_file() -> None:
    def double(fork: bytes) -> bytes:
        return with_parts(
            b"Content-Type: application/applefile; name=ring.jpg\n\n" + fork,
            b"Content-Type: image/jpeg; name=ring.jpg\n\n\xff\xd8\xff",
            kind=b"appledouble",
        )

    assert names(read(double(b"\x00\x05\x16\x07" + bytes(50)))) == ["ring.jpg"]
    assert len(read(double(b"MZ\x90")).attachments) == 2


def test_forwarded_messages_are_files_named_by_their_subjects() -> None:
    message = read(
        with_parts(
            b"\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nfirst",
            b"\nSubject: Second/third\n\nsecond",
            b"\nX-Nothing: here\n\nthird",
            kind=b"digest",
        )
    )

    assert names(message) == ["Grüße.eml", "Second_third.eml", "message-3.eml"]
    assert message.text == "first\n\nsecond\n\nthird"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (b"Content-Location: https://x.example/pics/ring.png?size=2", "ring.png"),
        (b"Content-Description: ring.png", "ring.png"),
        (b"Content-Description: a photo of the ring", "image-1.png"),
        (b"Content-Location: https://x.example/", "image-1.png"),
        (b"Content-Location: ring.png\nContent-Disposition: inline; filename=a.png", "a.png"),
    ],
)
def test_a_name_may_stand_elsewhere(fields: bytes, name: str) -> None:
    raw = with_parts(text(), b"Content-Type: image/png\n" + fields + b"\n\nx")

    assert only_file(raw).filename == name


def test_a_named_binary_is_a_file_even_if_nothing_else_is_there() -> None:
    binary = b"\x00\x01\x02\x03\xfd\xfe\xff"

    file = only_file(HEADER + b"Content-Type: unknown; name=test\n\n" + binary)

    assert (file.filename, file.size) == ("test", 7)
