"""Mails for tests of the parser, and the parser without its process."""

from maildaemon.domain.message import Attachment, Message, Parsed
from maildaemon.domain.reading import Reading
from maildaemon.mail.parse import parse_message

LANGUAGES = ("en", "de", "it", "fr", "es", "pt", "nl", "ru", "uk", "pl")
READING = Reading(LANGUAGES)

HEADER = (
    b"From: Anna <anna@customer.example>\n"
    b"To: support@shop.example\n"
    b"Subject: The ring\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0000\n"
    b"Message-ID: <ring@customer.example>\n"
    b"MIME-Version: 1.0\n"
)


def parse(raw: bytes) -> Parsed:
    return parse_message(raw, READING)


def read(raw: bytes) -> Message:
    return parse(raw).message


def with_fields(*fields: bytes) -> bytes:
    """A mail whose header has these fields besides the usual ones."""
    return HEADER + b"".join(field + b"\n" for field in fields) + b"\nHello\n"


def with_parts(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    """A multipart mail; each part is its header fields, an empty line, its content."""
    body = b"".join(b"--=_b\n" + part + b"\n" for part in parts)
    return HEADER + b'Content-Type: multipart/%s; boundary="=_b"\n\n%s--=_b--\n' % (kind, body)


def text(content: bytes = b"See the photo.") -> bytes:
    return b"Content-Type: text/plain; charset=utf-8\n\n" + content


def only_file(raw: bytes) -> Attachment:
    files = read(raw).attachments
    assert len(files) == 1, files
    return files[0]
