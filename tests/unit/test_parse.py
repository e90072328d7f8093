"""What mail-parser and Python's `email` get wrong, each as a case (M1 to M11), and the rest."""

import base64
import hashlib

import pytest

from maildaemon.domain.message import Address
from tests.unit.parsing import HEADER, only_file, parse, read, text, with_fields, with_parts


def test_m1_a_part_whose_boundary_never_begins_is_read_as_text() -> None:
    message = read(
        HEADER + b"Content-Type: multipart/mixed; boundary=x\n\n"
        b"--x\nContent-Type: multipart/mixed; boundary=y\n\nno start\n"
    )

    assert message.text.strip() == "no start"
    assert not message.degraded
    assert "ambiguous_structure" in message.defects


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        (b"iso-2022-jp", "返品したいです".encode("iso2022_jp")),
        (b"utf-7", "返品したいです".encode("utf-7")),
        (b"hz-gb-2312", "退货".encode("hz")),
    ],
)
def test_m2_charsets_in_seven_bits_are_decoded(charset: bytes, raw: bytes) -> None:
    message = read(
        HEADER + b"Content-Type: text/plain; charset=%s\n"
        b"Content-Transfer-Encoding: 7bit\n\n%s\n" % (charset, raw)
    )

    assert message.text.strip() in ("返品したいです", "退货")


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Type: application/zip\n",
        b"Content-Type: application/x-msdownload\nContent-Disposition: inline\n",
        b"Content-Type: image/jpeg\n",
        b"Content-Type: text/x-script\n",
    ],
)
def test_m3_a_part_without_a_name_is_a_file_all_the_same(fields: bytes) -> None:
    content = base64.encodebytes(b"MZ\x90\x00 not what it seems")

    message = read(with_parts(text(), fields + b"Content-Transfer-Encoding: base64\n\n" + content))

    assert [file.detected_type for file in message.attachments] == ["application/x-msdownload"]
    assert message.text.strip() == "See the photo."


def test_m3_a_program_that_claims_to_be_text_is_a_file() -> None:
    program = b"MZ\x90\x00\x03" + bytes(200)

    parsed = parse(
        with_parts(
            text(),
            b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(program),
        )
    )

    assert [file.detected_type for file in parsed.message.attachments] == [
        "application/x-msdownload"
    ]
    assert [*parsed.contents.values()] == [program]


def test_m4_a_file_without_a_name_gets_the_same_one_at_every_parse() -> None:
    raw = with_parts(
        text(),
        b"Content-Type: image/png\nContent-Disposition: attachment\n\nx",
        b"Content-Type: application/pdf\nContent-Disposition: attachment\n\ny",
    )

    assert [file.filename for file in read(raw).attachments] == ["image-1.png", "attachment-2.pdf"]
    assert read(raw) == read(raw)


def test_m5_every_name_of_a_file_is_kept_and_a_contradiction_is_flagged() -> None:
    file = only_file(
        with_parts(
            text(),
            b"Content-Type: application/octet-stream; name=third.txt\n"
            b"Content-Disposition: attachment; filename=first.png; filename*=utf-8''second.exe\n\nx",
        )
    )

    assert set(file.names) == {"first.png", "second.exe", "third.txt"}
    assert file.findings == ("ambiguous",)


def test_m6_damaged_base64_is_decoded_as_far_as_it_goes() -> None:
    damaged = b"SGVs\n!!bG8g\nd29ybGQ"

    parsed = parse(
        with_parts(
            text(),
            b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
            + damaged,
        )
    )

    assert [*parsed.contents.values()] == [b"Hello world"]
    assert parsed.message.attachments[0].findings == ("ambiguous",)


def test_m6_a_forwarded_message_is_kept_as_its_wire_bytes() -> None:
    inner = b"Subject:  odd   spacing\nX-Folded: a\n\tb\n\nOld text \nwith -- marks\n"

    parsed = parse(
        with_parts(text(), b"Content-Type: message/rfc822\n\n" + inner.removesuffix(b"\n"))
    )

    assert [*parsed.contents.values()] == [inner.removesuffix(b"\n")]
    assert parsed.message.attachments[0].sha256 == hashlib.sha256(inner[:-1]).hexdigest()
    assert parsed.message.attachments[0].filename == "odd   spacing.eml"


@pytest.mark.parametrize(
    ("field", "subject"),
    [
        (b"Subject: \xa3100,000", "£100,000"),
        ("Subject: Frösche".encode("latin-1"), "Frösche"),
        ("Subject: Frösche".encode(), "Frösche"),
        (b"Subject: =?x-nonsense?q?Fr=F6sche?=", "Frösche"),
        (b"Subject: =?utf-8?q?Fr=F6sche?=", "Frösche"),
        ("Subject: Возврат кольца".encode("cp1251"), "Возврат кольца"),
        (
            "Content-Type: text/plain; charset=koi8-r\nSubject: Где мой заказ?".encode("koi8-r"),
            "Где мой заказ?",
        ),
    ],
)
def test_m7_no_byte_of_a_header_is_dropped(field: bytes, subject: str) -> None:
    assert read(field + b"\n\nx").subject == subject


def test_m8_the_text_of_a_forwarded_message_is_not_the_customers() -> None:
    inner = (
        b"Content-Type: multipart/mixed; boundary=in\n\n--in\n\nold text\n"
        b"--in\nContent-Type: image/png; name=old.png\n\nx\n--in--"
    )

    message = read(with_parts(text(b"My words."), b"Content-Type: message/rfc822\n\n" + inner))

    assert message.text.strip() == "My words."
    assert [file.declared_type for file in message.attachments] == ["message/rfc822"]


