"""Writes what a command was asked for into a file that was not there before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from maildaemon.cli.exits import WrongRequestError
from maildaemon.errors import OperatorError


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
