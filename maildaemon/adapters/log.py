"""One log line a step, for people or for machines, to standard error.

Lines of ours carry `facts`; those of libraries only their text, from WARNING on.
"""

import hashlib
import hmac
import json
import logging
import re
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import IO

from maildaemon.domain.cards import without_cards

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


# Whatever could be one, also in what a library says: rather a word too many than an address.
_ADDRESS = re.compile(r"([^\s<>\"'(),:;\[\]{}|=\\/@]+)@(\[[0-9A-Fa-f:.]+\]|[\w.-]*\w)")
_HASH_LETTERS = 12
# What stands between two words of a line makes of a value more than one word.
_NO_WORD = re.compile(r"[\s=\"']|^$")
_EVENT_WIDTH, _LEVEL_WIDTH = 24, 9
_DIM, _BOLD, _CYAN, _MAGENTA, _PLAIN = (f"\x1b[{one}m" for one in (2, 1, 36, 35, 0))
_OF_LEVEL = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[1;31m"}

Veil = Callable[[str], str]


def set_up_log(
    *,
    json_lines: bool,
    level: str,
    addresses: str = "full",
    key: bytes | None = None,
    stream: IO[str] | None = None,
) -> None:
    """Send all log lines of the process to a stream (standard error if None).

    `addresses`: how mail addresses are shown, `full`, `domain` or `hash`. A hash is the same for
    one address as long as the key is; without a key it lasts for this process. Of payment card
    numbers, which an error may quote, the last four digits are shown.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    veil = veil_for(addresses, key or secrets.token_bytes(32))

    def hide(text: str) -> str:
        return veil(without_cards(text))

    handler.setFormatter(_Formatter(json_lines=json_lines, colors=target.isatty(), veil=hide))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # imapclient's own DEBUG writes whole messages: no library goes below WARNING.
    root.setLevel(logging.WARNING)
    logging.getLogger("maildaemon").setLevel(_LEVELS.get(level, logging.ERROR))


def veil_for(addresses: str, key: bytes) -> Veil:
    """Return what hides the addresses in a text: none (`full`), or as the log does."""
    if addresses == "full":
        return str
    hide = partial(_hashed, key) if addresses == "hash" else _domain
    return lambda text: _ADDRESS.sub(hide, text)


def _domain(found: re.Match[str]) -> str:
    return f"…@{found[2]}"


def _hashed(key: bytes, found: re.Match[str]) -> str:
    # Keyed: the addresses of a shop's customers are easily guessed, and a plain hash compared.
    digest = hmac.digest(key, b"log:" + found[0].lower().encode("utf-8", "replace"), hashlib.sha256)
    return f"address#{digest.hex()[:_HASH_LETTERS]}"


def _veiled(value: object, veil: Veil) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {veil(str(key)): _veiled(one, veil) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_veiled(one, veil) for one in value]
        case _:
            return veil(str(value))


class _Formatter(logging.Formatter):
    def __init__(self, *, json_lines: bool, colors: bool, veil: Veil) -> None:
        super().__init__()
        self._json, self._colors, self._veil = json_lines, colors, veil

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            key: _veiled(value, self._veil) for key, value in getattr(record, "facts", {}).items()
        }
        at = datetime.fromtimestamp(record.created, UTC)
        if self._json:
            return self._as_json(record, at, facts)
        text = self._as_words(record, at, facts)
        if record.exc_info:
            # An error may quote what a server or a stranger wrote: none of it begins a line.
            lines = self._veil(self.formatException(record.exc_info)).split("\n")
            text += "".join(f"\n  {clean(one)}" for one in lines)
        return text

    def _as_words(self, record: logging.LogRecord, at: datetime, facts: dict[str, object]) -> str:
        level, event = record.levelname.lower(), clean(self._veil(record.getMessage()))
        words = [
            self._colored(_DIM, at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"),
            f"[{self._colored(_OF_LEVEL.get(level, _CYAN), f'{level:<{_LEVEL_WIDTH}}')}]",
            self._colored(_BOLD, f"{event:<{_EVENT_WIDTH}}" if facts else event),
            *(f"{self._colored(_CYAN, key)}={self._value(one)}" for key, one in facts.items()),
        ]
        return " ".join(words)

    def _value(self, value: object) -> str:
        text = clean(str(value))
        return self._colored(_MAGENTA, repr(text) if _NO_WORD.search(text) else text)

    def _colored(self, color: str, text: str) -> str:
        return f"{color}{text}{_PLAIN}" if self._colors else text

    def _as_json(self, record: logging.LogRecord, at: datetime, facts: dict[str, object]) -> str:
        line: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": self._veil(record.getMessage()),
            **facts,
        }
        if record.exc_info:
            line["traceback"] = self._veil(self.formatException(record.exc_info))
        text = json.dumps(line, ensure_ascii=False, default=str)
        # JSON itself lets DEL, C1, line separators and directional characters stand.
        return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def clean(text: str) -> str:
    """Return the text without anything that could end the line or steer a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
