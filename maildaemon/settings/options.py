"""The types of options: how the text of a value is read, checked, and written back.

Everything arrives as text, None, a block or a list. A reader raises ValueError with a sentence
for the operator; values that already have the right type pass, so that code can build settings.
"""

import difflib
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from maildaemon.domain import spans
from maildaemon.domain.policy import Rate
from maildaemon.domain.spans import format_duration, parse_duration
from maildaemon.settings.document import Block
from maildaemon.settings.units import format_rate, format_size, parse_rate, parse_size

_Choice = TypeVar("_Choice", bound=StrEnum)
_HOST_AND_PORT = re.compile(r"([^/\\]+):(\d{1,6})")


class WrongError(ValueError):
    """A mistake seen while looking at a whole section, in the option `at` of it."""

    def __init__(self, message: str, *at: str | int) -> None:
        """Keep the path from the section down to the option."""
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Usual:
    """Marks an option that may be left out but that most people need."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Marks an option whose parts are explained in another place of the pages."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an operator calls a type of option, and how its limits are shown."""

    word: str
    show: Callable[[Any], str] = str


class Section(BaseModel):
    """A block of options."""

    # Only the sections that something is read into are built, not each by itself at every start.
    model_config = ConfigDict(
        frozen=True, extra="forbid", serialize_by_alias=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _a_header_without_options_is_empty(cls, given: object) -> object:
        return Block() if given is None else given


def suggestion(word: str, known: list[str]) -> str:
    """Return `; did you mean `host`?`, or what is known here."""
    close = difflib.get_close_matches(word.lower().replace("-", "_"), known, n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; known here: {', '.join(known)}"


def found(value: object) -> str:
    """Return what an operator would call the value."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a block of options"
        case list() | tuple():
            return "a list"
        case _:
            return "a text"


def read_text(value: object) -> str:
    """Return the text of a scalar."""
    if value is None:
        raise ValueError("nothing is given here; give a value, or take the line out")
    if not isinstance(value, str):
        raise ValueError(f"expected one value, found {found(value)}")  # noqa: TRY004 - pydantic's
    return value.strip()


def read_choice(kind: type[_Choice], value: object) -> _Choice:
    """Return the member of `kind` that a text names; ValueError says which there are."""
    if isinstance(value, kind):
        return value
    word = read_text(value).lower()
    if word not in [*kind]:
        raise ValueError(f"`{word}` is no choice here{suggestion(word, [*kind])}")
    return kind(word)


def _reader(kind: type, parse: Callable[[str], object]) -> BeforeValidator:
    """Return a validator that parses texts and lets a finished value pass."""
    return BeforeValidator(lambda value: value if type(value) is kind else parse(read_text(value)))


def _text_reader(parse: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(read_text(value)))


def _parse_text(text: str) -> str:
    if not text:
        raise ValueError("nothing is given here; give a value, or take the line out")
    # A line break in a name would become a header line of its own, or a command.
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("line breaks and control characters are not allowed here")
    return text


def _parse_flag(text: str) -> bool:
    if text.lower() in ("yes", "true", "on"):
        return True
    if text.lower() in ("no", "false", "off"):
        return False
    raise ValueError(f"`{text}` is neither `yes` nor `no`")


def _parse_whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise ValueError(f"`{text}` is no whole number")
    return int(text)


def parse_host(text: str) -> str:
    """Return the name or IP address of a server; ValueError says what is wrong with it."""
    if "://" in text or "/" in text:
        raise ValueError(f"write the host name alone, without `://` and path: not `{text}`")
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    if ":" in text:
        raise ValueError(f"write the number after the colon of `{text}` as `port` of its own")
    if not re.fullmatch(r"(?=.{1,253}$)[^\W_]([\w-]*[^\W_])?(\.[^\W_]([\w-]*[^\W_])?)*\.?", text):
        raise ValueError(f"`{text}` is no host name; write for example `mail.example.com`")
    return text.lower()


def is_loopback(host: str) -> bool:
    """Tell whether a server of this name or address is on this very machine."""
    if host in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_address(text: str) -> str:
    """Return a mail address; ValueError says what is wrong with it."""
    if "<" in text:
        raise ValueError("write the bare address, without name and angle brackets")
    if not re.fullmatch(r'(?=.{3,254}$)[^\s@<>(),:;"\\\[\]]+@[^\W_]([\w.-]*[^\W_])?', text) or (
        ".." in text
    ):
        raise ValueError(f"`{text}` is no mail address; write for example `support@example.com`")
    return text


def _parse_language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise ValueError(f"`{text}` is no language; write its two-letter code, such as `en`")
    return text.lower()


def _parse_media_type(text: str) -> str:
    if not re.fullmatch(r"[\w.+-]+/([\w.+-]+|\*)", text):
        raise ValueError(f"`{text}` is no media type; write for example `image/png` or `image/*`")
    return text.lower()


def _parse_extension(text: str) -> str:
    extension = text.removeprefix("*").removeprefix(".").lower()
    if not re.fullmatch(r"[\w-]+", extension):
        raise ValueError(f"`{text}` is no file extension; write for example `exe`")
    return extension


def _parse_short_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", text):
        raise ValueError(f"`{text}` is no short name; use a-z, 0-9, `-` and `_`, such as `support`")
    return text


def _parse_web_address(text: str) -> str:
    if re.search(r"[\s<>\"\x00-\x1f\x7f]", text):
        raise ValueError("a web address holds no spaces, quotes and angle brackets")
    try:
        parts = urlsplit(text)
        good = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"`{text}` is no web address; write `https://shop.example/page`")
    return text


def _read_path(value: object, info: ValidationInfo) -> Path:
    return value if isinstance(value, Path) else path_from(read_text(value), info)


def path_from(text: str, info: ValidationInfo) -> Path:
    """Return the path, counted from the folder of the configuration file; else ValueError."""
    # Whose home it would be depends on who starts the daemon.
    if text.startswith("~"):
        raise ValueError("`~` is not read here; write the whole path")
    return base_folder(info) / _parse_text(text)


def base_folder(info: ValidationInfo) -> Path:
    """Return the folder from which relative paths count."""
    context: dict[str, Path] = info.context or {}
    return context.get("folder", Path())


def one_of(kind: type[StrEnum]) -> BeforeValidator:
    """Return a validator for a choice."""
    return BeforeValidator(lambda value: read_choice(kind, value))


def _schema(**schema: object) -> WithJsonSchema:
    return WithJsonSchema(schema)


# What an editor may take for a number or a switch is a text like any other here.
Text = Annotated[
    str,
    _text_reader(_parse_text),
    _schema(type=["string", "number", "boolean"]),
    Kind("text"),
]
Host = Annotated[str, _text_reader(parse_host), Kind("host name or IP address")]
EmailAddress = Annotated[str, _text_reader(parse_address), Kind("mail address")]
Language = Annotated[str, _text_reader(_parse_language), Kind("two-letter language code")]
MediaType = Annotated[str, _text_reader(_parse_media_type), Kind("media type")]
Extension = Annotated[str, _text_reader(_parse_extension), Kind("file extension")]
ShortName = Annotated[str, _text_reader(_parse_short_name), Kind("short name")]
WebAddress = Annotated[str, _text_reader(_parse_web_address), Kind("web address")]
Flag = Annotated[
    bool, _reader(bool, _parse_flag), _schema(enum=["yes", "no", True, False]), Kind("yes or no")
]
Whole = Annotated[int, _reader(int, _parse_whole), Kind("whole number")]
Duration = Annotated[
    timedelta,
    _reader(timedelta, parse_duration),
    PlainSerializer(format_duration),
    _schema(type="string", examples=["10 minutes"]),
    Kind("duration", format_duration),
]
Span = Annotated[
    spans.Span,
    PlainValidator(
        lambda value: value if isinstance(value, spans.Span) else spans.parse_span(read_text(value))
    ),
    PlainSerializer(str),
    _schema(type="string", examples=["48 business hours"]),
    Kind("span"),
]
Size = Annotated[
    int,
    _reader(int, parse_size),
    PlainSerializer(format_size),
    _schema(type="string", examples=["25 MB"]),
    Kind("size", format_size),
]
Ceiling = Annotated[
    Rate,
    PlainValidator(
        lambda value: value if isinstance(value, Rate) else parse_rate(read_text(value))
    ),
    PlainSerializer(format_rate),
    _schema(type="string", examples=["3 in 24 hours"]),
    Kind("rate"),
]


def _read_scanner(value: object, info: ValidationInfo) -> object:
    """Return host and port where that is what stands there, else a path."""
    if isinstance(value, tuple):
        return value
    found = None if isinstance(value, Path) else _HOST_AND_PORT.fullmatch(read_text(value))
    if found is None:
        return _read_path(value, info)
    port = int(found[2])
    if not 0 < port < 65_536:  # noqa: PLR2004 - there are so many
        raise ValueError(f"`{port}` is no port; they go from 1 to 65535")
    return parse_host(found[1]), port


def _show_scanner(address: Path | tuple[str, int]) -> str:
    return ":".join(map(str, address)) if isinstance(address, tuple) else str(address)


ScannerAddress = Annotated[
    Path | tuple[str, int],
    BeforeValidator(_read_scanner),
    PlainSerializer(_show_scanner),
    _schema(type="string"),
    Kind("path, or host:port"),
]
FilePath = Annotated[
    Path, BeforeValidator(_read_path), PlainSerializer(str), _schema(type="string"), Kind("path")
]
