"""Writes what a command was asked for into a new file, under a name that is harmless."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from maildaemon.cli.exits import WrongRequestError
from maildaemon.errors import OperatorError

_LONGEST_NAME = 150  # bytes, of the 255 that file systems take
# Windows opens a device of one of these names, whatever its extension.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ ]*(\.|$)", re.IGNORECASE
)
# What some system takes for a path, a stream, a pattern or a redirection.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]')


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that only its owner can read (0600); nothing is ever overwritten. Of what
    fails half-way nothing is left.
    """
    file = _opened(path)
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> BinaryIO:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except FileExistsError:
        raise WrongRequestError(
            f"{path}: there is a file already", "name one that does not exist"
        ) from None
    except OSError as error:
        raise OperatorError(
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(path),
            advice="name a file in a folder that exists and that you may write to",
        ) from error


def safe_name(name: str) -> str:
    """Return a name that means nothing to any file system but itself."""
    harmless = _UNSAFE.sub("_", name).lstrip(".- ").rstrip(". ")
    if _DEVICE.match(harmless):
        harmless = f"_{harmless}"
    stem, dot, extension = harmless.rpartition(".")
    ending = f"{dot}{extension}" if stem and len(extension.encode()) < 20 else ""  # noqa: PLR2004
    room = _LONGEST_NAME - len(ending.encode())
    stem = harmless.removesuffix(ending).encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
    return f"{stem}{ending}" or "file"
