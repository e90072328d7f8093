"""Messages put together by hand, as the many programs of this world do."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from quopri import encodestring
from random import Random
from urllib.parse import quote

from benchmarks.files import File

Fields = Sequence[tuple[str, str]]


def message(header: Fields, body: bytes) -> bytes:
    """Return a whole message; the body brings its own MIME fields."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in header)
    return lines.encode("utf-8") + b"MIME-Version: 1.0\r\n" + body


def text(content: str, charset: str, random: Random, subtype: str) -> bytes:
    """Return a text part in a charset (UTF-8 if it cannot say everything) and an encoding."""
    try:
        raw = content.encode(charset)
    except UnicodeEncodeError:
        charset, raw = "utf-8", content.encode()
    if charset in {"us-ascii", "iso-2022-jp"} and _lines_are_short(raw):
        encoding, raw = "7bit", raw.replace(b"\n", b"\r\n")
    elif random.random() < 0.3:
        encoding, raw = "base64", _base64(raw)
    elif random.random() < 0.7 or not _lines_are_short(raw):
        encoding, raw = "quoted-printable", encodestring(raw).replace(b"\n", b"\r\n")
    else:
        encoding, raw = "8bit", raw.replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{subtype}; charset={charset}\r\n"
    return f"{head}Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + raw


def file(attached: File, random: Random, content_id: str | None = None) -> bytes:
    """Return a file as a part; its name in one of the ways in which names are written."""
    name = attached.name
    if not name.isascii() and random.random() < 0.5:
        named = f"filename*=utf-8''{quote(name)}"
    else:
        named = f'filename="{encoded(name, random)}"'
    disposition = "inline" if content_id else "attachment"
    head = f"Content-Type: {attached.media_type}\r\nContent-Disposition: {disposition};\r\n {named}"
    if content_id:
        head += f"\r\nContent-ID: <{content_id}>"
    return f"{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + _base64(
        attached.content
    )


def multipart(subtype: str, random: Random, *parts: bytes) -> bytes:
    boundary = f"----=_Part_{random.getrandbits(64):016x}"
    opened = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    return head.encode() + opened + f"--{boundary}--\r\n".encode()


def report(random: Random, failed: str, original_id: str) -> bytes:
    """Return the body of an RFC 3464 report that a mail could not be delivered."""
    human = text(f"Your message to {failed} could not be delivered.\n", "us-ascii", random, "plain")
    status = (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elsewhere.example\r\n"
        f"\r\nFinal-Recipient: rfc822; {failed}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
    )
    header = f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{original_id}>\r\n"
    return multipart(
        "report; report-type=delivery-status", random, human, status.encode(), header.encode()
    )


def encoded(words: str, random: Random, charsets: Sequence[str] = ("utf-8",)) -> str:
    """Return text for a header field, as encoded words (RFC 2047) where it is not ASCII."""
    if words.isascii():
        return words
    charset = random.choice(charsets)
    pieces = [words[start : start + 12] for start in range(0, len(words), 12)]
    try:
        raws = [piece.encode(charset) for piece in pieces]
    except UnicodeEncodeError:
        charset, raws = "utf-8", [piece.encode() for piece in pieces]
    return "\r\n ".join(f"=?{charset}?B?{base64.b64encode(raw).decode()}?=" for raw in raws)


def trace(random: Random, at: datetime, sender: str) -> Fields:
    """Return what the servers on the way have written on top."""
    domain, hops = sender.partition("@")[2], []
    for hop in range(random.randrange(1, 5)):
        stamp = format_datetime(at + timedelta(seconds=4 - hop))
        identifier = f"{random.getrandbits(60):x}"
        hops.append(
            f"from mx{hop}.{domain} (mx{hop}.{domain} [192.0.2.{hop + 1}])\r\n"
            f"\tby relay{hop}.example.test (Postfix) with ESMTPS id {identifier}\r\n"
            f"\tfor <support@example.test>; {stamp}"
        )
    signature = base64.b64encode(random.randbytes(256)).decode()
    folded = "\r\n\t ".join(signature[start : start + 70] for start in range(0, 340, 70))
    dkim = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=sel1;\r\n"
        f"\th=from:to:subject:date:message-id; bh={signature[:43]}=;\r\n\tb={folded}"
    )
    seal = (
        "ARC-Seal",
        f"i=1; a=rsa-sha256; t=1700000000; cv=none; d=relay.example;\r\n\tb={folded}",
    )
    return [
        *(("Received", hop) for hop in hops),
        ("DKIM-Signature", dkim),
        *([seal] if random.random() < 0.4 else []),
    ]


def programs_fields(random: Random) -> Fields:
    """Return what a mail program adds of its own."""
    match random.randrange(4):
        case 0:
            index = base64.b64encode(random.randbytes(22)).decode()
            antispam = base64.b64encode(random.randbytes(900)).decode()
            folded = "\r\n ".join(antispam[start : start + 74] for start in range(0, 1200, 74))
            return [
                ("Thread-Index", index),
                ("X-MS-Has-Attach", ""),
                ("X-Microsoft-Antispam-Message-Info", folded),
            ]
        case 1:
            return [("User-Agent", "Mozilla Thunderbird"), ("Content-Language", "en-US")]
        case 2:
            return [("X-Mailer", "iPhone Mail (21E236)")]
        case _:
            return [("X-Gm-Message-State", f"AOJu0Y{random.getrandbits(256):x}")]


def _lines_are_short(raw: bytes) -> bool:
    # RFC 5322 §2.1.1: no line is longer than 998 characters.
    return all(len(line) < 990 for line in raw.splitlines())


def _base64(raw: bytes) -> bytes:
    return base64.encodebytes(raw).replace(b"\n", b"\r\n")
