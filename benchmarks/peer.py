"""Another program at the same mailbox, in a virtual environment of its own: django-mailbox, the
quickest of those that can be had from PyPI.
"""

import shutil
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

from tests.campaigns.installation import ROOT

NAME = "django-mailbox 4.10.1"
_WHERE = ROOT / ".venv" / ".peers"
_WANTED = ROOT / "requirements" / "peers.txt"


def installed_peer(say: Callable[[str], None]) -> Path:
    """Return a Python that has the program, which is installed first if it is not."""
    python, mark = _WHERE / "bin" / "python", _WHERE / "installed"
    wanted = _WANTED.read_text("utf-8")
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        say(f"installing {NAME}")
        shutil.rmtree(_WHERE, ignore_errors=True)
        venv.create(_WHERE, with_pip=True)
        install: list[str | Path] = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            _WANTED,
        ]
        subprocess.run([python, *install], check=True)
        mark.write_text(wanted, "utf-8")
    return python
