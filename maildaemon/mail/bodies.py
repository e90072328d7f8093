"""The text of a message: decoded whatever the labels say, unfolded, HTML made readable."""

import re
from dataclasses import dataclass

from maildaemon.mail.charsets import decode
from maildaemon.mail.marks import unmarked
from maildaemon.mail.structure import Body, transfer_encoding
from maildaemon.mail.text import MAX_HTML, html_to_marked_text
from maildaemon.mail.transfer import decode_transfer
from maildaemon.mail.tree import Part, Tree

MAX_TEXT = 1_000_000
_MAX_BYTES = 2 * MAX_TEXT
_MAX_META = 4_096

_META = re.compile(
    rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_LINE_END = re.compile(r"\r\n?")
_CONTROLS = {code: None for code in range(32) if code not in (9, 10)} | {127: None, 12: "\n"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The readable text, and stable names of what went wrong on the way.

    `marked` is the same text with what HTML says of its lines (`marks`).
    """

    text: str
    marked: str
    defects: tuple[str, ...]


def read_bodies(tree: Tree, bodies: tuple[Body, ...]) -> Reading:
    """Return the text of all bodies, one after the other; plain text where there is any."""
    texts: list[str] = []
    defects: dict[str, None] = {}
    html_left = MAX_HTML
    for body in bodies:
        text = "\n".join(_read_plain(tree, part, defects) for part in body.plain)
        if not text.strip():
            pages = [read_source(tree, part, defects) for part in body.html]
            text = "\n".join(_read_html(page, html_left, defects) for page in pages)
            html_left -= sum(map(len, pages))
        if text.strip():
            texts.append(text)
    text = "\n\n".join(part.strip("\n") for part in texts) if len(texts) > 1 else "".join(texts)
    if len(text) > MAX_TEXT:
        defects["text_cut"] = None
    text = text[:MAX_TEXT]
    return Reading(unmarked(text), text, tuple(defects))


def read_source(tree: Tree, part: Part, defects: dict[str, None]) -> str:
    """Return a text part as written, decoded and with LF line ends."""
    content, _ = decode_transfer(tree.raw(part), transfer_encoding(part))
    if len(content) > _MAX_BYTES:
        defects["text_cut"] = None
        content = content[:_MAX_BYTES].rpartition(b"\n")[0] or content[:_MAX_BYTES]
    charset = part.structured("content-type").first("charset")
    if charset is None and part.media_type == "text/html":
        meta = _META.search(content, 0, _MAX_META)
        charset = meta[1].decode("ascii") if meta else None
    text, as_declared = decode(content, charset)
    if not as_declared:
        defects["charset_guessed"] = None
    text = _LINE_END.sub("\n", text) if "\r" in text else text
    return unmarked(text.removeprefix("\ufeff").translate(_CONTROLS))


def _read_plain(tree: Tree, part: Part, defects: dict[str, None]) -> str:
    text = read_source(tree, part, defects)
    content_type = part.structured("content-type")
    if (content_type.first("format") or "").lower() == "flowed":
        return unflow(text, delete_space=(content_type.first("delsp") or "").lower() == "yes")
    return text


def _read_html(source: str, left: int, defects: dict[str, None]) -> str:
    """Return the text of a page; nothing once the message has had as much HTML as is read."""
    text, cut = html_to_marked_text(source) if left > 0 else ("", True)
    if cut:
        defects["text_cut"] = None
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
