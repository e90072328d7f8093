"""Bytes to a message. Total: whatever a stranger sends, something comes out and nothing raises."""

from dataclasses import replace

from maildaemon.domain.cards import without_cards_of
from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Reading as Wanted
from maildaemon.mail.addresses import parse_addressing
from maildaemon.mail.bodies import ENCRYPTED, Reading, read_text, read_wrapped
from maildaemon.mail.bounces import parse_bounce
from maildaemon.mail.degraded import parse_degraded
from maildaemon.mail.fields import message_of_header
from maildaemon.mail.files import Files, read_files
from maildaemon.mail.forwarded import read_forwarded
from maildaemon.mail.language import detect_language
from maildaemon.mail.prescan import identity, scan
from maildaemon.mail.receipts import parse_receipt
from maildaemon.mail.replies import read_reply
from maildaemon.mail.search import find, prepare
from maildaemon.mail.structure import Structure, arrange
from maildaemon.mail.tree import LimitExceededError, Part, Tree


def parse_message(raw: bytes, wanted: Wanted) -> Parsed:
    """Return the message as it is written down, its files, and what was looked for in it. Nothing
    bounds how long the operator's expressions take here.
    """
    parsed = parse_mail(raw, wanted.languages)
    if not parsed.message.degraded:
        found = find(parsed.message, prepare(wanted))
        parsed = replace(parsed, message=replace(parsed.message, found=found))
    return without_cards_of(parsed)


def parse_mail(raw: bytes, languages: tuple[str, ...]) -> Parsed:
    """Return the message and its files; `languages` are those that may be recognised. Nothing is
    masked yet: the operator's rules are for what people wrote.

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
    tree = Tree(scanned.mime_header(), scanned.body, hash_)
    message = message_of_header(
        scanned,
        hash_,
        len(raw),
        parse_addressing,
        tree.charset,
        tree.root.media_type,
        _report_type(tree.root),
    )
    structure = arrange(tree)
    reading, files = _read(tree, structure)
    receipt = parse_receipt(tree, structure, reading.text)
    bounce = parse_bounce(message, tree, structure, reading.text)
    text, reply_text = reading.text, read_reply(tree, structure.bodies, reading, message.subject)
    # Of a mail that somebody has written, what he sent on is no part; without a word of his own it
    # is all there is to read. A report returns what we wrote ourselves.
    reports = bounce or receipt or message.content_type == "multipart/report"
    if not text.strip() and not reports and (sent_on := read_forwarded(tree, structure)):
        text, reply_text = sent_on.text, sent_on.reply_text
    tongue = detect_language(reply_text, languages, message.subject)
    message = replace(
        message,
        text=text,
        reply_text=reply_text,
        language=tongue.language,
        language_confidence=tongue.confidence,
        attachments=files.attachments,
        receipt=receipt,
        bounce=bounce,
        defects=(*message.defects, *reading.defects, *_structure_defects(structure)),
    )
    return Parsed(message, files.contents)


def _read(tree: Tree, structure: Structure) -> tuple[Reading, Files]:
    """Return the text and the files; text from where there is any."""
    reading = read_text(tree, structure)
    files = read_files(tree, structure, reading)
    if not reading.text.strip() and files.wrapper:
        reading = read_wrapped(reading, files.wrapper)
    return reading, files


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
