"""What a command writes into the data folder, the daemon must be able to read."""

import os
from pathlib import Path

from maildaemon.cli.exits import user_name
from maildaemon.errors import OperatorError


def require_owner(folder: Path, why: str, command: str) -> None:
    """Raise OperatorError if it is another user's; `why`: what the daemon must be able to."""
    if folder.stat().st_uid != os.geteuid():
        raise OperatorError(
            f"it belongs to another user than {user_name()}, and the daemon {why}",
            where=str(folder),
            advice=f"run it as its owner: sudo -u {folder.owner()} maildaemon {command}",
        )
