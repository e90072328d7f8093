"""HTML mail as plain text: readable, with its links, lists, tables and quotes.

Scripts, styles and hidden elements never show. What a mail program marks as quoted gets `> ` in
front, and what else it says of a line goes before it as a mark (`marks`), so that one scanner
(`quotes`) works for plain text and HTML alike.
"""

import re
from collections import Counter
from collections.abc import Callable
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from maildaemon.mail import containers, marks
from maildaemon.mail.rows import is_row_of_data
from maildaemon.mail.visible import FILLERS, is_hidden, is_too_small, keeps_line_ends, style_of

MAX_HTML = 600_000
MAX_NODES = 150_000
MAX_NESTING = 400
MAX_FORMATTING = 64
_MAX_URL = 500
_MAX_ALT = 200
_MAX_PREFIX = 8
_MAX_DIGITS = 6
_MAX_SEARCHES = 20

RULE = "_" * 32

_SKIPPED = frozenset(
    "script style head title template svg math object embed applet iframe select textarea "
    "canvas audio video map noframes".split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol dl table pre blockquote fieldset".split())
_BLOCKS = _PARAGRAPHS | frozenset(
    "html body div section article header footer main nav aside address center form tr li dt dd "
    "hr thead tbody tfoot caption figure figcaption details summary legend".split()
)
_LISTS = frozenset(("ul", "ol"))

# Elements that never nest (void, or ended by the next one), and those that HTML5 reopens in
# every following paragraph until they are closed.
_FLAT = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li td th tr dd dt "
    "option thead tbody tfoot".split()
)
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_EMBEDDED = re.compile(r"data:[a-z/+.-]{1,40};base64,[A-Za-z0-9+/=\s]{1000,}+")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")

_SPACE = re.compile(r"[ \t\r\n\f\u00a0\u2000-\u200a\u202f\u205f]+")


def html_to_text(html: str) -> tuple[str, bool]:
    """Return the visible text, and whether the document was cut at the limits."""
    text, cut = html_to_marked_text(html)
    return marks.unmarked(text), cut


def html_to_marked_text(html: str) -> tuple[str, bool]:
    """Return the visible text with the marks of `marks`, and whether the document was cut."""
    document = _EMBEDDED.sub("data:", html)
    cut = len(document) > MAX_HTML
    document = document[:MAX_HTML]
    if _is_absurd(document):
        return marks.unmarked(_strip_tags(document)), True
    writer = _Writer()
    tree = LexborHTMLParser(document)
    whole = tree.root is None or _walk(tree.root, writer)
    return writer.finish(), cut or not whole


def _is_absurd(document: str) -> bool:
    """Tell whether elements nest so deeply that the parser would need time squared for them."""
    if document.count("<") <= MAX_FORMATTING:
        return False
    opened: Counter[str] = Counter()
    depth = formatting = 0
    for match in _TAG.finditer(document):
        tag = match[2].lower()
        if tag in _FLAT or (match[1] and not opened[tag]):
            continue
        step = -1 if match[1] else 1
        opened[tag] += step
        depth += step
        formatting += step if tag in _FORMATTING else 0
        if depth > MAX_NESTING or formatting > MAX_FORMATTING:
            return True
    return False


def _strip_tags(document: str) -> str:
    """Return what stands between the tags; for what no mail program would write."""
    output: list[str] = []
    skipped = ""
    for piece in document.split("<"):
        tag, _, text = piece.partition(">")
        name = tag.strip("/").split(" ", 1)[0].lower()
        if skipped:
            skipped = "" if tag.startswith("/") and name == skipped else skipped
        elif name in _SKIPPED and not tag.startswith("/"):
            skipped = name
        else:
            output.append(text)
    return " ".join(unescape(" ".join(output)).split())


def _walk(root: LexborNode, writer: "_Writer") -> bool:
    """Visit all visible nodes, without recursion; False if there were too many."""
    node = root
    for _ in range(MAX_NODES):
        below = node.first_child if writer.enter(node) else None
        if below is not None:
            node = below
            continue
        writer.leave()
        following = node.next
        while following is None:
            parent = node.parent
            if parent is None or parent.is_document_node:
                return True
            node = parent
            writer.leave()
            following = node.next
        node = following
    return False


