"""Programs from PyPI that only a measurement needs: each in a virtual environment of its own."""

import shutil
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

from tests.campaigns.installation import ROOT


def installed_elsewhere(name: str, lock: str, say: Callable[[str], None]) -> Path:
    """Return the folder of programs of an environment that has what `requirements/<lock>.txt` asks
    for; it is installed first if it is not.
    """
    where, wanted = ROOT / ".venv" / f".{lock}", ROOT / "requirements" / f"{lock}.txt"
    programs, mark, asked = where / "bin", where / "installed", wanted.read_text("utf-8")
    if not mark.exists() or mark.read_text("utf-8") != asked:
        say(f"installing {name}")
        shutil.rmtree(where, ignore_errors=True)
        venv.create(where, with_pip=True)
        install = ("-m", "pip", "install", "--quiet", "--require-hashes", "-r")
        subprocess.run([programs / "python", *install, wanted], check=True)
        mark.write_text(asked, "utf-8")
    return programs
