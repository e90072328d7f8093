"""Rich text as plain text, and the compressed form in which Outlook wraps it.

The compression is the one Microsoft publishes as MS-OXRTFCP; text that was HTML before comes out
without its tags.
"""

import re

from maildaemon.mail.charsets import find_codec

MAX_RTF = 500_000

_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
_HEAD = 16
_WINDOW = 4096
_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)

_TOKEN = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)"
)
_NOT_TEXT = frozenset(
    "fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr "
    "generator listtable listoverridetable rsidtbl xmlnstbl themedata colorschememapping "
    "datastore latentstyles pntext filetbl revtbl".split()
)
_SIGNS = {
    "par": "\n",
    "line": "\n",
    "row": "\n",
    "sect": "\n",
    "page": "\n",
    "tab": "\t",
    "cell": "\t",
    "emdash": "\u2014",
    "endash": "\u2013",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "bullet": "\u2022",
}
_SYMBOLS = {"~": "\u00a0", "_": "-", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}


def read_compressed_rtf(data: bytes) -> str:
    """Return the text of Outlook's compressed rich text; empty if it is none."""
    return rtf_to_text(_decompress(data))


def rtf_to_text(rtf: bytes) -> str:
    """Return the text of rich text; total, linear."""
    writer = _Writer()
    for match in _TOKEN.finditer(rtf[:MAX_RTF].decode("latin-1")):
        writer.take(match)
    text = "".join(writer.output).strip("\n")
    # What lies beyond 16 bits is written in two halves.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _decompress(data: bytes) -> bytes:
    """Undo the compression as far as it is right."""
    kind = data[8:12]
    if kind == _PLAIN:
        return data[_HEAD : _HEAD + MAX_RTF]
    if kind != _COMPRESSED:
        return b""
    window = bytearray(_BEGINNING.ljust(_WINDOW, b"\x00"))
    write = len(_BEGINNING)
    output = bytearray()
    size = min(int.from_bytes(data[4:8], "little"), MAX_RTF)
    position = _HEAD
    while position < len(data) and len(output) < size:
        flags = data[position]
        position += 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece = data[position : position + 1]
                position += 1
            else:
                token = int.from_bytes(data[position : position + 2], "big")
                position += 2
                read, length = token >> 4, (token & 15) + 2
                if read == write % _WINDOW or position > len(data):
                    return bytes(output)
                piece = _copy(window, read, write, length)
            for byte in piece:
                window[write % _WINDOW] = byte
                write += 1
            output += piece
    return bytes(output[:size])


def _copy(window: bytearray, read: int, write: int, length: int) -> bytes:
    """Return what stands in the window; what is copied may reach into its own copy."""
    before = (write - read) % _WINDOW
    known = bytes(window[(read + at) % _WINDOW] for at in range(min(length, before)))
    return (known * (length // len(known) + 1))[:length]


class _Writer:
    """Follows the groups: in each, what is skipped, the charset, and how Unicode is repeated."""

    def __init__(self) -> None:
        self.output: list[str] = []
        self._groups: list[tuple[bool, int]] = []
        self._skipped = False
        self._repeated = 1
        self._ignore = 0
        self._codec = "cp1252"
        self._high = bytearray()

    def take(self, match: re.Match[str]) -> None:
        word, number, code, symbol, brace, text = match.groups()
        if code:
            self._byte(int(code, 16))
            return
        self._flush()
        if brace == "{":
            self._groups.append((self._skipped, self._repeated))
        elif brace == "}":
            self._skipped, self._repeated = self._groups.pop() if self._groups else (False, 1)
        elif word:
            self._word(word, int(number) if number else None)
        elif symbol == "*":
            self._skipped = True
        elif symbol:
            self._text(_SYMBOLS.get(symbol, ""))
        elif text:
            ignored = min(self._ignore, len(text))
            self._ignore -= ignored
            self._text(text[ignored:])

    def _word(self, word: str, number: int | None) -> None:
        if word in _NOT_TEXT:
            self._skipped = True
        elif word == "ansicpg" and number:
            self._codec = find_codec(f"cp{number}") or self._codec
        elif word == "uc":
            self._repeated = max(0, number or 0)
        elif word == "u" and number is not None:
            self._text(chr(number % 0x10000))
            self._ignore = self._repeated
        else:
            self._text(_SIGNS.get(word, ""))

    def _byte(self, byte: int) -> None:
        if self._ignore:
            self._ignore -= 1
        elif not self._skipped:
            self._high.append(byte)

    def _flush(self) -> None:
        if self._high:
            self._text(self._high.decode(self._codec, "replace"))
            self._high.clear()

    def _text(self, text: str) -> None:
        if not self._skipped:
            self.output.append(text)
