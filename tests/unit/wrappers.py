"""Builds what wraps files or texts: Outlook's TNEF, opaque S/MIME signatures."""

import struct

TEXT, HTML, RTF, LONG_NAME, SHORT_NAME = 0x1000, 0x1013, 0x1009, 0x3707, 0x3704
MIME_TYPE, CONTENT_ID, DATA, METHOD, CODEPAGE = 0x370E, 0x3712, 0x3701, 0x3705, 0x3FDE
OBJECT, BINARY, UNICODE, STRING8, LONG = 0x0D, 0x102, 0x1F, 0x1E, 3


def tnef(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def attribute(number: int, value: bytes, level: int = 1) -> bytes:
    checksum = sum(value) & 0xFFFF
    return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", checksum)


def properties(*values: bytes) -> bytes:
    return struct.pack("<I", len(values)) + b"".join(values)


def value(number: int, kind: int, content: bytes) -> bytes:
    if kind == LONG:
        return struct.pack("<HH", kind, number) + content
    padded = content + bytes(-len(content) % 4)
    return struct.pack("<HHII", kind, number, 1, len(content)) + padded


def word(number: int, text: str) -> bytes:
    return value(number, UNICODE, (text + "\x00").encode("utf-16-le"))


def named(text: str, content: bytes) -> bytes:
    """A property that is known by a name, which readers must be able to skip."""
    name = (text + "\x00").encode("utf-16-le")
    padded = name + bytes(-len(name) % 4)
    head = struct.pack("<HH", BINARY, 0x8001) + bytes(16) + struct.pack("<II", 1, len(name))
    return head + padded + struct.pack("<II", 1, len(content)) + content + bytes(-len(content) % 4)


def file(title: bytes, content: bytes, *described: bytes) -> bytes:
    return (
        attribute(0x00069002, bytes(14), 2)
        + attribute(0x00018010, title + b"\x00", 2)
        + attribute(0x0006800F, content, 2)
        + (attribute(0x00069005, properties(*described), 2) if described else b"")
    )


def message(*described: bytes) -> bytes:
    return attribute(0x00069003, properties(*described))


def der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def ber(tag: int, *contents: bytes) -> bytes:
    """The same with its length left open."""
    return bytes([tag, 0x80]) + b"".join(contents) + b"\x00\x00"


def signed(entity: bytes) -> bytes:
    """An opaque signature, as Outlook writes it."""
    content = der(0x30, bytes.fromhex("06092a864886f70d010701"), der(0xA0, der(0x04, entity)))
    data = der(0x30, b"\x02\x01\x01", der(0x31), content, der(0xA0, b"\x05\x00"), der(0x31))
    return der(0x30, bytes.fromhex("06092a864886f70d010702"), der(0xA0, data))


def signed_in_pieces(entity: bytes) -> bytes:
    """An opaque signature, as Apple Mail and OpenSSL stream it."""
    pieces = [der(0x04, entity[at : at + 50]) for at in range(0, len(entity), 50)]
    content = ber(0x30, bytes.fromhex("06092a864886f70d010701"), ber(0xA0, ber(0x24, *pieces)))
    data = ber(0x30, b"\x02\x01\x01", der(0x31), content, ber(0x31))
    return ber(0x30, bytes.fromhex("06092a864886f70d010702"), ber(0xA0, data))


def sealed(content: bytes) -> bytes:
    data = der(0x30, b"\x02\x01\x00", der(0x31), der(0x30, der(0x80, content)))
    return der(0x30, bytes.fromhex("06092a864886f70d010703"), der(0xA0, data))
