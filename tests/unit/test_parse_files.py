"""Which parts are files, how they are called, and what is odd about them."""

import base64
import binascii

import pytest

from maildaemon.mail.names import sanitise
from maildaemon.mail.tree import MAX_DEPTH, MAX_PARTS
from tests.unit.parsing import HEADER, only_file, parse, read, text, with_parts

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def attached(fields: bytes, content: bytes = b"x") -> bytes:
    return with_parts(text(), fields + b"\n\n" + content)


@pytest.mark.parametrize(
    ("fields", "filename"),
    [
        (b"Content-Disposition: attachment; filename=a.pdf", "a.pdf"),
        (b'Content-Disposition: attachment; filename="a b.pdf"', "a b.pdf"),
        (b"Content-Disposition: attachment; filename=a b.pdf", "a b.pdf"),
        (b'Content-Type: a/b; name="=?utf-8?q?Gr=C3=BC=C3=9Fe.pdf?="', "Grüße.pdf"),
        (b"Content-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        (
            b"Content-Disposition: attachment; filename*0=long-; filename*1=name.pdf",
            "long-name.pdf",
        ),
        (
            b"Content-Disposition: attachment; filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9F.pdf",
            "Grüß.pdf",
        ),
        (b'Content-Disposition: attachment; filename="Gr\xfc\xdfe.pdf"', "Grüße.pdf"),
        (b'Content-Disposition: attachment; filename="../../etc/passwd"', "passwd"),
        (b'Content-Disposition: attachment; filename="C:\\\\Temp\\\\a.pdf"', "a.pdf"),
        (b'Content-Disposition: attachment; filename="a.pdf::$DATA"', "a.pdf__$DATA"),
        ('Content-Disposition: attachment; filename="a\u202efdp.exe"'.encode(), "afdp.exe"),
        ('Content-Disposition: attachment; filename="\u200b.htaccess"'.encode(), ".htaccess"),
        (b'Content-Disposition: attachment; filename="a.exe. . "', "a.exe"),
        (b'Content-Disposition: attachment; filename=".."', "attachment-1.txt"),
        (b"Content-Type: application/pdf\nContent-Disposition: attachment", "attachment-1.pdf"),
    ],
)
def test_names_are_decoded_and_made_safe(fields: bytes, filename: str) -> None:
    assert only_file(attached(fields)).filename == filename


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("gb2312", "发票扫描件.pdf"),
        ("shift_jis", "領収書.pdf"),
        ("iso-2022-jp", "領収書.pdf"),
        ("euc-kr", "영수증.pdf"),
        ("big5", "發票.pdf"),
        ("windows-1251", "чек.pdf"),
        ("koi8-r", "Чек.pdf"),
        ("windows-1255", "קבלה.pdf"),
        ("iso-8859-2", "žádost.pdf"),
        ("utf-8", "領収書.pdf"),
    ],
)
def test_raw_letters_in_a_name_are_in_the_charset_of_the_text(charset: str, name: str) -> None:
    file = only_file(
        with_parts(
            f"Content-Type: text/plain; charset={charset}\n\nx".encode(),
            b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="%s"\n\nx'
            % name.encode(charset),
        )
    )

    assert (file.filename, file.findings) == (name, ())


def test_a_name_written_with_look_alike_letters_is_also_kept_as_it_will_be_read() -> None:
    file = only_file(attached('Content-Disposition: attachment; filename="a\uff0eexe"'.encode()))

    assert "a.exe" in file.names
    assert file.findings == ("ambiguous", "hidden_characters")


def test_a_long_name_keeps_its_extension() -> None:
    shortened = sanitise("a" * 500 + ".pdf")

    assert len(shortened) == 200
    assert shortened.endswith("a.pdf")


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Type: image/png; name=a.png\nContent-Type: application/zip; name=a.png",
        b"Content-Type: image/png; name=a.png; name=b.png",
        b"Content-Type: image; name=a.png",
        b'Content-Type: image/png; name="a.png".exe',
        b'Content-Type: image/png; name="a.png',
        b"Content-Type: image/png; name*0=a; name*2=.png",
        b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: x-unheard-of",
        (
            b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n"
            b"Content-Transfer-Encoding: 7bit"
        ),
        b"Content-Type: image/png; name=a.png" + b"; x=y" * 100,
    ],
)
def test_what_two_programs_may_read_differently_is_ambiguous(fields: bytes) -> None:
    file = only_file(attached(fields, b"aGVsbG8="))

    assert "ambiguous" in file.findings


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Type: image/png; name=a.png\nContent-Disposition: inline; filename=a.png",
        (
            b"Content-Type: image/png; name=a.png\nContent-Disposition: attachment;\n"
            b"\tfilename=plain.png; filename*=utf-8''fa%C3%A7on.png"
        ),
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64",
    ],
)
def test_an_ordinary_file_is_not_ambiguous(fields: bytes) -> None:
    assert only_file(attached(fields, b"aGVsbG8=")).findings == ()


