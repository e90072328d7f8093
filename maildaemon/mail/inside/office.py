"""Office files: programs in them, files embedded in them, and what they load from elsewhere."""

import re
from collections.abc import Iterable

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.archives import open_entry
from maildaemon.mail.inside.look import Look
from maildaemon.mail.inside.ole import Node, OleFile
from maildaemon.mail.inside.unpack import Unpacked
from maildaemon.mail.inside.xmlparts import Element, read_elements
from maildaemon.mail.inside.zips import Entry, read_directory

_MOST_XML = 8 * 1024 * 1024

# An Office file made by a program, not by Office, may hold a page as a part of its text.
_PARTS_OF_A_TEXT = re.compile(r"\.(mht|mhtml|html?|xhtml|svg)$")
_MACROS = re.compile(
    r"(^|/)(vba(project|data)[^/]*|macrosheets/.+|basic/.+/(?!script-l[bc]\.)[^/]+\.(xml|xba)"
    r"|scripts/.+)$"
)
_CONTROLS = re.compile(r"(^|/)activex/[^/]+\.(bin|xml)$")
_EMBEDDED = re.compile(r"(^|/)embeddings/[^/]+$|^object ?[0-9]+$")
_FIELDS = re.compile(r"^word/[^/]+\.xml$")
_LINKS = re.compile(r"^xl/externallinks/[^/]+\.xml$")
_DECLARATION = re.compile(r"^<\?xml[^>]{0,500}\?>")
_MOST_FIELD = 16

# What is loaded when the file is opened, not when somebody clicks.
_LOADED = ("attachedtemplate", "oleobject", "frame", "subdocument", "package", "webview")
# A server within a company answers only there; a whole address answers everywhere.
_ELSEWHERE = re.compile(
    r"(?:https?|ftp|mhtml|mk|ms-its|its|search-ms|ms-\w+|script|javascript|vbscript|about):"
    r"|(?:file:)?[/\\]{2,}(?:[^/\\.]+\.[^/\\]+|\d+|0x[0-9a-f]+|[^/\\]*[@:\[][^/\\]*)[/\\]",
    re.IGNORECASE,
)
# Space and control characters, which those who follow an address leave out.
_NOTHING = re.compile(r"[\x00-\x20\x7f]+")
# Elements of the parts that are read, by their local names.
_TOLD = frozenset(
    "relationship default override instrtext fldsimple fldchar ddelink dde-source "
    "encryption-data".split()
)
# No letter of the name of an element can be written otherwise.
_HAS_FIELDS = (b"instrText", b"fldSimple")
# What it costs to read a byte, and an element, measured in bytes of DEFLATE.
_XML_COST, _ELEMENT_COST = 2, 500
_DDE = re.compile(rb"\x13[\s\"\\]*DDE(AUTO)?\b", re.IGNORECASE)


def look_into_office(look: Look, content: bytes) -> None:
    """Look at the parts of an Office file that is a ZIP archive."""
    directory = read_directory(content, look.budget.entries)
    look.find(*directory.findings)
    if directory.count > len(directory.entries):
        look.find(Finding.UNFINISHED)
    look.notes.size += sum(one.size for one in directory.entries)
    for entry in directory.entries:
        if not look.budget.enter():
            look.find(Finding.UNFINISHED)
            return
        name = entry.names[0].replace("\\", "/").lstrip("/").lower()
        if entry.encrypted or entry.method is None:
            look.find(Finding.UNREADABLE)
            continue
        _look_at_part(look, content, entry, name)


def _look_at_part(look: Look, content: bytes, entry: Entry, name: str) -> None:
    if not _PARTS_OF_A_TEXT.search(name):
        look.name(entry.names)
    if _MACROS.search(name):
        look.find(Finding.MACROS)
    if _CONTROLS.search(name):
        look.find(Finding.ACTIVE_CONTENT)
    if _EMBEDDED.search(name):
        got = open_entry(look, content, entry)
        look.file(entry.names, got.content, whole=got.whole)
    elif _is_read(name):
        _look_at_xml(look, open_entry(look, content, entry, _MOST_XML), name)


def _is_read(name: str) -> bool:
    if name in {"[content_types].xml", "meta-inf/manifest.xml", "content.xml"}:
        return True
    return bool(name.endswith(".rels") or _FIELDS.match(name) or _LINKS.match(name))


