"""What a file is, judged by its content."""

import io
import zipfile

import pytest

from maildaemon.mail.types import detect_type, extension_of


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 100)
    return target.getvalue()


def ole(stream: str) -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + stream.encode("utf-16-le") + bytes(500)
    )


OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
SIGNED = b"\x30\x80" + OID + b"\x02\xa0\x80\x30\x80\x02\x01\x01"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"MZ\x90\x00", "application/x-msdownload"),
        (b"\x7fELF\x02", "application/x-executable"),
        (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x02", "application/x-mach-binary"),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x41", "application/java-vm"),
        (b"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
        (b"%PDF-1.7", "application/pdf"),
        (b"junk before\n%PDF-1.7", "application/pdf"),
        (b"Rar!\x1a\x07\x01\x00", "application/vnd.rar"),
        (b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"BZh91AY&SY", "application/x-bzip2"),
        (b"\xfd7zXZ\x00", "application/x-xz"),
        (bytes(257) + b"ustar\x00", "application/x-tar"),
        (bytes(0x8001) + b"CD001", "application/x-iso9660-image"),
        (b"{\\rtf1", "application/rtf"),
        (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"BM\x00\x00\x00\x00\x00\x00\x00\x00", "image/bmp"),
        (b"II*\x00", "image/tiff"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        (b"ID3\x03", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (zipped("a.txt"), "application/zip"),
        (zipped("META-INF/MANIFEST.MF"), "application/java-archive"),
        (zipped("AndroidManifest.xml"), "application/vnd.android.package-archive"),
        (
            zipped("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            zipped("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
            "application/vnd.ms-excel.sheet.macroenabled.12",
        ),
        (
            b"PK\x03\x04"
            + bytes(26)
            + b"mimetypeapplication/vnd.oasis.opendocument.textPK\x03\x04",
            "application/vnd.oasis.opendocument.text",
        ),
        (ole("WordDocument"), "application/msword"),
        (ole("Workbook"), "application/vnd.ms-excel"),
        (ole("Unknown"), "application/x-ole-storage"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"\xef\xbb\xbf  <HTML>", "text/html"),
        (b"<?xml version='1.0'?><svg xmlns='x'>", "image/svg+xml"),
        (SIGNED + b"\x30\x0b" + OID + b"\x01" + bytes(50), "application/pkcs7-signature"),
        (SIGNED + b"\x30\x80" + OID + b"\x01\x00\x00", "application/pkcs7-signature"),
        (SIGNED + b"\x30\x80" + OID + b"\x01\xa0\x80\x24\x80Hello", "application/pkcs7-mime"),
        (SIGNED + bytes(50), None),
        (b"<?xml version='1.0'?><a/>", "application/xml"),
        (b"#!/bin/sh\nrm", "text/x-script"),
        (b"@ECHO OFF\r\n", "application/x-bat"),
        (b"BEGIN:VCALENDAR", "text/calendar"),
        ("Grüße".encode(), "text/plain"),
        ("Hallo".encode("utf-16"), "text/plain"),
        (b"\x01\x02\x03\x04", None),
        (b"", None),
    ],
)
def test_the_content_tells_the_type(content: bytes, media_type: str | None) -> None:
    assert detect_type(content) == media_type


def test_every_type_has_an_extension() -> None:
    assert [extension_of(kind) for kind in ("image/jpeg", "message/rfc822", "x/y")] == [
        ".jpg",
        ".eml",
        ".bin",
    ]
