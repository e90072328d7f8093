"""What a file may be taken for: the sender's word against what the content shows."""

from maildaemon.domain.medianames import SYNONYMS

OCTETS = "application/octet-stream"
# What programs say that do not know, or do not care.
_VAGUE = frozenset(
    "application/octet-stream application/octetstream application/octet binary/octet-stream "
    "application/x-octet-stream application/x-octetstream application/binary application/x-binary "
    "application/unknown application/x-unknown unknown/unknown application/x-unknown-content-type "
    "application/download application/x-download application/force-download application/save "
    "application/x-force-download application/x-forcedownload application/file application/data "
    "application/x-any application/x-attachment application/* */*".split()
) | {""}

# An Office file of the old kind, or one with a password: the content does not say which.
OLE = "application/x-ole-storage"
# We cannot look into these, and most customers do not know that they have attached them: a letter
# sealed for somebody else, Outlook's wrapper, an Office file with a password.
SEALED = frozenset(
    "application/ms-tnef application/pkcs7-mime application/x-pkcs7-mime "
    "application/pgp-encrypted application/pgp".split()
) | {OLE}

# Archives nobody here can look into, and images of whole disks.
CLOSED = frozenset(
    "application/vnd.rar application/x-7z-compressed application/x-lzh-compressed "
    "application/x-arj application/x-ace-compressed application/x-compress application/x-lz4 "
    "application/zstd application/x-lzip application/x-cpio application/x-alz application/x-egg "
    "application/x-stuffit application/mac-binhex40 application/x-apple-diskimage "
    "application/x-iso9660-image application/x-vhd application/x-vhdx application/x-ms-wim "
    "application/x-vmdk application/x-qemu-disk".split()
)

PROGRAMS = frozenset(
    "application/x-msdownload application/vnd.microsoft.portable-executable application/x-dosexec "
    "application/x-executable application/x-elf application/x-mach-binary application/x-dex "
    "application/x-ms-shortcut application/java-archive application/java-vm application/wasm "
    "application/vnd.android.package-archive application/x-xar application/x-msi "
    "application/vnd.ms-cab-compressed application/onenote application/x-debian-package "
    "application/x-rpm application/x-python-bytecode application/x-chrome-extension "
    "application/vnd.ms-htmlhelp application/x-shockwave-flash application/x-mswinurl "
    "application/x-sh application/x-shellscript application/x-bat application/hta "
    "application/javascript text/javascript text/x-script text/x-shellscript text/x-php".split()
)

# A browser runs what is in these, and goes by the name.
RUN_BY_BROWSERS = {
    "htm": "text/html",
    "html": "text/html",
    "shtml": "text/html",
    "xhtml": "application/xhtml+xml",
    "xht": "application/xhtml+xml",
    "svg": "image/svg+xml",
    "svgz": "image/svg+xml-compressed",
}

_OUTLOOK = "application/vnd.ms-outlook"
_MACROS = ".macroenabled.12"
_SPREADSHEET = "application/vnd.ms-excel"
_XML, _DRAWING = "application/xml", "image/svg+xml"
# Content that is text, and may be text of any kind.
_ANY_TEXT = frozenset({"text/plain", "application/pgp"})
_OFFICE = (
    "application/msword",
    "application/vnd.ms-",
    "application/rtf",
    "text/rtf",
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.oasis.opendocument.",
)
_FAMILIES = {
    "image": "picture",
    "audio": "recording",
    "video": "recording",
    "text": "text",
    "message": "message",
}
# What is one of these can be told by its content.
_TELLING = frozenset({"pdf", "office", "text", "message"})
_TELLING_PICTURES = frozenset(
    "image/jpeg image/png image/gif image/webp image/heic image/heif image/avif image/bmp "
    "image/tiff image/svg+xml".split()
)


def has_macros(media_type: str) -> bool:
    """Tell whether a type is that of an Office file with programs in it."""
    return media_type.strip().lower().endswith(_MACROS)


def is_document(media_type: str) -> bool:
    """Tell whether what lies in a file of this type is a part of it, not packed by somebody."""
    return _family(media_type) in {"office", "pdf"} and media_type != _OUTLOOK


def usual_name(media_type: str) -> str:
    """Return the type in lower case, by the one of its names that is used here."""
    lowered = media_type.strip().lower()
    if lowered.endswith("+xml") and lowered not in RUN_BY_BROWSERS.values():
        return _XML
    return SYNONYMS.get(lowered, lowered)


def possible_types(declared: str, shown: str) -> tuple[str, ...]:
    """Return what a file may be taken for; empty if the content belies the sender's word.

    `shown` is what the content shows, empty if it tells nothing. Both by their usual names.
    """
    if declared in _VAGUE:
        return (shown or OCTETS,)
    family = _family(declared)
    if not shown:
        telling = family in _TELLING or declared in _TELLING_PICTURES
        return () if telling else (declared,)
    if shown in _ANY_TEXT:
        # Windows says so of every table that is text.
        kind = "text/csv" if declared == _SPREADSHEET else declared
        return (kind,) if _family(kind) in {"text", "message", "other"} else ()
    match family, _family(shown):
        case "office", _ if shown == OLE:
            return (shown,)
        case "text", _ if shown == _XML:
            return (shown,)
        case "message", "text":
            return (declared,)  # a mail may hold anything
        case "recording", "recording":
            return (shown, declared)  # the same box holds sound and film
        case said, seen:
            # Careless programs call anything application/….
            return (shown,) if said in {seen, "other"} else ()


def _family(media_type: str) -> str:
    """Return the family of types within which a wrong word is sloppiness and no lie."""
    if media_type == "application/pdf":
        return "pdf"
    if media_type.startswith(_OFFICE):
        return "office"
    if media_type == _DRAWING:
        return "drawing"  # a text to a browser: nobody calls it a photograph by mistake
    return _FAMILIES.get(media_type.partition("/")[0], "other")
