"""Facts about the files of a message, and their bytes."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from maildaemon.domain.message import Attachment
from maildaemon.mail.bodies import read_source
from maildaemon.mail.headers import clean, decode_text
from maildaemon.mail.names import collect_names, extensions, sanitise
from maildaemon.mail.prescan import scan
from maildaemon.mail.structure import Leaf, Structure, transfer_encoding
from maildaemon.mail.transfer import AMBIGUOUS, decode_transfer
from maildaemon.mail.tree import Part, Tree
from maildaemon.mail.types import OCTETS, detect_type, extension_of

CALENDAR_REPLY = "calendar_reply"
_MAX_CONTENT_ID = 200
_SNIFFED = 4_096
_METHOD_REPLY = re.compile(rb"^METHOD:REPLY\b", re.IGNORECASE | re.MULTILINE)
_CID = re.compile(r"cid:([^\"'\s>)]{1,300})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Files:
    """The attachments in order of appearance, and their contents by sha256."""

    attachments: tuple[Attachment, ...]
    contents: dict[str, bytes]


def read_files(tree: Tree, structure: Structure) -> Files:
    """Return every file with all its names, its true type, and what is odd about it."""
    contents: dict[str, bytes] = {}
    attachments: list[Attachment] = []
    referenced = _referenced(tree, structure)
    for leaf in structure.files:
        attachment, content = _read_file(tree, leaf, len(attachments) + 1, referenced)
        attachments.append(attachment)
        contents[attachment.sha256] = content
    for text in structure.outside:
        content = tree.restore(text)
        attachment = _outside(content, len(attachments) + 1)
        attachments.append(attachment)
        contents[attachment.sha256] = content
    return Files(tuple(attachments), contents)


def _read_file(
    tree: Tree, leaf: Leaf, number: int, referenced: frozenset[str]
) -> tuple[Attachment, bytes]:
    part = leaf.part
    disposition = part.structured("content-disposition")
    names = collect_names(disposition, part.structured("content-type"))
    content, findings = decode_transfer(tree.raw(part), transfer_encoding(part))
    if leaf.doubtful or len(extensions(names)) > 1:
        findings = tuple(dict.fromkeys((AMBIGUOUS, *findings)))
    declared = part.media_type
    if declared == "text/calendar" and _answers(part, content):
        findings = (*findings, CALENDAR_REPLY)
    detected = detect_type(content)
    content_id = clean(part.text("content-id")).strip("<>")[:_MAX_CONTENT_ID] or None
    inline = declared.startswith("image/") and (
        disposition.value == "inline" or (content_id or "").lower() in referenced
    )
    filename = next((safe for name in names if (safe := sanitise(name))), "")
    attachment = Attachment(
        filename=filename or _made_name(declared, detected, content, number),
        names=names,
        declared_type=declared,
        detected_type=detected,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        inline=inline,
        content_id=content_id,
        findings=findings,
    )
    return attachment, content


def _answers(part: Part, content: bytes) -> bool:
    """Tell whether a calendar entry is an answer to an invitation (RFC 5546 §3.2.3)."""
    method = part.structured("content-type").first("method") or ""
    return method.lower() == "reply" or _METHOD_REPLY.search(content, 0, _SNIFFED) is not None


def _outside(content: bytes, number: int) -> Attachment:
    return Attachment(
        filename=f"outside-{number}.bin",
        names=(),
        declared_type=OCTETS,
        detected_type=detect_type(content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        inline=False,
        findings=(AMBIGUOUS,),
    )


def _made_name(declared: str, detected: str | None, content: bytes, number: int) -> str:
    """Return the same name at every parse for a file that has none."""
    if declared == "message/rfc822":
        subjects = scan(content).values(b"subject")
        subject = sanitise(decode_text(subjects[0])[:100].replace("/", "_")) if subjects else ""
        return f"{subject or f'message-{number}'}.eml"
    known = detected if declared == OCTETS and detected else declared
    stem = known.partition("/")[0] if known.startswith(("image/", "audio/", "video/")) else ""
    return f"{stem or 'attachment'}-{number}{extension_of(known)}"


def _referenced(tree: Tree, structure: Structure) -> frozenset[str]:
    """Return the Content-IDs (lower case) that the HTML shows, if any file has one."""
    if not any(leaf.part.text("content-id") for leaf in structure.files):
        return frozenset()
    pages: Iterable[str] = (
        read_source(tree, part, {}) for body in structure.bodies for part in body.html
    )
    return frozenset(unquote(cid).lower() for page in pages for cid in _CID.findall(page))
