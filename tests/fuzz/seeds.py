"""Mails to begin with: what people, machines and their programs send, and one file of each kind."""

import gzip
import io
import tarfile
import zipfile
from base64 import encodebytes
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.mailbox import write_mailbox
from tests.corpus.loading import load_corpora
from tests.unit.parsing import HEADER, text, with_parts

FOUND = Path(__file__).parent / "found"
_LONGEST = 200_000
_WRITTEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
_FILES = 40


def mails(folders: Sequence[Path] = ()) -> list[bytes]:
    """Return the mails to begin with; folders may hold corpora, or any files that are mails."""
    seeds = [letter.raw for letter in write_mailbox(7, _FILES, _WRITTEN)]
    seeds += [*_special(), *reports(), *(with_file(*one) for one in files())]
    seeds += [path.read_bytes() for path in sorted(FOUND.glob("*.eml"))]
    for folder in folders:
        seeds += _of_folder(folder)
    return [seed for seed in seeds if len(seed) <= _LONGEST]


def _of_folder(folder: Path) -> Iterator[bytes]:
    if (folder / "loaders.py").exists():
        corpora = load_corpora(folder)
        yield from (raw for _, raw in corpora.messages([*corpora.sets]))
    else:
        yield from (path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def with_file(name: str, content: bytes) -> bytes:
    """Return a mail that carries this file."""
    part = (
        b"Content-Type: application/octet-stream\n"
        b'Content-Disposition: attachment; filename="%s"\n'
        b"Content-Transfer-Encoding: base64\n\n" % name.encode()
    )
    return with_parts(text(), part + encodebytes(content))


def files() -> list[tuple[str, bytes]]:
    """Return one small file of each kind that is looked into."""
    document = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
    macros = {**document, "word/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(600)}
    inner = _zip({"invoice.pdf.exe": b"MZ" + bytes(100)})
    return [
        ("photo.zip", _zip({"a.jpg": b"\xff\xd8\xff\xe0" + bytes(50), "b.txt": b"hello"})),
        ("inner.zip", _zip({"inner.zip": inner, "readme.txt": b"x"})),
        ("zeros.zip", _zip({"zeros": bytes(200_000)})),
        ("letter.docx", _zip(document)),
        ("letter.docm", _zip(macros)),
        ("sheet.xlsx", _zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"})),
        ("text.odt", _zip({"mimetype": b"application/vnd.oasis.opendocument.text"})),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(24) + b"\x3e\x00\x03\x00" + bytes(1500)),
        ("files.tar", _tar({"a.txt": b"hello", "../b.exe": b"MZ"})),
        ("files.tar.gz", gzip.compress(_tar({"a.txt": b"hello"}), mtime=0)),
        ("log.gz", gzip.compress(b"hello" * 1000, mtime=0)),
        ("invoice.pdf", _pdf(b"/Type /Catalog")),
        ("active.pdf", _pdf(b"/OpenAction << /S /JavaScript /JS (x) >>")),
        ("photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17)),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)),
        ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(60) + b"\xff\xd9"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>"),
        ("setup.exe", b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(100)),
        ("pack.7z", b"7z\xbc\xaf'\x1c\0\4" + bytes(40)),
        ("pack.rar", b"Rar!\x1a\x07\x01\0" + bytes(40)),
        ("winmail.dat", _tnef()),
        ("meeting.ics", b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"),
        ("person.vcf", b"BEGIN:VCARD\r\nFN:Anna\r\nEND:VCARD\r\n"),
    ]  # fmt: skip


def _zip(parts: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 10, 0, 0)), content)
    return written.getvalue()


def _tar(parts: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return written.getvalue()


def _pdf(catalogue: bytes) -> bytes:
    return b"%%PDF-1.7\n1 0 obj\n<< %s >>\nendobj\ntrailer << /Root 1 0 R >>\n%%%%EOF\n" % catalogue


def _tnef() -> bytes:
    def attribute(level: int, name: int, content: bytes) -> bytes:
        check = sum(content) & 0xFFFF
        return (
            bytes([level])
            + name.to_bytes(4, "little")
            + len(content).to_bytes(4, "little")
            + content
            + check.to_bytes(2, "little")
        )

    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(
        (
            attribute(1, 0x00089006, (0x00010000).to_bytes(4, "little")),
            attribute(2, 0x00069002, bytes(14)),
            attribute(2, 0x00018010, b"invoice.txt\0"),
            attribute(2, 0x0006800F, b"hello"),
        )
    )


def reports() -> list[bytes]:
    """Return what machines say about mail: by the standard and each in its own way."""
    reporter = HEADER.replace(b"Anna <anna@customer.example>", b"MAILER-DAEMON@mx.example")
    status = (
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: rfc822; gone@customer.example\nAction: failed\nStatus: 5.1.1\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 <gone@customer.example>: no such user\n"
    )
    original = b"Content-Type: message/rfc822\n\n" + HEADER + b"\nHello\n"
    wild = (
        (
            b"Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver "
            b"your message.\n\n<gone@customer.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n"
            b"\n--- Below this line is a copy of the message.\n\n"
        ),
        (
            b"This message was created automatically by mail delivery software.\n\nA message that you "
            b"sent could not be delivered:\n\n  gone@customer.example\n    SMTP error from remote mail "
            b"server after RCPT TO:<gone@customer.example>:\n    host mx [192.0.2.1]: 550 unknown user\n"
            b"\n------ This is a copy of the message, including all the headers. ------\n\n"
        ),
        (
            b"Delivery has failed to these recipients or groups:\n\ngone@customer.example\nThe address "
            b"could not be found.\n\nDiagnostic information for administrators:\n\n#< #5.1.1 "
            b"smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound> #SMTP#\n"
        ),
        b"Ihre Nachricht an gone@customer.example konnte nicht zugestellt werden.\n",
        (
            b"** Message not delivered **\n\nYour message to gone@customer.example has been delayed. "
            b"Gmail will retry for 47 more hours.\n"
        ),
    )
    return [
        with_parts(text(b"It failed."), status, original, kind=b"report; report-type=delivery-status"),
        with_parts(text(), b"Content-Type: message/disposition-notification\n\nFinal-Recipient: "
                   b"rfc822; a@b.example\nDisposition: manual-action; displayed\n",
                   kind=b"report; report-type=disposition-notification"),
        with_parts(text(), b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n",
                   original, kind=b"report; report-type=feedback-report"),
        *(reporter + b"Return-Path: <>\n\n" + one + HEADER + b"\nHello\n" for one in wild),
        HEADER + b"Auto-Submitted: auto-replied\nX-Autoreply: yes\n\nI am out of the office.\n",
    ]  # fmt: skip


def _special() -> Iterator[bytes]:
    """Yield what has a form of its own inside a mail."""
    yield HEADER + (
        b"Content-Type: text/plain; format=flowed; delsp=yes\n\nThis line flows \ninto the next.\n"
        b"> quoted \n> text\n-- \nAnna\n"
    )
    yield HEADER + b"\nSee below\nbegin 644 a.txt\n%:&5L;&\\*\n`\nend\nbye\n"
    yield with_parts(text(), b"Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n"
                     b"METHOD:REPLY\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b\nEND:VCALENDAR\n")  # fmt: skip
    yield with_parts(b"Content-Type: message/rfc822\n\n" + HEADER + b"\nInner\n", text(b"Outer"))
    yield with_parts(text(), b"Content-Type: application/pgp-signature\n\n-----BEGIN PGP "
                     b"SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n", kind=b"signed")  # fmt: skip
    yield HEADER + (
        b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
        b"Content-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHAqCAMIACAQExADALBgkqhkiG9w0BBwE=\n"
    )
    yield with_parts(text(b"Hi"), b"Content-Type: text/html; charset=utf-8\n\n<html><style>p{}</style>"
                     b"<p>Hi<br>there<table><tr><td>a<td>b</table><div class=gmail_quote><div "
                     b"class=gmail_attr>On Mon, A &lt;a@b&gt; wrote:</div><blockquote>old</blockquote>"
                     b"</div>", kind=b"alternative")  # fmt: skip
    yield HEADER.replace(b"The ring", b"=?iso-2022-jp?B?GyRCQ21KOBsoQg==?=") + (
        b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$BCmJ8\x1b(B\n"
    )
