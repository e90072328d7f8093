"""What a file is, judged by its content; and how the types are called.

The table is the enforced list: short, no library, no file of the system. A type that is not
recognised is None, which a rule must not take for harmless.
"""

import re

OCTETS = "application/octet-stream"

_TEXT_SAMPLE = 4_096
_ZIP_TAIL = 66_000
_MAX_ARCHITECTURES = 32
_OLE_SAMPLE = 4 * 1024 * 1024

# (offset, bytes, type), first hit wins: the dangerous and the specific stand before the rest.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"MZ", "application/x-msdownload"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\x4c\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
    (0, b"dex\n", "application/x-dex"),
    (0, b"\x00asm", "application/wasm"),
    (0, b"ITSF", "application/vnd.ms-htmlhelp"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote"),
    (0, b"!<arch>\ndebian", "application/x-debian-package"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"Cr24", "application/x-chrome-extension"),
    (0, b"MSCF", "application/vnd.ms-cab-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4"),
    (0, b"LZIP\x01", "application/x-lzip"),
    (0, b"ALZ\x01", "application/x-alz"),
    (0, b"EGGA", "application/x-egg"),
    (0, b"StuffIt", "application/x-stuffit"),
    (0, b"SIT!", "application/x-stuffit"),
    (0, b"070707", "application/x-cpio"),
    (0, b"070701", "application/x-cpio"),
    (0, b"(This file must be converted with BinHex", "application/mac-binhex40"),
    (0, b"\x1f\x9d", "application/x-compress"),
    (0, b"\x60\xea", "application/x-arj"),
    (7, b"**ACE**", "application/x-ace-compressed"),
    (257, b"ustar", "application/x-tar"),
    (0, b"xar!", "application/x-xar"),
    (0x8001, b"CD001", "application/x-iso9660-image"),
    (0x8001, b"BEA01", "application/x-iso9660-image"),  # UDF
    (0, b"KDMV", "application/x-vmdk"),
    (0, b"# Disk DescriptorFile", "application/x-vmdk"),
    (0, b"QFI\xfb", "application/x-qemu-disk"),
    (0, b"conectix", "application/x-vhd"),
    (0, b"vhdxfile", "application/x-vhdx"),
    (0, b"MSWIM\x00\x00\x00", "application/x-ms-wim"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"FWS", "application/x-shockwave-flash"),
    (0, b"CWS", "application/x-shockwave-flash"),
    (0, b"ZWS", "application/x-shockwave-flash"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (0, b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (40, b" EMF", "image/emf"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"\x00\x00\x00\x0cJXL ", "image/jxl"),
    (0, b"\x00\x00\x00\x0cjP  ", "image/jp2"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"caff\x00\x01", "audio/x-caf"),
    (0, b"\x00\x05\x16\x07\x00\x02\x00\x00", "application/applefile"),
    (0, b"\x00\x05\x16\x00\x00\x02\x00\x00", "application/applefile"),
    (0, b"MThd", "audio/midi"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
)

_MPEG_FRAMES = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3", b"\xff\xe2")
_AAC_FRAMES = (b"\xff\xf1", b"\xff\xf9")

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

_BRANDS = (
    ((b"avif", b"avis"), "image/avif"),
    (
        (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"mif1", b"mif2", b"msf1"),
        "image/heic",
    ),
    ((b"crx ",), "image/x-canon-cr3"),
    ((b"qt  ", b"mqt "), "video/quicktime"),
    ((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
)

# Films of old cameras begin with one of these.
_OLD_BOXES = (b"moov", b"mdat", b"wide", b"pnot")

_OFFICE = "application/vnd.openxmlformats-officedocument."
_IN_ZIP: tuple[tuple[bytes, str, str], ...] = (
    (
        b"word/",
        _OFFICE + "wordprocessingml.document",
        "application/vnd.ms-word.document.macroenabled.12",
    ),
    (
        b"xl/",
        _OFFICE + "spreadsheetml.sheet",
        "application/vnd.ms-excel.sheet.macroenabled.12",
    ),
    (
        b"ppt/",
        _OFFICE + "presentationml.presentation",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    ),
    (
        b"visio/",
        "application/vnd.ms-visio.drawing",
        "application/vnd.ms-visio.drawing.macroenabled.12",
    ),
)

_IN_OLE = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__substg1.0_", "application/vnd.ms-outlook"),
    ("VisioDocument", "application/vnd.visio"),
)

# RFC 5652 §5: signed data, and what stands there if the signed text is not in it.
_SIGNED = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_DATA = _SIGNED[:-1] + b"\x01"
_DETACHED = (b"\x30\x0b" + _DATA, b"\x30\x80" + _DATA + b"\x00\x00")
_WITH_ITS_TEXT = _DATA + b"\xa0"

# Windows Installer: transform, package, patch.
_INSTALLERS = tuple(
    bytes([first, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46])
    for first in (0x82, 0x84, 0x86)
)

_MARKUP = (
    (re.compile(rb"<svg[\s>]"), "image/svg+xml"),
    (re.compile(rb"<!doctype html|<html[\s>]|<script[\s>]|<body[\s>]|<iframe[\s>]"), "text/html"),
    (re.compile(rb"\A<hta:|<hta:application"), "application/hta"),
    (re.compile(rb"\A<\?xml"), "application/xml"),
)
_TEXTS = (
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"-----BEGIN PGP", "application/pgp"),
    (b"[InternetShortcut]", "application/x-mswinurl"),
    (b"#!", "text/x-script"),
    (b"<?php", "text/x-php"),
    (b"@echo off", "application/x-bat"),
)

_EXTENSIONS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "text/csv": ".csv",
    "text/rtf": ".rtf",
    "text/rfc822-headers": ".txt",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/zip": ".zip",
    "application/gzip": ".gz",
    "application/vnd.rar": ".rar",
    "application/x-rar-compressed": ".rar",
    "application/x-7z-compressed": ".7z",
    "application/x-tar": ".tar",
    "application/json": ".json",
    "application/xml": ".xml",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-outlook": ".msg",
    _OFFICE + "wordprocessingml.document": ".docx",
    _OFFICE + "spreadsheetml.sheet": ".xlsx",
    _OFFICE + "presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/ms-tnef": ".dat",
    "application/vnd.ms-tnef": ".dat",
    "application/x-msdownload": ".exe",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/pjpeg": ".jpg",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/avif": ".avif",
    "image/svg+xml": ".svg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/amr": ".amr",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/3gpp": ".3gp",
    "video/x-msvideo": ".avi",
    "video/x-matroska": ".mkv",
    "video/mpeg": ".mpg",
}


def extension_of(media_type: str) -> str:
    """Return the usual file extension of a type, with its dot; `.bin` if there is none."""
    return _EXTENSIONS.get(media_type, ".bin")


def detect_type(content: bytes) -> str | None:
    """Return the type that the content shows; None if it tells nothing."""
    return _detect_binary(content) or _detect_text(content)


def is_text(content: bytes) -> bool:
    """Tell whether nothing shows that this is anything but text."""
    return (detect_type(content) or "text/").startswith("text/")


def is_disguised(content: bytes) -> bool:
    """Tell whether what claims to be readable text is a binary file."""
    return b"\x00" in content[:_TEXT_SAMPLE] and _detect_binary(content) is not None


def _detect_binary(content: bytes) -> str | None:
    for offset, signature, media_type in _SIGNATURES:
        if content.startswith(signature, offset):
            return media_type
    return _detect_container(content) or _detect_loose(content)


def _detect_container(content: bytes) -> str | None:
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _detect_zip(content)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _detect_ole(content)
    if content.startswith(b"RIFF"):
        return _RIFF.get(content[8:12])
    if content[4:8] == b"ftyp":
        return _detect_boxes(content)
    if content[4:8] in _OLD_BOXES and content.startswith((b"\x00\x00\x00", b"\x00\x00\x01")):
        return "video/quicktime"
    if content.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in content[:64] else "video/x-matroska"
    if content.startswith(b"FORM") and content[8:12] in (b"AIFF", b"AIFC"):
        return "audio/aiff"
    if content.startswith(b"\xca\xfe\xba\xbe"):
        # A fat Mach-O says here how many architectures it holds; a Java class its version.
        few = int.from_bytes(content[4:8], "big") < _MAX_ARCHITECTURES
        return "application/x-mach-binary" if few else "application/java-vm"
    return None


def _detect_boxes(content: bytes) -> str:
    brand = content[8:12]
    if brand == b"mif1":
        # Which picture it is stands only among those it is compatible with.
        others = content[16 : min(int.from_bytes(content[:4], "big"), 256)]
        return "image/avif" if b"avif" in others else "image/heic"
    if brand.startswith((b"3gp", b"3ge", b"3gg", b"3gr", b"3gs", b"3g2")):
        return "video/3gpp"
    return next((kind for names, kind in _BRANDS if brand in names), "video/mp4")


def _detect_loose(content: bytes) -> str | None:
    """Signatures that may be preceded by something, or are too short to stand alone."""
    if b"%PDF-" in content[:1024]:
        return "application/pdf"
    if content.startswith(b"BZh") and content[4:10] == b"1AY&SY":
        return "application/x-bzip2"
    if content.startswith(b"BM") and content[6:10] == b"\x00\x00\x00\x00":
        return "image/bmp"
    if content[2:5] == b"-lh" and content[6:7] == b"-":
        return "application/x-lzh-compressed"
    if content.startswith(_MPEG_FRAMES):
        return "audio/mpeg"
    if content.startswith(_AAC_FRAMES):
        return "audio/aac"
    if content[:1] == b"\x30" and _SIGNED in content[:20]:
        return _detect_signature(content[:200])
    if content[-512:-508] == b"koly":
        return "application/x-apple-diskimage"
    if content[-512:-504] == b"conectix":
        return "application/x-vhd"
    return None


def _detect_signature(head: bytes) -> str | None:
    if any(one in head for one in _DETACHED):
        return "application/pkcs7-signature"
    # Signatures of a third kind keep the name that the sender gives them.
    return "application/pkcs7-mime" if _WITH_ITS_TEXT in head else None


def _detect_zip(content: bytes) -> str:
    """Tell by the names in the central directory what a ZIP file really is."""
    if content[30:38] == b"mimetype" and content[38:50] == b"application/":
        declared = content[38:138].partition(b"PK")[0].split(b"\x00")[0]
        text = declared.decode("ascii", "replace")
        return text if re.fullmatch(r"[a-z0-9./+-]{3,100}", text) else "application/zip"
    names = _zip_directory(content)
    if b"AndroidManifest.xml" in names:
        return "application/vnd.android.package-archive"
    if b"META-INF/MANIFEST.MF" in names:
        return "application/java-archive"
    if b"Index/Document.iwa" in names or b"Index.zip" in names:
        return "application/vnd.apple.iwork"
    if b"[Content_Types].xml" in names:
        for folder, plain, with_macros in _IN_ZIP:
            if folder in names:
                return with_macros if b"vbaProject" in names else plain
    return "application/zip"


def _zip_directory(content: bytes) -> bytes:
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - _ZIP_TAIL))
    if end < 0 or len(content) < end + 20:
        return content[:_ZIP_TAIL]
    size = int.from_bytes(content[end + 12 : end + 16], "little")
    return content[max(0, end - size) : end]


