"""Says file names, types and sizes as a customer can read them, and as nobody can misuse them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

MAX_FILENAME = 60
_LONG_EXTENSION = 12
_MEGABYTE = 1_000_000
_JOINERS = "\u200c\u200d"
_BREAKING = re.compile(r" +")

# Extensions that are no top-level domain: what ends in one is a file, not a host.
_EXTENSIONS = frozenset(
    "7z ace apk avi avif bat bin bmp bz2 cmd csv dll dmg doc docm docx dotm eml eps exe gif gz "
    "heic heif hta htm html ics img ini iso jar jpeg jpg js jse json lnk log lzh m4a mp3 mp4 mpeg "
    "mpg msg msi odp ods odt ogg p7m p7s pdf pif pkg png ppsx ppt pptm pptx psd rar reg rtf scr "
    "svg tar tgz tif tiff txt url vbe vbs vcf wav webm webp wim wma wmv wsf xls xlsb xlsm xlsx "
    "xml xz".split()
)
# What besides is told of a file that has no name in our mail.
_TOLD = _EXTENSIONS | frozenset(
    "aac amr app aspx cab chm com cpl db dwg flac hlp iqy jfif mdb mht mhtml mjs "
    "mkv mov ogv one pl ps1 py pst rb rpt sh sql step stl sys tmp vcard vhd wps xps zip".split()
)
_ADDRESS = re.compile(r"[/\\:@]|www\W|https?\b|mailto\b", re.IGNORECASE)
_HOST = re.compile(r"\w\.(?:[^\W\d_]{2}|xn--)|\d{1,3}(?:\.\d{1,3}){3}", re.IGNORECASE)

# A media type as people call it, by kind. "" is not worth a word: signatures, reports.
_FORMATS: Mapping[str, Mapping[str, str]] = {
    "pictures": {
        "image/*": "",
        "image/avif": "AVIF",
        "image/bmp": "BMP",
        "image/gif": "GIF",
        "image/heic": "HEIC",
        "image/heif": "HEIC",
        "image/jpeg": "JPEG",
        "image/png": "PNG",
        "image/tiff": "TIFF",
        "image/webp": "WebP",
    },
    "documents": {
        "application/pdf": "PDF",
        "application/msword": "Word",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
        "application/vnd.ms-excel": "Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
        "application/vnd.ms-powerpoint": "PowerPoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
        "application/vnd.oasis.opendocument.text": "OpenDocument",
        "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument",
        "application/vnd.oasis.opendocument.presentation": "OpenDocument",
        "application/vnd.oasis.opendocument.graphics": "OpenDocument",
        "application/rtf": "RTF",
        "text/rtf": "RTF",
        "application/vnd.apple.pages": "Pages",
        "application/vnd.apple.numbers": "Numbers",
        "application/vnd.apple.keynote": "Keynote",
        "text/plain": "TXT",
        "text/csv": "CSV",
    },
    "audio": {
        "audio/*": "",
        "audio/mpeg": "MP3",
        "audio/mp4": "M4A",
        "audio/ogg": "OGG",
        "audio/wav": "WAV",
        "audio/amr": "AMR",
        "audio/aac": "AAC",
        "audio/flac": "FLAC",
    },
    "video": {
        "video/*": "",
        "video/mp4": "MP4",
        "video/quicktime": "MOV",
        "video/webm": "WebM",
        "video/3gpp": "3GP",
        "video/x-msvideo": "AVI",
        "video/x-matroska": "MKV",
    },
    "archives": {
        "application/zip": "ZIP",
        "application/x-7z-compressed": "7z",
        "application/vnd.rar": "RAR",
        "application/gzip": "GZ",
        "application/x-tar": "TAR",
    },
}
_UNTOLD = re.compile(
    r"message/|multipart/|text/(rfc822|calendar|vcard|x-vcard)|.*signature$"
    r"|application/(pgp-keys|applefile|vnd\.ms-outlook|json|xml)|audio/x-caf"
    r"|image/(svg\+xml|[ew]mf)|video/(mpeg|x-ms-asf)"
)

KINDS = (*_FORMATS, "other")


def clean(text: str, limit: int) -> str:
    """Return the text on one line without control, invisible and directional characters."""
    return " ".join(_visible(text).split())[:limit].rstrip()


def clean_sentence(text: str, limit: int) -> str:
    """Return it like `clean`, but with the spaces at which a line must not be broken."""
    return _BREAKING.sub(" ", _visible(text)).strip(" ")[:limit].rstrip()


def _visible(text: str) -> str:
    # Of all that goes, nothing is printable; most texts are.
    if text.isprintable():
        return text
    return "".join([char if char.isprintable() else _seen(char) for char in text])


def _seen(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    # Joiners shape letters in Persian and Hindi, and many an emoji.
    return "" if category in {"Cf", "Cs"} and char not in _JOINERS else char


def show_filename(name: str, neutral: str, *, known: bool) -> str:
    """Return a customer's file name as it may stand in our mail.

    Unless the sender is `known`, the address may be forged, and the name what a spammer wants to
    have mailed to whose it is. Of anybody, nothing that reads as a link may stand there. Instead
    it is `neutral`, with the extension if that is one of those we know.
    """
    shown = clean(name, 10 * MAX_FILENAME)
    # Full-width letters and the ideographic full stop work in a browser's address bar too.
    folded = unicodedata.normalize("NFKC", shown).replace("\u3002", ".")
    is_link = _ADDRESS.search(folded) or _HOST.search(_without_extensions(folded))
    if not (shown and known) or is_link:
        _, dot, extension = folded.lower().rpartition(".")
        return f"{neutral} (.{extension})" if dot and extension in _TOLD else neutral
    if len(shown) <= MAX_FILENAME:
        return shown
    stem, _, extension = shown.rpartition(".")
    ending = f".{extension}" if stem and len(extension) < _LONG_EXTENSION else ""
    return shown[: MAX_FILENAME - 1 - len(ending)].rstrip() + "…" + ending


def _without_extensions(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return _without_extensions(stem) if extension.lower() in _EXTENSIONS else name


def show_size(size: int, words: Mapping[str, str]) -> str:
    """Return bytes as `25 MB`, never more than they are; empty for 0."""
    if size <= 0:
        return ""
    if size >= 10 * _MEGABYTE or size % _MEGABYTE == 0:
        return f"{size // _MEGABYTE}\u00a0{words['MB']}"
    return f"{max(1, size // 1000)}\u00a0{words['KB']}"


def show_types(types: Iterable[str], words: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is accepted, a line a kind: `pictures (JPEG, PNG)`; `words` by kind."""
    lines: list[str] = []
    rest = [kind for kind in dict.fromkeys(types) if not _UNTOLD.match(kind)]
    for kind, formats in _FORMATS.items():
        told = [formats[it] for it in rest if it in formats]
        rest = [it for it in rest if it not in formats]
        if told:
            # A wildcard has no name of its own and takes all of its kind.
            names = "" if "" in told else f" ({', '.join(dict.fromkeys(told))})"
            lines.append(words[kind] + names)
    if rest:
        names = ", ".join(it.rpartition("/")[2].rpartition(".")[2].upper() for it in rest)
        lines.append(f"{words['other']} ({names})")
    return tuple(lines)
