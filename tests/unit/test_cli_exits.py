"""What this user may not read is his to know and to mend, never a mistake of the program."""

import os
from pathlib import Path
from typing import Never

import pytest

from maildaemon.cli import main
from maildaemon.cli.exits import Exit, complain, exit_for


def test_whoever_may_not_look_into_the_data_folder_is_told_who_may(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = PermissionError(13, "Permission denied", "/srv/shop/var/maildaemon.db")

    complain(error)

    assert exit_for(error) is Exit.CONFIG
    said = capsys.readouterr().err
    assert said.startswith("error: /srv/shop/var/maildaemon.db: permission denied for the user ")
    assert said.endswith(
        "\n  what to do: run the command as the user that runs the daemon, or as root\n"
    )


def test_a_full_disk_passes_and_is_no_mistake_of_the_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = OSError(28, "No space left on device", "/srv/shop/backup.db")

    complain(error)

    assert exit_for(error) is Exit.TEMPORARY
    assert capsys.readouterr().err == (
        "error: [Errno 28] No space left on device: '/srv/shop/backup.db'\n"
        "  what to do: try again later: this may pass by itself\n"
    )


def test_a_configuration_that_may_not_be_read_is_no_mistake_in_typing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "shop.yaml"
    config.write_text("service: {}\n")

    def refused(_path: Path) -> Never:
        raise PermissionError(13, "Permission denied")

    # Root may read everything; the system's two answers are given here.
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(SystemExit) as end:
        main(["--config", str(config), "status"])

    assert end.value.code == Exit.CONFIG
    assert "cannot be read: Permission denied; it must be readable" in capsys.readouterr().err
