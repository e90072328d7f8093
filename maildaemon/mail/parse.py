"""Bytes to a message. Total: whatever a stranger sends, something comes out and nothing raises."""

from dataclasses import replace

from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Reading as Wanted
from maildaemon.mail.addresses import parse_addressing
from maildaemon.mail.bodies import ENCRYPTED, Reading, read_bodies, read_wrapped
from maildaemon.mail.bounces import parse_bounce
from maildaemon.mail.degraded import parse_degraded
from maildaemon.mail.fields import message_of_header
from maildaemon.mail.files import Files, read_files
from maildaemon.mail.language import detect_language
from maildaemon.mail.prescan import Scan, identity, scan
from maildaemon.mail.receipts import parse_receipt
from maildaemon.mail.replies import read_reply
from maildaemon.mail.search import find, prepare
from maildaemon.mail.structure import Structure, arrange
from maildaemon.mail.tree import LimitExceededError, Part, Tree


def parse_message(raw: bytes, wanted: Wanted) -> Parsed:
    """Return the message and its files, and what was looked for in it. Nothing bounds how long
    the operator's expressions take here.
    """
    parsed = parse_mail(raw, wanted.languages)
    if parsed.message.degraded:
        return parsed
    found = find(parsed.message, prepare(wanted))
    return replace(parsed, message=replace(parsed.message, found=found))


def parse_mail(raw: bytes, languages: tuple[str, ...]) -> Parsed:
    """Return the message and its files; `languages` are those that may be recognised.

    Damage is listed in `defects`. What breaks the limits, or what no code here foresaw, becomes
    a degraded record, so that staff see the message and the mailbox goes on.
    """
    try:
        return _parse(raw, languages)
    except LimitExceededError as error:
        return parse_degraded(raw, str(error))
    except Exception:  # noqa: BLE001  # the promise of this function; the raw bytes are kept
        return parse_degraded(raw, "parse_failed")


def _parse(raw: bytes, languages: tuple[str, ...]) -> Parsed:
    scanned = scan(raw)
    if scanned.exceeded:
        raise LimitExceededError(scanned.exceeded)
    hash_ = identity(scanned)
    tree = Tree(_mime_header(scanned), scanned.body, hash_)
    message = replace(
        message_of_header(scanned, hash_, len(raw), parse_addressing, tree.charset),
        content_type=tree.root.media_type,
        report_type=_report_type(tree.root),
    )
    structure = arrange(tree)
    reading, files = _read(tree, structure)
    reply_text = read_reply(tree, structure.bodies, reading, message.subject)
    tongue = detect_language(reply_text, languages, message.subject)
    message = replace(
        message,
        text=reading.text,
        reply_text=reply_text,
        language=tongue.language,
        language_confidence=tongue.confidence,
        attachments=files.attachments,
        receipt=parse_receipt(tree, structure, reading.text),
        bounce=parse_bounce(message, tree, structure, reading.text),
        defects=(*message.defects, *reading.defects, *_structure_defects(structure)),
    )
    return Parsed(message, files.contents)


def _read(tree: Tree, structure: Structure) -> tuple[Reading, Files]:
    """Return the text and the files; text from where there is any."""
    reading = read_bodies(tree, structure.bodies)
    if not reading.text.strip() and structure.spare:
        reading = read_bodies(tree, structure.spare)
    files = read_files(tree, structure, reading)
    if not reading.text.strip() and files.wrapper:
        reading = read_wrapped(reading, files.wrapper)
    return reading, files


def _mime_header(scanned: Scan) -> bytes:
    """Return the fields that describe the body; the others are read already."""
    return b"".join(
        name + b": " + value + b"\r\n"
        for name, value in scanned.fields
        if name.startswith(b"content-")
    )


def _report_type(root: Part) -> str | None:
    """RFC 6522 §3: the parameter; the subtype of the second part where it is missing."""
    if root.media_type != "multipart/report":
        return None
    declared = root.structured("content-type").first("report-type")
    if declared:
        return declared.lower()
    second = root.children[1].media_type if len(root.children) > 1 else ""
    return second.partition("/")[2]


def _structure_defects(structure: Structure) -> list[str]:
    found = {
        "ambiguous_structure": structure.doubtful,
        "data_outside_parts": bool(structure.outside),
        ENCRYPTED: structure.sealed,
    }
    return [name for name, holds in found.items() if holds]
