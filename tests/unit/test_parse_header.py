"""The header of a message: addresses, ids, dates, and what is wrong with it."""

from datetime import UTC, datetime

import pytest

from maildaemon.domain.message import Address
from maildaemon.mail.prescan import MAX_FIELD, MAX_FIELDS, MAX_LIST_FIELD
from tests.unit.parsing import HEADER, read, with_fields

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "author"),
    [
        (b"a@x.example", Address("", "a@x.example")),
        (b"Anna <a@x.example>", Address("Anna", "a@x.example")),
        (b'"Rossi, Anna" <a@x.example>', Address("Rossi, Anna", "a@x.example")),
        (b"=?utf-8?q?J=C3=BCrgen?= <j@x.example>", Address("Jürgen", "j@x.example")),
        ("Jürgen <j@x.example>".encode("latin-1"), Address("Jürgen", "j@x.example")),
        (b'"=?utf-8?q?J=C3=BCrgen?=" <j@x.example>', Address("Jürgen", "j@x.example")),
        (b"Anna Rossi a@x.example", Address("Anna Rossi", "a@x.example")),
        (b"ceo@shop.example <a@x.example>", Address("ceo@shop.example", "a@x.example")),
        (b"=?utf-8?q?Anna_=3Ca=40x=2Eexample=3E?=", Address("Anna", "a@x.example")),
        (b"=?utf-8?q?boss=40shop=2Eexample?=", None),
        (b"a@b@c.example", None),
        (b"undisclosed-recipients:;", None),
        (b"((((((a@x.example))))))", None),
        (b"", None),
    ],
)
def test_the_author_is_read_as_far_as_there_is_one(field: bytes, author: Address | None) -> None:
    message = read(b"From: " + field + b"\n\nx")

    assert message.from_ == author
    assert ("no_from" in message.defects) == (author is None)


def test_of_several_authors_the_first_counts_and_the_others_are_told() -> None:
    in_one_field = read(b"From: a@x.example, b@x.example\n\nx")
    in_two_fields = read(b"From: a@x.example\nFrom: b@x.example\n\nx")

    assert in_one_field.from_ == in_two_fields.from_ == Address("", "a@x.example")
    assert "many_from" in in_one_field.defects
    assert {"many_from", "duplicate_header"} <= set(in_two_fields.defects)


def test_recipients_of_all_kinds_are_read_from_all_their_fields() -> None:
    message = read(
        b"From: a@x.example\nTo: b@x.example, Carl <c@x.example>\nTo: d@x.example\n"
        b"Cc: e@x.example\nBcc: f@x.example\nReply-To: g@x.example\n\nx"
    )

    assert [address.address for address in message.to] == [
        "b@x.example",
        "c@x.example",
        "d@x.example",
    ]
    assert message.to[1].name == "Carl"
    assert [a.address for a in (*message.cc, *message.bcc, *message.reply_to)] == [
        "e@x.example",
        "f@x.example",
        "g@x.example",
    ]


