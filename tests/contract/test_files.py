"""What customers send every day, and what attackers send, through the real parse process.

The ids S1 to S5 are those of five kinds of attack: a file that becomes a program on the server, a
name that leads elsewhere, a name that reads as something else, bombs, and files that are two things.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from maildaemon.adapters.worker import ProcessParser
from maildaemon.domain.attachments import Judged, Reason, Verdict, judge
from maildaemon.domain.message import Attachment
from maildaemon.domain.reading import Reading
from tests.builders import a_file_policy
from tests.everyday_files import MORE_EVERYDAY
from tests.made_files import (
    GIF,
    JPEG,
    OFFICE,
    boxes,
    docx,
    mail_with,
    odf,
    ole,
    packed,
    pdf,
    png,
    pptx,
    riff,
    tarred,
    xlsx,
    zipped,
)
from tests.unit.parsing import HEADER
from tests.unit.test_inside import BOMBS, HARMLESS_OFFICE, HARMLESS_PDF, POLYGLOTS, SLOW

OCTETS = "application/octet-stream"
READING = Reading(("en", "it"))


@pytest.fixture(scope="module")
def parser() -> Iterator[ProcessParser]:
    parser = ProcessParser()
    yield parser
    parser.close()


@dataclass(frozen=True, slots=True)
class Seen:
    file: Attachment
    judged: Judged
    seconds: float


def see(parser: ProcessParser, raw: bytes) -> Seen:
    parser.parse(HEADER + b"\nwarm\n", READING)
    began_at = time.monotonic()
    message = parser.parse(raw, READING).message
    seconds = time.monotonic() - began_at
    (file,) = message.attachments
    (judged,) = judge((file,), a_file_policy())
    return Seen(file, judged, seconds)


def mail(name: str, declared: str, content: bytes) -> bytes:
    """A mail as a client sends it; the name as it is, whatever it holds."""
    import base64

    head = b'Content-Type: %s; name="%s"\nContent-Transfer-Encoding: base64\n' % (
        declared.encode(),
        name.encode(),
    )
    head += b'Content-Disposition: attachment; filename="%s"\n\n' % name.encode()
    text = b"Content-Type: text/plain\n\nSee the file.\n"
    body = b"".join(
        b"--=_b\n" + part + b"\n" for part in (text, head + base64.encodebytes(content))
    )
    return HEADER + b'Content-Type: multipart/mixed; boundary="=_b"\n\n' + body + b"--=_b--\n"


# --- five hundred harmless files -------------------------------------------------------------

WORD, EXCEL, SLIDES = (
    f"{OFFICE}.{it}"
    for it in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
HEIC = boxes(b"heic", b"mif1", b"heic")
TIFF = b"II*\x00\x08\x00\x00\x00" + bytes(200)
BMP = b"BM" + (1078).to_bytes(4, "little") + bytes(4) + b"\x36\x04\x00\x00" + bytes(1064)
PHOTOS = zipped({f"IMG_{n}.JPG": JPEG for n in range(1, 20)})
VCARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Clara\r\nEND:VCARD\r\n"
PAGES = zipped({"Index/Document.iwa": b"x", "preview.jpg": JPEG, "Metadata/Properties.plist": b"x"})
MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + bytes(500)
RTF = b"{\\rtf1\\ansi Hello}"
LETTER = HEADER + b"\nHello, this is the mail I mean.\n"

# Content, names it comes under, and what the clients of real people declare it to be.
EVERYDAY: list[tuple[bytes, tuple[str, ...], tuple[str, ...]]] = [
    (
        JPEG,
        ("IMG_0001.JPG", "photo.jpeg", "Foto 1.jpg", "图片.jpg", "scan"),
        ("image/jpeg", "image/jpg", "image/pjpeg", OCTETS),
    ),
    (
        png(),
        ("Screenshot 2026-11-20 at 10.11.12.png", "image001.png", "Снимок экрана.png"),
        ("image/png", "image/x-png", OCTETS),
    ),
    (GIF, ("animation.gif",), ("image/gif", OCTETS)),
    (riff(b"WEBP"), ("IMG-20261120-WA0001.webp", "photo.jpg"), ("image/webp", OCTETS)),
    (
        HEIC,
        ("IMG_0002.HEIC", "IMG_0002.heic"),
        ("image/heic", "image/heif", OCTETS, "application/download"),
    ),
    (HEIC, ("IMG_0003.jpg",), ("image/jpeg",)),
    (boxes(b"mif1", b"avif"), ("photo.avif",), ("image/avif", OCTETS)),
    (TIFF, ("fax.tif", "scan.tiff"), ("image/tiff", OCTETS)),
    (BMP, ("scan.bmp",), ("image/bmp", "image/x-ms-bmp", OCTETS)),
    (
        pdf(),
        ("Rechnung 4711.pdf", "Invoice.PDF", "счёт.pdf", "scan"),
        ("application/pdf", "application/x-pdf", OCTETS, "application/force-download"),
    ),
    (
        docx(),
        ("letter.docx", "Reklamation.DOCX"),
        (WORD, OCTETS, "application/zip", "application/msword", "application/wps-office.docx"),
    ),
    (
        xlsx(),
        ("order.xlsx",),
        (EXCEL, OCTETS, "application/vnd.ms-excel", "application/x-zip-compressed"),
    ),
    (pptx(), ("slides.pptx",), (SLIDES, OCTETS)),
    (
        odf(),
        ("letter.odt",),
        ("application/vnd.oasis.opendocument.text", OCTETS, "application/zip"),
    ),
    (
        odf("spreadsheet"),
        ("table.ods",),
        ("application/vnd.oasis.opendocument.spreadsheet", OCTETS),
    ),
    (
        ole({"WordDocument": b"x" * 4096, "1Table": b"x"}),
        ("letter.doc",),
        ("application/msword", OCTETS),
    ),
    (HARMLESS_OFFICE["xls"], ("table.xls",), ("application/vnd.ms-excel", OCTETS)),
    (ole({"PowerPoint Document": b"x"}), ("old.ppt",), ("application/vnd.ms-powerpoint", OCTETS)),
    (
        RTF,
        ("letter.rtf", "letter.doc"),
        ("application/rtf", "text/rtf", "application/msword", OCTETS),
    ),
    (b"Where is my order?\r\n", ("note.txt", "error.log", "README"), ("text/plain", OCTETS)),
    (
        "Größe;Preis\r\n".encode(),
        ("table.csv",),
        ("text/csv", "application/vnd.ms-excel", "text/comma-separated-values", OCTETS),
    ),
    ("Grüße".encode("utf-16"), ("note.txt",), ("text/plain",)),
    (VCARD, ("Clara.vcf",), ("text/vcard", "text/x-vcard", "text/directory")),
    (
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        ("meeting.ics",),
        ("text/calendar", "application/ics"),
    ),
    (boxes(b"isom"), ("VID_20261120.mp4", "video.mp4"), ("video/mp4", OCTETS)),
    (boxes(b"qt  "), ("IMG_0004.MOV",), ("video/quicktime", OCTETS)),
    (boxes(b"3gp4"), ("video.3gp", "voice.3gp"), ("video/3gpp", "audio/3gpp", OCTETS)),
    (boxes(b"M4A "), ("Neue Aufnahme.m4a",), ("audio/mp4", "audio/x-m4a", OCTETS)),
    (riff(b"AVI "), ("clip.avi",), ("video/x-msvideo", "video/avi", OCTETS)),
    (
        b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(200),
        ("clip.webm",),
        ("video/webm", OCTETS),
    ),
    (
        b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska" + bytes(200),
        ("clip.mkv",),
        ("video/x-matroska", OCTETS),
    ),
    (MP3, ("voicemail.mp3",), ("audio/mpeg", "audio/mp3", OCTETS)),
    (b"\xff\xfb\x90\x00" + bytes(400), ("voice.mp3",), ("audio/mpeg", "audio/x-mpeg")),
    (
        b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(100),
        ("PTT-20261120-WA0001.opus", "voice.ogg"),
        ("audio/ogg", "audio/opus", "application/ogg", OCTETS),
    ),
    (b"#!AMR\n" + bytes(100), ("voice.amr",), ("audio/amr", OCTETS)),
    (riff(b"WAVE"), ("msg0001.wav",), ("audio/wav", "audio/x-wav", OCTETS)),
    (
        PHOTOS,
        ("photos.zip", "Fotos (1).zip"),
        ("application/zip", "application/x-zip-compressed", OCTETS, "application/x-zip"),
    ),
    (
        zipped({"__MACOSX/._a.jpg": b"\x00\x05\x16\x07" + bytes(20), "a.jpg": JPEG}),
        ("Archive.zip",),
        ("application/zip",),
    ),
    (
        zipped({"Order/": b"", "Order/letter.docx": docx(), "Order/scan.pdf": pdf()}),
        ("papers.zip",),
        ("application/zip", OCTETS),
    ),
    (
        packed(b"a line of a log\n" * 5000, "gz"),
        ("router.log.gz",),
        ("application/gzip", "application/x-gzip"),
    ),
    (
        packed(tarred({"a.jpg": JPEG}), "gz"),
        ("photos.tar.gz", "photos.tgz"),
        ("application/gzip", "application/x-compressed-tar"),
    ),
    (
        PAGES,
        ("Brief.pages", "table.numbers"),
        ("application/vnd.apple.pages", "application/x-iwork-pages-sffpages", OCTETS),
    ),
    (LETTER, ("Forwarded.eml", "mail.eml"), ("message/rfc822", OCTETS)),
    (mail_with("photo.jpg", JPEG, "image/jpeg"), ("mail.eml",), ("message/rfc822",)),
    (ole({"__substg1.0_0037001F": b"x"}), ("message.msg",), ("application/vnd.ms-outlook", OCTETS)),
    (
        b"0\x82\x01\x00" + bytes(256),
        ("smime.p7s",),
        ("application/pkcs7-signature", "application/x-pkcs7-signature"),
    ),
    (b"-----BEGIN PGP SIGNATURE-----\n", ("signature.asc",), ("application/pgp-signature",)),
    (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
        ("publickey - clara.asc",),
        ("application/pgp-keys",),
    ),
    *((content, (f"{name}.pdf",), ("application/pdf",)) for name, content in HARMLESS_PDF.items()),
    *((content, (name.replace(" ", "-"),), (OCTETS,)) for name, content in HARMLESS_OFFICE.items()),
]
HARMLESS = [
    (name, declared, content)
    for content, names, types in (*EVERYDAY, *MORE_EVERYDAY)
    for name in names
    for declared in types
]


def test_of_five_hundred_everyday_files_none_is_refused(parser: ProcessParser) -> None:
    assert len({(name, declared) for name, declared, _ in HARMLESS}) >= 500
    raws = {
        (number, name, declared): mail(name, declared, content)
        for number, (name, declared, content) in enumerate(HARMLESS)
    }

    files = {key: parser.parse(raw, READING).message.attachments for key, raw in raws.items()}

    verdicts = {key: judge(one, a_file_policy()) for key, one in files.items()}
    assert {key: one for key, one in verdicts.items() if one != (Judged(Verdict.ACCEPTED),)} == {}


# --- S1, S2, S3: names -----------------------------------------------------------------------

HIDDEN = {
    "S1 zero width before a dotfile": "\u200b.htaccess",
    "S1 dotfile": ".htaccess",
    "S1 dotfile with a space": " .bashrc",
    "S1 joined dotfile": "\u2060.profile",
    "S1 full width": "tool\uff0eexe",
    "S1 full width letters": "tool.\uff45\uff58\uff45",
    "S1 trailing dot": "tool.exe.",
    "S1 trailing dots and spaces": "tool.exe . . ",
    "S1 trailing no-break space": "tool.exe\u00a0",
    "S1 trailing ideographic space": "tool.exe\u3000",
    "S1 zero width inside": "tool.e\u200bxe",
    "S1 zero width at the end": "tool.exe\ufeff",
    "S1 soft hyphen": "tool.e\u00adxe",
    "S1 stream": "tool.exe::$DATA",
    "S1 stream behind a text": "a.txt:tool.exe",
    "S1 text behind a stream": "tool.exe:a.txt",
    "S1 php": "shell.asp",
    "S2 folders": "../../tool.exe",
    "S2 backslashes": "..\\..\\tool.exe",
    "S2 percent": "..%2f..%2ftool.exe",
    "S2 percent twice in a name": "tool%2eexe",
    "S2 absolute": "/etc/cron.d/tool.sh.exe",
    "S2 drive": "C:\\Windows\\tool.exe",
    "S2 share": "\\\\host\\share\\tool.exe",
    "S3 override": "invoice\u202efdp.exe",
    "S3 override of a script": "photo\u202egpj.js",
    "S3 isolate": "photo\u2067gpj\u2069.scr",
    "S3 embedding": "photo\u202bgpj\u202c.bat",
    "S3 double": "invoice.pdf.exe",
    "S3 double with room": "invoice.pdf" + " " * 60 + ".exe",
    "S3 double of a picture": "photo.jpg.scr",
    "S3 capitals": "INVOICE.PDF.EXE",
    "S3 look-alike letters": "tool.\u0435\u0445\u0435",
    "S3 one look-alike letter": "tool.\u0435xe",
    "S3 look-alike script": "tool.j\u0455",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_s01_a_name_is_made_plain_and_then_judged(parser: ProcessParser, name: str) -> None:
    seen = see(parser, mail(HIDDEN[name], "text/plain", b"Hello\n"))

    assert seen.judged == Judged(Verdict.REFUSED, Reason.EXTENSION_BLOCKED)
    shown = seen.file.filename
    assert not {"/", "\\", ":", "\x00", "\u202e", "\u200b"} & set(shown)


@pytest.mark.parametrize(
    "name",
    [
        "photo\u202egpj.png",
        "letter\u202dtxt.docx",
        "\u202escan.pdf",
        "ab\u202ecd\u202cef.pdf",
        "x\u202e.pdf",
    ],
)
def test_s03_a_name_that_is_shown_backwards_waits_for_a_person(
    parser: ProcessParser, name: str
) -> None:
    seen = see(parser, mail(name, "application/pdf", pdf()))

    assert seen.judged == Judged(Verdict.HELD, Reason.AMBIGUOUS)
    assert "hidden_characters" in seen.file.findings


@pytest.mark.parametrize(
    "name",
    [
        "photo\u200b.pdf",
        "in\u00advoice.pdf",
        "invoice\u2060.pdf",
        "p\u0430ypal.pdf",
        "ｉnvoice．pdf",
    ],
)
def test_s03_hidden_and_look_alike_characters_are_flagged(parser: ProcessParser, name: str) -> None:
    assert "hidden_characters" in see(parser, mail(name, "application/pdf", pdf())).file.findings


@pytest.mark.parametrize(
    "name",
    [
        "Счёт № 5.pdf",
        "請求書.pdf",
        "فاتورة.pdf",
        "חשבונית.pdf",
        "Rechnung_iPhone_Müller.pdf",
        "rechnung.50%.pdf",
        "a.b.c.pdf",
        "v1.2 - final (2).pdf",
        "نامه\u200cها.pdf",
        ".pdf",
        "x" * 300 + ".pdf",
        "CON.pdf",
    ],
)
def test_names_of_the_whole_world_are_nothing_odd(parser: ProcessParser, name: str) -> None:
    seen = see(parser, mail(name, "application/pdf", pdf()))

    assert seen.judged == Judged(Verdict.ACCEPTED)
    assert "hidden_characters" not in seen.file.findings


# --- S4, S5: bombs, and two things at once ---------------------------------------------------


@pytest.mark.parametrize("name", BOMBS)
def test_s04_a_bomb_ends_within_two_seconds_and_the_memory_of_the_process(
    parser: ProcessParser, name: str
) -> None:
    content = BOMBS[name]()

    seen = see(parser, mail("a.zip", OCTETS, content))

    assert seen.judged.verdict is not Verdict.ACCEPTED
    assert seen.judged.reason in {Reason.ARCHIVE_BOMB} | (
        {Reason.UNREADABLE} if name in SLOW else set()
    )


@pytest.mark.parametrize("name", POLYGLOTS)
def test_s05_what_is_two_things_at_once_is_refused_or_held(
    parser: ProcessParser, name: str
) -> None:
    content, declared = POLYGLOTS[name]
    extension = declared.rpartition("/")[2].replace("jpeg", "jpg").replace("svg+xml", "svg")

    seen = see(parser, mail(f"photo.{extension}", declared, content))

    assert seen.judged.verdict is not Verdict.ACCEPTED


def test_the_ordinary_file_costs_little(parser: ProcessParser) -> None:
    raw = mail("photos.zip", "application/zip", zipped({f"{n}.jpg": JPEG * 20 for n in range(20)}))
    fastest = min(see(parser, raw).seconds for _ in range(5))

    assert fastest < 0.5
