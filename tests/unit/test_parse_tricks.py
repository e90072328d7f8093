"""Known ways to show one file to a scanner and another to a reader: each is flagged, none is lost.

What they have in common: two programs may read the message differently. So the file must be in
the list, `ambiguous`, or plainly what it is.
"""

import base64

import pytest

from tests.unit.parsing import HEADER, read, text, with_parts

PROGRAM = "application/x-msdownload"
CONTENT = base64.encodebytes(b"MZ\x90\x00\x03" + bytes(200))
NAMED = (
    b"Content-Type: application/octet-stream; name=a.exe\n"
    b"Content-Disposition: attachment; filename=a.exe\n"
)
BASE64 = b"Content-Transfer-Encoding: base64\n"
FILE = NAMED + BASE64 + b"\n" + CONTENT
HELLO = b"--b\nContent-Type: text/plain\n\nHello\n"
PARTS = HELLO + b"--b\n" + FILE + b"--b--\n"


def mixed(content_type: bytes, body: bytes = PARTS) -> bytes:
    return HEADER + b"Content-Type: " + content_type + b"\n\n" + body


def attached(fields: bytes, content: bytes = CONTENT) -> bytes:
    return with_parts(text(), fields + b"\n" + content)


def disposed(parameters: bytes) -> bytes:
    return attached(b"Content-Type: application/pdf\nContent-Disposition: " + parameters + b"\n")


FLAGGED = {
    "two transfer encodings": attached(NAMED + BASE64 + b"Content-Transfer-Encoding: 7bit\n"),
    "an encoding with a word behind it": attached(NAMED + BASE64.replace(b"64", b"64 x")),
    "an encoding with a word in front": attached(NAMED + BASE64.replace(b"base", b"x base")),
    "an encoding that nobody knows": attached(NAMED + BASE64.replace(b"base", b"x-base")),
    "an encoding with a NUL": attached(NAMED + BASE64.replace(b"64", b"64\x00")),
    "base64 in the alphabet of addresses": attached(NAMED + BASE64, CONTENT.replace(b"A", b"-", 3)),
    "base64 with padding in the middle": attached(NAMED + BASE64, b"TVqQ=AADAA==AAAA\n"),
    "base64 with other characters in it": attached(NAMED + BASE64, b"TVqQ!AAD&AAA\n"),
    "quoted-printable with half an escape": attached(
        NAMED + b"Content-Transfer-Encoding: quoted-printable\n", b"MZ=90=0\n=ZZ"
    ),
    "two types": mixed(b"multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b"),
    "two boundaries": mixed(b"multipart/mixed; boundary=a; boundary=b"),
    "two spellings of the boundary": mixed(b"multipart/mixed; boundary=a; boundary*=us-ascii''b"),
    "a comment within the type": mixed(b"multipart/(x)mixed; boundary=b"),
    "half a type": mixed(b"multipart; boundary=b"),
    "a type that is none": mixed(b"foo bar/mixed; boundary=b"),
    "text with a boundary": mixed(b"text/plain; boundary=b"),
    "no semicolon before the boundary": mixed(b"multipart/mixed boundary=b"),
    "no boundary": mixed(b"multipart/mixed"),
    "an empty boundary": mixed(b'multipart/mixed; boundary=""', PARTS.replace(b"--b", b"--")),
    "an escaped boundary": mixed(rb'multipart/mixed; boundary="\b"'),
    "a boundary with a NUL": mixed(b'multipart/mixed; boundary="b\x00c"'),
    "the boundary of the parts around": mixed(
        b"multipart/mixed; boundary=b",
        b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" + PARTS + b"--b--\n",
    ),
    "a line that begins like a boundary": mixed(
        b"multipart/mixed; boundary=b", HELLO + b"--b.\n" + FILE + b"--b--\n"
    ),
    "a boundary with a word behind it": mixed(
        b"multipart/mixed; boundary=b", HELLO + b"--b foo\n" + FILE + b"--b--\n"
    ),
    "a multipart in base64": mixed(
        b"multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64",
        base64.encodebytes(PARTS),
    ),
    "a multipart that says it is quoted-printable": mixed(
        b"multipart/mixed; boundary=b\nContent-Transfer-Encoding: quoted-printable"
    ),
    "a file before the first boundary": mixed(
        b"multipart/mixed; boundary=b", b"--c\n" + FILE + b"--c--\n" + HELLO + b"--b--\n"
    ),
    "a file after the end": mixed(
        b"multipart/mixed; boundary=b", HELLO + b"--b--\n--b\n" + FILE + b"--b--\n"
    ),
    "a space before the colon": attached((NAMED + BASE64).replace(b":", b" :")),
    "a NUL before the colon": attached((NAMED + BASE64).replace(b":", b"\x00:")),
    "a byte before the name of a field": attached(b"\xffContent-Type: x\n" + NAMED + BASE64),
    "a line of words before the fields": attached(b"garbage\n" + NAMED + BASE64),
    "a field name on two lines": attached(
        (NAMED + BASE64).replace(b"Content-Disposition", b"Content-\n Disposition")
    ),
    "a header that begins with a folded line": attached(b" \n" + NAMED + BASE64),
    "a header with an empty folded line": attached(NAMED + b" \n" + BASE64),
    "no empty line after the header": with_parts(text(), NAMED + BASE64 + CONTENT),
    "returns for line ends": mixed(
        b"multipart/mixed; boundary=b",
        HELLO + (b"--b\n" + FILE).replace(b"\n", b"\r") + b"\r--b--\n",
    ),
    "a return between two fields": attached(
        b"Content-Type: a/b\rContent-Disposition: attachment; filename=a.exe\n" + BASE64
    ),
    "a piece of a file": HEADER + b"Content-Type: message/partial; id=x; number=1\n\n" + FILE,
    "two names": disposed(b"attachment; filename=a.pdf; filename=a.exe"),
    "two dispositions": disposed(
        b"attachment; filename=a.pdf\nContent-Disposition: attachment; filename=a.exe"
    ),
    "a name without its beginning": disposed(b"attachment; filename*1=a.exe"),
    "a name that goes on after the quote": disposed(b'attachment; filename="a.pdf".exe'),
    "a name with a NUL": disposed(b'attachment; filename="a.exe\x00.pdf"'),
    "a name that is never closed": disposed(b'attachment; filename="a.exe'),
    "a name with a bare semicolon": disposed(b"attachment; filename=a;b.exe"),
    "a name behind a comma": disposed(b"attachment, filename=a.exe"),
    "another name in the type": attached(
        b"Content-Type: application/pdf; name=a.pdf\n"
        b"Content-Disposition: attachment; filename=a.exe\n"
    ),
}


