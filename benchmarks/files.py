"""What people attach: the first bytes and the structure are real, the rest is noise."""

import io
import zipfile
from dataclasses import dataclass
from functools import cache
from random import Random

_POOL = 8 * 2**20


@dataclass(frozen=True, slots=True)
class File:
    """`accepted`: what the default settings say of it."""

    name: str
    media_type: str
    content: bytes
    accepted: bool


def make_file(random: Random, number: int, size: int) -> File:
    """Return a file of about this size, welcome to a shop with the default settings or not."""
    kind = random.choices(
        ("pdf", "jpeg", "png", "docx", "csv", "zip", "exe"), (26, 38, 12, 9, 4, 5, 6)
    )
    noise = _noise(random, max(size, 64))
    # No two files are the same content.
    mark = f"{number}.{random.random()}".encode()
    match kind[0]:
        case "pdf":
            body = b"%PDF-1.7\n% " + mark + b"\n1 0 obj<</Type/Catalog>>endobj\nstream\n"
            end = b"\nendstream\ntrailer<</Root 1 0 R>>\n%%EOF\n"
            return File(f"Rechnung {number}.pdf", "application/pdf", body + noise + end, True)
        case "jpeg":
            jfif = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
            return File(f"IMG_{number}.jpg", "image/jpeg", jfif + mark + noise + b"\xff\xd9", True)
        case "png":
            png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
            return File(f"Foto è {number}.png", "image/png", png + mark + noise, True)
        case "docx":
            name = f"Angebot_{number}.docx"
            declared = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            parts = {
                "[Content_Types].xml": b"<Types><!--%s--></Types>" % mark,
                "word/document.xml": b'<w:document xmlns:w="w"><w:body/></w:document>',
                "word/media/image1.jpeg": b"\xff\xd8\xff" + noise,
            }
            return File(name, declared, _zip(parts), True)
        case "csv":
            rows = b"article,price\r\n" + mark + b",9.90\r\n" * (min(size, 60_000) // 10)
            return File(f"orders-{number}.csv", "text/csv", rows, True)
        case "zip":
            content = _zip({"photos/1.jpg": b"\xff\xd8\xff" + mark + noise})
            return File(f"photos{number}.zip", "application/zip", content, True)
        case _:
            program = b"MZ\x90\x00\x03\x00\x00\x00" + mark + noise
            return File(f"invoice{number}.pdf.exe", "application/octet-stream", program, False)


@cache
def logo() -> File:
    """Return the picture that stands in the signature of half of all business mail."""
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + _noise(Random("logo"), 6_000)
    return File("image001.png", "image/png", png, True)


@cache
def _pool() -> bytes:
    return Random("noise").randbytes(_POOL)


def _noise(random: Random, size: int) -> bytes:
    start = random.randrange(_POOL - min(size, _POOL) + 1)
    return _pool()[start : start + size]


def _zip(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), content)
    return packed.getvalue()