def test_two_encodings_after_one_another_are_ambiguous() -> None:
    parsed = parse(
        attached(
            b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64",
            b"aGVsbG8=\nd29ybGQ=",
        )
    )

    assert parsed.message.attachments[0].findings == ("ambiguous",)
    assert [*parsed.contents.values()] == [b"helloworld"]


@pytest.mark.parametrize(
    ("encoding", "content"),
    [(b"base64", b"!!!"), (b"base64", b"aGVsb"), (b"x-uuencode", b"no begin line")],
)
def test_what_cannot_be_decoded_is_unreadable(encoding: bytes, content: bytes) -> None:
    file = only_file(
        attached(
            b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: " + encoding,
            content,
        )
    )

    assert "unreadable" in file.findings


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        (b"base64", base64.encodebytes(PNG)),
        (b"BASE64 ", base64.b64encode(PNG)),
        (b"base64", base64.b64encode(PNG).rstrip(b"=")),
        (b"x-uuencode", b"begin 644 a.png\n" + binascii.b2a_uu(PNG) + b"`\nend\n"),
        (b"quoted-printable", b"=89PNG=0D=0A=1A=0A" + b"=00" * 20),
        (b"binary", PNG),
    ],
)
def test_contents_are_the_senders_bytes(encoding: bytes, content: bytes) -> None:
    parsed = parse(
        attached(
            b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: " + encoding, content
        )
    )

    assert [*parsed.contents.values()] == [PNG]
    assert parsed.message.attachments[0].findings == ()


def test_a_large_file_comes_through_unchanged() -> None:
    content = bytes(range(256)) * 4000

    parsed = parse(
        attached(
            b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64",
            base64.encodebytes(content),
        )
    )

    assert [*parsed.contents.values()] == [content]
    assert parsed.message.text.strip() == "See the photo."


def test_a_forwarded_message_with_a_large_file_is_its_wire_bytes() -> None:
    inner = (
        b"Content-Type: multipart/mixed; boundary=in\n\n--in\n\nold\n--in\n"
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(bytes(20_000))
        + b"--in--"
    )

    assert [*parse(attached(b"Content-Type: message/rfc822", inner)).contents.values()] == [inner]


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_file_hidden_around_the_parts_is_a_file(where: str) -> None:
    hidden = (
        b"Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"PK\x03\x04" + bytes(50))
    )
    before, after = (hidden, b"") if where == "before" else (b"", hidden)

    message = read(
        HEADER
        + b"Content-Type: multipart/mixed; boundary=b\n\n%s--b\n\nHello\n--b--\n%s"
        % (before, after)
    )

    assert [file.findings for file in message.attachments] == [("ambiguous",)]
    assert "data_outside_parts" in message.defects


def test_the_usual_words_before_the_parts_are_no_file() -> None:
    message = read(
        HEADER + b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"This is a multi-part message in MIME format.\n--b\n\nHello\n--b--\nScanned, clean.\n"
    )

    assert (message.attachments, message.defects) == ((), ())


def test_a_boundary_that_is_not_the_declared_one_is_found_and_flagged() -> None:
    file = only_file(
        HEADER + b"Content-Type: multipart/mixed; boundary=declared\n\n"
        b"--real\nContent-Type: text/plain\n\nHello\n"
        b"--real\nContent-Type: application/zip; name=a.pdf\n\nPK\n--real--\n"
    )

    assert (file.filename, file.findings) == ("a.pdf", ("ambiguous",))


