"""XML as a browser shows it: a drawing or an invoice does nothing; scripts, links and pages do."""

import re
from typing import Never
from xml.parsers import expat

from maildaemon.domain.filenames import read_extensions
from maildaemon.domain.message import Finding
from maildaemon.mail.inside.look import Look

XML, DRAWING = "application/xml", "image/svg+xml"
# A browser takes these for XML, whatever they begin with.
_NAMED = {"xml": XML, "xsl": XML, "xslt": XML, "svg": DRAWING}

_SVG = "http://www.w3.org/2000/svg"
_MATHS = "http://www.w3.org/1998/Math/MathML"
# Whatever stands here is shown as a page, or makes one.
_PAGES = frozenset({"http://www.w3.org/1999/xhtml", "http://www.w3.org/1999/XSL/Transform"})
_ACTIVE = frozenset("script handler listener foreignobject iframe embed object".split())
# They may write an address or a program into an attribute of another element.
_CHANGING = frozenset("animate set animatetransform animatemotion".split())
_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp)[;,]", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|[/\\]{2}", re.IGNORECASE)
# What a browser leaves out of an address.
_NOTHING = re.compile(r"[\x00-\x20\x7f]+")
_HREF = re.compile(r"href\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
# In what cannot be read: the spaces of names above, and ways to write them otherwise.
_SUSPECT = re.compile(rb"w3\.org/(?:19|20)|&#|<!ENTITY|<!ATTLIST|script", re.IGNORECASE)
# What it costs to read a byte, and an element, measured in bytes of DEFLATE.
_XML_COST, _ELEMENT_COST = 2, 500
_DEEPEST = 5000


class _StoppedError(Exception):
    """It is known what it is."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


def markup_kind(names: tuple[str, ...], declared: str = "") -> str | None:
    """Return what a text is to a browser by its names and its declared type; None if no XML."""
    for name in names:
        for extension in read_extensions(name):
            if extension in _NAMED:
                return _NAMED[extension]
    if declared == DRAWING:
        return DRAWING
    return XML if declared.endswith(("/xml", "+xml")) else None


def look_into_markup(look: Look, content: bytes, kind: str) -> None:
    """Note what a browser would do with this beyond showing it."""
    look.budget.spend(_XML_COST * len(content))
    reader = _Reader(drawing=kind == DRAWING, most=look.budget.left // _ELEMENT_COST)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.ProcessingInstructionHandler = reader.instruction
    parser.EntityDeclHandler = reader.declare
    parser.AttlistDeclHandler = reader.declare
    try:
        parser.Parse(content, True)
    except _StoppedError as stopped:
        look.find(stopped.finding)
    except (expat.ExpatError, ValueError, LookupError):
        if _SUSPECT.search(content.replace(b"\x00", b"")):
            look.find(Finding.UNREADABLE)
    look.budget.spend(_ELEMENT_COST * reader.work)


class _Reader:
    """What an XML parser calls; it ends as soon as the answer is known."""

    def __init__(self, *, drawing: bool, most: int) -> None:
        self.work = 0
        self._drawing, self._most = drawing, most
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.work += 1 + len(attributes)
        self._depth += 1
        if self.work > self._most or self._depth > _DEEPEST:
            raise _StoppedError(Finding.UNFINISHED)
        space, _, local = name.rpartition(" ")
        if space in _PAGES:
            raise _StoppedError(Finding.ACTIVE_CONTENT)
        shown = self._drawing or space in {_SVG, _MATHS}
        if shown and _does_something(local.lower(), attributes):
            raise _StoppedError(Finding.ACTIVE_CONTENT)

    def end(self, _: str) -> None:
        self._depth -= 1

    def instruction(self, target: str, data: str) -> None:
        """Judge a style sheet: one of its own can make a page of anything."""
        if target.lower() != "xml-stylesheet":
            return
        found = _HREF.search(data)
        address = _NOTHING.sub("", found[1]) if found else ""
        if "&" in address or address.startswith("#") or _SCHEME.match(address):
            # A server's own is fetched by no browser of today; who knows what opens it.
            web = address.lower().startswith(("http:", "https:"))
            raise _StoppedError(Finding.UNREADABLE if web else Finding.ACTIVE_CONTENT)

    def declare(self, *_: object) -> Never:
        """Leave it to a person: names and entities of its own say anything."""
        raise _StoppedError(Finding.UNREADABLE)


def _does_something(local: str, attributes: dict[str, str]) -> bool:
    if local in _ACTIVE:
        return True
    for key, value in attributes.items():
        if key.lower().startswith("on"):
            return True
        name = key.rpartition(" ")[2].lower()
        if name in {"href", "src"} and _leads_away(value):
            return True
        if name == "attributename" and local in _CHANGING:
            changed = value.strip().lower().rpartition(":")[2]
            if changed == "href" or changed.startswith("on"):
                return True
    return False


def _leads_away(address: str) -> bool:
    plain = _NOTHING.sub("", address)
    return bool(_SCHEME.match(plain)) and not _PICTURE.match(plain)
