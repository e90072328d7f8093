"""Writes what a command was asked for into a file that was not there before."""

import os
from pathlib import Path
from typing import BinaryIO

from maildaemon.cli.exits import WrongRequestError
from maildaemon.errors import OperatorError


def new_file(path: Path) -> BinaryIO:
    """Open a new file that only its owner can read (0600); nothing is ever overwritten."""
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
