"""Files as people send them, made from nothing: pictures, office files, recordings, archives."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise

JPEG = (
    bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(range(256)) * 8 + b"\xff\xd9"
)
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(52) + b"\x80\x00\x00\x00" + bytes(64) + b"PE\x00\x00"
OFFICE = "application/vnd.openxmlformats-officedocument"


def png(width: int = 8, height: int = 8) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\x00" + bytes(3 * width)) * height
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def boxes(brand: bytes, *others: bytes) -> bytes:
    """A file of the kind that phones make of films, sounds and HEIC photographs."""
    kinds = brand + bytes(4) + b"".join(others)
    return (
        struct.pack(">I", 8 + len(kinds)) + b"ftyp" + kinds + b"\x00\x00\x04\x00mdat" + bytes(1016)
    )


def riff(kind: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 1004) + kind + bytes(1000)


def zipped(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def packed(content: bytes, method: str) -> bytes:
    ways: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
    }
    return ways[method](content)


_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
_RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def relationship(kind: str, target: str, mode: str = "External") -> str:
    return f'<Relationship Id="rId1" Type="{_REL}{kind}" Target="{target}" TargetMode="{mode}"/>'


def relationships(*each: str) -> str:
    return _RELS.format("".join(each))


def docx(more: Mapping[str, bytes | str] | None = None, body: str = "Hello") -> bytes:
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": _TYPES.format(""),
        "_rels/.rels": relationships(
            relationship("officeDocument", "word/document.xml", "Internal")
        ),
        "word/document.xml": f"<w:document><w:body><w:p><w:r>{body}</w:r></w:p></w:body></w:document>",
        "word/styles.xml": "<w:styles/>",
        "docProps/app.xml": "<Properties/>",
    }
    return zipped({**parts, **(more or {})})


def xlsx(more: Mapping[str, bytes | str] | None = None) -> bytes:
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": _TYPES.format(""),
        "_rels/.rels": relationships(relationship("officeDocument", "xl/workbook.xml", "Internal")),
        "xl/workbook.xml": "<workbook/>",
        "xl/worksheets/sheet1.xml": "<worksheet><sheetData/></worksheet>",
    }
    return zipped({**parts, **(more or {})})


def pptx(more: Mapping[str, bytes | str] | None = None) -> bytes:
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": _TYPES.format(""),
        "ppt/presentation.xml": "<p:presentation/>",
        "ppt/slides/slide1.xml": "<p:sld/>",
    }
    return zipped({**parts, **(more or {})})


def odf(kind: str = "text", more: Mapping[str, bytes | str] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED
        )
        parts: dict[str, bytes | str] = {
            "content.xml": "<office:document-content/>",
            "META-INF/manifest.xml": "<manifest:manifest/>",
        }
        for name, content in {**parts, **(more or {})}.items():
            archive.writestr(name, content)
    return target.getvalue()


def ole(streams: Mapping[str, bytes], clsid: bytes = bytes(16)) -> bytes:
    """An OLE file; `a/b` is the stream `b` in the storage `a`. All of it in whole sectors."""
    sector = 512
    storages = list(dict.fromkeys(name.partition("/")[0] for name in streams if "/" in name))
    nodes: list[tuple[str, int, bytes]] = [("Root Entry", 5, b"")]
    nodes += [(name, 1, b"") for name in storages]
    nodes += [(name.rpartition("/")[2], 2, content) for name, content in streams.items()]
    children: dict[int, list[int]] = {0: list(range(1, len(storages) + 1))}
    for at, name in enumerate(streams, len(storages) + 1):
        folder = name.partition("/")[0]
        owner = storages.index(folder) + 1 if "/" in name else 0
        children.setdefault(owner, []).append(at)
    fat: list[int] = [0xFFFFFFFD]  # the first sector holds this table
    body = b""

    def add(content: bytes) -> int:
        nonlocal body
        count = max(1, -(-len(content) // sector))
        begins_at = len(fat)
        fat.extend([*range(begins_at + 1, begins_at + count), 0xFFFFFFFE])
        body += content.ljust(count * sector, b"\x00")
        return begins_at

    starts = [add(content) if kind == 2 else 0xFFFFFFFE for _, kind, content in nodes]
    # Siblings hang on each other's right side: no tree, but every reader finds them.
    right = {}
    for each in children.values():
        right.update(dict(pairwise(each)))
    table = b""
    for at, (name, kind, content) in enumerate(nodes):
        encoded = name.encode("utf-16-le")
        first = children.get(at, [0xFFFFFFFF])[0] if kind != 2 else 0xFFFFFFFF
        table += encoded.ljust(64, b"\x00") + struct.pack("<HBB", len(encoded) + 2, kind, 1)
        table += struct.pack("<3I", 0xFFFFFFFF, right.get(at, 0xFFFFFFFF), first)
        table += (clsid if not at else bytes(16)) + bytes(20)
        table += struct.pack("<IQ", starts[at], len(content))
    directory = add(table)
    assert len(fat) <= sector // 4
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<6H", 0x3E, 3, 0xFFFE, 9, 6, 0) + bytes(4)
    header += struct.pack("<9I", 0, 1, directory, 0, 0, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * (108 * 4)
    entries = fat + [0xFFFFFFFF] * (sector // 4 - len(fat))
    return header + struct.pack(f"<{len(entries)}I", *entries) + body


def package(name: str, content: bytes) -> bytes:
    """What stands in `\\x01Ole10Native` for a file that was dropped into a document."""
    path = name.encode() + b"\x00"
    inner = b"\x02\x00" + path + b"C:\\" + path + b"\x00\x00\x03\x00"
    inner += struct.pack("<I", len(path)) + path + struct.pack("<I", len(content)) + content
    return struct.pack("<I", len(inner)) + inner


def pdf(*objects: bytes, head: bytes = b"") -> bytes:
    usual = (
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n",
    )
    body = head + b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"".join((*usual, *objects))
    return body + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"


def stream(dictionary: bytes, content: bytes, number: int = 9) -> bytes:
    return b"%d 0 obj\n<< %s /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        number,
        dictionary,
        len(content),
        content,
    )


def mail_with(name: str, content: bytes, kind: str = "application/octet-stream") -> bytes:
    from email.message import EmailMessage

    mail = EmailMessage()
    mail["Subject"] = "Forwarded"
    mail["From"] = "a@b.example"
    mail.set_content("Look at this.")
    major, _, minor = kind.partition("/")
    mail.add_attachment(content, maintype=major, subtype=minor, filename=name)
    return mail.as_bytes()
