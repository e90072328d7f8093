"""Everything the header alone tells about a message; the same for whole and degraded ones."""

from collections.abc import Callable, Mapping

from maildaemon.domain.message import Message
from maildaemon.mail.headers import MAX_VALUE, clean, decode_raw, decode_text, parse_message_ids
from maildaemon.mail.loose import ADDRESS_FIELDS, Addressing
from maildaemon.mail.parameters import parse_structured
from maildaemon.mail.prescan import Scan

# RFC 5322 §3.6: these occur at most once.
_SINGLE = (
    *("date", "from", "sender", "reply-to", "to", "cc", "bcc"),
    *("message-id", "in-reply-to", "references", "subject"),
)

ReadAddressing = Callable[[Mapping[str, tuple[str, ...]]], Addressing]


def message_of_header(
    scanned: Scan,
    identity: str,
    size: int,
    read_addressing: ReadAddressing,
    charset: str | None = None,
    content_type: str | None = None,
    report_type: str | None = None,
) -> Message:
    """Return the message as far as its header fields describe it.

    `charset` is that of the text: raw 8-bit bytes in the header are usually in it, too.
    `content_type` and `report_type` are those of the body, where it was looked at.
    """
    charset = charset or declared_charset(scanned)
    decoded = tuple(
        (name.decode("ascii"), decode_text(value, charset)[:MAX_VALUE])
        for name, value in scanned.fields
    )
    texts = {
        name: tuple(decode_raw(value, charset) for value in scanned.values(name.encode("ascii")))
        for name in (*ADDRESS_FIELDS, "date", "message-id", "in-reply-to", "references")
    }
    addresses = read_addressing(texts)
    ids = parse_message_ids(texts["message-id"])
    if content_type is None:
        declared = parse_structured(_first(scanned, b"content-type", charset))
        content_type = declared.media_type or "text/plain"
    return Message(
        message_id=ids[0] if ids else f"{identity[:32]}@missing.invalid",
        identity=identity,
        from_=addresses.from_[0] if addresses.from_ else None,
        subject=next((value for name, value in decoded if name == "subject"), ""),
        date=addresses.date,
        size=size,
        in_reply_to=parse_message_ids(texts["in-reply-to"]),
        references=parse_message_ids(texts["references"]),
        reply_to=addresses.reply_to,
        to=addresses.to,
        cc=addresses.cc,
        bcc=addresses.bcc,
        return_path=_return_path(_first(scanned, b"return-path", charset), scanned),
        fields=decoded,
        content_type=content_type,
        report_type=report_type,
        defects=(*scanned.defects, *_header_defects(texts, addresses, ids, decoded)),
    )


def declared_charset(scanned: Scan) -> str | None:
    """Return the charset of a single-part body."""
    return parse_structured(_first(scanned, b"content-type", None)).first("charset")


def _first(scanned: Scan, name: bytes, charset: str | None) -> str:
    return next((decode_raw(value, charset) for value in scanned.values(name)), "")


def _return_path(value: str, scanned: Scan) -> str | None:
    """RFC 5321 §4.4: the reverse path in angle brackets, nothing in them for the null one."""
    if not scanned.values(b"return-path"):
        return None
    inside = value.partition("<")[2].partition(">")[0] if "<" in value else value
    return "".join(clean(inside).split())


def _header_defects(
    texts: Mapping[str, tuple[str, ...]],
    addresses: Addressing,
    ids: tuple[str, ...],
    decoded: tuple[tuple[str, str], ...],
) -> list[str]:
    names = [name for name, _ in decoded]
    found = {
        "duplicate_header": any(names.count(name) > 1 for name in _SINGLE),
        "many_from": len(texts["from"]) > 1 or len(addresses.from_) > 1,
        "no_from": not addresses.from_,
        "no_date": not texts["date"],
        "bad_date": bool(texts["date"]) and addresses.date is None,
        "no_message_id": not ids,
    }
    return [name for name, holds in found.items() if holds]