def _look_at_xml(look: Look, part: Unpacked, name: str) -> None:
    xml = part.content
    if xml.startswith((b"\xff\xfe", b"\xfe\xff")):
        # The name of the encoding would be wrong afterwards.
        xml = _DECLARATION.sub("", xml.decode("utf-16", "replace")).encode()
    if b"<!ENTITY" in xml:
        look.find(Finding.OVERLAPPING)
        return
    if _FIELDS.match(name) and not any(one in xml for one in _HAS_FIELDS):
        return
    look.budget.spend(_XML_COST * len(xml))
    if not look.budget.left:
        look.find(Finding.UNFINISHED)
        return
    read = read_elements(xml, _TOLD, look.budget.left // _ELEMENT_COST)
    look.budget.spend(_ELEMENT_COST * read.work)
    if not read.sound and part.whole:
        look.find(Finding.UNREADABLE)
    elif not part.whole:
        look.find(Finding.UNFINISHED)
    for element in read.found:
        _look_at_element(look, element, name)
    if _FIELDS.match(name) and _has_dde(read.found):
        look.find(Finding.ACTIVE_CONTENT)


def _look_at_element(look: Look, element: Element, name: str) -> None:
    match element.name:
        case "relationship" if _loads_from_elsewhere(element.attributes):
            look.find(Finding.ACTIVE_CONTENT)
        case "default" | "override" if name == "[content_types].xml":
            kind = element.attributes.get("contenttype", "").lower()
            if any(one in kind for one in ("macroenabled", "vbaproject", "macrosheet")):
                look.find(Finding.MACROS)
        case "encryption-data" if name == "meta-inf/manifest.xml":
            look.find(Finding.UNREADABLE)
        case "ddelink" | "dde-source":
            look.find(Finding.ACTIVE_CONTENT)
        case _:
            return


def _loads_from_elsewhere(told: dict[str, str]) -> bool:
    kind = told.get("type", "").strip().lower().rpartition("/")[2]
    target = _NOTHING.sub("", told.get("target", "")).replace("file:///", "")
    external = told.get("targetmode", "").strip().lower() == "external"
    return external and kind in _LOADED and leads_elsewhere(target)


def leads_elsewhere(address: str) -> bool:
    """Tell whether this is fetched from a server that anybody may have."""
    return bool(_ELSEWHERE.match(_NOTHING.sub("", address)))


def _has_dde(elements: Iterable[Element]) -> bool:
    """Tell whether a field starts another program; Word cuts its text where it likes."""
    field = ""
    for element in elements:
        match element.name:
            case "fldsimple":
                if element.attributes.get("instr", "").strip(' "\\').upper().startswith("DDE"):
                    return True
            case "fldchar":
                field = ""
            case "instrtext":
                # It can only begin with it.
                field = (field + element.text).lstrip(' "\\')[:_MOST_FIELD]
                if field.upper().startswith(("DDE ", "DDEAUTO")):
                    return True
            case _:
                continue
    return False


def look_into_ole(look: Look, content: bytes) -> None:
    """Look at the streams of an Office file of the old kind, or of an Outlook message."""
    file = OleFile(content)
    if not file.nodes:
        look.find(Finding.UNREADABLE)
        return
    for node in file.nodes:
        if not look.budget.enter():
            look.find(Finding.UNFINISHED)
            return
        _look_at_node(look, file, node)


def _look_at_node(look: Look, file: OleFile, node: Node) -> None:
    match node.name.lower():
        case "vba" | "_vba_project" | "_vba_project_cur":
            look.find(Finding.MACROS)
        case "workbook" | "book" if _has_macro_sheet(file.stream(node)):
            look.find(Finding.MACROS)
        case "worddocument" if _DDE.search(file.stream(node)):
            look.find(Finding.ACTIVE_CONTENT)
        case "\x01ole10native":
            names, packed = read_package(file.stream(node))
            look.file(names, packed)
        case "encryptedpackage":
            look.find(Finding.UNFINISHED)
        case "package":
            look.file((), file.stream(node))
        case name if name.startswith("__attach_version1.0_#"):
            _look_at_attachment(look, file, node)
        case _:
            return


def _has_macro_sheet(workbook: bytes) -> bool:
    """Tell whether one of the sheets is made of commands (Excel 4.0)."""
    at = 0
    while at + 4 <= len(workbook):
        kind = int.from_bytes(workbook[at : at + 2], "little")
        length = int.from_bytes(workbook[at + 2 : at + 4], "little")
        if kind == 0x85 and workbook[at + 9 : at + 10] == b"\x01":  # noqa: PLR2004 - BOUNDSHEET
            return True
        if kind == 0x0A:  # noqa: PLR2004 - EOF: the sheets follow
            return False
        at += 4 + length
    return False


def read_package(stream: bytes) -> tuple[tuple[str, ...], bytes]:
    """Return the names and the content of a file that was dropped into a document."""
    label, _, rest = stream[6:].partition(b"\x00")
    path, _, rest = rest.partition(b"\x00")
    if len(label) > 1024 or len(path) > 1024:  # noqa: PLR2004 - no name: an object of a program
        return (), stream[4:]
    skipped = 8 + int.from_bytes(rest[4:8], "little")
    size = int.from_bytes(rest[skipped : skipped + 4], "little")
    content = rest[skipped + 4 : skipped + 4 + size]
    names = (label.decode("cp1252", "replace"), path.decode("cp1252", "replace"))
    return tuple(one for one in names if one), content


# MS-OXPROPS: the file name long and short, and the content.
_LONG_NAME, _SHORT_NAME, _DATA = "3707", "3704", "37010102"


def _look_at_attachment(look: Look, file: OleFile, storage: Node) -> None:
    names: list[str] = []
    content = b""
    for node in file.children(storage):
        key = node.name.removeprefix("__substg1.0_").upper()
        if key.startswith((_LONG_NAME, _SHORT_NAME)):
            encoding = "utf-16-le" if key.endswith("001F") else "cp1252"
            names.append(file.stream(node, 2048).decode(encoding, "replace"))
        elif key == _DATA:
            content = file.stream(node)
    look.file(tuple(names), content)