def test_m9_a_text_with_a_name_is_the_body_if_there_is_no_other() -> None:
    message = read(HEADER + b"Content-Type: text/plain; name=body.txt\n\nThe ring is broken.\n")

    assert message.text.strip() == "The ring is broken."
    assert message.attachments == ()


def test_a_text_with_a_name_beside_a_body_is_a_file() -> None:
    message = read(with_parts(text(), b"Content-Type: text/plain; name=log.txt\n\nlines"))

    assert message.text.strip() == "See the photo."
    assert [file.filename for file in message.attachments] == ["log.txt"]


def test_m10_a_header_is_one_clean_line_whatever_was_encoded_in_it() -> None:
    message = read(
        b"From: =?utf-8?q?Eve=0D=0ABcc:_x@y.example?= <eve@x.example>\n"
        b"Subject: =?utf-8?q?a=0D=0AX-Injected:_1=00=E2=80=AE?=\n"
        b"Subject: second\n\nx"
    )

    assert message.subject == "a  X-Injected: 1"
    assert message.from_ == Address("Eve  Bcc: x@y.example", "eve@x.example")
    assert "duplicate_header" in message.defects


@pytest.mark.parametrize(
    ("before", "defect"),
    [
        (b"\xef\xbb\xbf", None),
        (b"\r\n\r\n", None),
        (b"From anna@customer.example Fri Nov 20 10:00:00 2026\n", None),
        (b"quite some text\n", "text_before_headers"),
        (b"A whole paragraph\nof other text\n\n", "text_before_headers"),
    ],
)
def test_m11_what_stands_before_the_header_does_not_end_it(
    before: bytes, defect: str | None
) -> None:
    message = read(before + HEADER + b"\nHello\n")

    assert (message.subject, message.text) == ("The ring", "Hello\n")
    assert message.defects == ((defect,) if defect else ())


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be"])
def test_a_mail_saved_as_utf_16_is_read(codec: str) -> None:
    raw = ("\ufeff" if codec == "utf-16-be" else "") + HEADER.decode() + "\nHello\n"

    assert read(raw.encode(codec)).subject == "The ring"


def test_a_mail_that_is_one_text_without_a_name_is_read_even_if_attached() -> None:
    message = read(with_fields(b"Content-Disposition: attachment"))

    assert (message.text, message.attachments) == ("Hello\n", ())


def test_m11_a_space_before_the_colon_does_not_end_the_header() -> None:
    message = read(b"From : a@x.example\nSubject\t: ring\nContent-Type : text/html\n\n<b>Hi</b>")

    assert message.from_ == Address("", "a@x.example")
    assert (message.subject, message.text) == ("ring", "Hi")
    assert "space_before_colon" in message.defects


def test_m11_a_space_before_the_colon_does_not_hide_a_file() -> None:
    file = only_file(
        with_parts(
            text(),
            b"Content-Type : application/x-msdownload; name=a.exe\n"
            b"Content-Transfer-Encoding : base64\n\n" + base64.encodebytes(b"MZ\x00"),
        )
    )

    assert (file.filename, file.detected_type) == ("a.exe", "application/x-msdownload")
    assert file.findings == ("ambiguous",)


def test_a_missing_empty_line_loses_no_text() -> None:
    message = read(HEADER.rstrip(b"\n") + b"\nDear shop,\nthe ring is broken.\n\nAnna\n")

    assert message.text == "Dear shop,\nthe ring is broken.\n\nAnna\n"
    assert "missing_separator" in message.defects


def test_a_text_without_any_header_is_kept() -> None:
    message = read(b"Hello, I am no mail.\nNote: nothing here is a header.\n")

    assert message.text == "Hello, I am no mail.\nNote: nothing here is a header.\n"
    assert message.from_ is None
    assert "no_header" in message.defects


def test_a_redelivery_has_the_same_identity() -> None:
    first = b"Return-Path: <a@x.example>\nReceived: from a by b\n" + HEADER + b"\nHello\nthere\n"
    second = (b"Received: from c by d\nDelivered-To: z@shop.example\n" + HEADER).replace(
        b"\n", b"\r\n"
    ) + b"\r\nHello\r\nthere\r\n\r\n"

    assert read(first).identity == read(second).identity


@pytest.mark.parametrize("changed", [b"Subject: Ring", b"Hello", b"anna@"])
def test_other_content_has_another_identity(changed: bytes) -> None:
    raw = HEADER.replace(b"The ring", b"Ring") + b"\nHello\n"

    assert changed in raw
    assert read(raw).identity != read(raw.replace(changed, changed + b"!")).identity


def test_the_identity_does_not_depend_on_whether_the_message_was_parsed() -> None:
    from maildaemon.mail.degraded import parse_degraded

    raw = with_parts(text(), b"Content-Type: image/png; name=a.png\n\nx")

    assert parse_degraded(raw, "parser_died").message.identity == read(raw).identity


def test_a_missing_message_id_is_made_from_the_content() -> None:
    raw = b"From: a@x.example\nSubject: ring\n\nHello\n"

    message = read(raw)

    assert message.message_id == f"{message.identity[:32]}@missing.invalid"
    assert message.message_id == read(b"Received: from a by b\n" + raw).message_id
    assert "no_message_id" in message.defects


def test_a_message_that_code_did_not_foresee_becomes_a_degraded_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def burst(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("maildaemon.mail.parse.arrange", burst)

    message = read(with_fields())

    assert message.degraded
    assert message.defects == ("parse_failed",)
    assert (message.subject, message.message_id) == ("The ring", "ring@customer.example")
    assert message.from_ == Address("Anna", "anna@customer.example")
