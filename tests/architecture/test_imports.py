"""The import contracts of pyproject.toml hold."""

import subprocess
import sys

from tests.architecture.source import ROOT


def test_every_import_points_the_right_way() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
