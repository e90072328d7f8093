"""What a file's name says, to every system that may read it; first made plain, then judged."""

import re
import unicodedata
from urllib.parse import unquote

# A slash makes a folder, a colon a stream of NTFS, a NUL or a line break an end.
_CUTS = re.compile(r"[/\\:\x00\r\n]")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_JOINERS = "\u200c\u200d"
# Written right to left, `gpj.exe` reads as `exe.jpg`. No keyboard types these.
_OVERRIDES = "\u202d\u202e"

# Letters of other alphabets that look like these of ours.
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("авсԁеһіјӏкмнорԛѕтхуԝѵгпᴢ", "abcdehijlkmhopqstxywvrnz", strict=True)),
        **dict(zip("αβεικνορτυχγζηωϲϳ", "abeikvoptuxyznwcj", strict=True)),
        **dict(zip("ıɡɩʟƽƨ", "igil5s", strict=True)),
    }
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")

# A name may be nothing but one of these: careless programs forget what stands before the dot.
_HARMLESS = frozenset(
    "jpg jpeg png gif webp heic heif avif bmp tif tiff pdf doc docx xls xlsx ppt pptx odt ods odp "
    "rtf txt csv log eml msg ics vcf zip mp3 m4a ogg opus amr wav aac mp4 mov 3gp avi mkv webm "
    "pages numbers key asc p7s dat bin".split()
)


def read_extensions(name: str) -> frozenset[str]:
    """Return the extensions that some system may see in a name: lower case, without dot, "" for
    none.

    Full-width letters, invisible characters, percent signs, and what stands behind the end that
    some system sees are taken away first. Windows drops trailing dots and spaces.
    """
    written = (name, unquote(name, errors="replace")) if "%" in name else (name,)
    parts = (part for one in written for part in _CUTS.split(_plain(one)))
    return frozenset(extension_of(part) for part in parts if part.strip(" .")) or frozenset({""})


def extension_of(name: str) -> str:
    """Return the last extension of a plain name in lower case, without dot; empty for none."""
    trimmed = _trimmed(_visible(name))
    return trimmed.rpartition(".")[2].strip().lower() if "." in trimmed else ""


def looks_like(extension: str) -> str:
    """Return what an extension in letters of another alphabet looks like in ours."""
    return extension.translate(_LOOKALIKES)


def is_dotfile(name: str) -> bool:
    """Tell whether a name means something to a program, and is hidden: `.htaccess`."""
    last = _trimmed(_CUTS.split(_plain(name))[-1]).strip()
    return last.startswith(".") and "." not in last[1:] and last[1:].lower() not in _HARMLESS


def hides_something(name: str) -> bool:
    """Tell whether a name holds characters that nobody sees, or that look like others."""
    if any(unicodedata.category(one) in _INVISIBLE and one not in _JOINERS for one in name):
        return True
    if extension_of(unicodedata.normalize("NFKC", name)) != extension_of(name):
        return True
    return any(_LATIN.search(word) and _FOREIGN.search(word) for word in _WORD.findall(name))


def reads_backwards(name: str) -> bool:
    """Tell whether a part of the name is shown in another order than it is written."""
    return any(one in name for one in _OVERRIDES)


def escapes(name: str) -> bool:
    """Tell whether a name in an archive leads out of the folder it is unpacked in."""
    folders = re.split(r"[/\\]", name)
    rooted = (not folders[0] and len(folders) > 1) or name[1:2] == ":"
    return rooted or ".." in (one.strip() for one in folders)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace("\u3002", ".")


def _visible(name: str) -> str:
    if name.isascii() and name.isprintable():
        return name
    return "".join(one for one in name if unicodedata.category(one) not in _INVISIBLE)


def _trimmed(name: str) -> str:
    return name.strip().rstrip(". \t\u00a0\u3000").rstrip()
