"""What a forger writes into his header, and into what our own server repeats of it."""

import re
from collections.abc import Iterator

from maildaemon.domain.authentication import (
    Trust,
    aligned_pass,
    judge_author,
    speaks_for_us,
    strong_pass,
)
from maildaemon.mail.parse import parse_message
from tests.builders import a_policy
from tests.unit.parsing import READING

MX = "mx.shop.example"
_POLICY = a_policy(authserv_id=MX)
_HEAD = (
    "Return-Path: <eve@evil.example>\r\n"
    "Authentication-Results: {mx}; {said}\r\n"
    "{received}From: Clara <clara@customer.example>\r\n"
    "To: support@shop.example\r\n"
)
_RECEIVED = "Received: from evil by mx.shop.example; Fri, 20 Nov 2026 10:00:00 +0000\r\n"
_NONE = "dmarc=none; dkim=none; spf=none"

Shape = tuple[object, ...]


def check_verdict(raw: bytes) -> tuple[list[str], Shape]:
    """Return how a forger got a word of his believed, and the shape of what is believed."""
    flaws: list[str] = []
    shape: list[object] = []
    for name, mail in _forgeries(raw):
        message = parse_message(mail, READING).message
        trust = judge_author(message, _POLICY)
        shape += [trust, message.degraded, len(message.field("authentication-results"))]
        if trust is Trust.PASSED or aligned_pass(message, MX) or strong_pass(message, MX):
            flaws.append(f"{name}: the forger is believed")
        if speaks_for_us(message, _POLICY, in_sent=False):
            flaws.append(f"{name}: the forger speaks for us")
    return flaws, tuple(shape)


def _forgeries(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield mails of a forger to whom our server says no, each with his bytes in another place."""
    below = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for name, said, received in (
        ("below the hop", "dmarc=none", _RECEIVED),
        ("below a contradiction", f"{_NONE}; dmarc=fail header.from=customer.example", ""),
        ("below three words", _NONE, ""),
    ):
        head = _HEAD.format(mx=MX, said=said, received=received)
        yield name, head.encode() + below + b"\r\n\r\nHello\r\n"
    # What he chooses and our server repeats: without line ends, and quoted as RFC 8601 wants it.
    chosen = re.sub(r"[\x00-\x1f\x7f]", "", raw.decode("utf-8", "replace"))[:500]
    quoted = re.sub(r'(["\\])', r"\\\1", chosen)
    remark = re.sub(r"([()\\])", r"\\\1", chosen)
    for name, said in (
        (
            "in his own address",
            f'spf=none smtp.mailfrom="{quoted}"@evil.example; dmarc=none; dkim=none',
        ),
        ("in a remark", f"dmarc=none ({remark}) header.from=customer.example; dkim=none; spf=none"),
    ):
        head = _HEAD.format(mx=MX, said=said, received=_RECEIVED)
        yield name, head.encode() + b"\r\nHello\r\n"


def verdicts() -> list[bytes]:
    """Return what forgers write."""
    words = (
        "dmarc=pass header.from=customer.example",
        "dkim=pass header.d=customer.example",
        "dkim=pass (ok) header.i=@customer.example header.s=x; spf=pass smtp.mailfrom=a@customer.example",
        "spf=pass smtp.mailfrom=clara@customer.example",
    )
    fields = [f"Authentication-Results: {MX}; {word}" for word in words]
    others = (
        f"Authentication-Results: {MX} 1;\r\n\tdmarc=pass (p=none) header.from=customer.example",
        f'Authentication-Results: "{MX}"; dmarc=pass',
        f"AUTHENTICATION-RESULTS : {MX.upper()} ; DMARC = PASS",
        f"ARC-Authentication-Results: i=1; {MX}; dmarc=pass",
        f"X: y\rAuthentication-Results: {MX}; dmarc=pass",
        f"Authentication-Results:\r\n {MX}\r\n ; dmarc\r\n =\r\n pass",
        "From: support@shop.example\r\nSender: support@shop.example",
        "From: Group: clara@customer.example;",
        'x"; dmarc=pass header.from=customer.example; x="',
        "x) ; dmarc=pass header.from=customer.example (",
        '\\"; dkim=pass header.d=customer.example; \\',
        "Subject: =?utf-8?q?=0D=0AAuthentication-Results:_mx.shop.example;_dmarc=3Dpass?=",
        *(f"{_RECEIVED}{one}" for one in fields),
    )
    return [one.encode() for one in (*fields, *others)]
