"""Writes what goes to colleagues and partners: plain text, and perhaps a message as it came.

A foreign message is never written anew: its bytes are attached, and proven to be the same.
"""

import base64
from email import message_from_bytes
from email.utils import format_datetime, getaddresses
from hashlib import sha256

from maildaemon.domain.delivery import Note
from maildaemon.domain.probes import FIELD
from maildaemon.mail.compose import (
    HARD_LINE,
    Fields,
    address_field,
    clean_header,
    flow,
    is_address,
    markers,
    message_id_field,
    quoted_printable,
    unstructured,
)

_NAME = "message.eml"


def compose_note(note: Note) -> bytes:
    """Return the mail, lines ended by CRLF. The same values give the same bytes.

    Raises ValueError if what came out is not what was meant.
    """
    subject = clean_header(note.subject)
    fields: Fields = [
        ("From", address_field(note.sender)),
        ("To", note.recipient.address),
        ("Subject", unstructured("Subject", subject)),
        ("Date", format_datetime(note.date)),
        ("Message-ID", message_id_field(note.message_id)),
        *markers(note.auto_submitted, note.loop_token),
        *([(FIELD, note.probe_mark)] if note.probe_mark else []),
        ("MIME-Version", "1.0"),
    ]
    text = [
        "Content-Type: text/plain; charset=utf-8; format=flowed",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        *quoted_printable(flow(note.text)),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
    if note.enclosed is None:
        wire = head + "\r\n".join([*text, ""]).encode()
    else:
        wire = head + _enclosing("\r\n".join(text).encode(), note.enclosed, note.message_id)
    _prove(wire, fields, note)
    return wire


def _enclosing(text: bytes, enclosed: bytes, message_id: str) -> bytes:
    """Return the body of a mail that encloses another one."""
    seed = message_id.encode()
    # A boundary that stands in the message would end it; whoever wrote that could not know ours.
    boundary = b"=_" + sha256(seed + sha256(enclosed).digest()).hexdigest()[:32].encode()
    return b"\r\n".join(
        (
            b'Content-Type: multipart/mixed; boundary="%b"' % boundary,
            b"",
            b"--" + boundary,
            text,
            b"--" + boundary,
            *_part(enclosed),
            b"--" + boundary + b"--",
            b"",
        )
    )


def _part(enclosed: bytes) -> tuple[bytes, ...]:
    """Return the part that holds the message.

    RFC 2046 §5.2.1: a message/rfc822 part may not be encoded. What a server would change on its
    way (long lines, bare line ends, NUL) goes as a file in base64: the same bytes, one click more.
    """
    disposition = b'Content-Disposition: attachment; filename="%b"' % _NAME.encode()
    if _is_clean(enclosed):
        encoding = b"7bit" if enclosed.isascii() else b"8bit"
        return (
            b"Content-Type: message/rfc822",
            b"Content-Transfer-Encoding: " + encoding,
            disposition,
            b"",
            enclosed,
        )
    return (
        b'Content-Type: application/octet-stream; name="%b"' % _NAME.encode(),
        b"Content-Transfer-Encoding: base64",
        disposition,
        b"",
        base64.encodebytes(enclosed).replace(b"\n", b"\r\n").rstrip(b"\r\n"),
    )


def _is_clean(raw: bytes) -> bool:
    bare = raw.count(b"\n") != raw.count(b"\r\n") or raw.count(b"\r") != raw.count(b"\r\n")
    return not bare and b"\0" not in raw and max(map(len, raw.split(b"\r\n"))) <= HARD_LINE


def _prove(wire: bytes, fields: Fields, note: Note) -> None:
    """Read it as a receiver does; raise ValueError at what was not meant."""
    mail = message_from_bytes(wire)
    named = {name for name, _ in fields}
    header = [(name, value) for name, value in mail.items() if name in named]
    wanted = [(name, value.replace("\r\n", "\n")) for name, value in fields]
    others = {name for name, _ in mail.items()} - named
    proofs = {
        "header": [(name, value.replace("\r\n", "\n")) for name, value in header] == wanted,
        "other fields": others <= {"Content-Type", "Content-Transfer-Encoding"},
        "recipient": getaddresses(mail.get_all("To", [])) == [("", note.recipient.address)],
        "addresses": is_address(note.sender.address) and is_address(note.recipient.address),
        "enclosed": note.enclosed is None or _holds(wire, note.enclosed),
    }
    if wrong := [name for name, holds in proofs.items() if not holds]:
        raise ValueError(f"the composed mail is not as intended: {', '.join(wrong)}")


def _holds(wire: bytes, enclosed: bytes) -> bool:
    if _is_clean(enclosed):
        return enclosed in wire
    part = message_from_bytes(wire).get_payload()[-1]  # type: ignore[index]
    return bool(part.get_payload(decode=True) == enclosed)  # type: ignore[union-attr]
