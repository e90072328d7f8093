"""Office files: programs in them, files embedded in them, and what they load from elsewhere."""

import re

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.archives import open_entry
from maildaemon.mail.inside.look import Look
from maildaemon.mail.inside.ole import Node, OleFile
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

_RELATIONSHIP = re.compile(rb"<(?:\w+:)?Relationship\s([^>]{1,4096})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"(\w+)\s*=\s*[\"']([^\"']*)[\"']")
# What is loaded when the file is opened, not when somebody clicks.
_LOADED = (b"attachedtemplate", b"oleobject", b"frame", b"subdocument", b"package", b"webview")
# A server within a company answers only there; a whole address answers everywhere.
_ELSEWHERE = re.compile(
    rb"(?:https?|ftp|mhtml|mk|ms-its|its|search-ms|ms-\w+|script|javascript|vbscript|about):"
    rb"|(?:file:)?[/\\]{2,}[^/\\.]+\.[^/\\]+[/\\]",
    re.IGNORECASE,
)
_FIELD_TEXT = re.compile(
    rb"<w:instrText[^>]{0,200}>([^<]{0,2000})<|<w:fldSimple[^>]{0,1000}?w:instr=\"([^\"]{0,2000})\"|(<w:fldChar\b)"
)
_DDE = re.compile(rb"\x13[\s\"\\]*DDE(AUTO)?\b", re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY\s", re.IGNORECASE)


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
    elif name.endswith(".rels") or _says_what_it_is(name) or _FIELDS.match(name):
        _look_at_xml(look, open_entry(look, content, entry, _MOST_XML).content, name)
    elif name.startswith("xl/externallinks/"):
        xml = open_entry(look, content, entry, _MOST_XML).content
        if b"ddeLink" in xml:
            look.find(Finding.ACTIVE_CONTENT)


def _says_what_it_is(name: str) -> bool:
    return name in {"[content_types].xml", "meta-inf/manifest.xml", "content.xml"}


def _look_at_xml(look: Look, xml: bytes, name: str) -> None:
    if xml.startswith((b"\xff\xfe", b"\xfe\xff")):
        xml = xml.decode("utf-16", "replace").encode()
    if _ENTITY.search(xml, 0, 4096):
        # No program writes entities of its own into such a file; a few of them fill a memory.
        look.find(Finding.OVERLAPPING)
    if name.endswith(".rels") and _loads_from_elsewhere(xml):
        look.find(Finding.ACTIVE_CONTENT)
    elif name == "[content_types].xml" and b"macroenabled" in xml.lower():
        look.find(Finding.MACROS)
    elif name == "meta-inf/manifest.xml" and b"encryption-data" in xml:
        look.find(Finding.UNREADABLE)
    elif (_FIELDS.match(name) and _has_dde(xml)) or (
        name == "content.xml" and b"office:dde-source" in xml
    ):
        look.find(Finding.ACTIVE_CONTENT)


def _loads_from_elsewhere(xml: bytes) -> bool:
    for relationship in _RELATIONSHIP.findall(xml):
        told = {key.lower(): value for key, value in _ATTRIBUTE.findall(relationship)}
        kind = told.get(b"type", b"").lower().rpartition(b"/")[2]
        if (
            told.get(b"targetmode", b"").lower() == b"external"
            and kind in _LOADED
            and _ELSEWHERE.match(told.get(b"target", b"").replace(b"file:///", b"").strip())
        ):
            return True
    return False


def _has_dde(xml: bytes) -> bool:
    """Tell whether a field starts another program; Word cuts its text where it likes."""
    field = b""
    for text, simple, begin in _FIELD_TEXT.findall(xml):
        if simple.strip(b' "\\').upper().startswith(b"DDE"):
            return True
        field = b"" if begin else field + text
        if field.strip(b' "\\').upper().startswith((b"DDE ", b"DDEAUTO")):
            return True
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
