"""What is installed from the wheel is whole: templates, example, migrations, pages, licence; the
migrations are found by what runs them.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# All in one process: to load the program once more would take longer than the rest.
LOOK = """
from pathlib import Path
from sqlalchemy import create_engine
import maildaemon
from maildaemon.adapters.sql.schema import ensure_schema, revisions
from maildaemon.shipped import shipped
engine = create_engine("sqlite:///made.db")
ensure_schema(engine)
print(revisions(engine)[0])
print(Path(maildaemon.__file__).parent)
for name in ("config", "docs", "migrations"):
    for path in sorted(shipped(name).rglob("*")):
        if path.is_file():
            print(f"{name}/{path.relative_to(shipped(name))}")
"""


def _files(folder: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.timeout(300)
def test_an_installed_wheel_finds_everything_it_ships_and_makes_its_tables(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)

    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path,
        # What is compiled of this copy serves nobody again.
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        capture_output=True,
        text=True,
    )

    revision, package, *found = done.stdout.splitlines()
    assert revision == max(
        name[20:24] for name in found if name.startswith("migrations/versions/0")
    )
    assert Path(package) == installed / "maildaemon"
    pages = {name for name in _files("docs") if not name.endswith(".png")}
    assert {*found} == _files("config") | _files("migrations") | pages
    assert {path.name for path in installed.rglob("licenses/*")} == {"LICENSE", "NOTICE"}
