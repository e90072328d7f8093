"""Facts about the files of a message, and their bytes."""

import hashlib
import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from maildaemon.domain.filenames import hides_something, read_extensions, reads_backwards
from maildaemon.domain.message import Attachment, Finding
from maildaemon.mail.bodies import Reading, page_source
from maildaemon.mail.enclosed import Enclosed
from maildaemon.mail.headers import clean, decode_text
from maildaemon.mail.inside.markup import markup_kind
from maildaemon.mail.inside.search import MAIL, Search
from maildaemon.mail.names import collect_names, extensions, name_elsewhere, sanitise, spellings
from maildaemon.mail.parameters import parse_structured
from maildaemon.mail.prescan import scan
from maildaemon.mail.structure import Leaf, Structure
from maildaemon.mail.tnef import SIGNATURE, TNEF_TYPES, Unwrapped, unwrap_tnef
from maildaemon.mail.transfer import AMBIGUOUS, UNREADABLE
from maildaemon.mail.tree import LimitExceededError, Part, Tree
from maildaemon.mail.types import OCTETS, detect_type, extension_of, is_text

CALENDAR_REPLY = "calendar_reply"
_MAX_CONTENT_ID = 200
_MAX_FILES = 1_000
MAILS = frozenset({MAIL, "message/global"})
_SNIFFED = 4_096
_METHOD_REPLY = re.compile(rb"^METHOD:REPLY\b", re.IGNORECASE | re.MULTILINE)
_CID = re.compile(r"cid:([^\"'\s>)]{1,300})", re.IGNORECASE)
_SOURCE = re.compile(r"\bsrc\s*=\s*[\"']?([^\"'\s>]{1,300})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Files:
    """The attachments in order of appearance, and their contents by sha256.

    `wrapper` is the one of Outlook's wrappers that holds a text, None if none does.
    """

    attachments: tuple[Attachment, ...]
    contents: dict[str, bytes]
    wrapper: Unwrapped | None


def read_files(tree: Tree, structure: Structure, reading: Reading) -> Files:
    """Return every file with all its names, its true type, and what is odd about it."""
    collected = _Collected(_shown_in(tree, structure))
    for leaf in structure.files:
        _read_leaf(tree, leaf, collected)
    for file in reading.files:
        collected.add(file, spellings(file.names))
    for text in structure.outside:
        collected.add_outside(tree.restore(text))
    return Files(tuple(collected.attachments), collected.contents, collected.wrapper)


class _Collected:
    """Gathers attachments, and knows what the page shows."""

    def __init__(self, shown: set[str]) -> None:
        self.attachments: list[Attachment] = []
        self.contents: dict[str, bytes] = {}
        self.wrapper: Unwrapped | None = None
        self.shown = shown
        self._search = Search()

    def add(self, file: Enclosed, names: tuple[str, ...], location: str = "") -> None:
        """Note a file; `names` are all ways to spell its names."""
        detected = detect_type(file.content)
        keys = {(file.content_id or "").lower(), location.lower()} - {""}
        filename = next((safe for name in names if (safe := sanitise(name))), "")
        self._append(
            file.content,
            Attachment(
                filename=filename or self._made_name(file, detected),
                names=names,
                declared_type=file.declared_type,
                detected_type=detected,
                size=len(file.content),
                sha256=hashlib.sha256(file.content).hexdigest(),
                # What a page does not show is an attachment to whoever reads the mail, wherever
                # it stands: phones send photos and PDF files "inline".
                inline=file.declared_type.startswith("image/") and not keys.isdisjoint(self.shown),
                content_id=file.content_id,
                findings=file.findings,
            ),
        )

    def add_outside(self, content: bytes) -> None:
        """Note what stands around the parts and may be a file for somebody."""
        name = f"outside-{len(self.attachments) + 1}.bin"
        self.add(Enclosed((), content, OCTETS, None, (AMBIGUOUS,)), (name,))

    def _append(self, content: bytes, attachment: Attachment) -> None:
        if len(self.attachments) >= _MAX_FILES:
            raise LimitExceededError("too_many_files")
        self.attachments.append(_look_inside(attachment, content, self._search))
        self.contents[attachment.sha256] = content

    def _made_name(self, file: Enclosed, detected: str | None) -> str:
        """Return the same name at every parse for a file that has none."""
        number = len(self.attachments) + 1
        declared = file.declared_type
        if declared in ("message/rfc822", "message/global"):
            subjects = scan(file.content).values(b"subject")
            subject = sanitise(decode_text(subjects[0])[:100].replace("/", "_")) if subjects else ""
            return f"{subject or f'message-{number}'}.eml"
        known = detected if declared == OCTETS and detected else declared
        stem = known.partition("/")[0] if known.startswith(("image/", "audio/", "video/")) else ""
        return f"{stem or 'attachment'}-{number}{extension_of(known)}"


def _read_leaf(tree: Tree, leaf: Leaf, collected: _Collected) -> None:
    part = leaf.part
    content, findings = tree.decoded(part)
    names = collect_names(
        map(parse_structured, part.texts("content-disposition")),
        map(parse_structured, part.texts("content-type")),
    ) or spellings(name_elsewhere(part.text("content-location"), part.text("content-description")))
    if leaf.doubtful or len(extensions(names)) > 1:
        findings = tuple(dict.fromkeys((AMBIGUOUS, *findings)))
    declared = _declared(part, content)
    if declared in TNEF_TYPES or content.startswith(SIGNATURE):
        if _unwrap(content, findings, collected):
            return
        findings = (*findings, UNREADABLE)
    if declared == "text/calendar" and _answers(part, content):
        findings = (*findings, CALENDAR_REPLY)
    content_id = clean(part.text("content-id")).strip("<>")[:_MAX_CONTENT_ID] or None
    file = Enclosed((), content, declared, content_id, findings)
    collected.add(file, names, clean(part.text("content-location"))[:_MAX_CONTENT_ID])


def _unwrap(content: bytes, findings: tuple[str, ...], collected: _Collected) -> bool:
    """Note what is in Outlook's wrapper; False if not all of it could be read."""
    wrapper = unwrap_tnef(content)
    collected.shown |= _pictures_in(wrapper.html)
    for file in wrapper.files:
        names = spellings(file.names)
        doubt = (AMBIGUOUS,) if findings or len(extensions(names)) > 1 else ()
        held = Enclosed(
            (), file.content, file.declared_type, clean(file.content_id or "") or None, doubt
        )
        collected.add(held, names)
    if wrapper.text.strip() or wrapper.html or wrapper.rtf:
        collected.wrapper = collected.wrapper or wrapper
    return wrapper.whole


def _look_inside(attachment: Attachment, content: bytes, search: Search) -> Attachment:
    """Return the file with what is odd about its names, and what was found in it."""
    names = (*attachment.names, attachment.filename)
    kind = attachment.detected_type
    if kind is None or kind.startswith("text/"):
        declared = attachment.declared_type
        kind = MAIL if _is_mail(declared, names) else markup_kind((), declared) or kind
    found, inside = search.look(names, kind, content)
    findings = dict.fromkeys((*attachment.findings, *found))
    if any(map(hides_something, attachment.names)):
        findings[Finding.HIDDEN_CHARACTERS] = None
    if any(map(reads_backwards, attachment.names)):
        findings[Finding.AMBIGUOUS] = None
    return replace(attachment, findings=tuple(findings), inside=inside)


def _is_mail(declared: str, names: tuple[str, ...]) -> bool:
    return declared in MAILS or any("eml" in read_extensions(name) for name in names)


def _declared(part: Part, content: bytes) -> str:
    """Return what the sender says a file is; RFC 2045 §5.2 makes a text of what he says nothing
    of, but whoever attaches a photograph so did not mean that.
    """
    said = part.count("content-type") > 0
    return part.media_type if said or is_text(content) else OCTETS


def _answers(part: Part, content: bytes) -> bool:
    """Tell whether a calendar entry is an answer to an invitation (RFC 5546 §3.2.3)."""
    method = part.structured("content-type").first("method") or ""
    return method.lower() == "reply" or _METHOD_REPLY.search(content, 0, _SNIFFED) is not None


def _shown_in(tree: Tree, structure: Structure) -> set[str]:
    """Return the Content-IDs and locations (lower case) that the HTML shows."""
    fields = ("content-id", "content-location")
    if not any(leaf.part.text(field) for leaf in structure.files for field in fields):
        return set()
    pages = (page_source(tree, part) for body in structure.bodies for part in body.html)
    return set().union(*map(_pictures_in, pages))


def _pictures_in(page: str) -> set[str]:
    found = (*_CID.findall(page), *_SOURCE.findall(page))
    return {unquote(one).lower() for one in found}