def test_pictures_that_the_page_shows_are_inline_and_others_are_not() -> None:
    def picture(fields: bytes) -> bytes:
        return b"Content-Type: image/png\n" + fields + b"\n\nx"

    message = read(
        with_parts(
            b'Content-Type: text/html\n\n<img src="cid:Logo%40shop"><img src="pic/banner.png">'
            b"<td background='cid:paper'>",
            picture(b"Content-ID: <logo@shop>\nContent-Disposition: attachment; filename=logo.png"),
            picture(b"Content-Location: pic/banner.png"),
            picture(b"Content-ID: <paper>"),
            picture(b"Content-ID: <other@shop>"),
            # What a phone sends: for the person who looks at it, an attachment.
            picture(b"Content-ID: <photo>\nContent-Disposition: inline; filename=IMG_1.png"),
            picture(b"Content-Disposition: attachment"),
            kind=b"related",
        )
    )

    assert [file.inline for file in message.attachments] == [True] * 3 + [False] * 3
    assert message.attachments[0].content_id == "logo@shop"


def test_a_program_is_not_inline_however_it_is_shown() -> None:
    file = only_file(
        attached(
            b"Content-Type: application/x-msdownload\nContent-Disposition: inline; filename=a.exe"
        )
    )

    assert not file.inline


def test_signatures_and_calendars_are_files() -> None:
    message = read(
        with_parts(
            text(),
            b"Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----",
            b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR",
            b"Content-Type: application/ms-tnef; name=winmail.dat\n\nx",
        )
    )

    assert [file.filename for file in message.attachments] == [
        "attachment-1.asc",
        "attachment-2.ics",
        "winmail.dat",
    ]


@pytest.mark.parametrize(
    ("part", "answers"),
    [
        (b"Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR", True),
        (b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\n", True),
        (b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR", False),
        (b"Content-Type: text/plain; name=a.txt; method=REPLY\n\nMETHOD:REPLY", False),
    ],
)
def test_an_answer_to_an_invitation_is_told(part: bytes, answers: bool) -> None:
    file = only_file(with_parts(text(), part))

    assert ("calendar_reply" in file.findings) == answers


def test_an_attached_text_is_not_the_body_even_if_there_is_no_other() -> None:
    message = read(
        with_parts(b"Content-Type: text/plain\nContent-Disposition: attachment\n\nthe data")
    )

    assert message.text == ""
    assert len(message.attachments) == 1


def test_a_lone_calendar_entry_can_be_read() -> None:
    message = read(HEADER + b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nSUMMARY:Visit\n")

    assert "SUMMARY:Visit" in message.text
    assert len(message.attachments) == 1


def nested(depth: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(depth)
    )
    return HEADER + opened + b"Content-Type: text/plain\n\nHello\n"


def test_parts_within_parts_are_followed_to_a_depth() -> None:
    assert read(nested(MAX_DEPTH)).text == "Hello"
    assert read(nested(MAX_DEPTH + 1)).defects == ("too_deep",)


def test_more_parts_than_the_limit_make_a_degraded_record() -> None:
    assert (
        len(read(with_parts(*[b"Content-Type: image/png\n\nx"] * (MAX_PARTS - 1))).attachments)
        == MAX_PARTS - 1
    )
    assert read(with_parts(*[b"\n\nx"] * MAX_PARTS)).defects == ("too_many_parts",)


def cut_out(page: bytes, name: bytes = b"ATT00001.htm") -> bytes:
    fields = b'Content-Type: text/html; name="%s"\nContent-Disposition: attachment; filename="%s"'
    return attached(fields % (name, name), page)


PIECE = (
    b'<html><head><meta http-equiv="content-type" content="text/html"></head><body dir="auto">'
    b'<div>and here is the photo</div><a href="https://shop.example">shop</a></body></html>'
)


def test_a_piece_of_the_text_that_a_server_made_a_file_of_is_text() -> None:
    message = parse(cut_out(PIECE)).message

    assert message.attachments == ()
    assert "and here is the photo" in message.text


@pytest.mark.parametrize(
    "more",
    [
        b"<script>1</script>",
        b"<form action='https://evil.example'>",
        b'<a href="java&#115;cript:x">x</a>',
        b"<a href = data:text/html,x>x</a>",
        b"<img src=x>",
        b"<p/onclick=x>",
        b"<meta http-equiv='&#114;efresh' content='0;https://evil.example'>",
        b"\x00",
        b" " * 20_000,
    ],
)
def test_a_page_that_does_more_than_a_text_stays_a_file(more: bytes) -> None:
    assert only_file(cut_out(PIECE + more)).filename == "ATT00001.htm"
    assert only_file(cut_out(PIECE, b"invoice.htm")).filename == "invoice.htm"