class _Writer:
    """Collects lines. Every `enter` leaves one entry on the stack, which `leave` undoes."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._undo: list[Callable[[], None] | None] = []
        self._quotes = 0
        self._marks: list[str] = []
        self._searches = _MAX_SEARCHES
        self._lists: list[int | None] = []
        self._marker = ""
        self._links: list[list[str]] = []
        self._preformatted = 0
        self._next_cell = False
        self._in_row = False
        self._too_small = False

    def enter(self, node: LexborNode) -> bool:
        """Write what stands before a node's children; False if they are not to be seen."""
        tag = node.tag or ""
        if node.is_text_node:
            self._text(node.text_content or "")
        visible = node.is_element_node and tag not in _SKIPPED
        attributes = node.attributes if visible else {}
        visible = visible and not is_hidden(attributes)
        self._undo.append(self._open_styled(node, tag, attributes) if visible else None)
        return visible

    def leave(self) -> None:
        """Write what stands after the children of the node entered last."""
        undo = self._undo.pop()
        if undo is not None:
            undo()

    def finish(self) -> str:
        """Return all lines, without blank ones in a row."""
        self._flush()
        lines: list[str] = []
        for line in self._lines:
            if line.strip("> ") or not lines or lines[-1].strip("> "):
                lines.append(line)
            else:
                lines[-1] = min(lines[-1], line, key=len)
        return "\n".join(lines).strip("\n")

    def _open_styled(
        self, node: LexborNode, tag: str, attributes: containers.Attributes
    ) -> Callable[[], None] | None:
        """Open an element that says how what is in it looks."""
        style = style_of(attributes)
        if not style:
            return self._open(node, tag, attributes)
        kept, too_small = tag != "pre" and keeps_line_ends(style), is_too_small(style)
        close = self._open(node, tag, attributes)
        if not kept and too_small is None:
            return close
        before = self._too_small
        self._too_small = before if too_small is None else too_small
        self._preformatted += kept

        def close_styled() -> None:
            if close is not None:
                close()
            self._too_small = before
            self._preformatted -= kept

        return close_styled

    def _open(
        self, node: LexborNode, tag: str, attributes: containers.Attributes
    ) -> Callable[[], None] | None:
        mark = containers.mark_of(attributes)
        if mark == marks.OLD or tag == "hr":
            self._rule(mark)
        if tag in _BLOCKS:
            close = self._open_block(node, tag, attributes)
            return self._marked(mark, close) if mark and mark != marks.OLD else close
        match tag:
            case "br":
                (self._space if self._in_row else self._break)()
            case "a":
                return self._open_link(attributes.get("href") or "")
            case "img":
                alt = " ".join((attributes.get("alt") or "").split())
                self._text(f"[{alt[:_MAX_ALT]}]" if alt else "")
            case "td" | "th":
                self._next_cell = True
            case _:
                pass
        return None

    def _open_block(
        self, node: LexborNode, tag: str, attributes: containers.Attributes
    ) -> Callable[[], None]:
        apart = tag in _PARAGRAPHS and not (self._lists and tag in _LISTS)
        close = self._paragraph if apart else self._flush
        if self._in_row:
            return self._space
        close()
        if containers.is_rule(attributes):
            self._rule("")
        if tag == "blockquote" and containers.is_blockquote(attributes):
            return self._open_quote(cited=containers.is_cite(attributes))
        if self._is_quote(node, attributes):
            return self._open_quote(cited=True)
        match tag:
            case "ul" | "ol":
                return self._open_list(tag, attributes)
            case "tr" if is_row_of_data(node):
                return self._open_row()
            case "li":
                self._marker = self._item()
            case "pre":
                return self._open_preformatted()
            case _:
                pass
        return close

    def _is_quote(self, node: LexborNode, attributes: containers.Attributes) -> bool:
        """Tell whether all in this element is quoted: people answer between its blockquotes."""
        if self._quotes or not containers.is_quote_container(attributes):
            return False
        self._searches -= 1
        return self._searches < 0 or node.css_first("blockquote") is None

    def _open_quote(self, *, cited: bool) -> Callable[[], None]:
        self._paragraph()
        self._quotes += 1

        def close() -> None:
            self._flush()
            self._quotes -= 1
            self._paragraph()

        return self._marked(marks.QUOTED, close) if cited else close

    def _marked(self, mark: str, close: Callable[[], None]) -> Callable[[], None]:
        """Put the mark before every line up to the end of the element."""
        self._marks.append(mark)

        def close_marked() -> None:
            self._flush()
            self._marks.pop()
            close()

        return close_marked

    def _rule(self, mark: str) -> None:
        """Draw a line, once."""
        self._flush()
        last = next((line for line in reversed(self._lines[-3:]) if line.strip("> ")), "")
        if marks.unmarked(last) == self._prefix() + RULE:
            while not self._lines[-1].strip("> "):
                self._lines.pop()
            self._lines.pop()
            mark = mark or last[: len(last) - len(marks.unmarked(last))]
        self._lines.append(mark + self._prefix() + RULE)

    def _open_row(self) -> Callable[[], None]:
        """Write a row in one line, whatever its cells are made of."""
        self._in_row = True

        def close() -> None:
            self._in_row = False
            self._flush()

        return close

    def _space(self) -> None:
        if self._line and not self._line[-1].endswith(" "):
            self._line.append(" ")

    def _open_list(self, tag: str, attributes: containers.Attributes) -> Callable[[], None]:
        start = attributes.get("start") or "1"
        first = int(start) if start.isdecimal() and len(start) <= _MAX_DIGITS else 1
        self._lists.append(first - 1 if tag == "ol" else None)

        def close() -> None:
            self._flush()
            self._lists.pop()
            if not self._lists:
                self._paragraph()

        return close

    def _open_preformatted(self) -> Callable[[], None]:
        self._preformatted += 1

        def close() -> None:
            self._flush()
            self._preformatted -= 1
            self._paragraph()

        return close

    def _open_link(self, href: str) -> Callable[[], None]:
        self._links.append([])

        def close() -> None:
            shown = "".join(self._links.pop())
            url = _address_of_link(href, shown)
            if url:
                self._text(f" ({url})")

        return close

    def _item(self) -> str:
        indent = "  " * (min(len(self._lists), _MAX_PREFIX) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return indent + "- "
        self._lists[-1] = number + 1
        return f"{indent}{number + 1}. "

    def _text(self, text: str) -> None:
        if self._too_small:
            return
        text = FILLERS.sub("", text)
        if self._preformatted:
            first, *others = text.split("\n")
            self._write(first)
            for line in others:
                self._break()
                self._write(line)
            return
        text = _SPACE.sub(" ", text)
        if text.startswith(" ") and (not self._line or self._line[-1].endswith(" ")):
            text = text[1:]
        self._write(text)

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._next_cell and text.strip():
            if self._line:
                self._line.append("| " if self._line[-1].endswith(" ") else " | ")
            self._next_cell = False
        for link in self._links:
            link.append(text)
        self._line.append(text)

    def _prefix(self) -> str:
        return "> " * min(self._quotes, _MAX_PREFIX)

    def _flush(self) -> None:
        """End the line, if there is one."""
        self._next_cell = False
        text = "".join(self._line).rstrip()
        self._line.clear()
        if text.strip():
            mark = self._marks[-1] if self._marks else ""
            self._lines.append(mark + self._prefix() + self._marker + text)
            self._marker = ""

    def _break(self) -> None:
        """End the line, even if it is empty."""
        if any(piece.strip() for piece in self._line):
            self._flush()
        else:
            self._line.clear()
            self._lines.append(self._prefix().rstrip())

    def _paragraph(self) -> None:
        self._flush()
        if self._lines and not self._marker:
            self._lines.append(self._prefix().rstrip())


def _address_of_link(href: str, shown: str) -> str:
    """Return the target of a link where it says more than the text that is shown."""
    url = _SPACE.sub("", FILLERS.sub("", href)).removeprefix("mailto:")
    if ":" in url[:12] and not url.lower().startswith(("http://", "https://", "ftp://")):
        return ""
    plain = url.partition("://")[2] or url
    plain = plain.rstrip("/")
    if not plain or not shown.strip() or url.startswith("#") or plain in shown:
        return ""
    return url if len(url) <= _MAX_URL else ""
