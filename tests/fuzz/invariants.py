"""What holds of every parsed message, whatever bytes came in."""

import hashlib
import json
import re
from collections.abc import Iterator

from maildaemon.adapters import worker, worker_child
from maildaemon.domain.message import Message, Parsed

# What is shown in one line holds nothing that could begin another, hide or turn round a part of it.
UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")
_BROKEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNREADABLE = re.compile("[\x00\r\ud800-\udfff]")
# RFC 3463 §2: class, subject and detail.
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_LEADS_OUT = re.compile(r"[/\\:\x00]|^\.+$")
_LARGEST_ANSWER = 32 * 1024 * 1024


def flaws(raw: bytes, parsed: Parsed) -> Iterator[str]:
    """Yield what is wrong with an answer; nothing if it is sound."""
    message = parsed.message
    yield from _flaws_of_lines(message)
    yield from _flaws_of_texts(message)
    yield from _flaws_of_files(raw, parsed)
    yield from _flaws_of_report(message)
    if not message.message_id or not re.fullmatch("[0-9a-f]{64}", message.identity):
        yield "a message has no name"
    if message.date is not None and message.date.tzinfo is None:
        yield "the date is of no time zone"
    if "parse_failed" in message.defects:
        yield "the parser raised"


def flaws_of_frames(parsed: Parsed) -> Iterator[str]:
    """Yield what the worker would change on the way, or could not say at all."""
    said = worker_child._encode(parsed.message)
    if len(said) > _LARGEST_ANSWER:
        yield "the answer is too long for its frame"
    elif worker._decode(bytearray(said)) != parsed.message:
        yield "the answer changes in its frame"
    json.dumps([(name, len(content)) for name, content in parsed.contents.items()])


def lines_of(message: Message) -> list[str]:
    """Return every value that is shown or sent in one line."""
    addresses = (*message.to, *message.cc, *message.bcc, *message.reply_to)
    if message.from_:
        addresses += (message.from_,)
    report = message.bounce.recipients if message.bounce else ()
    return [
        *(message.subject, message.message_id, message.return_path or "", message.content_type),
        *message.cited,
        *(value for field in message.fields for value in field),
        *(part for address in addresses for part in (address.name, address.address)),
        *(file.filename for file in message.attachments),
        *(file.declared_type for file in message.attachments),
        *(value or "" for one in report for value in (one.address, one.status, one.diagnostic)),
        *([message.bounce.original_message_id or ""] if message.bounce else []),
        *message.defects,
    ]


def _flaws_of_lines(message: Message) -> Iterator[str]:
    for line in lines_of(message):
        if UNCLEAN.search(line):
            yield f"not one clean line: {line[:200]!r}"
    # The names as they were given are judged, not shown: what turns them round must still be there.
    for name in (name for file in message.attachments for name in file.names):
        if _BROKEN.search(name):
            yield f"a name of several lines: {name[:200]!r}"


def _flaws_of_texts(message: Message) -> Iterator[str]:
    for name, text in (("text", message.text), ("reply_text", message.reply_text)):
        if found := _UNREADABLE.search(text):
            yield f"{name} holds {found.group()!r}"
    if message.degraded:
        return
    yield from flaws_of_reply(message.text, message.reply_text)


def flaws_of_reply(text: str, reply: str) -> Iterator[str]:
    """Yield what cutting may not do: invent a line, or leave nothing of something."""
    lines = {line.strip() for line in text.splitlines()}
    others = [line.strip() for line in reply.splitlines() if line.strip() not in lines]
    # A line may have been taken apart where a quote begins within it.
    if invented := [line for line in others if line not in text]:
        yield f"a line of reply_text stands nowhere in text: {invented[0][:200]!r}"
    if bool(reply.strip()) != bool(text.strip()):
        yield "cutting quotes left nothing, or made something of nothing"


def _flaws_of_files(raw: bytes, parsed: Parsed) -> Iterator[str]:
    files = parsed.message.attachments
    if {file.sha256 for file in files} != {*parsed.contents}:
        yield "the files and their contents do not match"
    if sum(map(len, parsed.contents.values())) > worker.MOST_READINGS * len(raw):
        yield "the files hold more bytes than came"
    for file in files:
        content = parsed.contents.get(file.sha256, b"")
        if hashlib.sha256(content).hexdigest() != file.sha256 or len(content) != file.size:
            yield f"size or hash of a file is wrong: {file.filename}"
        if not file.filename or _LEADS_OUT.search(file.filename):
            yield f"a name leads out of its folder: {file.filename!r}"


def _flaws_of_report(message: Message) -> Iterator[str]:
    report = message.bounce
    if report is None:
        return
    if len(report.recipients) > 1000:
        yield f"a report names {len(report.recipients)} recipients"
    for one in report.recipients:
        if one.status is not None and not _STATUS.fullmatch(one.status):
            yield f"no status code: {one.status!r}"
        if "@" in one.address and re.search(r"[\s<>]", one.address):
            yield f"no address: {one.address!r}"