@pytest.mark.parametrize("trick", FLAGGED)
def test_what_two_readers_may_see_differently_is_flagged(trick: str) -> None:
    files = read(FLAGGED[trick]).attachments

    assert files
    assert [file.filename for file in files if "ambiguous" not in file.findings] == []


PLAIN = {
    "a boundary in pieces": mixed(b"multipart/mixed; boundary*0=b"),
    "a boundary with a space behind it": mixed(b'multipart/mixed; boundary="b "'),
    "no end": mixed(b"multipart/mixed; boundary=b", PARTS.removesuffix(b"--b--\n")),
    "an encoding in quotes": attached(NAMED + BASE64.replace(b"base64", b'"base64"')),
    "an encoding with a comment": attached(NAMED + BASE64.replace(b"64", b"64 (x)")),
    "a longer boundary inside": mixed(
        b"multipart/mixed; boundary=b",
        b"--b\nContent-Type: multipart/alternative; boundary=b_alt\n\n--b_alt\n\nHello\n"
        b"--b_alt--\n--b\n" + FILE + b"--b--\n",
    ),
    "a digest of files": mixed(
        b"multipart/digest; boundary=b", PARTS.replace(b"--b\nContent-Type: text", b"--b\nX: text")
    ),
    "letters in the text": HEADER + b"\nHello\nbegin 644 a.exe\n#35J0\n`\nend\n",
    "fields without spaces": attached((NAMED + BASE64).replace(b": ", b":").replace(b"; ", b";")),
    "fields in capitals": attached((NAMED + BASE64).upper().replace(b"A.EXE", b"a.exe")),
}


@pytest.mark.parametrize("way", PLAIN)
def test_what_every_reader_sees_is_found_and_not_flagged(way: str) -> None:
    files = [file for file in read(PLAIN[way]).attachments if file.detected_type == PROGRAM]

    assert [(file.filename, file.findings) for file in files] == [("a.exe", ())]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        (b"attachment; filename*0=a.; filename*2=exe; filename*1=pdf.", "a.pdf.exe"),
        (b'attachment; filename="=?utf-8?q?a=2Ee?==?utf-8?q?xe?="', "a.exe"),
        (b"attachment;filename=a.exe", "a.exe"),
        (b"attachment; filename*=a%2Eexe", "a.exe"),
        (b"attachment; filename*=utf-8''=?utf-8?q?a=2Eexe?=", "a.exe"),
        (b"attachment; filename*0*=utf-8''a%2E; filename*1=exe", "a.exe"),
        (b'attachment; filename*0="=?utf-8?B?YS5l"; filename*1="eGU=?="', "a.exe"),
        (b"filename=a.exe", "a.exe"),
        (b"attachment; filename='a;b.exe'", "a;b.exe"),
    ],
)
def test_a_hidden_name_is_found(parameters: bytes, name: str) -> None:
    files = read(disposed(parameters)).attachments

    assert name in files[0].names