@pytest.mark.parametrize(
    ("field", "recipients"),
    [
        # A whole address in one encoded-word, beside others.
        (
            b"=?utf-8?B?IkNhcmwiIDxjQHguZXhhbXBsZT4=?=, b@x.example",
            [("", "b@x.example"), ("Carl", "c@x.example")],
        ),
        # Characters in an encoded-word that have a meaning between addresses.
        (
            b"b@x.example, =?utf-8?q?Eve:_v@y.example,_z?= <e@x.example>",
            [("", "b@x.example"), ("Eve: v@y.example, z", "e@x.example")],
        ),
        (b'=?utf-8?Q?"Hans_M=C3=BCller"?= <h@x.example>', [("Hans Müller", "h@x.example")]),
        (b"=?utf-8?Q?Hans M=C3=BCller?= <h@x.example>", [("Hans Müller", "h@x.example")]),
        (b"=?utf-8?Q?M=C3=BC?=\n =?utf-8?Q?ller?= <h@x.example>", [("Müller", "h@x.example")]),
        (b"a@x.example; Bea <b@x.example>;", [("", "a@x.example"), ("Bea", "b@x.example")]),
        (b'"a@x.example" <a@x.example>', [("a@x.example", "a@x.example")]),
        (b"a@x.example <mailto:a@x.example>", [("", "a@x.example")]),
        (b"<<a@x.example>>", [("", "a@x.example")]),
        (b"<a@x.example", [("", "a@x.example")]),
        (b"[a@x.example]", [("", "a@x.example")]),
        (b"a@x.example (Anna)", [("Anna", "a@x.example")]),
        (
            b"Friends: Anna <a@x.example>, b@x.example;, c@x.example",
            [("Anna", "a@x.example"), ("", "b@x.example"), ("", "c@x.example")],
        ),
        ("Ольга <ольга@почта.example>".encode(), [("Ольга", "ольга@почта.example")]),
        (b"a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        (b'"odd local"@x.example', [("", '"odd local"@x.example')]),
        (b"root, a@x.example", [("", "a@x.example")]),
    ],
)
def test_recipients_are_read_as_mail_programs_write_them(
    field: bytes, recipients: list[tuple[str, str]]
) -> None:
    message = read(b"From: a@x.example\nTo: " + field + b"\n\nx")

    assert [(to.name, to.address) for to in message.to] == recipients


@pytest.mark.parametrize(
    ("field", "ids"),
    [
        (b"<a@x> <b@x>", ("a@x", "b@x")),
        (b"<a@x>,<b@x>", ("a@x", "b@x")),
        (b"<a@x> <a@x>", ("a@x",)),
        (b"<a@b@c>", ("a@b@c",)),
        (b"a@x", ("a@x",)),
        (b"a@x b@x", ("a@x", "b@x")),
        (b"mail1", ("mail1",)),
        (b"<mail1>", ("mail1",)),
        (b"Your mail of Friday <a@x> (garbage)", ("a@x",)),
        (b"<very-long\n -id@x>", ("very-long-id@x",)),
        (b"<a@x>\n\t=?utf-8?q?=3Cb=40x=3E?=", ("a@x", "b@x")),
        (b"<>", ()),
        (b"words without any id", ()),
        (b"<" + b"a" * 2000 + b"@x>", ()),
    ],
)
def test_references_are_whatever_stands_in_brackets(field: bytes, ids: tuple[str, ...]) -> None:
    assert read(with_fields(b"References: " + field)).references == ids


def test_all_occurrences_of_references_count() -> None:
    message = read(with_fields(b"References: <a@x>", b"References: <b@x>", b"In-Reply-To: <c@x>"))

    assert (message.references, message.in_reply_to) == (("a@x", "b@x"), ("c@x",))
    assert message.cited == ("c@x", "b@x", "a@x")


def test_a_long_conversation_keeps_its_first_and_its_last_references() -> None:
    ids = [
        b"<%06d-aaaaaaaaaaaaaaaaaaaaaaaaaaaa@customer.example>" % number for number in range(2000)
    ]

    message = read(with_fields(b"References: " + b"\n ".join(ids)))

    assert not message.degraded
    assert "header_too_long" in message.defects
    assert message.references[0] == ids[0].decode().strip("<>")
    assert message.references[-1] == ids[-1].decode().strip("<>")
    assert {f"<{one}>".encode() for one in message.references} < set(ids)


@pytest.mark.parametrize(
    ("field", "date"),
    [
        (b"Fri, 20 Nov 2026 10:00:00 +0000", TEN),
        (b"Fri, 20 Nov 2026 11:00:00 +0100 (CET)", TEN),
        (b"20 Nov 2026 10:00 GMT", TEN),
        (b"Fri, 20 Nov 26 05:00:00 EST", TEN),
        (b"Nov 20, 2026 10:00:00 AM +0000", TEN),
        (b"2026-11-20T10:00:00Z", TEN),
        (b"Thu, 20 Nov 2026 10:00:00 +0000", TEN),
        (b"Fri, 99 Foo 99999 10:00:00 +0000", None),
        (b"yesterday", None),
        (b"", None),
    ],
)
def test_dates_are_instants_or_nothing(field: bytes, date: datetime | None) -> None:
    message = read(b"From: a@x.example\nDate: " + field + b"\n\nx")

    assert message.date == date
    assert ("bad_date" in message.defects) == (date is None)


@pytest.mark.parametrize(
    ("fields", "return_path"),
    [
        ([], None),
        ([b"Return-Path: <>"], ""),
        ([b"Return-Path:"], ""),
        ([b"Return-Path: <a@x.example>"], "a@x.example"),
        ([b"Return-Path: a@x.example"], "a@x.example"),
        ([b"Return-Path: <MAILER-DAEMON>"], "MAILER-DAEMON"),
    ],
)
def test_an_absent_return_path_is_not_the_null_one(
    fields: list[bytes], return_path: str | None
) -> None:
    assert read(with_fields(*fields)).return_path == return_path


def test_every_field_is_there_in_order_decoded_and_cut() -> None:
    message = read(
        with_fields(
            b"X-One: a\n b", b"X-Two: =?utf-8?b?w6Q=?=", b"X-ONE: c", b"X-Long: " + b"a" * 9000
        )
    )

    assert message.field("x-one") == ("a b", "c")
    assert message.field("x-two") == ("ä",)
    assert len(message.field("x-long")[0]) == 2048
    assert [name for name, _ in message.fields][-4:] == ["x-one", "x-two", "x-one", "x-long"]


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        (b"=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=", "äö"),
        (b"=?utf-8?b?4oI=?=\n =?utf-8?b?rA==?=", "€"),
        (b"Re: =?iso-8859-1?q?Gr=FC=DFe?= und mehr", "Re: Grüße und mehr"),
        (b"=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?q?what now??=", "what now?"),
        (b"=?utf-8?b?SGVsbG8?=", "Hello"),
        (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        (b"=?utf-8?q?never ends", "=?utf-8?q?never ends"),
        (b"=?utf-8?q?never_ends", "never ends"),
        (b"=?utf-8?b?w6Q= =?utf-8?b?w7Y=?=", "äö"),
        (b"=?utf-8?b?w6Q=?", "ä"),
        (b"=?UTF-8?Q?Where?=20is=20it=3F?=", "Where? is it?"),
        (b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        (b"=?utf-8?b?R3LDvMOf?= =?iso-8859-1?q?e=2C_Zo=EB?=", "Grüße, Zoë"),
        # Base64 cut at any letter, characters cut at any byte, padding in the middle or too much.
        (b"=?utf-8?b?R3LDv?= =?utf-8?b?MOfZQ==?=", "Grüße"),
        (b"=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?b?w6Q==?=", "ä"),
        (b"=?utf-8?b?R3LDvA==w59l?=", "Grüße"),
        (b"=?utf-8?b?R3LD\n vMOfZQ==?=", "Grüße"),
        (b"=?UTF-8?q?Gr=c3=bc=c3=9fe?=", "Grüße"),
        (b'"=?utf-8?q?Gr=C3=BC=C3=9Fe?="', '"Grüße"'),
        (b"Re: [=?utf-8?q?Gr=C3=BC=C3=9Fe?=]", "Re: [Grüße]"),
        (b"=??q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        # Encoded twice; a label that lies; words that only look encoded.
        (b"=?utf-8?Q?=3D=3Futf-8=3FQ=3FGr=C3=BC=3F=3D?=", "Grü"),
        (b"=?us-ascii?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-8859-1?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=\n =?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=", "テスト" * 2),
        (b"=?gb2312?b?zcu79Q==?= =?big5?b?sGizZg==?=", "退货退貨"),
        (b"=?ks_c_5601-1987?b?uN7Az8C6?=", "메일은"),
        (b"=?koi8-r?b?5MXO2MfJ?=", "Деньги"),
        (b"1=?2 and what =? this", "1=?2 and what =? this"),
        (b"a\r\n\t b", "a b"),
    ],
)
def test_encoded_words_are_decoded_as_mail_programs_write_them(words: bytes, subject: str) -> None:
    assert read(b"Subject: " + words + b"\n\nx").subject == subject


@pytest.mark.parametrize(
    ("charset", "words"),
    [("gb2312", "退货申请"), ("euc-kr", "반품 문의"), ("windows-1255", "הזמנה"), ("big5", "退貨")],
)
def test_raw_letters_in_the_header_are_in_the_charset_of_the_text(charset: str, words: str) -> None:
    message = read(
        b"From: %s <a@x.example>\nSubject: %s\nContent-Type: multipart/mixed; boundary=b\n\n"
        % (words.encode(charset), words.encode(charset))
        + b"--b\nContent-Type: text/plain; charset=%s\n\nx\n--b--\n" % charset.encode()
    )

    assert message.subject == words
    assert message.from_ == Address(words, "a@x.example")


def test_a_bare_carriage_return_begins_no_header_field() -> None:
    message = read(b"From: a@x.example\nSubject: ring\rBcc: victim@x.example\n\nx")

    assert message.subject == "ring Bcc: victim@x.example"
    assert message.bcc == ()


def test_a_field_that_is_too_long_is_cut_and_the_message_parsed() -> None:
    message = read(with_fields(b"X-Long: " + b"word " * MAX_FIELD) + b"more text\n")

    assert not message.degraded
    assert "header_too_long" in message.defects
    assert message.text == "Hello\nmore text\n"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ([b"X-Filler: %d" % number for number in range(MAX_FIELDS)], "too_many_headers"),
        ([b"To: " + b"a@x.example, " * MAX_LIST_FIELD], "header_block_too_large"),
    ],
)
def test_s27_a_header_beyond_the_limits_makes_a_degraded_record_with_what_matters(
    fields: list[bytes], reason: str
) -> None:
    raw = b"".join(field + b"\n" for field in fields) + HEADER + b"\nHello\n"

    message = read(raw)

    assert message.degraded
    assert message.defects[-1] == reason
    assert (message.subject, message.message_id) == ("The ring", "ring@customer.example")
    assert message.from_ is not None
    assert message.from_.address == "anna@customer.example"
    assert message.date == TEN


def test_a_machine_that_floods_its_header_is_still_known_as_one() -> None:
    flood = b"".join(b"X-Filler: %d\n" % number for number in range(MAX_FIELDS))

    message = read(flood + HEADER + b"Auto-Submitted: auto-replied\n\nx")

    assert message.degraded
    assert message.field("auto-submitted") == ("auto-replied",)
