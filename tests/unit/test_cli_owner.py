"""What a command writes into the data folder must stay readable for the daemon: no `sudo` there."""

import os
from pathlib import Path

import pytest

from maildaemon.cli import main
from maildaemon.cli.exits import Exit
from tests.unit.test_settings import MINIMAL


def test_nobody_but_the_owner_of_the_data_folder_erases_anybody(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "maildaemon.yaml"
    config.write_text(f"{MINIMAL}service: {{data_dir: {tmp_path}}}\n")
    another = tmp_path.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: another)

    with pytest.raises(SystemExit) as ended:
        main(["--config", str(config), "person", "erase", "anna@example.net", "--yes"])

    told = capsys.readouterr().err
    assert ended.value.code == Exit.CONFIG
    assert f"sudo -u {tmp_path.owner()} maildaemon person erase" in told
    assert not (tmp_path / "erased").exists()