def _detect_ole(content: bytes) -> str:
    if _root_class(content) in _INSTALLERS:
        return "application/x-msi"
    sample = content[:_OLE_SAMPLE] + content[-_OLE_SAMPLE:]
    for stream, media_type in _IN_OLE:
        if stream.encode("utf-16-le") in sample:
            return media_type
    return "application/x-ole-storage"


def _root_class(content: bytes) -> bytes:
    """Return the class of the root entry of an OLE file: what program it belongs to."""
    size = 1 << min(int.from_bytes(content[30:32], "little"), 16)
    root = (int.from_bytes(content[48:52], "little") + 1) * size
    return content[root + 80 : root + 96]


def _detect_text(content: bytes) -> str | None:
    sample = content[:_TEXT_SAMPLE]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")) and len(sample) % 2 == 0:
        sample = sample.decode("utf-16", "replace").encode("utf-8", "replace")
    if not sample or b"\x00" in sample:
        return None
    start = sample.removeprefix(b"\xef\xbb\xbf").lstrip()
    lower = start.lower()
    for pattern, media_type in _MARKUP:
        if pattern.search(lower):
            return media_type
    for prefix, media_type in _TEXTS:
        if start[: len(prefix)].lower() == prefix.lower():
            return media_type
    controls = len(sample) - len(
        sample.translate(None, bytes(set(range(32)) - {9, 10, 12, 13, 27}))
    )
    return "text/plain" if controls * 50 <= len(sample) else None
