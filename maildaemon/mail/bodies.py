"""The text of a message: decoded whatever the labels say, unfolded, HTML made readable."""

import re
from dataclasses import dataclass, replace

from maildaemon.mail.calendars import calendar_to_text
from maildaemon.mail.charsets import decode
from maildaemon.mail.enclosed import Enclosed
from maildaemon.mail.marks import unmarked
from maildaemon.mail.openpgp import without_armour
from maildaemon.mail.rtf import read_compressed_rtf
from maildaemon.mail.structure import Body, Structure, charset_of
from maildaemon.mail.text import MAX_HTML, html_to_marked_text
from maildaemon.mail.tnef import Unwrapped
from maildaemon.mail.tree import Part, Tree
from maildaemon.mail.uuencode import take_out_files

ENCRYPTED = "encrypted"

MAX_TEXT = 1_000_000
_MAX_BYTES = 2 * MAX_TEXT
_MAX_META = 4_096
_MAX_STUB = 400

_META = re.compile(
    rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_EMBEDDED = re.compile(rb"data:[a-z/+.-]{1,40};base64,[A-Za-z0-9+/=\s]{1000,}+")
# "Your program cannot show HTML", in any language, and what stands in place of a missing text.
_STUB = re.compile(r"\bhtml\b|^\s*\[?(?:image|cid:)[^\]]{0,200}\]?\s*$", re.IGNORECASE)
_CONTROLS = {code: None for code in range(32) if code not in (9, 10)} | {127: None, 12: "\n"}
_CONTROL_BYTES = bytes(_CONTROLS)


@dataclass(frozen=True, slots=True)
class Reading:
    """The readable text, the files that were written into it, and stable names of what went
    wrong on the way.

    `marked` is the same text with what HTML says of its lines (`marks`).
    """

    text: str
    marked: str
    files: tuple[Enclosed, ...]
    defects: tuple[str, ...]


class _Notes:
    """What is met while texts are read."""

    def __init__(self) -> None:
        self.defects: dict[str, None] = {}
        self.files: list[Enclosed] = []
        self.left = _MAX_BYTES

    def add(self, defect: str) -> None:
        """Note a defect, once."""
        self.defects[defect] = None


def read_text(tree: Tree, structure: Structure) -> Reading:
    """Return the text from where there is any."""
    reading = read_bodies(tree, structure.bodies)
    if not reading.text.strip() and structure.spare:
        return read_bodies(tree, structure.spare)
    return reading


def read_bodies(tree: Tree, bodies: tuple[Body, ...]) -> Reading:
    """Return the text of all bodies, one after the other; plain text where there is any."""
    notes = _Notes()
    texts: list[str] = []
    html_left = MAX_HTML
    for body in bodies:
        text = "\n".join(_read_plain(tree, part, notes) for part in body.plain)
        if not text.strip() or (body.html and _is_stub(text)):
            pages = [_read_source(tree, part, notes) for part in body.html]
            text = "\n".join(_read_html(page, html_left, notes) for page in pages) or text
            html_left -= sum(map(len, pages))
        if text.strip():
            texts.append(text)
    text = "\n\n".join(part.strip("\n") for part in texts) if len(texts) > 1 else "".join(texts)
    text, sealed = without_armour(text)
    if len(text) > MAX_TEXT:
        notes.add("text_cut")
    if sealed:
        notes.add(ENCRYPTED)
    text = text[:MAX_TEXT]
    return Reading(unmarked(text), text, tuple(notes.files), tuple(notes.defects))


def read_wrapped(reading: Reading, wrapper: Unwrapped) -> Reading:
    """Return the reading with the text that Outlook's wrapper holds."""
    marked = unmarked(wrapper.text[:MAX_TEXT])
    if not marked.strip():
        marked = html_to_marked_text(wrapper.html[:_MAX_BYTES])[0][:MAX_TEXT]
    if not marked.strip():
        marked = unmarked(read_compressed_rtf(wrapper.rtf))
    return replace(reading, text=unmarked(marked), marked=marked)


def page_source(tree: Tree, part: Part) -> str:
    """Return HTML as it was written, decoded."""
    return _read_source(tree, part, _Notes())


def _is_stub(text: str) -> bool:
    """Tell whether a plain text only says that the mail is to be read as HTML."""
    return len(text) < _MAX_STUB and _STUB.search(text) is not None


def _read_source(tree: Tree, part: Part, notes: _Notes) -> str:
    """Return a text part as written, decoded and with LF line ends."""
    content, _ = tree.decoded(part)
    if b"begin " in content and part.media_type != "text/html":
        content, files = take_out_files(content)
        notes.files.extend(files)
    if notes.left <= 0:
        notes.add("text_cut")
        return ""
    notes.left -= len(content)
    if len(content) > _MAX_BYTES and part.media_type == "text/html":
        content = _EMBEDDED.sub(b"data:", content)
    if len(content) > _MAX_BYTES:
        notes.add("text_cut")
        content = content[:_MAX_BYTES].rpartition(b"\n")[0] or content[:_MAX_BYTES]
    charset = charset_of(part)
    if charset is None and part.media_type == "text/html":
        meta = _META.search(content, 0, _MAX_META)
        charset = meta[1].decode("ascii") if meta else None
    text, as_declared = decode(content, charset)
    if not as_declared:
        notes.add("charset_guessed")
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return unmarked(text.translate(_CONTROLS) if _has_controls(text) else text)


def _has_controls(text: str) -> bool:
    """Tell whether there is a control character; bytes are looked through faster than letters."""
    raw = text.encode("utf-8", "replace")
    return len(raw.translate(None, _CONTROL_BYTES)) < len(raw)


def _read_plain(tree: Tree, part: Part, notes: _Notes) -> str:
    text = _read_source(tree, part, notes)
    content_type = part.structured("content-type")
    if part.media_type == "text/calendar":
        return calendar_to_text(text) or text
    if (content_type.first("format") or "").lower() == "flowed":
        return unflow(text, delete_space=(content_type.first("delsp") or "").lower() == "yes")
    return text


def _read_html(source: str, left: int, notes: _Notes) -> str:
    """Return the text of a page; nothing once the message has had as much HTML as is read."""
    text, cut = html_to_marked_text(source) if left > 0 else ("", True)
    if cut:
        notes.add("text_cut")
    return text


def unflow(text: str, *, delete_space: bool) -> str:
    """RFC 3676 §4: join lines that end in a space with the next of the same quote depth."""
    output: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        if open_depth == depth:
            output[-1] += content
        else:
            output.append(f"{'>' * depth} {content}" if depth else content)
        # RFC 3676 §4.3: the signature separator is never flowed.
        flows = content.endswith(" ") and content != "-- "
        open_depth = depth if flows else -1
        if flows and delete_space:
            output[-1] = output[-1][:-1]
    return "\n".join(output)
